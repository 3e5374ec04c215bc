"""Bounds against an oracle (Floyd-Warshall in exact integers) and by hand."""

import random
from itertools import pairwise

import pytest
from clock_world import RATE_PPB, S, make_world, stepped

from fieldpost.timeline.bounds import solve
from fieldpost.timeline.evidence import Assumption, Causal, Evidence, Exchange, Stamp
from fieldpost.timeline.graph import build
from fieldpost.timeline.rates import ahead, least_elapsed, most_elapsed


def by_all_pairs(evidence: Evidence):
    """The largest T(v) - T(u) of every pair of stamps, by the stated rates; None when a cycle is negative."""
    stamps = evidence.stamps()
    far = {(u, v): 0 if u == v else None for u in stamps for v in stamps}

    def edge(u, v, w):
        far[u, v] = w if far[u, v] is None else min(far[u, v], w)

    rates = {a.device: a for a in evidence.assumptions}
    for u in stamps:
        for v in stamps:
            if u.device == v.device and u.boot < v.boot:
                edge(v, u, 0)
    by_boot = {}
    for u in stamps:
        by_boot.setdefault((u.device, u.boot), []).append(u)
    for chain in by_boot.values():
        for u, v in pairwise(chain):
            edge(u, v, most_elapsed(v.t_ns - u.t_ns, rates[u.device].rate_hi_ppb))
            edge(v, u, -least_elapsed(v.t_ns - u.t_ns, rates[u.device].rate_lo_ppb))
    for x in evidence.exchanges:
        edge(x.rx, x.tx, -x.dmin_ns)
        if x.dmax_ns is not None:
            edge(x.tx, x.rx, x.dmax_ns)
    for c in evidence.causals:
        edge(c.later, c.earlier, 0)
    for k in stamps:
        for u in stamps:
            if far[u, k] is not None:
                for v in stamps:
                    if far[k, v] is not None:
                        edge(u, v, far[u, k] + far[k, v])
    return None if any(far[u, u] < 0 for u in stamps) else far


@pytest.mark.parametrize("seed", range(12))
def test_bounds_equal_the_optimum_of_the_rate_model(seed):
    world = make_world(
        seed, devices=4, contacts=9, days=1, boots=1 + seed % 3, wander=None, ceiling=seed % 2 == 0
    )
    far = by_all_pairs(world.evidence)
    anchor = world.anchor.at
    bounds = solve(world.evidence, anchor)
    for stamp in world.evidence.stamps():
        least, most = far[stamp, anchor], far[anchor, stamp]
        if (stamp.device, stamp.boot) == (anchor.device, anchor.boot):  # one edge rounds less than many
            least = min(least, ahead(stamp.t_ns, anchor.t_ns, -RATE_PPB, RATE_PPB))
            most = min(most, ahead(anchor.t_ns, stamp.t_ns, -RATE_PPB, RATE_PPB))
        assert bounds.interval(stamp) == (None if least is None else -least, most)


@pytest.mark.parametrize("seed", range(20))
def test_a_contradiction_is_found_exactly_when_a_cycle_is_negative(seed):
    by_ns = random.Random(seed).choice([1, -1]) * 10 ** random.Random(seed).randint(6, 11)
    world = make_world(seed, devices=4, contacts=9, days=1, wander=None, lie=stepped("d2", by_ns, 30_000 * S))
    bounds = solve(world.evidence, world.anchor.at)
    assert (bounds.contradiction is None) == (by_all_pairs(world.evidence) is not None)
    if bounds.contradiction is not None:
        assert "d2" in bounds.contradiction.devices
        assert {stamp.device for stamp in bounds.contradiction.stamps} <= bounds.contradiction.devices
        assert bounds.interval(world.anchor.at) == (None, None)


def test_the_certificate_alone_is_contradictory():
    world = make_world(1, contacts=120, wander=None, lie=stepped("d3", 900 * S, 80_000 * S))
    named = solve(world.evidence, world.anchor.at).contradiction.stamps
    kept = tuple(x for x in world.evidence.exchanges if x.tx in named and x.rx in named)
    again = Evidence(world.evidence.assumptions, kept, world.evidence.causals)
    assert kept and solve(again, named[0]).contradiction is not None
    assert len(named) < 30


def test_a_stamp_between_two_contacts_is_bounded_from_both_sides():
    rates = (Assumption("a", 0, 0), Assumption("b", -100_000, 100_000))
    a0, a1 = Stamp("a", 0, 0), Stamp("a", 0, 1000 * S)
    b0, b1 = Stamp("b", 0, 50 * S), Stamp("b", 0, 1050 * S)
    evidence = Evidence(rates, (Exchange(a0, b0, 0, 0), Exchange(a1, b1, 0, 0)))
    bounds = solve(evidence, a0)
    assert bounds.interval(Stamp("b", 0, 150 * S)) == (100 * S - 10_000_000, 100 * S + 10_000_000)
    assert bounds.interval(Stamp("b", 0, 950 * S)) == (900 * S - 10_000_000, 900 * S + 10_000_000)
    assert bounds.interval(Stamp("b", 0, 1150 * S)) == (1100 * S - 10_000_000, 1100 * S + 10_000_000)


def test_a_reboot_bounds_what_no_exchange_bounds():
    rates = (Assumption("a", 0, 0), Assumption("b", 0, 0))
    contacts = tuple(
        Exchange(Stamp("a", 0, at * S), Stamp("b", boot, t * S), 0, 0)
        for at, boot, t in ((10, 1, 5), (90, 3, 2))
    )
    bounds = solve(Evidence(rates, contacts), Stamp("a", 0, 0))
    assert bounds.interval(Stamp("b", 2, 0)) == (10 * S, 90 * S)
    assert bounds.interval(Stamp("b", 1, 15 * S)) == (20 * S, 20 * S)
    assert bounds.interval(Stamp("b", 4, 0)) == (90 * S, None)
    assert bounds.interval(Stamp("b", 0, 0)) == (None, 10 * S)
    assert bounds.interval(Stamp("c", 0, 0)) == (None, None)


