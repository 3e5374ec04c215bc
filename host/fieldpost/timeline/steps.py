"""The path of evidence behind a bound, walked when somebody asks for it.

Ties between equal paths change which one is shown, never a length. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from fieldpost.timeline import kernels
from fieldpost.timeline.asked import Asked
from fieldpost.timeline.columns import Ints
from fieldpost.timeline.compiled import kernel
from fieldpost.timeline.evidence import Causal, Exchange, Stamp
from fieldpost.timeline.flow import Flow, plus
from fieldpost.timeline.graph import Origin, Told
from fieldpost.timeline.kernels import ABOVE, BELOW, LIMIT, SEED, UNTOLD
from fieldpost.timeline.sides import Side

Reached = tuple[int, int, int]  # a node, the length to it, the edge by which it was reached or -1


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a binding path: T(end) - T(start) <= most_ns. kind: clock | exchange | causal | reboot."""

    kind: str
    start: Stamp
    end: Stamp
    most_ns: int
    evidence: Exchange | Causal | None = None


def step_kind(origin: Origin, start: Stamp, end: Stamp) -> str:
    if isinstance(origin, Exchange):
        return "exchange"
    if isinstance(origin, Causal):
        return "causal"
    return "clock" if (start.device, start.boot) == (end.device, end.boot) else "reboot"


def climbed(flow: Flow, length: Ints, seeds: Ints) -> tuple[Ints, Ints]:
    """How each node was reached (see `kernels.climb`), and the nodes that were, parents first."""
    by = np.where((length < LIMIT) & (length == seeds), SEED, UNTOLD)
    queue = np.zeros(len(length), np.int64)
    out = flow.out
    args = (flow.start, flow.chain_of, flow.up, flow.down, out.first, out.node, out.w, length)
    compiled = kernel("climb", flow.size)
    if compiled is not None:
        return by, queue[: compiled(*args, by, queue)]
    climb: Callable[..., int] = kernels.climb
    lists = (by.tolist(), queue.tolist())
    count = climb(*(one.tolist() for one in args), *lists)
    return np.array(lists[0], np.int64), np.array(lists[1][:count], np.int64)


