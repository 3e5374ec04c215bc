"""Several meshes: joined by bridging exchanges alone, re-timed by none, the same pairs under every gauge."""

import random
from dataclasses import replace
from functools import cache

import pytest
from clock_world import S, contains, make_world
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpost.timeline.evidence import Anchor, Assumption, Causal, Claim, Evidence, Exchange, Stamp
from fieldpost.timeline.joint import pair, place_joint, place_meshes
from fieldpost.timeline.order import Causality, order

X, Y, Z = (bytes((one,)) * 32 for one in (10, 11, 12))
ROUNDED_NS = 64  # each step of a path is rounded outward by one at most, and two paths have other steps
AUTHORITY_OF = {f"d{i}": ((X, Y, Z)[i % 3], f"field/{i % 2}") for i in range(9)}


def mesh_of(stamp: Stamp) -> bytes:
    return AUTHORITY_OF[stamp.device][0]


def bridging(evidence: Evidence, *meshes: bytes) -> list[Exchange]:
    return [x for x in evidence.exchanges if {mesh_of(x.tx), mesh_of(x.rx)} == set(meshes)]


@cache
def world(seed: int):
    """Nine devices of three meshes; X and Z never meet."""
    made = make_world(seed, devices=9, contacts=130, observations=60, days=2)
    apart = bridging(made.evidence, X, Z)
    kept = tuple(x for x in made.evidence.exchanges if x not in set(apart))
    causals = tuple(c for c in made.causals if {mesh_of(c.earlier), mesh_of(c.later)} != {X, Z})
    return replace(made, evidence=Evidence(made.evidence.assumptions, kept, causals), causals=list(causals))


def anchors(evidence: Evidence) -> list[Anchor]:
    found = bridging(evidence, X, Y)
    return [Anchor(x.tx, x.rx) for x in (found[0], found[len(found) // 2], found[-1])]


@pytest.mark.parametrize("seed", range(3))
def test_three_meshes_stand_on_one_timeline_though_two_of_them_never_met(seed):
    made = world(seed)
    assert not bridging(made.evidence, X, Z) and bridging(made.evidence, Y, Z)
    joint = place_meshes(made.evidence, anchors(made.evidence)[0], made.truth, AUTHORITY_OF)
    assert set(joint.home) == set(joint.offset) == {X, Y, Z}
    causality, told = Causality(made.causals), 0
    for a in made.truth:
        for b in list(made.truth)[::4]:
            verdict = order(a, b, joint.between(a, b), causality).verdict
            if verdict in ("before", "after"):
                first, last = (a, b) if verdict == "before" else (b, a)
                assert made.truth[first] <= made.truth[last]
                told += {mesh_of(a), mesh_of(b)} == {X, Z}
    assert told > 20


def test_of_two_meshes_both_ways_of_placing_are_one():
    made = world(1)
    two = {device: authority for device, authority in AUTHORITY_OF.items() if authority[0] != Z}
    stamps = [stamp for stamp in made.truth if stamp.device in two]
    anchor = anchors(made.evidence)[0]
    assert (
        place_meshes(made.evidence, anchor, stamps, two).gauge
        == place_joint(made.evidence, anchor, stamps, two).gauge
    )


def test_a_mesh_that_no_exchange_joins_has_no_place_on_the_gauge():
    made = world(1)
    kept = tuple(x for x in made.evidence.exchanges if x not in set(bridging(made.evidence, Y, Z)))
    alone = Evidence(made.evidence.assumptions, kept, made.evidence.causals)
    joint = place_meshes(alone, anchors(alone)[0], made.truth, AUTHORITY_OF)
    assert set(joint.home) == {X, Y}
    assert {joint.gauge[stamp].status for stamp in made.truth if mesh_of(stamp) == Z} == {"unplaced"}


def test_causal_edges_and_claims_between_meshes_join_nothing():
    made = world(1)
    kept = tuple(x for x in made.evidence.exchanges if x not in set(bridging(made.evidence, Y, Z)))
    stamps = sorted(made.truth, key=lambda stamp: stamp.key)
    of = {mesh: [stamp for stamp in stamps if mesh_of(stamp) == mesh] for mesh in (Y, Z)}
    edges = tuple(Causal(a, b) for a, b in zip(of[Y], of[Z])) + tuple(
        Causal(b, a) for a, b in zip(of[Y], of[Z][1:])
    )
    claims = tuple(Claim(stamp, made.truth[stamp], S) for stamp in of[Y][:4] + of[Z][:4])
    joint = place_meshes(
        Evidence(made.evidence.assumptions, kept, edges, claims),
        anchors(made.evidence)[0],
        made.truth,
        AUTHORITY_OF,
    )
    assert {joint.gauge[stamp].status for stamp in of[Z]} == {"unplaced"}


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2), st.sampled_from((X, Y, Z)), st.randoms(use_true_random=False))
def test_what_other_meshes_sign_among_themselves_narrows_no_pair_of_mine(seed, mine, rng: random.Random):
    made = world(seed)
    evidence, own = made.evidence, [stamp for stamp in made.truth if mesh_of(stamp) == mine]
    foreign = [x for x in evidence.exchanges if mine not in (mesh_of(x.tx), mesh_of(x.rx))]
    told = tuple(
        Exchange(x.tx, x.rx, x.dmin_ns + rng.randrange(10**7), x.dmin_ns + 10**7 + rng.randrange(10**9))
        for x in foreign
    )
    narrow = tuple(a if AUTHORITY_OF[a.device][0] == mine else replace(a, wander_ppb=rng.randrange(10**4))
                   for a in evidence.assumptions)  # fmt: skip
    changed = Evidence(narrow, evidence.exchanges + told, evidence.causals)
    anchor = anchors(evidence)[0]
    before = place_meshes(evidence, anchor, made.truth, AUTHORITY_OF)
    after = place_meshes(changed, anchor, made.truth, AUTHORITY_OF)
    a, b = rng.sample(own, 2)
    assert (
        after.between(a, b)[a] == before.between(a, b)[a]
        and after.between(a, b)[b] == before.between(a, b)[b]
    )
    assert pair(changed, a, b, AUTHORITY_OF) == pair(evidence, a, b, AUTHORITY_OF)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2), st.randoms(use_true_random=False))
