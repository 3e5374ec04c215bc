"""Who is taken out and who comes back: parts, ties, and many liars who do not collude."""

import random

import pytest
from clock_world import WANDER_PPB, S, make_world

from fieldpost.timeline import isolate as isolation
from fieldpost.timeline.evidence import Anchor, Assumption, Evidence, Exchange, Stamp
from fieldpost.timeline.graph import build
from fieldpost.timeline.isolate import Graphs, isolate
from fieldpost.timeline.paths import contradiction
from fieldpost.timeline.place import hull, place, same


def fixed(*meetings, devices="") -> Evidence:
    """Clocks without drift; a meeting (p, s, q, t) is one of at most a second's delay, at s and t seconds."""
    named = sorted({name for p, _, q, _ in meetings for name in (p, q)} | set(devices))
    rates = tuple(Assumption(name, 0, 0) for name in named)
    return Evidence(
        rates, tuple(Exchange(Stamp(p, 0, s * S), Stamp(q, 0, t * S), 0, S) for p, s, q, t in meetings)
    )


AGREE = [(p, 0, q, 0) for p, q in ("ab", "ac", "bc", "ad", "bd", "cd")]


def suspects(evidence: Evidence):
    found = isolate(Graphs(evidence, same))
    return None if found is None else found.alternatives


def test_two_contradictions_that_share_no_suspect_are_told_apart():
    evidence = fixed(*AGREE, ("a", 50, "b", 70), ("c", 50, "d", 90))
    found = isolate(Graphs(evidence, same))
    assert [part.alternatives for part in found.parts] == [
        (frozenset("a"), frozenset("b")),
        (frozenset("c"), frozenset("d")),
    ]
    assert [sorted({stamp.device for stamp in one.stamps}) for one in found.certificates] == [
        ["a", "b"],
        ["c", "d"],
    ]
    assert found.alternatives == (frozenset("ac"), frozenset("ad"), frozenset("bc"), frozenset("bd"))
    assert found.certain == frozenset()


def test_who_was_named_and_proves_consistent_is_back():
    """First b alone explains it; two more meetings show that it was a, and nothing of before is kept."""
    before = fixed(*AGREE, ("a", 50, "b", 70), ("b", 80, "c", 99))
    assert suspects(before) == (frozenset("b"),)
    more = [*AGREE, ("a", 50, "b", 70), ("a", 50, "c", 70), ("a", 50, "d", 70)]
    after = fixed(*more)
    assert suspects(after) == (frozenset("a"),)
    both = place(after, Anchor(Stamp("c", 0, 0)), [Stamp("b", 0, S)])
    assert both.quarantined == {"a"} and both.placements[Stamp("b", 0, S)].status == "two-sided"


def test_a_lie_that_no_pair_shows_is_found_among_three():
    """l tells two peers different times; each pair holds, every two of its peers together do not."""
    evidence = fixed(*AGREE, ("l", 0, "a", 20), ("l", 0, "b", 40), ("l", 0, "c", 60))
    found = isolate(Graphs(evidence, same))
    assert found.alternatives == (frozenset("l"),)
    assert len({stamp.device for stamp in found.certificate.stamps}) == 3


def test_a_certificate_names_nobody_whom_it_does_not_need():
    evidence = fixed(*AGREE, ("a", 50, "b", 70), ("b", 50, "c", 50), ("c", 50, "d", 50))
    found = isolate(Graphs(evidence, same))
    assert {stamp.device for stamp in found.certificate.stamps} == {"a", "b"}


def many_liars(seed: int, devices: int, contacts: int, wander):
    """A third of the devices lie, each in a way of its own: a step, a rate, or one time to each half of its peers."""
    rng = random.Random(seed)
    span = 7 * 86_400 * S
    liars = {
        f"d{i}": (
            rng.choice(("step", "rate", "two-faced")),
            rng.choice((-1, 1)) * rng.randint(10, 60) * S,
            rng.random(),
        )
        for i in rng.sample(range(1, devices), devices // 3)
    }

    def told(stamp, peer, true_ns):
        kind, by_ns, part = liars.get(stamp.device, ("", 0, 0.0))
        ppm = by_ns // S * 40
        by_ns = {"step": by_ns * (true_ns > part * span / 2), "rate": stamp.t_ns // 10**6 * ppm}.get(
            kind, by_ns * (int(peer[1:]) % 2)
        )
        return Stamp(stamp.device, stamp.boot, max(0, stamp.t_ns + by_ns))

    def lie(exchange, true_ns):
        tx, rx = exchange.tx, exchange.rx
        return Exchange(
            told(tx, rx.device, true_ns), told(rx, tx.device, true_ns), exchange.dmin_ns, exchange.dmax_ns
        )

    world = make_world(
        seed,
        devices=devices,
        contacts=contacts,
        observations=devices,
        days=7,
        lie=lie,
        wander=wander,
        one_way=0,
    )
    return world, set(liars)


def detectable(evidence: Evidence, liars: set) -> set:
    """Those who contradict the honest."""
    honest = frozenset(evidence.assumption_of) - liars
    return {one for one in liars if contradiction(build(evidence.within(honest | {one}))) is not None}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("wander", [None, WANDER_PPB])
def test_a_third_of_thirty_devices_may_lie_and_no_honest_one_is_quarantined(seed, wander):
    world, liars = many_liars(seed, 30, 1_200, wander)
    found = isolate(Graphs(world.evidence, same))
    shown = detectable(world.evidence, liars)
    assert len(shown) >= 6
    assert found.certain <= liars
    assert all(shown & one for one in found.alternatives) and len(shown - found.certain) <= 1


def test_beyond_the_budget_the_greedy_choice_holds_together_and_none_in_it_is_needless(monkeypatch):
    world, _ = many_liars(1, 20, 500, WANDER_PPB)
    monkeypatch.setattr(isolation, "SOLVES_MAX", 0)
    found = isolate(Graphs(world.evidence, same))
    (taken,) = found.alternatives
    graphs = Graphs(world.evidence, same)
    assert graphs.certificate(taken) is None
    assert all(graphs.certificate(taken - {unit}) is not None for unit in taken)


def test_where_alternatives_are_too_many_intervals_leave_out_all_who_are_named(monkeypatch):
    evidence = fixed(
        *AGREE, ("a", 50, "b", 70), ("c", 50, "d", 90), ("e", 0, "a", 0), ("e", 0, "c", 0), ("e", 0, "f", 0)
    )
    stamps = [Stamp(device, 0, 5 * S) for device in "abcdf"]
    exact = place(evidence, Anchor(Stamp("e", 0, 0)), stamps)
    monkeypatch.setattr(isolation, "ALTERNATIVES_MAX", 1)
    rough = place(evidence, Anchor(Stamp("e", 0, 0)), stamps)
    assert rough.contradiction.suspects == (("a", "c"), ("a", "d"), ("b", "c"))
    for stamp in stamps:
        one, two = exact.placements[stamp].strict, rough.placements[stamp].strict
        assert hull((one, two)) == two
    assert rough.placements[stamps[-1]].strict == exact.placements[stamps[-1]].strict == (5 * S, 6 * S)
