"""Both intervals of many stamps about one anchor, as arrays.

strict: from all devices of the graph. resilient: the hull of strict and of every solve that leaves out one unit x
more, x neither the stamp's own nor spared. Decides nothing about contradictions: the graph must be free of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline.asked import locate
from fieldpost.timeline.columns import Ints, Stamps
from fieldpost.timeline.compiled import expect
from fieldpost.timeline.graph import Graph, without
from fieldpost.timeline.kernels import LIMIT
from fieldpost.timeline.sides import about


@dataclass(frozen=True)
class Spread:
    """Largest T(anchor) - T(stamp) and T(stamp) - T(anchor), int64[M] in ns, LIMIT for none; resilient likewise.

    depends: by unit, the stamps (places) of which a side that strict bounds has no bound without that unit.
    """

    lower: Ints
    upper: Ints
    resilient_lower: Ints
    resilient_upper: Ints
    depends: dict[int, Ints] = field(default_factory=dict)


def strict(graph: Graph, anchor: Stamps, stamps: Stamps) -> Spread:
    """The strict side alone; resilient bounds nothing."""
    lower, upper = (side.farthest(locate(graph.columns, graph.out, stamps)) for side in about(graph, anchor))
    none = np.full(len(stamps), LIMIT)
    return Spread(lower, upper, none, none)


def resilient(
    graph: Graph, anchor: Stamps, stamps: Stamps, unit_of: Ints, spared: NDArray[np.bool_]
) -> Spread:
    """Both. unit_of: int64[D], the unit of each device; spared: bool[units]."""
    asked = locate(graph.columns, graph.out, stamps)
    base = about(graph, anchor)
    expect(graph.flow.size * len(spared) * base[0].starts * len(base[0].cases))
    found = [side.farthest(asked) for side in base]
    worst = [side.copy() for side in found]
    own = np.where(stamps.device >= 0, unit_of[np.maximum(stamps.device, 0)] if len(unit_of) else -1, -1)
    depends = {}
    for unit in np.flatnonzero(_joined(graph, unit_of, len(spared)) & ~spared).tolist():
        gone = graph.out | (unit_of == unit)
        others = np.flatnonzero(own != unit)
        rest = about(without(graph.ground, gone), anchor)
        lost = np.zeros(len(others), bool)
        for side, known, least in zip(rest, found, worst):
            far = side.farthest(asked.only(others))
            least[others] = np.maximum(least[others], far)
            lost |= (far >= LIMIT) & (known[others] < LIMIT)
        if lost.any():
            depends[unit] = others[lost]
    return Spread(found[0], found[1], worst[0], worst[1], depends)


def _joined(graph: Graph, unit_of: Ints, units: int) -> NDArray[np.bool_]:
    """Units that some evidence of this graph joins to another: without any other unit no bound is another."""
    device, kept = graph.columns.node.device, graph.edges
    u, v = unit_of[device[graph.columns.u[kept]]], unit_of[device[graph.columns.v[kept]]]
    found = np.zeros(units, bool)
    found[u[u != v]] = True
    found[v[u != v]] = True
    return found
