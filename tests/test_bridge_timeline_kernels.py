"""The same integers from compiled loops, from numpy and from Python's own integers, at the ends of 64 bits too."""

import numpy as np
import pytest
from clock_world import S, make_world, stepped
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpost.timeline import compiled, flow, kernels, rates, tighten
from fieldpost.timeline.bounds import solve
from fieldpost.timeline.evidence import Assumption, Evidence, Exchange, Stamp
from fieldpost.timeline.place import place

DAY = 86_400 * S
NS = st.integers(-(1 << 62) + 1, (1 << 62) - 1)
PPB = st.integers(-500_000_000, 500_000_000)


def test_400_days_at_200_ppm_are_exact_in_every_back_end():
    t = np.array([0, 400 * DAY]), np.array([400 * DAY, 0])
    found = flow.ahead(*t, np.array([-200_000] * 2), np.array([200_000] * 2)).tolist()
    assert found == [34_566_912 * S, -(34_553_088 * S)]
    assert found == [kernels.ahead(int(a), int(b), -200_000, 200_000) for a, b in zip(*t)]


@settings(max_examples=300, deadline=None)
@given(NS, NS, PPB, PPB)
def test_a_step_is_that_of_whole_integers_or_the_limit(a, b, one, other):
    lo, hi = sorted((one, other))
    exact = rates.ahead(a, b, lo, hi)
    found = kernels.ahead(a, b, lo, hi)
    many = flow.ahead(*(np.array([x]) for x in (a, b, lo, hi)))[0]
    assert found == many and found >= min(exact, kernels.LIMIT)
    assert found == max(-kernels.LIMIT, min(kernels.LIMIT, exact)) or abs(b - a) >= kernels.LIMIT


@settings(max_examples=300, deadline=None)
@given(st.integers(-(1 << 61), 1 << 61), st.integers(1, 1 << 60))
def test_a_ratio_is_that_of_whole_integers(part, whole):
    exact = part * 10**9 // whole
    if abs(part // whole) < kernels.RATIO_LIMIT - 1:
        assert (
            kernels.ratio_ppb(part, whole)
            == exact
            == tighten._ratio_ppb(np.array([part]), np.array([whole]))[0]
        )


def told(world, stamps):
    timeline = place(world.evidence, world.anchor, stamps)
    return timeline.placements, timeline.contradiction


@pytest.mark.parametrize("seed", range(6))
def test_compiled_loops_and_numpy_place_alike(seed, monkeypatch):
    lie = stepped("d2", 10 ** (7 + seed), 30_000 * S) if seed % 2 else None
    wander = None if seed % 3 == 0 else 40_000
    world = make_world(
        seed, devices=5, contacts=50, observations=40, boots=1 + seed % 3, wander=wander, lie=lie
    )
    found = {}
    for name, code in (("numpy", None), ("machine", compiled.machine_code())):
        monkeypatch.setattr(
            compiled, "kernel", lambda kernel, size, code=code: code and getattr(code, kernel)
        )
        for module in ("flow", "graph", "paths", "sides", "steps", "tighten", "asked"):
            monkeypatch.setattr(f"fieldpost.timeline.{module}.kernel", compiled.kernel)
        found[name] = told(world, list(world.truth))
    assert compiled.machine_code() is not None
    assert found["numpy"] == found["machine"]


@pytest.mark.parametrize("seed", range(4))
def test_resilient_is_the_hull_of_all_solves_that_leave_one_device_out(seed):
    world = make_world(seed, devices=5, contacts=50, observations=40, boots=2)
    stamps = list(world.truth)
    placements = place(world.evidence, world.anchor, stamps).placements
    devices = [a.device for a in world.evidence.assumptions if a.device not in world.anchor.devices]
    solves = {d: solve(world.evidence, world.anchor.at, frozenset({d})).intervals(stamps) for d in devices}
    whole = solve(world.evidence, world.anchor.at).intervals(stamps)
    for place_, stamp in enumerate(stamps):
        sides = [whole[place_], *(solves[d][place_] for d in devices if d != stamp.device)]
        lo = None if any(one[0] is None for one in sides) else min(one[0] for one in sides)
        hi = None if any(one[1] is None for one in sides) else max(one[1] for one in sides)
        assert placements[stamp].strict == whole[place_] and placements[stamp].resilient == (lo, hi)


def test_readings_at_the_end_of_64_bits_only_widen():
    far = (1 << 62) - 1
    stated = (Assumption("a", -1000, 1000), Assumption("b", -1000, 1000))
    contact = (
        Exchange(Stamp("a", 0, 0), Stamp("b", 0, 0), 0, S),
        Exchange(Stamp("b", 0, far), Stamp("a", 1, -far), 0),
    )
    bounds = solve(Evidence(stated, contact, seen=(Stamp("b", 0, -far),)), Stamp("a", 0, 0))
    assert bounds.contradiction is None
    assert bounds.interval(Stamp("b", 0, S)) == (999_999_000, 2_000_001_000)
    lo, hi = bounds.interval(Stamp("b", 0, far))
    assert hi is None and 0 < lo <= far
