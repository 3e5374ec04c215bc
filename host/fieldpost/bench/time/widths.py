"""How wide intervals are beside the best that can be proved: the optimum of a linear program over the same evidence.

The program: a true time for each stamp in seconds, and for each boot the beginning of its window of rates. Every step
along a clock lies between its local time x (1 + c) and x (1 + c + wander). Both ends of each interval are optima of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from fieldpost.bench.line import Line
from fieldpost.bench.time.speed import Case, by_rates, case_of, graph_of
from fieldpost.clock_models.temperature import DAY_NS
from fieldpost.simulated_fleet.plan import Plan
from fieldpost.simulated_fleet.world import make_world
from fieldpost.timeline.asked import locate
from fieldpost.timeline.columns import LIMIT, Columns, Ints, columns
from fieldpost.timeline.sides import about

WORLDS = 3
ASKED = 8
PLAN = Plan(devices=10, span_ns=4 * DAY_NS, observations=ASKED)
S, PPB, PPM = 1e9, 1e-9, 1e-6


class Program:
    """The constraints of some columns. Windows are told in ppm, so that all numbers are of a size."""

    def __init__(self, found: Columns):
        self.nodes, chains = len(found.node), len(found.start) - 1
        self._parts: list[tuple[NDArray, NDArray, NDArray]] = []
        self._most: list[NDArray] = []
        step = np.flatnonzero(found.chain_of[1:] == found.chain_of[:-1])
        dt, chain = (found.node.t_ns[step + 1] - found.node.t_ns[step]) / S, found.chain_of[step]
        lo, hi = (side[found.chain_device] * PPB for side in (found.clocks.lo_ppb, found.clocks.hi_ppb))
        stated = found.clocks.wander_ppb[found.chain_device]
        width = np.where((stated < 0) | (stated * PPB > hi - lo), hi - lo, stated * PPB)
        window = self.nodes + chain
        self._add([(step, 1), (step + 1, -1), (window, dt * PPM)], -dt)
        self._add([(step + 1, 1), (step, -1), (window, -dt * PPM)], dt * (1 + width[chain]))
        self._add([(found.v, 1), (found.u, -1)], found.w / S)
        self.free: list[tuple[float | None, float | None]] = [(None, None) for _ in range(self.nodes)]
        self.free += list(zip((lo / PPM).tolist(), ((hi - width) / PPM).tolist()))
        rows, columns_, values = (np.concatenate(part) for part in zip(*self._parts))
        self.most = np.concatenate(self._most)
        self.terms = coo_matrix(
            (values, (rows, columns_)), shape=(len(self.most), self.nodes + chains)
        ).tocsr()

    def _add(self, terms: list[tuple[Ints, object]], most: NDArray) -> None:
        """sum of factor x variable <= most, a row for each entry."""
        rows = np.arange(len(most)) + sum(map(len, self._most))
        for variable, factor in terms:
            self._parts.append((rows, variable, np.broadcast_to(np.asarray(factor, float), rows.shape)))
        self._most.append(most)

    def width_s(self, node: int, anchor: int) -> float:
        """The distance of the latest and the earliest true time of a node when the anchor's is 0."""
        free: list[tuple[float | None, float | None]] = list(self.free)
        free[anchor] = (0, 0)
        aim = np.zeros(self.terms.shape[1])
        aim[node] = 1
        ends = [linprog(sign * aim, self.terms, self.most, bounds=free, method="highs") for sign in (1, -1)]
        if any(end.status for end in ends):
            raise ValueError("the reference found no optimum")
        return -ends[1].fun - ends[0].fun


def widths(case: Case) -> tuple[NDArray, NDArray]:
    """Ours and the optimum's, in s, of the observations that both bound; the observations are nodes."""
    seen = type(case.rows)(**{**vars(case.rows), "seen": case.asked})
    found = columns(seen)
    graph = graph_of(found)
    asked, anchor = locate(found, graph.out, case.asked), locate(found, graph.out, case.anchor)
    lower, upper = (side.farthest(asked) for side in about(graph, case.anchor))
    bounded = np.flatnonzero((lower < LIMIT) & (upper < LIMIT) & (asked.chain != anchor.chain[0]))
    program = Program(found)
    best = [program.width_s(int(asked.below[place]), int(anchor.below[0])) for place in bounded]
    return (lower + upper)[bounded] / S, np.array(best)


def lines(seed: int) -> Iterator[Line]:
    cases = [case_of(make_world(PLAN, seed + world)) for world in range(WORLDS)]
    begun = time.perf_counter()
    ours, best = (np.concatenate(part) for part in zip(*(widths(by_rates(case)) for case in cases)))
    told = {"mean_width_s": float(ours.mean()), "lp_mean_width_s": float(best.mean())}
    worst, took = float(np.abs(ours - best).max()), time.perf_counter() - begun
    yield Line("time/width_rate_over_lp", worst, "s", "lower", len(ours), seed, took, 1e-6, told)
    begun = time.perf_counter()
    ours, best = (np.concatenate(part) for part in zip(*(widths(case) for case in cases)))
    ratio = ours / best
    told = {
        "mean_width_s": float(ours.mean()),
        "lp_mean_width_s": float(best.mean()),
        "worst": float(ratio.max()),
    }
    took = time.perf_counter() - begun
    yield Line(
        "time/width_wander_over_lp", float(ratio.mean()), "ratio", "lower", len(ours), seed, took, 1.1, told
    )
