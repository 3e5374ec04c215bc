"""Containment in a seeded world of clocks, with and without a liar, and who is named in a contradiction."""

import random
import time

import pytest
from clock_world import S, contains, make_world, stepped

from fieldpost.timeline.bounds import solve
from fieldpost.timeline.evidence import Anchor, Assumption, Evidence, Exchange, Stamp
from fieldpost.timeline.order import Causality, order
from fieldpost.timeline.place import hull, place


@pytest.mark.parametrize("seed", range(8))
def test_honest_evidence_contains_the_truth_strictly_and_resiliently(seed):
    world = make_world(seed, devices=8, contacts=120, observations=600)
    timeline = place(world.evidence, world.anchor, world.truth)
    assert timeline.contradiction is None and len(timeline.placements) >= 590
    for stamp, placed in timeline.placements.items():
        assert contains(placed.strict, world.truth[stamp]), stamp
        assert hull((placed.strict, placed.resilient)) == placed.resilient
    assert sum(p.status == "two-sided" for p in timeline.placements.values()) > 500


def undetected(seed: int):
    """A world with the largest lie of a series that no evidence contradicts; d0 carries the anchor."""
    rng = random.Random(seed)
    device, sign = f"d{rng.randint(1, 6)}", rng.choice([1, -1])
    for by_ms in (30_000, 10_000, 3000, 1000, 300, 100, 30, 10):
        world = make_world(
            seed, devices=7, contacts=90, lie=stepped(device, sign * by_ms * 10**6, 50_000 * S)
        )
        if solve(world.evidence, world.anchor.at).contradiction is None:
            return world, device
    return None, device


@pytest.mark.parametrize("seed", range(12))
def test_one_undetected_liar_cannot_push_an_honest_observation_off_the_truth(seed):
    world, liar = undetected(seed)
    assert world is not None
    timeline = place(world.evidence, world.anchor, world.truth)
    assert timeline.contradiction is None
    for stamp, placed in timeline.placements.items():
        assert stamp.device == liar or contains(placed.resilient, world.truth[stamp]), stamp


def test_undetected_lies_do_push_strict_intervals_off_the_truth():
    """Otherwise the test above would show nothing."""
    pushed = 0
    for seed in range(12):
        world, liar = undetected(seed)
        placements = place(world.evidence, world.anchor, world.truth).placements
        pushed += sum(
            not contains(p.strict, world.truth[s]) for s, p in placements.items() if s.device != liar
        )
    assert pushed > 0


@pytest.mark.parametrize("seed", range(4))
def test_no_order_verdict_is_wrong(seed):
    world = make_world(seed, observations=120)
    placements = place(world.evidence, world.anchor, world.truth).placements
    causality = Causality(world.causals)
    told = 0
    stamps = list(world.truth)
    for a in stamps:
        for b in stamps[::7]:
            verdict = order(a, b, placements, causality).verdict
            if verdict == "before":
                assert world.truth[a] <= world.truth[b]
            elif verdict == "after":
                assert world.truth[a] >= world.truth[b]
            told += verdict in ("before", "after")
    assert told > len(stamps)


@pytest.mark.parametrize("seed", range(6))
def test_a_liar_whom_several_contradict_is_named_alone_and_quarantined(seed):
    world = make_world(seed, devices=6, contacts=120, lie=stepped("d3", 900 * S, 80_000 * S))
    timeline = place(world.evidence, world.anchor, world.truth)
    assert timeline.contradiction.suspects == (("d3",),) and timeline.quarantined == {"d3"}
    for stamp, placed in timeline.placements.items():
        if stamp.device == "d3":
            assert placed.status == "quarantined" and placed.strict == placed.resilient == (None, None)
        else:
            assert contains(placed.strict, world.truth[stamp])


def two_liars(exchange, true_ns):
    one, two = stepped("d2", 900 * S, 60_000 * S), stepped("d4", -700 * S, 90_000 * S)
    return two(one(exchange, true_ns), true_ns)


