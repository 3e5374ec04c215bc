"""Small sets of units whose own evidence contradicts itself, found near those whom a contradiction names.

A certificate of the whole graph may name many; `minimal` leaves units out until each one left is needed. All
evidence between two units is looked at before any of three. Decides nothing about who lies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from fieldpost.timeline.bounds import Certificate, certificate
from fieldpost.timeline.evidence import Causal, Device, Evidence, Exchange, Stamp, device_key
from fieldpost.timeline.graph import build
from fieldpost.timeline.paths import contradiction

Unit = Device | tuple[bytes, str]  # a device, or an authority (mesh id, path)
Units = frozenset[Unit]

AROUND_UNITS_MAX = 40  # of a unit's neighbours that are solved together


def unit_key(unit: Unit) -> tuple[int, bytes]:
    """Sorts units: devices before authorities."""
    if isinstance(unit, tuple):
        return 2, unit[0] + unit[1].encode()
    return device_key(unit)


class Conflicts:
    """One evidence, sorted by the units that each piece speaks of."""

    def __init__(self, evidence: Evidence, unit_of: Callable[[Device], Unit]):
        self.evidence = evidence
        self.unit_of = unit_of
        self._devices: dict[Unit, list[Device]] = defaultdict(list)
        for device in evidence.assumption_of:
            self._devices[unit_of(device)].append(device)
        self._seen: dict[Unit, list[Stamp]] = defaultdict(list)
        for stamp in [*evidence.seen, *(claim.at for claim in evidence.claims)]:
            self._seen[unit_of(stamp.device)].append(stamp)
        self._shared: dict[Units, tuple[list[Exchange], list[Causal]]] = defaultdict(lambda: ([], []))
        self.neighbours: dict[Unit, set[Unit]] = defaultdict(set)
        for exchange in evidence.exchanges:
            self._shared[self._join(exchange.tx, exchange.rx)][0].append(exchange)
        for causal in evidence.causals:
            self._shared[self._join(causal.earlier, causal.later)][1].append(causal)
        self._known: dict[Units, Certificate | None] = {}

    def _join(self, one: Stamp, two: Stamp) -> Units:
        ends = frozenset((self.unit_of(one.device), self.unit_of(two.device)))
        for unit in ends:
            self.neighbours[unit] |= ends - {unit}
        return ends

    def units(self, devices: Iterable[Device]) -> Units:
        return frozenset(self.unit_of(device) for device in devices)

    def between(self, units: Units) -> Evidence:
        """All evidence that speaks of these units alone."""
        assumed = [self.evidence.assumption_of[device] for unit in units for device in self._devices[unit]]
        keys = {frozenset((unit, near)) for unit in units for near in self.neighbours[unit] & units}
        shared = [
            self._shared[key] for key in keys | {frozenset((unit,)) for unit in units} if key in self._shared
        ]
        return Evidence(
            tuple(assumed),
            tuple(exchange for exchanges, _ in shared for exchange in exchanges),
            tuple(causal for _, causals in shared for causal in causals),
            (),
            tuple(stamp for unit in units for stamp in self._seen.get(unit, ())),
        )

    def certificate(self, units: Units) -> Certificate | None:
        """What these units alone say that cannot all hold, or None."""
        if units not in self._known:
            graph = build(self.between(units))
            found = contradiction(graph)
            self._known[units] = None if found is None else certificate(graph, found)
        return self._known[units]

    def minimal(self, units: Units) -> Units:
        """Units of a conflict, without those that it does not need. `units` contradict each other."""
        for unit in sorted(units, key=unit_key):
            if unit in units and len(units) > 1:
                found = self.certificate(units - {unit})
                if found is not None:
                    units = self.units(found.devices)
        return units

    def pairs(self, unit: Unit) -> set[Units]:
        """Conflicts of this unit with one neighbour each."""
        found = set()
        for near in sorted(self.neighbours[unit], key=unit_key):
            if self.certificate(frozenset((unit, near))) is not None:
                found.add(self.minimal(frozenset((unit, near))))
        return found

    def around(self, unit: Unit, without: Units) -> set[Units]:
        """Conflicts that share only this unit, among it and its neighbours, less those in `without`."""
        near = sorted(self.neighbours[unit] - without, key=unit_key)[:AROUND_UNITS_MAX]
        left = frozenset(near) | {unit}
        found = set()
        while (certified := self.certificate(left)) is not None:
            conflict = self.minimal(self.units(certified.devices))
            found.add(conflict)
            left -= conflict if conflict == frozenset((unit,)) or unit not in conflict else conflict - {unit}
            if unit not in left:
                break
        return found
