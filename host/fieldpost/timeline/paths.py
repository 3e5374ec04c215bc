"""Evidence that cannot all hold: an empty range of rates, else a negative cycle among the edges.

Decides whether there is one, and names its stamps in the order of the cycle; refuses to say who lied.
"""

from __future__ import annotations

import numpy as np

from fieldpost.timeline import kernels
from fieldpost.timeline.columns import Columns
from fieldpost.timeline.compiled import kernel
from fieldpost.timeline.flow import settle
from fieldpost.timeline.graph import Graph
from fieldpost.timeline.kernels import SEED
from fieldpost.timeline.tighten import Conflict

ROUNDS_LIKELY = 24  # honest evidence settles in fewer; what does not may still, and is looked at closely


def contradiction(graph: Graph) -> Conflict | None:
    """None when all holds together. Of a run along one clock only its two ends are named."""
    if graph.rates.empty >= 0:
        return graph.conflict
    nodes = len(graph.columns.chain_of)
    if settle(graph.flow, np.zeros(nodes, np.int64), np.arange(nodes), ROUNDS_LIKELY):
        return None
    cycle, crossed = _cycle(graph)
    if not cycle:
        return None
    columns = graph.columns
    devices = frozenset[int]().union(*(graph.rates.rests_on(int(columns.chain_of[node])) for node in cycle))
    ends = [node for place, node in enumerate(cycle) if crossed[place] or crossed[(place + 1) % len(cycle)]]
    return Conflict(tuple(ends), devices)


def _cycle(graph: Graph) -> tuple[list[int], list[bool]]:
    """A negative cycle, parents first, and whether each of its nodes was reached by an edge from another chain."""
    columns: Columns = graph.columns
    nodes, kept, flow = len(columns.chain_of), graph.edges, graph.flow
    length, by, seen = np.zeros(nodes, np.int64), np.full(nodes, SEED), np.zeros(nodes, np.int64)
    given = (flow.start, flow.up, flow.down, columns.u[kept], columns.v[kept], columns.w[kept])
    state, u = (length, by), given[3]
    relax, look = kernel("pass_once", flow.size), kernel("node_of_cycle", flow.size)
    if relax is None or look is None:
        relax, look = kernels.pass_once, kernels.node_of_cycle
        given, state = [one.tolist() for one in given], [one.tolist() for one in state]
        u, seen = given[3], seen.tolist()
    while relax(*given, *state):
        node = look(state[1], u, seen)
        if node >= 0:
            found = [int(node)]
            at = kernels.parent(node, state[1], u)
            while at != node:
                found.append(int(at))
                at = kernels.parent(at, state[1], u)
            return found[::-1], [bool(state[1][one] >= 0) for one in found[::-1]]
    return [], []
