"""A solved graph to look at, into which new links are put one by one: only what changes is relaxed.

For display, never for a decision: ranges of rates stay those of the last full solve, without cases of windows, so
bounds are never narrower than those of a full solve but for rounding: a step between two stamps stays when another
stamp comes between them, and one step rounds less than two. A link that contradicts the rest is refused.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable

import numpy as np

from fieldpost.timeline import kernels
from fieldpost.timeline.columns import Ints, Stamps
from fieldpost.timeline.compiled import kernel
from fieldpost.timeline.graph import Graph
from fieldpost.timeline.kernels import LIMIT, ahead
from fieldpost.timeline.sides import about
from fieldpost.timeline.windows import whole

Reading = tuple[int, int, int]  # device index, boot, reading in ns
SPARE = 4096  # nodes and edges that can be added between two growths


class Side:
    """Lengths in one direction, the neighbours of each node on its own clock, and the edges that were added."""

    def __init__(self, graph: Graph, length: Ints, forward: bool):
        flow = graph.flow if forward else graph.flow.reverse()
        self.base = (flow.out.first, flow.out.node, flow.out.w)
        count = len(length)
        node, last = np.arange(count), graph.columns.start[1:] - 1
        self.near = np.full((2, count + SPARE), -1)
        self.near[0, :count], self.near[1, :count] = node + 1, node - 1
        self.near[0, last], self.near[1, graph.columns.start[:-1]] = -1, -1
        self.step = np.full((2, count + SPARE), LIMIT)
        self.step[0, :count], self.step[1, 1:count] = flow.up, flow.down[: count - 1]
        self.length = np.append(length, np.full(SPARE, LIMIT))
        self.head = np.full(count + SPARE, -1)
        self.links = np.full((3, SPARE), -1)  # the next edge of the same node, the far node, ns
        self.edges = 0
        self.queue, self.waiting = np.full(count + SPARE, -1), np.zeros(count + SPARE, np.uint8)

    def grow(self) -> None:
        """Room for more nodes and edges."""
        spare = np.full((2, SPARE), -1)
        self.near, self.step = (
            np.hstack([self.near, spare]),
            np.hstack([self.step, np.full((2, SPARE), LIMIT)]),
        )
        self.length, self.head = np.append(self.length, spare[0] * 0 + LIMIT), np.append(self.head, spare[0])
        self.links = np.hstack([self.links, np.full((3, SPARE), -1)])
        self.queue, self.waiting = (
            np.append(self.queue, spare[0]),
            np.append(self.waiting, spare[0] * 0).astype(np.uint8),
        )

    def link(self, node: int, other: int, ns: int) -> None:
        if self.edges == self.links.shape[1]:
            self.links = np.hstack([self.links, np.full((3, SPARE), -1)])
        self.links[:, self.edges] = self.head[node], other, ns
        self.head[node] = self.edges
        self.edges += 1

    def relax(self, nodes: list[int]) -> bool:
        """False when lengths fall for ever: they are then of no more use."""
        self.queue[: len(nodes)], self.queue[len(nodes)] = nodes, -1
        args = (
            self.queue,
            self.waiting,
            self.near,
            self.step,
            *self.base,
            self.head,
            *self.links,
            self.length,
        )
        most = 8 * len(self.length)
        relax: Callable[..., int] = kernel("fall", len(self.length)) or kernels.fall
        return relax(*args, most) >= 0


class Live:
    """Bounds about one anchor that new links narrow."""

    def __init__(self, graph: Graph, anchor: Stamps):
        self.graph = graph
        self.nodes = len(graph.columns.chain_of)
        lower, upper = about(graph, anchor, whole(graph.rates))
        self.sides = tuple(Side(graph, side.lengths[0], side.forward) for side in (lower, upper))
        self._added: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._boots: dict[int, list[tuple[int, int]]] = {}  # of each device, rising: (boot, chain)
        names = zip(graph.columns.chain_device.tolist(), graph.columns.chain_boot.tolist())
        for chain, (device, boot) in enumerate(names):
            if not graph.out[device]:
                self._boots.setdefault(device, []).append((boot, chain))
        self.is_sound = True

    def add(self, tx: Reading, rx: Reading, dmin_ns: int, dmax_ns: int = LIMIT) -> bool:
        """A message from tx heard at rx. False when it contradicts the rest: a full solve has to tell."""
        touched: list[int] = []
        sent, heard = self._node(tx, touched), self._node(rx, touched)
        self._edge(heard, sent, -dmin_ns, touched)
        if dmax_ns < LIMIT:
            self._edge(sent, heard, dmax_ns, touched)
        nodes = list(dict.fromkeys(touched))
        self.is_sound = self.is_sound and min([side.relax(nodes) for side in self.sides])
        return self.is_sound

    def interval(self, at: Reading) -> tuple[int | None, int | None]:
        """[lo, hi] of a stamp that is a node, in ns since the anchor."""
        node = self._known(at)
        if node is None:
            raise ValueError("only stamps of the graph and of added links have a place here")
        lower, upper = (int(side.length[node]) for side in self.sides)
        return (None if lower >= LIMIT else -lower), (None if upper >= LIMIT else upper)

    def _edge(self, u: int, v: int, ns: int, touched: list[int]) -> None:
        """T(v) <= T(u) + ns."""
        lower, upper = self.sides
        lower.link(v, u, ns)
        upper.link(u, v, ns)
        touched += [u, v]

    def _around(self, at: Reading) -> tuple[int, int, int, int]:
        """Nodes of the graph below and above a stamp, and those of the boots before and after; -1: none."""
        device, boot, t_ns = at
        columns, boots = self.graph.columns, self._boots.get(device, [])
        place = bisect_left(boots, (boot, -1))
        held = place < len(boots) and boots[place][0] == boot
        before = int(columns.start[boots[place - 1][1] + 1]) - 1 if place else -1
        later = boots[place + held :]
        after = int(columns.start[later[0][1]]) if later else -1
        if not held:
            return -1, -1, before, after
        begin, end = columns.start[boots[place][1] : boots[place][1] + 2].tolist()
        node = begin + int(np.searchsorted(columns.node.t_ns[begin:end], t_ns))
        if node < end and columns.node.t_ns[node] == t_ns:
            return node, node, -1, -1
        outside = (before if node == begin else -1, after if node == end else -1)
        return (node - 1 if node > begin else -1), (node if node < end else -1), *outside

    def _known(self, at: Reading) -> int | None:
        below, above, _, _ = self._around(at)
        if below >= 0 and below == above:
            return below
        added = self._added.get(at[:2], [])
        place = bisect_left(added, (at[2], -1))
        return added[place][1] if place < len(added) and added[place][0] == at[2] else None

    def _node(self, at: Reading, touched: list[int]) -> int:
        known = self._known(at)
        if known is not None:
            return known
        device, boot, t_ns = at
        node, self.nodes = self.nodes, self.nodes + 1
        if self.nodes + 2 > len(self.sides[0].length):
            for side in self.sides:
                side.grow()
        below, above, before, after = self._around(at)
        added = self._added.setdefault((device, boot), [])
        place = bisect_left(added, (t_ns, node))
        nearest = [
            self._nearer(added[place - 1 : place], below, -1),
            self._nearer(added[place : place + 1], above, 1),
        ]
        insort(added, (t_ns, node))
        self._hang(node, at, nearest, touched)
        if nearest[0] is None and before >= 0:
            self._edge(node, before, 0, touched)
        if nearest[1] is None and after >= 0:
            self._edge(after, node, 0, touched)
        return node

    def _nearer(self, added: list[tuple[int, int]], known: int, turn: int) -> tuple[int, int] | None:
        """(reading, node) of the neighbour, an added one or one of the graph; None: there is none."""
        base = [(int(self.graph.columns.node.t_ns[known]), known)] if known >= 0 else []
        return min([*added, *base], key=lambda one: turn * one[0], default=None)

    def _hang(
        self, node: int, at: Reading, nearest: list[tuple[int, int] | None], touched: list[int]
    ) -> None:
        """Puts a node between its neighbours on its own clock; the step between these two stays as an edge."""
        lo, hi = self._rates(at)
        below, above = nearest
        for turn, one in ((1, below), (0, above)):
            if one is not None:
                out, into = ahead(at[2], one[0], lo, hi), ahead(one[0], at[2], lo, hi)
                for side, far, back in zip(self.sides, (into, out), (out, into)):
                    side.near[turn, node], side.step[turn, node] = one[1], far
                    if below is not None and above is not None and turn:
                        side.link(one[1], above[1], int(side.step[0, one[1]]))
                        side.link(above[1], one[1], int(side.step[1, above[1]]))
                    side.near[1 - turn, one[1]], side.step[1 - turn, one[1]] = node, back
                touched.append(one[1])

    def _rates(self, at: Reading) -> tuple[int, int]:
        boots = self._boots.get(at[0], [])
        place = bisect_left(boots, (at[1], -1))
        if place < len(boots) and boots[place][0] == at[1]:
            return int(self.graph.rates.lo[boots[place][1]]), int(self.graph.rates.hi[boots[place][1]])
        clocks = self.graph.columns.clocks
        return int(clocks.lo_ppb[at[0]]), int(clocks.hi_ppb[at[0]])
