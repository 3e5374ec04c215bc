"""Bounds about one anchor, as arrays: one side of all intervals by shortest paths to or from the anchor.

The two ends of a path, along the anchor's own clock and along the asked stamp's own, are taken in each case of
their clocks' windows and the worst case counts; between them stand the ranges of rates. Anchor and stamp may change
places without changing the integers. Decides nothing that the graph does not prove.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline.asked import Asked, locate
from fieldpost.timeline.columns import Ints, Stamps
from fieldpost.timeline.compiled import kernel
from fieldpost.timeline.flow import Flow, Links, ahead, entries, plus, settle, sweep_chains
from fieldpost.timeline.graph import Graph, steps
from fieldpost.timeline.kernels import LIMIT
from fieldpost.timeline.windows import Cases, cases


@dataclass(frozen=True)
class Side:
    """Upper bounds of T(stamp) - T(anchor) where `forward`, else of T(anchor) - T(stamp); ns, LIMIT: none."""

    graph: Graph
    anchor: Asked
    cases: Cases
    forward: bool

    @cached_property
    def flow(self) -> Flow:
        return self.graph.flow if self.forward else self.graph.flow.reverse()

    def leg(self, from_ns: Ints, to_ns: Ints, lo: Ints, hi: Ints) -> Ints:
        """Along one clock, in the order of the path from the anchor."""
        return ahead(from_ns, to_ns, lo, hi) if self.forward else ahead(to_ns, from_ns, lo, hi)

    def steps(self, lo: Ints, hi: Ints) -> tuple[Ints, Ints]:
        up, down = steps(self.graph.columns, lo, hi)
        return (up, down) if self.forward else (down, up)

    def ranges(self, asked: Asked, case: int) -> tuple[Ints, Ints]:
        """The rates of each stamp's clock in one case; a boot without a node has those that are stated."""
        columns = self.graph.columns
        chain, device = np.maximum(asked.chain, 0), np.maximum(asked.device, 0)
        on, clocks = asked.chain >= 0, columns.clocks
        if not len(columns.chain_device):
            return clocks.lo_ppb[device], clocks.hi_ppb[device]
        lo = np.where(on, self.cases.lo[case][chain], clocks.lo_ppb[device])
        return lo, np.where(on, self.cases.hi[case][chain], clocks.hi_ppb[device])

    @property
    def starts(self) -> int:
        """In how many cases the anchor's own clock is taken."""
        chain = int(self.anchor.chain[0])
        return len(self.cases) if chain >= 0 and self.cases.split[chain] else 1

    @cached_property
    def seeds(self) -> list[Ints]:
        """By case of the anchor: what its own clock and the boots around it say of each node; LIMIT: nothing."""
        return [self._seeded(case) for case in range(self.starts)]

    def _seeded(self, case: int) -> Ints:
        columns, anchor = self.graph.columns, self.anchor
        found = np.full(len(columns.chain_of), LIMIT)
        lo, hi = self.ranges(anchor, case)
        for near in (int(anchor.below[0]), int(anchor.above[0])):
            if near >= 0:
                found[near] = min(found[near], self.leg(anchor.t_ns, columns.node.t_ns[near], lo, hi)[0])
        chain = int(anchor.chain[0])
        if chain >= 0:
            own = slice(columns.start[chain], columns.start[chain + 1])
            count = own.stop - own.start
            up, down = (step[own] for step in self.steps(self.cases.lo[case], self.cases.hi[case]))
            empty = np.zeros(0, np.int64)
            none = Links(np.zeros(count + 1, np.int64), empty.astype(np.int32), empty, empty)
            alone = Flow(np.array([0, count]), np.zeros(count, np.int64), up, down, none, none)
            swept = found[own].copy()
            sweep_chains(alone, swept, up, down)
            found[own] = swept
        across = int(anchor.before[0] if self.forward else anchor.after[0])
        if across >= 0:
            found[across] = min(found[across], 0)
        return found

    @cached_property
    def lengths(self) -> Ints:
        """By case of the anchor: the length to each node, int64[starts, N]. The graph must be free of contradiction."""
        found = np.array(self.seeds)
        settle(self.flow, found, np.flatnonzero(found[0] < LIMIT))
        return found

    @cached_property
    def arrivals(self) -> Ints:
        """By case of the anchor: what other clocks and the seeds bring to each node; there the last leg begins."""
        if len(self.cases) == 1:
            return self.lengths
        return np.minimum(entries(self.flow, self.lengths), self.seeds)

    @cached_property
    def case_steps(self) -> tuple[Ints, Ints]:
        """Up and down along each chain in each case, int64[cases, N]."""
        pairs = [self.steps(lo, hi) for lo, hi in zip(self.cases.lo, self.cases.hi)]
        return np.array([up for up, _ in pairs]), np.array([down for _, down in pairs])

    @cached_property
    def ends(self) -> Ints:
        """Lengths to each node when its own chain is in one case: int64[starts, cases, N]."""
        found = np.repeat(self.arrivals[:, None], len(self.cases), axis=1)
        if len(self.cases) > 1:
            sweep_chains(self.flow, found, *self.case_steps)
        return found

    def direct(self, asked: Asked, case: int) -> Ints:
        """By one device's own clock alone."""
        own = (asked.device >= 0) & (asked.device == self.anchor.device[0])
        if not own.any():
            return np.full(len(asked), LIMIT)
        lo, hi = self.ranges(asked, case)
        early = asked.boot < self.anchor.boot if self.forward else asked.boot > self.anchor.boot
        same = self.leg(self.anchor.t_ns, asked.t_ns, lo, hi)
        found = np.where(asked.boot == self.anchor.boot, same, np.where(early, 0, LIMIT))
        return np.where(own, found, LIMIT)

    def ways(self, asked: Asked, start: int, case: int, ends: Ints) -> list[Ints]:
        """The four ways to each stamp: by its own clock alone, from below, from above, from a boot around it."""
        if not len(ends):
            return [self.direct(asked, case)]
        lo, hi = self.ranges(asked, case)
        found = [self.direct(asked, case)]
        for near in (asked.below, asked.above):
            at = np.maximum(near, 0)
            far = plus(ends[at], self.leg(self.graph.columns.node.t_ns[at], asked.t_ns, lo, hi))
            found.append(np.where(near >= 0, far, LIMIT))
        across = asked.after if self.forward else asked.before
        found.append(np.where(across >= 0, self.lengths[start][np.maximum(across, 0)], LIMIT))
        return found

    def is_case(self, asked: Asked, start: int, case: int) -> NDArray[np.bool_]:
        """Where the case counts: the anchor's own clock is in one case at both ends of a path."""
        return (
            np.full(len(asked), True)
            if self.starts == 1 or start == case
            else asked.chain != self.anchor.chain[0]
        )

    def farthest(self, asked: Asked) -> Ints:
        """The side of each asked stamp: the worst of all cases, in each the least of all ways."""
        compiled = kernel("worst_case", len(asked))
        if compiled is not None and len(self.flow.up):
            return self._by_kernel(asked, compiled)
        worst = np.full(len(asked), -LIMIT)
        for start, of_cases in enumerate(self.ends):
            for case, ends in enumerate(of_cases):
                found = np.minimum.reduce(self.ways(asked, start, case, ends))
                worst = np.where(self.is_case(asked, start, case), np.maximum(worst, found), worst)
        return worst

    def _by_kernel(self, asked: Asked, compiled: Callable[..., None]) -> Ints:
        off = asked.only(asked.chain < 0)
        worst = np.full(len(asked), -LIMIT)
        if len(off):
            ways = [self.ways(off, start, 0, length) for start, length in enumerate(self.lengths)]
            worst[asked.chain < 0] = np.maximum.reduce([np.minimum.reduce(way) for way in ways])
        order = np.argsort(asked.chain, kind="stable")
        first = np.searchsorted(asked.chain[order], np.arange(len(self.flow.start)))
        across = asked.after if self.forward else asked.before
        anchor = (int(self.anchor.chain[0]), int(self.anchor.t_ns[0]))
        hung = (asked.below, asked.above, across, asked.t_ns, self.direct(asked, 0))
        rates = (self.cases.lo, self.cases.hi, self.cases.split)
        graph = (self.flow.start, self.graph.columns.node.t_ns, *rates, self.arrivals, self.lengths)
        compiled(*graph, anchor, hung, order, first, self.forward, worst)
        return worst


def about(graph: Graph, anchor: Stamps, of_clocks: Cases | None = None) -> tuple[Side, Side]:
    """Lower and upper side about one stamp; by the cases of the clocks' windows if no others are given."""
    located = locate(graph.columns, graph.out, anchor)
    found = cases(graph.columns, graph.rates) if of_clocks is None else of_clocks
    return Side(graph, located, found, False), Side(graph, located, found, True)
