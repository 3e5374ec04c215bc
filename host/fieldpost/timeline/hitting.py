"""Smallest sets that take one unit from every conflict (minimum hitting sets; Reiter 1987).

Decides by counting alone, never by who the units are: conflicts that share no unit are separate parts, each
with all its smallest sets as alternatives. A part too large to be searched gives up its most named unit first,
again and again, until what is left can be. Refuses to say which alternative is true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

U = TypeVar("U")

PART_UNITS_MAX = 48  # beyond it a part is not searched: its most named unit is taken
NODES_MAX = 4_000  # of a search for all smallest sets of one part


@dataclass(frozen=True)
class Part:
    """Conflicts bound to each other: every alternative hits them all. `proved`: none is smaller, none is left out."""

    alternatives: tuple[frozenset, ...]
    proved: bool = True


def least(conflicts: Iterable[frozenset[U]]) -> list[frozenset[U]]:
    """Conflicts that hold no other conflict."""
    kept: list[frozenset[U]] = []
    by_unit: dict[U, list[frozenset[U]]] = {}
    for conflict in sorted(set(conflicts), key=len):
        if not any(other <= conflict for unit in conflict for other in by_unit.get(unit, ())):
            kept.append(conflict)
            for unit in conflict:
                by_unit.setdefault(unit, []).append(conflict)
    return kept


def components(conflicts: list[frozenset[U]], key: Callable[[U], Any]) -> list[list[frozenset[U]]]:
    """Conflicts that share units, together; in the order of their least unit."""
    leader: dict[U, U] = {}

    def find(unit: U) -> U:
        while leader.setdefault(unit, unit) != unit:
            leader[unit] = leader[leader[unit]]
            unit = leader[unit]
        return unit

    for conflict in conflicts:
        first, *rest = sorted(conflict, key=key)
        for unit in rest:
            one, two = sorted((find(first), find(unit)), key=key)
            leader[two] = one
    found: dict[U, list[frozenset[U]]] = {}
    for conflict in conflicts:
        found.setdefault(find(min(conflict, key=key)), []).append(conflict)
    return [found[unit] for unit in sorted(found, key=key)]


def most_named(conflicts: Iterable[frozenset[U]], key: Callable[[U], Any]) -> U:
    """The unit in the most conflicts; of several the least."""
    named = Counter(unit for conflict in conflicts for unit in conflict)
    return min(named, key=lambda unit: (-named[unit], key(unit)))


def packing(conflicts: Iterable[frozenset[U]]) -> int:
    """How many conflicts share no unit, taken smallest first: no hitting set is smaller."""
    used: set[U] = set()
    count = 0
    for conflict in sorted(conflicts, key=len):
        if used.isdisjoint(conflict):
            used |= conflict
            count += 1
    return count


@dataclass
class Search:
    """Branch and bound for all smallest hitting sets of one part; `nodes` are counted, not timed."""

    key: Callable[[Any], Any]
    best: int
    found: list[frozenset] = field(default_factory=list)
    nodes: int = 0

    def run(self, chosen: frozenset, conflicts: list[frozenset]) -> None:
        """`conflicts`: those that `chosen` does not hit, less the units that were ruled out."""
        self.nodes += 1
        if self.nodes > NODES_MAX:
            return
        while forced := {unit for conflict in conflicts if len(conflict) == 1 for unit in conflict}:
            chosen |= forced
            conflicts = [conflict for conflict in conflicts if forced.isdisjoint(conflict)]
        if len(chosen) + packing(conflicts) > self.best:
            return
        if not conflicts:
            if len(chosen) < self.best:
                self.best, self.found = len(chosen), []
            self.found.append(chosen)
            return
        unit = most_named(conflicts, self.key)
        self.run(chosen | {unit}, [conflict for conflict in conflicts if unit not in conflict])
        ruled_out = [conflict - {unit} for conflict in conflicts]
        if all(ruled_out):
            self.run(chosen, ruled_out)


def greedy(conflicts: list[frozenset[U]], key: Callable[[U], Any]) -> frozenset[U]:
    """A hitting set by the most named unit, then without those whom the others make needless."""
    taken: list[U] = []
    left = conflicts
    while left:
        unit = most_named(left, key)
        taken.append(unit)
        left = [conflict for conflict in left if unit not in conflict]
    kept = set(taken)
    for unit in taken[::-1]:
        if all(len(kept & conflict) > 1 for conflict in conflicts if unit in conflict):
            kept.remove(unit)
    return frozenset(kept)


def smallest(part: list[frozenset[U]], key: Callable[[U], Any]) -> list[frozenset[U]] | None:
    """All smallest hitting sets of one part, sorted; None where the search would be too long."""
    if len(frozenset().union(*part)) > PART_UNITS_MAX:
        return None
    search = Search(key, len(greedy(part, key)))
    search.run(frozenset(), part)
    if search.nodes > NODES_MAX:
        return None
    return sorted(search.found, key=lambda units: sorted(map(key, units)))


def parts(conflicts: Iterable[frozenset[U]], key: Callable[[U], Any]) -> list[Part]:
    """The parts of all conflicts, each with its alternatives. `key` sorts units. An empty conflict is refused."""
    found: list[Part] = []
    waiting = components(least(conflicts), key)[::-1]
    while waiting:
        part = waiting.pop()
        sets = smallest(part, key)
        if sets is None:
            unit = most_named(part, key)
            found.append(Part((frozenset({unit}),), proved=False))
            rest = [conflict for conflict in part if unit not in conflict]
            waiting += components(rest, key)[::-1]
            continue
        certain = frozenset.intersection(*sets)
        if certain:
            found.append(Part((certain,)))
            rest = [conflict for conflict in part if certain.isdisjoint(conflict)]
            waiting += components(rest, key)[::-1] if rest else []
        else:
            found.append(Part(tuple(sets)))
    return found
