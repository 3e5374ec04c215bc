"""What is shown as one number: an estimate inside the interval where contacts allow it, else the middle."""

from dataclasses import replace

import numpy as np

from fieldpost.clock_models.temperature import DAY_NS
from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.plan import MS, Lie, Plan
from fieldpost.simulated_fleet.world import make_world
from fieldpost.timeline import points
from fieldpost.timeline.answers import Answers
from fieldpost.timeline.evidence import Assumption, Evidence, Exchange, Stamp
from fieldpost.timeline.jsonl import parse
from fieldpost.timeline.points import likely

S = 1_000_000_000
PLAN = Plan(devices=6, span_ns=3 * DAY_NS, observations=100)
RATES = tuple(Assumption(device, -1000, 1000) for device in "abc")
MET = Exchange(Stamp("a", 0, S), Stamp("b", 0, S), -S, S)


def answered(world) -> list[dict]:
    return Answers(parse(line.encode() for line in records.evidence_lines(world)), "both", 2).rows()


def test_points_of_a_fleet_are_nearer_to_the_truth_than_middles_and_inside_strict():
    world = make_world(PLAN, 1)
    off, middle_off = [], []
    for row, truth in zip(answered(world), world.truth_ns / 1e9):
        lo, hi, point = (float(value) for value in (*row["strict"], row["point"]))
        assert lo - 1e-6 <= point <= hi + 1e-6 and 0 < float(row["sigma"]) < hi - lo
        off.append(abs(point - truth))
        middle_off.append(abs((lo + hi) / 2 - truth))
    assert np.mean(off) < 0.5 * np.mean(middle_off)


def test_points_stay_good_when_a_named_liar_is_among_the_contacts():
    honest = make_world(PLAN, 1)
    lying = make_world(replace(PLAN, lies=(Lie(4, "step", 600_000 * MS, DAY_NS),)), 1)
    assert honest.zero == lying.zero
    *rows, contradiction = answered(lying)
    assert contradiction["suspects"] == [["node-03"]]
    off = [abs(float(row["point"]) - truth) for row, truth in zip(rows, lying.truth_ns / 1e9)]
    assert np.mean(off) < 0.1


def test_a_boot_that_nothing_joins_has_the_middle_of_its_interval():
    evidence = Evidence(RATES, (MET,))
    lone, met = Stamp("c", 0, S), Stamp("b", 0, 2 * S)
    found = likely(evidence, Stamp("a", 0, S), (), {lone: (0, 12), met: (0, 2 * S)})
    assert found[lone] == (6, 4) and abs(found[met][0] - S) < MS


def test_what_has_no_side_has_no_point_and_one_side_is_enough_for_an_estimate():
    evidence = Evidence(RATES, (MET,))
    none, one = Stamp("b", 0, S), Stamp("b", 0, 2 * S)
    found = likely(evidence, Stamp("a", 0, S), (), {none: (None, None), one: (S + S // 2, None)})
    assert none not in found and found[one][0] == S + S // 2  # clipped


def test_an_interval_narrower_than_a_microsecond_holds_its_point():
    found = likely(Evidence(RATES, (MET,)), Stamp("a", 0, S), (), {Stamp("b", 0, 2 * S): (S + 1, S + 3)})
    [(point, sigma)] = found.values()
    assert S + 1 <= point <= S + 3 and sigma <= 1000


def test_evidence_that_is_too_large_is_told_by_its_middles(monkeypatch):
    monkeypatch.setattr(points, "SMOOTHED_MAX", 0)
    at = Stamp("b", 0, 2 * S)
    assert likely(Evidence(RATES, (MET,)), Stamp("a", 0, S), (), {at: (0, 10)}) == {at: (5, 3)}