def test_two_liars_are_found_together():
    world = make_world(21, devices=7, contacts=200, lie=two_liars)
    timeline = place(world.evidence, world.anchor, world.truth)
    assert timeline.contradiction.suspects == (("d2", "d4"),)
    for stamp, placed in timeline.placements.items():
        assert placed.status == "quarantined" or contains(placed.strict, world.truth[stamp])


def tied() -> Evidence:
    """b and c contradict each other; each agrees with the anchor's a."""
    rates = tuple(Assumption(device, 0, 0) for device in "abcd")
    pairs = [("a", 0, "b", 0), ("a", 0, "c", 0), ("b", 50, "c", 60), ("a", 0, "d", 0)]
    exchanges = [Exchange(Stamp(p, 0, s * S), Stamp(q, 0, t * S), 0, S) for p, s, q, t in pairs]
    return Evidence(rates, tuple(exchanges))


def test_a_tie_is_told_as_one_of_them_and_each_is_placed_without_the_other():
    stamps = [Stamp(device, 0, 5 * S) for device in "abcd"]
    timeline = place(tied(), Anchor(Stamp("a", 0, 0)), stamps)
    assert timeline.contradiction.suspects == (("a",), ("b",), ("c",))
    assert timeline.quarantined == frozenset()
    assert {p.status for p in timeline.placements.values()} == {"two-sided"}
    assert timeline.placements[stamps[3]].strict == (5 * S, 6 * S)


def test_without_an_alternative_that_spares_the_anchor_nothing_is_placed():
    world = make_world(4, devices=6, contacts=120, lie=stepped("d3", 900 * S, 80_000 * S))
    liars = [x.tx for x in world.evidence.exchanges if x.tx.device == "d3"]
    timeline = place(world.evidence, Anchor(liars[0]), world.truth)
    assert timeline.contradiction.suspects == (("d3",),)
    for stamp, placed in timeline.placements.items():
        assert placed.status == ("quarantined" if stamp.device == "d3" else "unplaced")


def test_a_single_path_names_the_device_it_depends_on():
    rates = tuple(Assumption(device, -10_000, 10_000) for device in "abc")
    exchanges = (
        Exchange(Stamp("a", 0, 0), Stamp("b", 0, 0), 0, S),
        Exchange(Stamp("b", 0, 9 * S), Stamp("c", 0, 0), 0, S),
    )
    placed = place(Evidence(rates, exchanges), Anchor(Stamp("a", 0, 0)), [Stamp("c", 0, S)])
    only = placed.placements[Stamp("c", 0, S)]
    assert only.status == "two-sided" and only.resilient == (None, None) and only.depends_on == ("b",)
    assert [step.kind for step in placed.path(Stamp("c", 0, S))[1]] == [
        "exchange",
        "clock",
        "exchange",
        "clock",
    ]
    spared = place(Evidence(rates, exchanges), Anchor(Stamp("a", 0, 0), Stamp("b", 0, 0)), [Stamp("c", 0, S)])
    assert spared.placements[Stamp("c", 0, S)].resilient == only.strict


def test_input_order_changes_no_integer():
    world = make_world(30)
    evidence = world.evidence
    again = Evidence(evidence.assumptions[::-1], evidence.exchanges[::-1], evidence.causals[::-1])
    stamps = list(world.truth)
    assert (
        place(evidence, world.anchor, stamps).placements
        == place(again, world.anchor, stamps[::-1]).placements
    )


def test_500_observations_of_10_devices_are_placed_in_time():
    world = make_world(40, devices=10, contacts=180, observations=500, days=7)
    assert len(world.evidence.exchanges) > 280
    begun = time.process_time()
    place(world.evidence, world.anchor, world.truth)
    assert time.process_time() - begun < 1.5


def test_beyond_the_budget_one_set_is_found_greedily_and_whom_it_can_it_readmits(monkeypatch):
    world = make_world(21, devices=7, contacts=200, lie=two_liars)
    monkeypatch.setattr("fieldpost.timeline.isolate.SOLVES_MAX", 1)
    timeline = place(world.evidence, world.anchor, world.truth)
    (found,) = timeline.contradiction.suspects
    assert {"d2", "d4"} <= set(found)
    for device in found:
        rest = frozenset(found) - {device}
        assert solve(world.evidence, world.anchor.at, rest).contradiction is not None