class Trace:
    """Paths of one side about one anchor."""

    def __init__(self, side: Side, told: Told, anchor: Stamp):
        self.side = side
        self.told = told
        self.anchor = anchor
        self._trees: dict[int, list[int]] = {}
        self._rests: dict[tuple[int, int], frozenset[int]] = {}

    @cached_property
    def _owner(self) -> Ints:
        """By place in the flow's out-links: the node that the edge leaves."""
        first = self.side.flow.out.first
        return np.repeat(np.arange(len(first) - 1), np.diff(first))

    def _before(self, start: int, node: int) -> tuple[int, int]:
        """The node by which this one was reached, or -1 from a seed; and the edge between them, or -1."""
        if start not in self._trees:
            self._trees[start] = climbed(self.side.flow, self.side.lengths[start], self.side.seeds[start])[
                0
            ].tolist()
        by = self._trees[start][node]
        if by >= 0:
            return int(self._owner[by]), int(self.side.flow.out.edge[by])
        return {SEED: -1, BELOW: node - 1, ABOVE: node + 1}[by], -1

    def _walk(self, start: int, node: int) -> list[Reached]:
        """From a node back to a seed, by the ranges of rates."""
        found = []
        while node >= 0:
            near, edge = self._before(start, node)
            found.append((node, int(self.side.lengths[start][node]), edge))
            node = near
        return found

    def _leg(self, ends: Ints, arrived: Ints, case: int, node: int) -> list[int]:
        """Nodes along the last clock, from the given one to where it is entered."""
        chain = int(self.side.flow.chain_of[node])
        bounds = range(*self.side.flow.start[chain : chain + 2].tolist())
        up, down = (steps[case] for steps in self.side.case_steps)
        for turn, step, shift in ((-1, up, -1), (1, down, 0)):
            run = [node]
            while arrived[run[-1]] != ends[run[-1]]:
                at = run[-1] + turn
                if at not in bounds or ends[at] + step[run[-1] + shift] != ends[run[-1]]:
                    break
                run.append(at)
            else:
                return run
        raise ValueError("a length that no step gives")

    def _from(self, start: int, case: int, ends: Ints, node: int) -> list[Reached]:
        """From the node next to a stamp back to a seed, its own clock in one case."""
        if len(self.side.cases) == 1:
            return self._walk(start, node)
        arrived, into = self.side.arrivals[start], self.side.flow.into
        leg = self._leg(ends, arrived, case, node)
        found = [(one, int(ends[one]), -1) for one in leg]
        last = leg[-1]
        if self.side.seeds[start][last] == arrived[last]:
            return found
        for place in range(int(into.first[last]), int(into.first[last + 1])):
            if plus(self.side.lengths[start][into.node[place]], into.w[place]) == arrived[last]:
                found[-1] = (last, found[-1][1], int(into.edge[place]))
                return found + self._walk(start, int(into.node[place]))
        raise ValueError("a length that no edge brings")

    def _way(self, asked: Asked, start: int, case: int, ends: Ints) -> tuple[int, list[Reached] | None]:
        """The least length to one stamp in one case, and how; None where nothing leads there."""
        ways = [int(way[0]) for way in self.side.ways(asked, start, case, ends)]
        least = min(ways)
        if least >= LIMIT:
            return least, None
        if ways[0] == least:
            return least, []
        if least in ways[1:3]:
            near = int(asked.below[0] if ways[1] == least else asked.above[0])
            return least, self._from(start, case, ends, near)
        return least, self._walk(start, int((asked.after if self.side.forward else asked.before)[0]))

    def _ways(self, asked: Asked) -> Iterator[tuple[int, list[Reached] | None]]:
        for start in range(self.side.starts):
            for case, ends in enumerate(self.side.ends[start]):
                if self.side.is_case(asked, start, case)[0]:
                    yield self._way(asked, start, case, ends)

    def _worst(self, asked: Asked) -> tuple[int, int]:
        """The case of the anchor and that of the stamp's clock in which its bound is the longest."""
        side, chain = self.side, int(asked.chain[0])
        if chain < 0:
            ways = [
                int(np.minimum.reduce(side.ways(asked, s, 0, side.ends[s, 0]))[0]) for s in range(side.starts)
            ]
            return ways.index(max(ways)), 0
        lo, hi = side.cases.lo[:, chain], side.cases.hi[:, chain]
        t_ns, own = asked.t_ns[0], int(side.anchor.chain[0])
        direct = side.leg(side.anchor.t_ns[0], t_ns, lo, hi) if chain == own else side.direct(asked, 0)
        found = np.broadcast_to(direct, (side.starts, len(lo)))
        for near in (int(asked.below[0]), int(asked.above[0])):
            if near >= 0:
                leg = side.leg(side.graph.columns.node.t_ns[near], t_ns, lo, hi)
                found = np.minimum(found, plus(side.ends[:, :, near], leg))
        across = int((asked.after if side.forward else asked.before)[0])
        if across >= 0:
            found = np.minimum(found, side.lengths[:, across, None])
        if side.starts > 1 and chain == own:
            found = np.where(np.eye(side.starts, dtype=bool), found, -LIMIT)
        start, case = divmod(int(np.argmax(found)), len(lo))
        return start, case

    def devices(self, asked: Asked) -> frozenset[int]:
        """Every device (index) that the bound rests on, in whatever case."""
        rates, columns = self.side.graph.rates, self.side.graph.columns
        chains = {int(asked.chain[0])} - {-1}
        for _, way in self._ways(asked):
            chains |= {int(columns.chain_of[node]) for node, _, _ in way or ()}
        return frozenset[int]().union(*(rates.rests_on(chain) for chain in chains))

    def path(self, stamp: Stamp, asked: Asked) -> tuple[Step, ...]:
        """The path of the worst case, in the order of time's inequality; () where there is no bound."""
        start, case = self._worst(asked)
        best, way = self._way(asked, start, case, self.side.ends[start, case])
        if way is None:
            return ()
        reached = [(stamp, best, -1)]
        reached += [(self.told.stamp(node), length, edge) for node, length, edge in way]
        reached.append((self.anchor, 0, -1))
        steps: list[Step] = []
        for (far, far_ns, edge), (near, near_ns, _) in pairwise(reached):
            if far != near:
                self._append(steps, far, near, far_ns - near_ns, edge)
        return tuple(steps[::-1] if self.side.forward else steps)

    def _append(self, steps: list[Step], far: Stamp, near: Stamp, most_ns: int, edge: int) -> None:
        """One more link towards the anchor; links along one clock become one."""
        origin = None if edge < 0 else self.told.origin(edge)
        start, end = (near, far) if self.side.forward else (far, near)
        kind = step_kind(origin, start, end)
        last = steps[-1] if steps else None
        if last is not None and kind == last.kind == "clock":
            start, end = (start, last.end) if self.side.forward else (last.start, end)
            steps[-1] = Step("clock", start, end, last.most_ns + most_ns)
        else:
            steps.append(Step(kind, start, end, most_ns, origin))
