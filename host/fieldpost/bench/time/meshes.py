"""Two meshes without any trusted clock that met once: whether a pair's interval, taken across them, holds the truth.

And whether the interval of a pair depends on where a timeline starts: about either of the two it must be the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from fieldpost.bench.line import Line
from fieldpost.bench.time.solved import graph_of
from fieldpost.clock_models.temperature import DAY_NS
from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.plan import MAIN_CRYSTAL, Plan
from fieldpost.simulated_fleet.world import World, make_world
from fieldpost.timeline.columns import Stamps
from fieldpost.timeline.evidence import Anchor, Device
from fieldpost.timeline.joint import Authority, Joint, place_joint
from fieldpost.timeline.kernels import LIMIT
from fieldpost.timeline.spread import strict

PLAN = Plan(devices=6, meshes=2, span_ns=7 * DAY_NS, gateway=MAIN_CRYSTAL, observations=2100)
SEEDS = 2
CHANGES = 24  # stamps that take the place of the zero
Floats = np.ndarray


def authorities(plan: Plan) -> dict[Device, Authority]:
    """Two authorities in each mesh, devices in turn."""
    names: dict[Device, Authority] = {}
    for device in range(plan.total):
        mesh = plan.mesh_of(device)
        names[plan.name(device)] = (bytes([mesh + 1]) * 8, ("east", "west")[device % 2])
    return names


def bridge(world: World) -> Anchor:
    """The first exchange that joins the two meshes."""
    mesh = np.array([world.plan.mesh_of(device) for device in range(world.plan.total)])
    first = np.flatnonzero(mesh[world.tx.device] != mesh[world.rx.device])[:1]
    [tx], [rx] = (records.stamps(world.plan, side.at(first)) for side in (world.tx, world.rx))
    return Anchor(tx, rx)


def joint(world: World) -> Joint:
    stamps = records.observed_stamps(world)
    return place_joint(records.evidence(world), bridge(world), stamps, authorities(world.plan))


def sides(world: World, placed: Joint, mesh: int) -> tuple[Floats, Floats, Floats]:
    """(earliest, latest, truth) on the joint timeline of one mesh's observations, in s; infinite: no bound."""
    own = np.array([world.plan.mesh_of(device) == mesh for device in world.observed.device])
    found = []
    for stamp, truth in zip(
        np.array(records.observed_stamps(world), object)[own], world.observed.true_ns[own]
    ):
        lo, hi = placed.gauge[stamp].resilient
        found.append((-np.inf if lo is None else lo / 1e9, np.inf if hi is None else hi / 1e9, truth / 1e9))
    low, high, truth = np.array(found).T
    return low, high, truth


def violations(world: World) -> tuple[int, int, float]:
    """(violations, cross pairs, mean width in s of those with two sides)."""
    placed = joint(world)
    (lo_a, hi_a, true_a), (lo_b, hi_b, true_b) = (sides(world, placed, mesh) for mesh in (0, 1))
    least, most = lo_b - hi_a[:, None], hi_b - lo_a[:, None]
    truth = true_b - true_a[:, None]
    slack = 1e-6  # seconds are floats here
    outside = (truth < least - slack) | (truth > most + slack)
    width = (most - least)[np.isfinite(most) & np.isfinite(least)]
    return int(outside.sum()), outside.size, float(width.mean()) if len(width) else float("inf")


def change_of_gauge_s(world: World, stamps: Stamps) -> float:
    """The largest difference, over all pairs, of a pair's strict interval about its first and about its second."""
    graph = graph_of(world)
    count = len(stamps)
    lower, upper = np.empty((2, count, count), np.int64)
    for one in range(count):
        zero = Stamps(*(getattr(stamps, name)[one : one + 1] for name in ("device", "boot", "t_ns")))
        found = strict(graph, zero, stamps)
        lower[one], upper[one] = found.lower, found.upper
    missing = (upper >= LIMIT) != (lower.T >= LIMIT)
    return float("inf") if missing.any() else float(np.abs(upper - lower.T).max() / 1e9)


def lines(seed: int) -> Iterator[Line]:
    started = time.perf_counter()
    worlds = [make_world(PLAN, seed * 1000 + one) for one in range(SEEDS)]
    found = [violations(world) for world in worlds]
    spent = time.perf_counter() - started
    beside = {"pair width s": float(np.mean([width for _, _, width in found]))}
    wrong, pairs = sum(one[0] for one in found), sum(one[1] for one in found)
    yield Line("time/cross_mesh_violations", wrong, "pairs", "lower", pairs, seed, spent, 0, beside)
    started = time.perf_counter()
    chosen = worlds[0].observed.at(np.arange(0, len(worlds[0].observed), len(worlds[0].observed) // CHANGES))
    change = change_of_gauge_s(worlds[0], records.as_columns(chosen))
    spent = time.perf_counter() - started
    yield Line("time/gauge_change_s", change, "s", "lower", len(chosen) ** 2, seed, spent, 1e-6)
