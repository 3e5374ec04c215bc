"""Two meshes on one timeline: neither can re-time the other's observations."""

import random
from dataclasses import replace

import pytest
from clock_world import S, contains, make_world

from fieldpost.timeline.evidence import Anchor, Assumption, Causal, Evidence, Exchange, Stamp
from fieldpost.timeline.joint import place_joint
from fieldpost.timeline.order import Causality, order

X, Y = b"\x0a" * 32, b"\x0b" * 32
AUTHORITY_OF = {
    f"d{i}": (X, "field/north") if i < 4 else (Y, ("ops/one", "ops/two")[i % 2]) for i in range(8)
}


def of_mesh(mesh: bytes) -> frozenset:
    return frozenset(device for device, authority in AUTHORITY_OF.items() if authority[0] == mesh)


def joined(seed: int):
    """A world of eight devices, four a mesh, and the first exchange of two meshes as its anchor."""
    world = make_world(seed, devices=8, contacts=140, observations=160)
    crossing = [
        x for x in world.evidence.exchanges if len({AUTHORITY_OF[s.device][0] for s in (x.tx, x.rx)}) == 2
    ]
    first = min(crossing, key=lambda x: (x.tx.boot, x.key))
    return world, Anchor(first.tx, first.rx), list(world.truth)


@pytest.mark.parametrize("seed", range(4))
def test_no_pair_over_two_meshes_is_ordered_wrongly(seed):
    world, anchor, stamps = joined(seed)
    joint = place_joint(world.evidence, anchor, stamps, AUTHORITY_OF)
    causality = Causality(world.causals)
    told = 0
    for a in stamps:
        for b in stamps[:: 1 + seed]:
            verdict = order(a, b, joint.between(a, b), causality).verdict
            across = AUTHORITY_OF[a.device][0] != AUTHORITY_OF[b.device][0]
            told += across and verdict in ("before", "after")
            if verdict in ("before", "after"):
                first, last = (a, b) if verdict == "before" else (b, a)
                assert world.truth[first] <= world.truth[last]
    assert told > 100


@pytest.mark.parametrize("mine,theirs", [(X, Y), (Y, X)])
def test_what_one_mesh_alone_signed_never_changes_a_pair_of_the_other(mine, theirs):
    world, anchor, stamps = joined(2)
    evidence = world.evidence
    own = [stamp for stamp in stamps if stamp.device in of_mesh(mine)]
    before = place_joint(evidence, anchor, stamps, AUTHORITY_OF)
    rng = random.Random(5)
    foreign = [x for x in evidence.exchanges if {x.tx.device, x.rx.device} <= of_mesh(theirs)]
    told = [Exchange(x.tx, x.rx, x.dmin_ns + rng.randint(0, 10**7), x.tx.t_ns % 7 + 10**8) for x in foreign]
    narrow = [replace(a, rate_lo_ppb=-5, rate_hi_ppb=5) if a.device in of_mesh(theirs) else a
              for a in evidence.assumptions]  # fmt: skip
    links = tuple(Causal(a, b) for a, b in zip(own, stamps) if b.device in of_mesh(theirs))
    changed = Evidence(tuple(narrow), evidence.exchanges + tuple(told), evidence.causals + links)
    after = place_joint(changed, anchor, stamps, AUTHORITY_OF)
    for a in own:
        assert after.between(a, own[0])[a] == before.between(a, own[0])[a]
        assert after.between(a, own[0]) is after.home[mine].placements
    assert any(after.gauge[s] != before.gauge[s] for s in stamps if s.device in of_mesh(theirs))


def test_the_gauge_is_home_moved_by_one_offset():
    world, anchor, stamps = joined(3)
    joint = place_joint(world.evidence, anchor, stamps, AUTHORITY_OF)
    zero, other = (AUTHORITY_OF[end.device][0] for end in (anchor.at, anchor.other))
    assert joint.offset[zero].strict == joint.offset[zero].resilient == (0, 0)
    lo, hi = joint.offset[other].strict
    assert lo >= 0 and hi is not None and hi < 10 * S
    for stamp in stamps:
        mesh = AUTHORITY_OF[stamp.device][0]
        home, gauge = joint.home[mesh].placements[stamp], joint.gauge[stamp]
        if mesh == zero:
            assert replace(gauge, assumptions=home.assumptions) == home
        elif None not in home.strict:
            assert gauge.strict == (home.strict[0] + lo, home.strict[1] + hi)


def test_spans_over_two_meshes_hold_the_truth():
    world, anchor, stamps = joined(4)
    gauge = place_joint(world.evidence, anchor, stamps, AUTHORITY_OF).gauge
    first = next(stamp for stamp in stamps if None not in gauge[stamp].strict)
    first_lo, first_hi = gauge[first].strict
    for stamp in stamps:
        lo, hi = gauge[stamp].strict
        span = (None if lo is None else lo - first_hi, None if hi is None else hi - first_lo)
        assert contains(span, world.truth[stamp] - world.truth[first])


def test_stamps_of_a_third_mesh_are_unplaced():
    world, anchor, stamps = joined(1)
    authorities = {**AUTHORITY_OF, "d3": (b"\x0c" * 32, "elsewhere")}
    joint = place_joint(world.evidence, anchor, stamps, authorities)
    third = [stamp for stamp in stamps if stamp.device == "d3"]
    assert third and all(joint.gauge[stamp].status == "unplaced" for stamp in third)
    assert order(third[0], stamps[0], joint.between(third[0], stamps[0]), Causality(())).verdict == "unknown"


def test_a_whole_authority_is_left_out_of_the_crossing():
    """The answer to X comes by two devices of one authority: without it no ceiling is left."""
    devices = ("x", "y0", "y1", "y2")
    rates = tuple(Assumption(device, 0, 0) for device in devices)
    at = {device: Stamp(device, 0, 0) for device in devices}
    exchanges = (
        Exchange(at["x"], at["y0"], 0),
        Exchange(at["y0"], at["y1"], -S, S),
        Exchange(at["y1"], at["y2"], -S, S),
        Exchange(at["y2"], at["x"], -S),
    )
    authorities = {"x": (X, "a"), "y0": (Y, "a"), "y1": (Y, "b"), "y2": (Y, "b")}
    joint = place_joint(Evidence(rates, exchanges), Anchor(at["x"], at["y0"]), [at["y0"]], authorities)
    assert joint.offset[Y].strict == (0, 3 * S) and joint.offset[Y].resilient == (0, None)
    assert joint.gauge[at["y0"]].depends_on == ((Y, "b"),)


def test_an_anchor_inside_one_mesh_is_refused():
    world, _, stamps = joined(1)
    inside = next(x for x in world.evidence.exchanges if {x.tx.device, x.rx.device} <= of_mesh(X))
    with pytest.raises(ValueError, match="between two meshes"):
        place_joint(world.evidence, Anchor(inside.tx, inside.rx), stamps, AUTHORITY_OF)
    with pytest.raises(ValueError, match="both ends"):
        place_joint(world.evidence, Anchor(inside.tx), stamps, AUTHORITY_OF)