def test_seen_stamps_bound_the_boots_around_them():
    rates = (Assumption("a", 0, 0), Assumption("b", 0, 0))
    contact = (Exchange(Stamp("a", 0, 0), Stamp("b", 0, 0), 0, 0),)
    without = Evidence(rates, contact)
    with_seen = Evidence(rates, contact, seen=(Stamp("b", 0, 70 * S),))
    assert solve(without, Stamp("a", 0, 0)).interval(Stamp("b", 1, 0)) == (0, None)
    assert solve(with_seen, Stamp("a", 0, 0)).interval(Stamp("b", 1, 0)) == (70 * S, None)


def test_a_causal_edge_bounds_one_side():
    rates = (Assumption("a", 0, 0), Assumption("b", 0, 0))
    evidence = Evidence(rates, causals=(Causal(Stamp("a", 0, 5 * S), Stamp("b", 0, 1)),))
    bounds = solve(evidence, Stamp("a", 0, 0))
    assert bounds.interval(Stamp("b", 0, 1)) == (5 * S, None)
    assert [step.kind for step in bounds.path(Stamp("b", 0, 1))[0]] == ["causal", "clock"]


def test_pair_bounds_do_not_know_the_gauge():
    world = make_world(5, contacts=60)
    stamps = list(world.truth)[::40]
    for a in stamps:
        about_a = solve(world.evidence, a)
        for b in stamps:
            lo, hi = about_a.interval(b)
            back = solve(world.evidence, b).interval(a)
            assert (lo, hi) == tuple(None if side is None else -side for side in reversed(back))
    pinned = {solve(world.evidence, exchange.tx).graph.ranges[0] for exchange in world.evidence.exchanges[:3]}
    assert len(pinned) == 1, "rates are tightened without an anchor"


def test_the_steps_of_a_path_add_up_to_the_bound():
    world = make_world(6)
    bounds = solve(world.evidence, world.anchor.at)
    crossed = 0
    for stamp in list(world.truth)[::5]:
        lo, hi = bounds.interval(stamp)
        down, up = bounds.path(stamp)
        assert sum(step.most_ns for step in up) == (0 if hi is None else hi)
        assert sum(step.most_ns for step in down) == (0 if lo is None else -lo)
        for steps, first, last in ((up, world.anchor.at, stamp), (down, stamp, world.anchor.at)):
            if steps:
                assert (steps[0].start, steps[-1].end) == (first, last)
                assert all(one.end == two.start for one, two in pairwise(steps))
                assert {step.start.device for step in steps} <= bounds.devices(stamp)
                crossed += sum(step.kind == "exchange" for step in steps)
    assert crossed > 20


def test_leaving_a_device_out_never_narrows():
    world = make_world(8, contacts=60)
    whole = solve(world.evidence, world.anchor.at)
    for left_out in ("d1", "d3"):
        rest = solve(world.evidence, world.anchor.at, frozenset({left_out}))
        for stamp in list(world.truth)[::9]:
            (lo, hi), (rest_lo, rest_hi) = whole.interval(stamp), rest.interval(stamp)
            if stamp.device == left_out:
                assert (rest_lo, rest_hi) == (None, None)
            else:
                assert rest_lo is None or rest_lo <= lo
                assert rest_hi is None or rest_hi >= hi
                if left_out not in whole.devices(stamp):
                    assert (rest_lo, rest_hi) == (lo, hi)


def test_contacts_narrow_rates_under_wander_and_keep_the_true_ones():
    world = make_world(9, boots=1, contacts=120)
    ranges = build(world.evidence).ranges
    assert all(rates.lo > -100_000 or rates.hi < 100_000 for rates in ranges)
    rates_only = [Assumption(a.device, a.rate_lo_ppb, a.rate_hi_ppb) for a in world.evidence.assumptions]
    untold = Evidence(tuple(rates_only), world.evidence.exchanges)
    assert {(rates.lo, rates.hi) for rates in build(untold).ranges} == {(-100_000, 100_000)}


def test_a_good_clock_tells_its_neighbours_rate_by_hand():
    rates = (Assumption("a", 0, 0), Assumption("b", -100_000, 100_000, 10_000))
    contacts = [(0, 0), (1_000_050, 1_000_000)]  # b loses 50 us in a second: r = +50 ppm
    exchanges = [Exchange(Stamp("a", 0, a * 1000), Stamp("b", 0, b * 1000), 0, 0) for a, b in contacts]
    graph = build(Evidence(rates, tuple(exchanges)))
    assert [(r.lo, r.hi) for r in graph.ranges] == [(0, 0), (40_000, 60_000)]


def test_rates_that_cannot_share_a_window_are_a_contradiction():
    rates = (Assumption("a", 0, 0), Assumption("b", -100_000, 100_000, 10_000))
    contacts = [(0, 0), (1_000_050, 1_000_000), (2_000_000, 2_000_000)]  # +50 ppm, then -50 ppm
    exchanges = tuple(Exchange(Stamp("a", 0, a * 1000), Stamp("b", 0, b * 1000), 0, 0) for a, b in contacts)
    found = solve(Evidence(rates, exchanges), Stamp("a", 0, 0)).contradiction
    assert found.devices == {"a", "b"} and {stamp.device for stamp in found.stamps} == {"a", "b"}
    stated = (Assumption("a", 0, 0), Assumption("b", -100_000, 100_000, 100_000))
    assert solve(Evidence(stated, exchanges), Stamp("a", 0, 0)).contradiction is None
