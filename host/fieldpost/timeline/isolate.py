"""Who may have lied: the smallest sets of units without which the evidence holds together.

A unit is a device, or a whole authority between meshes. Small conflicts are collected until the smallest sets
that hit them all (`hitting`) leave no contradiction in the whole. Conflicts that have no unit in common are
parts, each with its own alternatives; several alternatives mean "one of these", never a guess. All of it is
found anew from the evidence each time: who was named before and proves consistent now is back. Refuses to say
whether a unit lied or its bounds were stated too tight: the evidence cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from fieldpost.timeline.bounds import Certificate, certificate
from fieldpost.timeline.compiled import machine_code
from fieldpost.timeline.conflicts import Conflicts, Unit, Units, unit_key
from fieldpost.timeline.evidence import Device, Evidence
from fieldpost.timeline.graph import Graph, Told
from fieldpost.timeline.hitting import Part, parts
from fieldpost.timeline.paths import contradiction

ALTERNATIVES_MAX = 32  # told and solved as whole sets; beyond it one part differs at a time
VERIFIED_MAX = 64  # of the alternatives, each by a solve of what it leaves
EXCHANGES_COMPILED = 1_000  # from here on the many solves of a search repay loading the compiled ones
SOLVES_MAX = 400  # of the whole graph in search of the smallest sets; then whoever is named is taken


def units_key(units: Units) -> list[tuple[int, bytes]]:
    return sorted(unit_key(unit) for unit in units)


class Graphs:
    """Graphs of one evidence without these or those units, each built once."""

    def __init__(self, evidence: Evidence, unit_of: Callable[[Device], Unit]):
        self.evidence = evidence
        self.told = Told(evidence)
        self.unit_of = unit_of
        self._graphs: dict[Units, Graph] = {}
        self._certificates: dict[Units, Certificate | None] = {}

    def graph(self, without: Units) -> Graph:
        if without not in self._graphs:
            self._graphs[without] = self._built(without)
        return self._graphs[without]

    def _built(self, without: Units) -> Graph:
        return self.told.graph(
            frozenset(d for d in self.evidence.assumption_of if self.unit_of(d) in without)
        )

    def certificate(self, without: Units) -> Certificate | None:
        """What still cannot hold without these units, or None. Graphs of a search are not kept: it asks for many."""
        if without not in self._certificates:
            graph = self._built(without) if without else self.graph(without)
            conflict = contradiction(graph)
            self._certificates[without] = None if conflict is None else certificate(graph, conflict)
        return self._certificates[without]

    @cached_property
    def finding(self) -> Finding | None:
        """Who may have lied, found once; the same for every anchor."""
        return isolate(self)

    def units(self, devices: frozenset[Device]) -> list[Unit]:
        return sorted({self.unit_of(device) for device in devices}, key=unit_key)


@dataclass(frozen=True)
class Finding:
    """What cannot all hold: a short certificate of each part, and the part's alternatives."""

    certificates: tuple[Certificate, ...]
    parts: tuple[Part, ...]

    @property
    def certificate(self) -> Certificate:
        return self.certificates[0]

    @cached_property
    def alternatives(self) -> tuple[Units, ...]:
        """Whole explanations, sorted: one alternative of every part. Where these are too many, the first of
        every part, and all that differ from it in one part.
        """
        return alternatives(self.parts)

    @property
    def certain(self) -> Units:
        """Units that every explanation takes out."""
        return frozenset().union(*(frozenset.intersection(*part.alternatives) for part in self.parts))

    def worlds(self, unit: Unit | None, spared: Units) -> tuple[Units, ...]:
        """What to leave out so that one of these solves is no narrower than the truth about `unit` allows.

        Only explanations that spare these units count. Where they are too many to solve, every other unit
        that any of them names is left out at once: what is left is part of what the true one leaves.
        """
        kept = [[one for one in part.alternatives if not one & spared] for part in self.parts]
        if not all(kept):
            return ()
        if prod(map(len, kept)) <= ALTERNATIVES_MAX:
            whole = [frozenset[Unit]().union(*chosen) for chosen in product(*kept)]
            return tuple(sorted((one for one in whole if unit not in one), key=units_key))
        named = frozenset[Unit]().union(*(one for part in kept for one in part))
        if any(all(unit in one for one in part) for part in kept):
            return ()
        return (named - {unit},)