def test_no_gauge_narrows_a_pair_and_every_gauge_holds_the_truth(seed, rng: random.Random):
    """A pair's own bounds are the same whatever the anchor; but for rounding no gauge says less of a pair."""
    made = world(seed)
    a, b = rng.sample(list(made.truth), 2)
    exact = pair(made.evidence, a, b, AUTHORITY_OF).strict
    assert contains(exact, made.truth[b] - made.truth[a], slack_ns=4)
    for anchor in anchors(made.evidence):
        placed = place_meshes(made.evidence, anchor, [a, b], AUTHORITY_OF).between(a, b)
        (a_lo, a_hi), (b_lo, b_hi) = placed[a].strict, placed[b].strict
        span = (
            None if b_lo is None or a_hi is None else b_lo - a_hi,
            None if b_hi is None or a_lo is None else b_hi - a_lo,
        )
        assert span[0] is None or (exact[0] is not None and span[0] <= exact[0] + ROUNDED_NS)
        assert span[1] is None or (exact[1] is not None and exact[1] <= span[1] + ROUNDED_NS)
        assert contains(span, made.truth[b] - made.truth[a], slack_ns=4)


def test_without_the_bridging_contact_of_one_authority_the_other_mesh_depends_on_it():
    """Two ways join the meshes, each by devices of one authority: leaving either out leaves the other."""
    names = ("x", "y0", "y1", "y2")
    authorities = {"x": (X, "a"), "y0": (Y, "a"), "y1": (Y, "b"), "y2": (Y, "c")}
    rates = tuple(Assumption(name, 0, 0) for name in names)
    at = {name: Stamp(name, 0, 0) for name in names}
    ways = [Exchange(at["x"], at[name], -S, S) for name in ("y1", "y2")]
    ways += [Exchange(at[name], at["y0"], -S, S) for name in ("y1", "y2")]
    first = Exchange(at["x"], at["y0"], 0)
    both = place_joint(Evidence(rates, (first, *ways)), Anchor(at["x"], at["y0"]), [at["y0"]], authorities)
    assert both.offset[Y].resilient == (0, 2 * S) and both.offset[Y].depends_on == ()
    one = place_joint(
        Evidence(rates, (first, *ways[::2])), Anchor(at["x"], at["y0"]), [at["y0"]], authorities
    )
    assert one.offset[Y].resilient == (0, None) and one.offset[Y].depends_on == ((Y, "b"),)
