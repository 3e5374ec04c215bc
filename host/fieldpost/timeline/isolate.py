"""Who may have lied: the smallest sets of units without which the evidence holds together.

A unit is a device, or a whole authority between meshes. Every set of the least size is an alternative;
where there are several the answer is "one of these", never a guess. Refuses to say whether a unit lied or
its bounds were stated too tight: the evidence cannot tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from fieldpost.timeline.bounds import Certificate, certificate
from fieldpost.timeline.evidence import Device, Evidence, device_key
from fieldpost.timeline.graph import Graph, build
from fieldpost.timeline.paths import contradiction

Unit = Device | tuple[bytes, str]  # a device, or an authority (mesh id, path)
Units = frozenset[Unit]

SOLVES_MAX = 200  # beyond it alternatives are no longer searched for: one set is found greedily


def unit_key(unit: Unit) -> tuple[int, bytes]:
    """Sorts units: devices before authorities."""
    if isinstance(unit, tuple):
        return 2, unit[0] + unit[1].encode()
    return device_key(unit)


def units_key(units: Units) -> list[tuple[int, bytes]]:
    return sorted(unit_key(unit) for unit in units)


class Graphs:
    """Graphs of one evidence without these or those units, each built once."""

    def __init__(self, evidence: Evidence, unit_of: Callable[[Device], Unit]):
        self.evidence = evidence
        self.unit_of = unit_of
        self._graphs: dict[Units, Graph] = {}
        self._certificates: dict[Units, Certificate | None] = {}

    def graph(self, without: Units) -> Graph:
        if without not in self._graphs:
            devices = frozenset(d for d in self.evidence.assumption_of if self.unit_of(d) in without)
            self._graphs[without] = build(self.evidence, devices)
        return self._graphs[without]

    def certificate(self, without: Units) -> Certificate | None:
        """What still cannot hold without these units, or None."""
        if without not in self._certificates:
            graph = self.graph(without)
            conflict = contradiction(graph)
            self._certificates[without] = None if conflict is None else certificate(graph, conflict)
        return self._certificates[without]

    def units(self, devices: frozenset[Device]) -> list[Unit]:
        return sorted({self.unit_of(device) for device in devices}, key=unit_key)


@dataclass(frozen=True)
class Finding:
    """One certificate, and the alternatives: each a smallest set of suspects."""

    certificate: Certificate
    alternatives: tuple[Units, ...]


def isolate(graphs: Graphs) -> Finding | None:
    """None when all evidence holds together.

    A set that restores consistency takes a unit from every certificate, so only units of certificates are
    tried, fewest first (Reiter's hitting sets, 1987).
    """
    first = graphs.certificate(frozenset())
    if first is None:
        return None
    level: list[Units] = [frozenset()]
    solves = 0
    while solves < SOLVES_MAX:
        tried = {
            removed | {unit}
            for removed in level
            for unit in graphs.units((graphs.certificate(removed) or first).devices)
        }
        level = []
        found = []
        for removed in sorted(tried, key=units_key):
            (found if graphs.certificate(removed) is None else level).append(removed)
            solves += 1
            if solves >= SOLVES_MAX:
                break
        else:
            if found:
                return Finding(first, tuple(found))
    return Finding(first, (greedy(graphs, first),))


def greedy(graphs: Graphs, first: Certificate) -> Units:
    """Takes out the unit that most certificates name until none is left, then re-admits whom it can."""
    removed: Units = frozenset()
    named: Counter[Unit] = Counter()
    conflict: Certificate | None = first
    while conflict is not None:
        units = [unit for unit in graphs.units(conflict.devices) if unit not in removed]
        named.update(units)
        removed |= {min(units, key=lambda unit: (-named[unit], unit_key(unit)))}
        conflict = graphs.certificate(removed)
    for unit in sorted(removed, key=unit_key):
        if graphs.certificate(removed - {unit}) is None:
            removed -= {unit}
    return removed
