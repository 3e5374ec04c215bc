"""What it costs that intervals hold although any one device lies: `strict` and `resilient` beside `strict` alone.

Decides the fleets: a thousand devices for the figure, and one small enough to solve whole without each device as well.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from fieldpost.bench.line import Line
from fieldpost.bench.time.speed import Case, by_rates, case_of, graph_of
from fieldpost.clock_models.temperature import DAY_NS
from fieldpost.simulated_fleet.plan import Plan
from fieldpost.simulated_fleet.world import make_world
from fieldpost.timeline.asked import locate
from fieldpost.timeline.columns import columns
from fieldpost.timeline.graph import Graph, without
from fieldpost.timeline.paths import contradiction
from fieldpost.timeline.sides import about
from fieldpost.timeline.spread import Spread, resilient, strict

LARGE = Plan(devices=1000, span_ns=2 * DAY_NS, neighbours=8, observations=1_000_000)
SMALL = Plan(devices=100, span_ns=2 * DAY_NS, neighbours=8, observations=10_000)


def fresh(graph: Graph) -> Graph:
    """Tightened anew and looked through for contradictions, as every solve begins."""
    found = without(graph.ground, graph.out)
    if contradiction(found) is not None:
        raise ValueError("an honest fleet contradicts itself")
    return found


def strict_s(graph: Graph, case: Case) -> float:
    begun = time.perf_counter()
    strict(fresh(graph), case.anchor, case.asked)
    return time.perf_counter() - begun


def both_s(graph: Graph, case: Case) -> tuple[float, Spread]:
    """Seconds for both intervals; the gateway, on whose clock the zero is, is assumed honest."""
    units = np.arange(len(graph.out))
    begun = time.perf_counter()
    found = resilient(fresh(graph), case.anchor, case.asked, units, units == 0)
    return time.perf_counter() - begun, found


def naive_s(graph: Graph, case: Case) -> tuple[float, list[np.ndarray]]:
    """Seconds for a whole solve without each device, and the worst of all for both sides."""
    begun = time.perf_counter()
    base = fresh(graph)
    asked = locate(base.columns, base.out, case.asked)
    worst = [side.farthest(asked) for side in about(base, case.anchor)]
    for device in range(1, len(graph.out)):
        others = np.flatnonzero(asked.device != device)
        rest = about(without(graph.ground, np.arange(len(graph.out)) == device), case.anchor)
        for side, found in zip(rest, worst):
            found[others] = np.maximum(found[others], side.farthest(asked.only(others)))
    return time.perf_counter() - begun, worst


def lines(seed: int) -> Iterator[Line]:
    small, large = (case_of(make_world(plan, seed)) for plan in (SMALL, LARGE))
    graph = graph_of(columns(small.rows))
    both_s(graph, small)  # compiles
    alone = min(strict_s(graph, small) for _ in range(2))
    took, found = both_s(graph, small)
    naive, worst = naive_s(graph, small)
    if not all(map(np.array_equal, worst, (found.resilient_lower, found.resilient_upper))):
        raise ValueError("what was solved again differs from whole solves")
    beside = {"at_100": took / alone, "naive_at_100": naive / alone}
    for name, case in (("rate", by_rates(large)), ("wander", large)):
        graph = graph_of(columns(case.rows))
        alone = min(strict_s(graph, case) for _ in range(2))
        took, _ = both_s(graph, case)
        told = beside | {"strict_s": alone, "stamps": float(len(graph.columns.node))}
        named = "time/resilient_over_strict" + ("" if name == "wander" else "_rate")
        yield Line(named, took / alone, "ratio", "lower", len(case.asked), seed, took, None, told)
