"""Both intervals of many stamps about one anchor, as arrays.

strict: from all devices of the graph. resilient: the hull of strict and of every solve that leaves out one unit x
more, x neither the stamp's own nor spared. Decides nothing about contradictions: the graph must be free of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline.asked import Asked, locate
from fieldpost.timeline.columns import Ints, Stamps
from fieldpost.timeline.compiled import expect, kernel, machine_code
from fieldpost.timeline.graph import Graph, without
from fieldpost.timeline.kernels import LIMIT
from fieldpost.timeline.leave import Found, Ranges, is_local, lanes, slot_of
from fieldpost.timeline.sides import Side, about


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
    known = [side.farthest(asked) for side in base]
    found = [Found(side, side.copy()) for side in known]
    whole = np.flatnonzero(_joined(graph, unit_of, len(spared)) & ~spared)
    if kernel("lengths_without", graph.flow.size) is not None:
        whole = _leave_each(graph, base, asked, whole, unit_of, found)
    own = np.where(stamps.device >= 0, unit_of[np.maximum(stamps.device, 0)] if len(unit_of) else -1, -1)
    for unit in whole.tolist():
        others = np.flatnonzero(own != unit)
        rest = about(without(graph.ground, graph.out | (unit_of == unit)), anchor)
        for side, one in zip(rest, found):
            far = side.farthest(asked.only(others))
            one.worst[others] = np.maximum(one.worst[others], far)
            one.lose(unit, others[(far >= LIMIT) & (one.strict[others] < LIMIT)])
    lost = [one.lost for one in found]
    depends = {
        unit: np.unique(np.concatenate([places for side in lost for places in side.get(unit, [])]))
        for unit in sorted({*lost[0], *lost[1]})
    }
    return Spread(known[0], known[1], found[0].worst, found[1].worst, depends)


def _leave_each(
    graph: Graph, base: tuple[Side, Side], asked: Asked, units: Ints, unit_of: Ints, found: list[Found]
) -> Ints:
    """Leaves out one unit after the other by what that changes; gives those that need a solve of the whole."""
    code = machine_code()
    if code is None:
        return units
    ranges = Ranges(graph, unit_of, code)
    every = [ranges.without(unit) for unit in units.tolist()]
    local = [less for less in every if is_local(graph, base[0], base[0].cases, less, unit_of)]
    order = np.argsort(slot_of(asked, graph.columns), kind="stable")
    sides = [Found(one.strict[order], one.worst[order]) for one in found]
    for place, lane in lanes(base, asked.only(order), code):
        for less in local:
            lane.leave(less, sides[place])
    for one, side in zip(found, sides):
        one.worst[order] = side.worst
        for unit, parts in side.lost.items():
            one.lose(unit, order[np.concatenate(parts)])
    return np.setdiff1d(units, [less.unit for less in local])


def _joined(graph: Graph, unit_of: Ints, units: int) -> NDArray[np.bool_]:
    """Units that some evidence of this graph joins to another: without any other unit no bound is another."""
    device, kept = graph.columns.node.device, graph.edges
    u, v = unit_of[device[graph.columns.u[kept]]], unit_of[device[graph.columns.v[kept]]]
    found = np.zeros(units, bool)
    found[u[u != v]] = True
    found[v[u != v]] = True
    return found
