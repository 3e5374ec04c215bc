"""Shortest paths over the graph of differences, by alternating sweeps along chains and across edges.

Ostrovsky and Patt-Shamir (PODC 1999): the shortest path from the anchor is the best upper bound that rates
and exchanges allow, the shortest path to it the best lower bound. A negative cycle is evidence that cannot
all hold. Decides nothing else; ties between equal paths change which one is shown, never a length.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldpost.timeline.graph import Graph, Link
from fieldpost.timeline.tighten import Conflict

UNREACHED = 1 << 100  # above every length; compared, never returned
ROOT, FROM_BELOW, FROM_ABOVE = -1, -2, -3  # how a node was reached, beside the number of an edge


@dataclass(frozen=True, slots=True)
class Tree:
    """Lengths from the seeds (or to them, when the graph was read backward) and how each node was reached."""

    length: list[int]
    via: list[int]
    edges: list[tuple[int, int, int]]

    def parent(self, node: int) -> int:
        via = self.via[node]
        if via == FROM_BELOW:
            return node - 1
        return node + 1 if via == FROM_ABOVE else self.edges[via][0]


def sweep_chain(
    length: list[int], via: list[int], start: int, end: int, up: list[int], down: list[int]
) -> bool:
    """One sweep forward and one back along a chain. True when a length fell."""
    fell = False
    for i in range(start, end - 1):
        if length[i] != UNREACHED and length[i] + up[i] < length[i + 1]:
            length[i + 1], via[i + 1] = length[i] + up[i], FROM_BELOW
            fell = True
    for i in range(end - 2, start - 1, -1):
        if length[i + 1] != UNREACHED and length[i + 1] + down[i] < length[i]:
            length[i], via[i] = length[i + 1] + down[i], FROM_ABOVE
            fell = True
    return fell


def cycle_in(tree: Tree) -> list[int] | None:
    """A cycle among the parents, parents first; there is one after some sweep exactly when lengths fall for
    ever.
    """
    seen = [0] * len(tree.via)  # 0 not yet, else the walk that came by
    for walk, first in enumerate(range(len(tree.via)), start=1):
        node = first
        while tree.via[node] != ROOT and not seen[node]:
            seen[node] = walk
            node = tree.parent(node)
        if tree.via[node] != ROOT and seen[node] == walk:
            cycle = [node]
            at = tree.parent(node)
            while at != node:
                cycle.append(at)
                at = tree.parent(at)
            return cycle[::-1]
        seen[node] = seen[node] or walk
    return None


def sweep(graph: Graph, tree: Tree, up: list[int], down: list[int]) -> bool:
    """All chains, then all edges, once. True when a length fell: at the fixed point none does."""
    length, via = tree.length, tree.via
    fell = False
    for chain in graph.chains:
        if chain.end - chain.start > 1 and sweep_chain(length, via, chain.start, chain.end, up, down):
            fell = True
    for number, (u, v, w) in enumerate(tree.edges):
        if length[u] != UNREACHED and length[u] + w < length[v]:
            length[v], via[v] = length[u] + w, number
            fell = True
    return fell


def _seeded(graph: Graph, seeds: list[Link], edges: list[tuple[int, int, int]]) -> Tree:
    length = [UNREACHED] * len(graph.stamps)
    for node, ns in seeds:
        length[node] = min(length[node], ns)
    return Tree(length, [ROOT] * len(length), edges)


def latest(graph: Graph, seeds: list[Link]) -> Tree:
    """Upper bounds: shortest paths from the seeds. The graph must be free of contradiction."""
    up, down = graph.steps
    tree = _seeded(graph, seeds, graph.edges)
    while sweep(graph, tree, up, down):
        pass
    return tree


def earliest(graph: Graph, seeds: list[Link]) -> Tree:
    """Lower bounds, negated: shortest paths to the seeds. The graph must be free of contradiction."""
    up, down = graph.steps
    tree = _seeded(graph, seeds, [(v, u, w) for u, v, w in graph.edges])
    while sweep(graph, tree, down, up):
        pass
    return tree


def contradiction(graph: Graph) -> Conflict | None:
    """Evidence that cannot all hold, or None: an empty range of rates, else a negative cycle.

    Of a run along one clock only its two ends are named.
    """
    if graph.conflict is not None:
        return graph.conflict
    tree = Tree([0] * len(graph.stamps), [ROOT] * len(graph.stamps), graph.edges)
    up, down = graph.steps
    cycle = None
    while cycle is None:
        if not sweep(graph, tree, up, down):
            return None
        cycle = cycle_in(tree)
    bits = 0
    for node in cycle:
        bits |= graph.ranges[graph.chain_of[node]].devices
    crossed = [tree.via[node] >= 0 for node in cycle]  # how each was reached from the one before
    ends = [node for place, node in enumerate(cycle) if crossed[place] or crossed[(place + 1) % len(cycle)]]
    return Conflict(tuple(ends), bits)
