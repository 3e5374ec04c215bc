"""Bounds about one anchor: for any stamp of a known device, the least and the most true time since the
anchor.

Decides nothing that the graph does not prove; a side without proof is None. Gives the path of evidence
behind each side, and every device that a bound rests on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from fieldpost.timeline.evidence import Causal, Device, Evidence, Exchange, Interval, Stamp
from fieldpost.timeline.graph import Graph, Link, build
from fieldpost.timeline.paths import (
    FROM_ABOVE,
    FROM_BELOW,
    ROOT,
    UNREACHED,
    Tree,
    contradiction,
    earliest,
    latest,
)
from fieldpost.timeline.tighten import Conflict


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a binding path: T(end) - T(start) <= most_ns. kind: clock | exchange | causal | reboot."""

    kind: str
    start: Stamp
    end: Stamp
    most_ns: int
    evidence: Exchange | Causal | None = None


@dataclass(frozen=True)
class Certificate:
    """Stamps that cannot all hold, in order, and the devices that this rests on.

    It means a lie or a bound stated too tight; which of the two it does not say.
    """

    stamps: tuple[Stamp, ...]
    devices: frozenset[Device]


@dataclass(frozen=True)
class Bounds:
    """The solved graph about one anchor. With a contradiction every interval is (None, None)."""

    graph: Graph
    anchor: Stamp
    upper: Tree
    lower: Tree
    contradiction: Certificate | None
    _bits: tuple[dict[int, int], dict[int, int]] = field(default_factory=lambda: ({}, {}), repr=False)
    _turns: tuple[dict[int, int], dict[int, int]] = field(default_factory=lambda: ({}, {}), repr=False)

    def interval(self, stamp: Stamp) -> Interval:
        """[lo, hi] in ns since the anchor; from both neighbours on the stamp's own clock, rounded outward."""
        if self.contradiction is not None:
            return None, None
        most, _ = self._best(self.upper, self.graph.links(stamp)[1], self.graph.largest(self.anchor, stamp))
        least, _ = self._best(self.lower, self.graph.links(stamp)[0], self.graph.largest(stamp, self.anchor))
        return (None if least is None else -least), most

    def devices(self, stamp: Stamp) -> frozenset[Device]:
        """Every device that the two sides of this stamp's interval rest on."""
        out, into = self.graph.links(stamp)
        bits = 0
        for tree, links, memo, direct in (
            (self.upper, into, self._bits[0], self.graph.largest(self.anchor, stamp)),
            (self.lower, out, self._bits[1], self.graph.largest(stamp, self.anchor)),
        ):
            _, node = self._best(tree, links, direct)
            if node is not None:
                bits |= self._bits_to(tree, node, memo)
        place = self.graph.place_of.get((stamp.device, stamp.boot))
        if place is not None:
            bits |= self.graph.ranges[place].devices
        return self.graph.devices(bits)

    def path(self, stamp: Stamp) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The binding paths (lo, hi): hi leads from the anchor to the stamp, lo from the stamp to the
        anchor.
        """
        out, into = self.graph.links(stamp)
        hi = self._walk(stamp, self.upper, into, self.graph.largest(self.anchor, stamp), False)
        lo = self._walk(stamp, self.lower, out, self.graph.largest(stamp, self.anchor), True)
        return lo, hi

    def _best(self, tree: Tree, links: list[Link], direct: int | None) -> tuple[int | None, int | None]:
        """(length, node it goes through): the own clock alone first, then the first of the shortest."""
        best, through = direct, None
        for node, ns in links:
            length = tree.length[node]
            if length != UNREACHED and (best is None or length + ns < best):
                best, through = length + ns, node
        return best, through

    def _bits_to(self, tree: Tree, node: int, memo: dict[int, int]) -> int:
        walk = []
        while node not in memo and tree.via[node] != ROOT:
            walk.append(node)
            node = tree.parent(node)
        graph = self.graph
        bits = memo.setdefault(node, graph.ranges[graph.chain_of[node]].devices)
        for passed in reversed(walk):
            bits |= graph.ranges[graph.chain_of[passed]].devices
            memo[passed] = bits
        return bits

    def _walk(
        self, stamp: Stamp, tree: Tree, links: list[Link], direct: int | None, backward: bool
    ) -> tuple[Step, ...]:
        best, node = self._best(tree, links, direct)
        if best is None or self.contradiction is not None:
            return ()
        # Where, length so far, and by what it was reached: from the stamp to the anchor.
        reached: list[tuple[Stamp, int, Exchange | Causal | None]] = [(stamp, best, None)]
        memo = self._turns[backward]
        while node is not None:
            via = tree.via[node]
            origin = self.graph.origins[via] if via >= 0 else None
            reached.append((self.graph.stamps[node], tree.length[node], origin))
            if via == ROOT:
                break
            node = tree.parent(node) if via >= 0 else _turn(tree, node, memo)
        reached.append((self.anchor, 0, None))
        steps: list[Step] = []
        for (far, far_ns, origin), (near, near_ns, _) in pairwise(reached):
            if far == near:
                continue
            start, end = (far, near) if backward else (near, far)
            step = Step(step_kind(origin, start, end), start, end, far_ns - near_ns, origin)
            last = steps[-1] if steps else None
            if last is not None and step.kind == last.kind == "clock":
                start, end = (last.start, end) if backward else (start, last.end)
                steps[-1] = Step("clock", start, end, last.most_ns + step.most_ns)
            else:
                steps.append(step)
        return tuple(steps if backward else steps[::-1])


def _turn(tree: Tree, node: int, memo: dict[int, int]) -> int:
    """The node of the same clock by which others are left: between it and `node` there is that clock alone."""
    walk = []
    while node not in memo and tree.via[node] in (FROM_BELOW, FROM_ABOVE):
        walk.append(node)
        node = tree.parent(node)
    turn = memo.setdefault(node, node)
    memo.update(dict.fromkeys(walk, turn))
    return turn


def step_kind(origin: Exchange | Causal | None, start: Stamp, end: Stamp) -> str:
    if isinstance(origin, Exchange):
        return "exchange"
    if isinstance(origin, Causal):
        return "causal"
    return "clock" if (start.device, start.boot) == (end.device, end.boot) else "reboot"


def certificate(graph: Graph, conflict: Conflict) -> Certificate:
    return Certificate(tuple(graph.stamps[node] for node in conflict.nodes), graph.devices(conflict.devices))


def bounds_about(graph: Graph, anchor: Stamp, conflict: Conflict | None = None) -> Bounds:
    """Solves a graph that was found free of contradiction (or holds the conflict that was found)."""
    out, into = graph.links(anchor)
    if conflict is not None:
        empty = Tree([UNREACHED] * len(graph.stamps), [ROOT] * len(graph.stamps), graph.edges)
        return Bounds(graph, anchor, empty, empty, certificate(graph, conflict))
    return Bounds(graph, anchor, latest(graph, out), earliest(graph, into), None)


def solve(evidence: Evidence, anchor: Stamp, leave_out: frozenset[Device] = frozenset()) -> Bounds:
    """Bounds of everything about `anchor`, from all evidence that does not touch the devices left out."""
    graph = build(evidence, leave_out)
    return bounds_about(graph, anchor, contradiction(graph))