def alternatives(found: tuple[Part, ...]) -> tuple[Units, ...]:
    """Whole sets of the parts' alternatives: all where they are few, else one part changed at a time."""
    if prod(len(part.alternatives) for part in found) <= ALTERNATIVES_MAX:
        chosen = [frozenset[Unit]().union(*one) for one in product(*(part.alternatives for part in found))]
    else:
        first = [part.alternatives[0] for part in found]
        chosen = [frozenset[Unit]().union(*first)]
        for place, part in enumerate(found):
            rest = frozenset[Unit]().union(*first[:place], *first[place + 1 :])
            chosen += [rest | other for other in part.alternatives[1:]]
    return tuple(sorted(chosen, key=units_key))


class Isolation:
    """Collects conflicts until their smallest hitting sets explain everything."""

    def __init__(self, graphs: Graphs):
        self.graphs = graphs
        self.near = Conflicts(graphs.evidence, graphs.unit_of)
        self.conflicts: set[Units] = set()
        if len(graphs.evidence.exchanges) >= EXCHANGES_COMPILED:
            machine_code()
        self._paired: set[Unit] = set()

    def learn(self, found: Certificate, without: Units) -> Units:
        """A conflict within a certificate, and others near it."""
        conflict = self.near.minimal(self.near.units(found.devices))
        self.conflicts.add(conflict)
        waiting = sorted(conflict, key=unit_key)
        while waiting:
            unit = waiting.pop()
            if unit not in self._paired:
                self._paired.add(unit)
                pairs = self.near.pairs(unit)
                self.conflicts |= pairs
                waiting += sorted(frozenset[Unit]().union(*pairs) - self._paired, key=unit_key)
        paired = frozenset[Unit]().union(*(one for one in self.conflicts if len(one) <= 2))
        for unit in sorted(conflict - paired, key=unit_key):
            self.conflicts |= self.near.around(unit, without)
        return conflict

    def parts(self) -> tuple[Part, ...]:
        """Parts whose every alternative (of a bounded number) was seen to leave no contradiction."""
        for _ in range(SOLVES_MAX):
            found = tuple(parts(self.conflicts, unit_key))
            if not self._refuted(found):
                return found
        return self._greedy()

    def _refuted(self, found: tuple[Part, ...]) -> bool:
        """True when an explanation leaves something unexplained; then conflicts apart from each other are learned."""
        for removed in alternatives(found)[:VERIFIED_MAX]:
            unexplained = self.graphs.certificate(removed)
            if unexplained is not None:
                while unexplained is not None:
                    removed |= self.learn(unexplained, removed)
                    unexplained = self.graphs.certificate(removed)
                return True
        return False

    def _greedy(self) -> tuple[Part, ...]:
        """Takes out whoever most conflicts name until none is left, then re-admits whom it can."""
        removed: Units = frozenset()
        for part in parts(self.conflicts, unit_key):
            removed |= part.alternatives[0]
        while (unexplained := self.graphs.certificate(removed)) is not None:
            conflict = self.learn(unexplained, removed)
            named = {unit: sum(unit in one for one in self.conflicts) for unit in conflict}
            removed |= {min(conflict, key=lambda unit: (-named[unit], unit_key(unit)))}
        for unit in sorted(removed, key=unit_key):
            needed = any(conflict & removed == frozenset((unit,)) for conflict in self.conflicts)
            if not needed and self.graphs.certificate(removed - {unit}) is None:
                removed -= {unit}
        return tuple(Part((frozenset((unit,)),), proved=False) for unit in sorted(removed, key=unit_key))

    def certificate_of(self, part: Part) -> Certificate:
        """The shortest certificate of a conflict that this part explains."""
        named = frozenset[Unit]().union(*part.alternatives)
        hit = [conflict for conflict in self.conflicts if conflict & named]
        shortest = min(hit, key=lambda conflict: (len(conflict), units_key(conflict)))
        found = self.near.certificate(shortest)
        if found is None:
            raise ValueError("a conflict without a certificate was collected")
        return found


def isolate(graphs: Graphs) -> Finding | None:
    """None when all evidence holds together."""
    first = graphs.certificate(frozenset())
    if first is None:
        return None
    search = Isolation(graphs)
    search.learn(first, frozenset())
    found = search.parts()
    return Finding(tuple(map(search.certificate_of, found)), found)
