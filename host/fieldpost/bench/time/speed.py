"""How long a month of a large fleet takes to bound and place, beside scipy's bellman_ford on a fleet a 34th as large.

Decides what counts: from rows in any order to the strict interval of every observation, contradictions looked for, on
one core, kernels compiled before. One new link counts against the solve alone, without sorting and placing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import bellman_ford

from fieldpost.bench.line import Line
from fieldpost.bench.time.solved import anchor_of
from fieldpost.clock_models.temperature import DAY_NS
from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.plan import Plan
from fieldpost.simulated_fleet.world import World, make_world
from fieldpost.timeline.columns import LIMIT, NO_WANDER, Columns, Rows, Stamps, columns
from fieldpost.timeline.graph import Graph, without
from fieldpost.timeline.live import Live
from fieldpost.timeline.paths import contradiction
from fieldpost.timeline.sides import about
from fieldpost.timeline.spread import strict
from fieldpost.timeline.tighten import Ground

SMALL = Plan(devices=25, span_ns=30 * DAY_NS, neighbours=8, observations=1000)
LARGE = Plan(devices=870, span_ns=30 * DAY_NS, neighbours=8, observations=1_000_000)
LINKS = 300


@dataclass(frozen=True)
class Case:
    """One fleet's rows, its anchor and what is to be placed."""

    rows: Rows
    anchor: Stamps
    asked: Stamps


def case_of(world: World) -> Case:
    return Case(records.rows(world), anchor_of(world), records.as_columns(world.observed))


def by_rates(case: Case) -> Case:
    """The same with nothing stated about wander."""
    clocks = replace(case.rows.clocks, wander_ppb=np.full_like(case.rows.clocks.wander_ppb, NO_WANDER))
    return replace(case, rows=replace(case.rows, clocks=clocks))


def graph_of(found: Columns) -> Graph:
    return without(Ground(found), np.zeros(len(found.clocks.lo_ppb), bool))


def constraints(found: Columns) -> int:
    """Two for each step along a clock, one for each edge between clocks."""
    return 2 * (len(found.node) - len(found.start) + 1) + len(found.u)


def place_s(case: Case) -> tuple[float, int]:
    """Seconds to bound and place, and how many observations have both bounds."""
    begun = time.perf_counter()
    graph = graph_of(columns(case.rows))
    if contradiction(graph) is not None:
        raise ValueError("an honest fleet contradicts itself")
    spread = strict(graph, case.anchor, case.asked)
    elapsed = time.perf_counter() - begun
    return elapsed, int(np.count_nonzero((spread.lower < LIMIT) & (spread.upper < LIMIT)))


def solve_s(graph: Graph, anchor: Stamps) -> float:
    begun = time.perf_counter()
    fresh = without(graph.ground, graph.out)
    contradiction(fresh)
    for side in about(fresh, anchor):
        side.lengths.sum()
    return time.perf_counter() - begun


def scipy_s(found: Columns, anchor: Stamps) -> float:
    """One direction, from the anchor, by bellman_ford."""
    up, down = graph_of(found).flow.up, graph_of(found).flow.down
    step = np.flatnonzero(up < LIMIT)
    u, v = np.concatenate([found.u, step, step + 1]), np.concatenate([found.v, step + 1, step])
    w = np.concatenate([found.w, up[step], down[step]]).astype(float)
    seed = np.flatnonzero((found.node.device == anchor.device) & (found.node.t_ns == anchor.t_ns))[0]
    graph = csr_matrix((w, (u, v)), shape=(len(found.node), len(found.node)))
    begun = time.perf_counter()
    bellman_ford(graph, indices=int(seed))
    return time.perf_counter() - begun


def without_rows(rows: Rows, late: np.ndarray) -> Rows:
    """The rows without some exchanges."""
    kept = np.ones(len(rows.tx), bool)
    kept[late] = False
    tx, rx = (Stamps(s.device[kept], s.boot[kept], s.t_ns[kept]) for s in (rows.tx, rows.rx))
    return Rows(rows.clocks, tx, rx, rows.dmin_ns[kept], rows.dmax_ns[kept])


def link_lines(case: Case, seed: int) -> Iterator[Line]:
    """Exchanges from anywhere in the month that come last, one by one."""
    rng = np.random.default_rng(seed)
    late = rng.choice(np.arange(1, len(case.rows.tx)), LINKS + 1, replace=False)
    graph = graph_of(columns(without_rows(case.rows, late)))
    full = min(solve_s(graph, case.anchor) for _ in range(2))
    live = Live(graph, case.anchor)
    took = []
    for row in late.tolist():
        tx, rx = (
            (int(s.device[row]), int(s.boot[row]), int(s.t_ns[row])) for s in (case.rows.tx, case.rows.rx)
        )
        begun = time.perf_counter()
        if not live.add(tx, rx, int(case.rows.dmin_ns[row])):
            raise ValueError("an honest link contradicts the rest")
        took.append(time.perf_counter() - begun)
    share = float(np.percentile(took[1:], 95)) / full  # the first one compiles
    beside = {"full_s": full, "median": float(np.median(took[1:])) / full}
    yield Line("time/new_link_over_full", share, "share", "lower", LINKS, seed, sum(took), 0.003, beside)


def lines(seed: int) -> Iterator[Line]:
    small = case_of(make_world(SMALL, seed))
    found = columns(by_rates(small).rows)
    reference = scipy_s(found, small.anchor)
    beside = {"scipy_s": reference, "scipy_constraints": float(constraints(found))}
    large = case_of(make_world(LARGE, seed))
    for name, goal, turned in (("place_3m", 0.2, by_rates(large)), ("place_3m_wander", 1.0, large)):
        place_s(by_rates(small) if turned is not large else small)  # compiles
        took, bounded = min(place_s(turned) for _ in range(2))  # the first one also finds the memory
        told = beside | {
            "place_s": took,
            "constraints": float(constraints(columns(turned.rows))),
            "both": float(bounded),
        }
        share = took / reference
        yield Line(
            f"time/{name}_over_scipy_88k", share, "share", "lower", len(large.asked), seed, took, goal, told
        )
    yield from link_lines(by_rates(large), seed)
