"""Smallest sets that take one unit from every conflict (minimum hitting sets; Reiter 1987).

Decides by counting alone, never by who the units are: conflicts that share no unit are separate parts, each
with all its smallest sets as alternatives; `weighed` adds one to a part that rests on little. A part too large to
be searched gives up its most named unit first, until what is left can be. Refuses to say which alternative is true.
Inside, a unit is a bit and a conflict the sum of its bits: the least unit has the lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

U = TypeVar("U")

GAP_MAX = 6  # between a set at hand and the proved least size; a wider one makes the search hopeless
NODES_MAX = 1_000  # of a search for all smallest sets of one part: a clock would not be repeatable
OWN_SHARE = (
    3  # a liar contradicts honest and liars alike: at least a third of its conflicts blame nobody else
)


@dataclass(frozen=True)
class Part:
    """Conflicts bound to each other: every alternative hits them all. `proved`: none is smaller, none is left out."""

    alternatives: tuple[frozenset, ...]
    proved: bool = True


@cache
def places(bits: int) -> tuple[int, ...]:
    """The places of the bits that are set."""
    found = []
    while bits:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return tuple(found)


def least(conflicts: Iterable[int]) -> list[int]:
    """Conflicts that hold no other conflict, the small first."""
    kept: list[int] = []
    by_place: dict[int, list[int]] = {}
    for conflict in sorted(set(conflicts), key=lambda bits: (bits.bit_count(), bits)):
        if all(other & ~conflict for place in places(conflict) for other in by_place.get(place, ())):
            kept.append(conflict)
            for place in places(conflict):
                by_place.setdefault(place, []).append(conflict)
    return kept


def components(conflicts: list[int]) -> list[list[int]]:
    """Conflicts that share units, together; in the order of their least unit."""
    groups: list[tuple[int, list[int]]] = []
    for conflict in conflicts:
        apart = []
        units, members = conflict, [conflict]
        for group in groups:
            if group[0] & units:
                units |= group[0]
                members = group[1] + members
            else:
                apart.append(group)
        groups = [*apart, (units, members)]
    return [members for _, members in sorted(groups, key=lambda group: group[0] & -group[0])]


def most_named(conflicts: Iterable[int]) -> int:
    """The bit in the most conflicts; of several the lowest."""
    named: dict[int, int] = {}
    for conflict in conflicts:
        for place in places(conflict):
            named[place] = named.get(place, 0) + 1
    return 1 << min(named, key=lambda place: (-named[place], place))


def packing(conflicts: list[int]) -> int:
    """How many conflicts share no unit, taken in the order given: no hitting set is smaller."""
    used = count = 0
    for conflict in conflicts:
        if not used & conflict:
            used |= conflict
            count += 1
    return count


@dataclass
class Search:
    """Branch and bound for all smallest hitting sets of one part."""

    best: int
    found: list[int] = field(default_factory=list)
    nodes: int = 0

    def run(self, chosen: int, conflicts: list[int]) -> None:
        """`conflicts`: those that `chosen` does not hit, less the units that were ruled out; the small first."""
        self.nodes += 1
        if self.nodes > NODES_MAX:
            return
        while forced := sum({conflict for conflict in conflicts if conflict.bit_count() == 1}):
            chosen |= forced
            conflicts = [conflict for conflict in conflicts if not conflict & forced]
        if chosen.bit_count() + packing(conflicts) > self.best:
            return
        if not conflicts:
            if chosen.bit_count() < self.best:
                self.best, self.found = chosen.bit_count(), []
            self.found.append(chosen)
            return
        bit = most_named(conflicts)
        self.run(chosen | bit, [conflict for conflict in conflicts if not conflict & bit])
        self.run(chosen, sorted((conflict & ~bit for conflict in conflicts), key=int.bit_count))


def greedy(conflicts: list[int]) -> int:
    """A hitting set by the most named unit, then without those whom the others make needless."""
    taken: list[int] = []
    naming: dict[int, set[int]] = {}  # by place: the conflicts not hit yet, by number
    for number, conflict in enumerate(conflicts):
        for place in places(conflict):
            naming.setdefault(place, set()).add(number)
    while any(naming.values()):
        most = min(naming, key=lambda place: (-len(naming[place]), place))
        taken.append(1 << most)
        for number in naming.pop(most):
            for place in places(conflicts[number]):
                if place != most:
                    naming[place].discard(number)
    kept = sum(taken)
    for bit in taken[::-1]:
        if all(kept & ~bit & conflict for conflict in conflicts):
            kept ^= bit
    return kept


def smallest(part: list[int]) -> list[int] | None:
    """All smallest hitting sets of one part; None where the search would be too long."""
    at_hand = greedy(part).bit_count()
    if at_hand - packing(part) > GAP_MAX:
        return None
    search = Search(at_hand)
    search.run(0, part)
    return None if search.nodes > NODES_MAX else search.found


def _parts(conflicts: list[int]) -> list[tuple[list[int], bool]]:
    found: list[tuple[list[int], bool]] = []
    waiting = components(conflicts)[::-1]
    while waiting:
        part = waiting.pop()
        sets = smallest(part)
        certain = -1
        if sets is None:
            certain = most_named(part)
            found.append(([certain], False))
        else:
            for one in sets:
                certain &= one
            if not certain:
                found.append((sets, True))
                continue
            found += [([1 << place], True) for place in places(certain)]
        waiting += components([conflict for conflict in part if not conflict & certain])[::-1]
    return found


def _surely(sets: list[int], conflict: int) -> bool:
    """True when every alternative hits the conflict."""
    return all(one & conflict for one in sets)


def weighed(found: list[tuple[list[int], bool]], conflicts: list[int]) -> list[tuple[list[int], bool]]:
    """Parts of one unit alone, looked at once more, the last found first.

    Who was only taken first (not proved) shares the blame with all who explain as much, and is back where others
    explain it. Who contradicts hardly anybody but those accused anyway may be honest and have met many liars: those
    whom it alone explains are told as the other alternative, although they are more.
    """
    surely = {conflict: sum(_surely(sets, conflict) for sets, _ in found) for conflict in conflicts}
    kept = []
    for sets, proved in reversed(found):
        if len(sets) > 1:
            kept.append((sets, proved))
            continue
        (taken,) = sets
        named = [conflict for conflict in conflicts if conflict & taken]
        own = [conflict for conflict in named if surely[conflict] == 1]
        alike = [taken] if proved else [1 << place for place in places(_common(own))] if own else []
        if alike == [taken] and OWN_SHARE * len(own) < len(named) and taken not in own:
            alike.append(greedy([conflict ^ taken for conflict in own]))
        for conflict in named:
            surely[conflict] -= not alike or not _surely(alike, conflict)
        if alike:
            kept.append((alike, proved))
    return kept[::-1]


def _common(conflicts: list[int]) -> int:
    """Units that all of them name."""
    common = -1
    for conflict in conflicts:
        common &= conflict
    return common


def parts(conflicts: Iterable[frozenset[U]], key: Callable[[U], Any]) -> list[Part]:
    """The parts of all conflicts, each with its alternatives. `key` sorts units; no conflict is empty."""
    known = list(conflicts)
    units = sorted(frozenset().union(*known), key=key)
    bit_of = {unit: 1 << place for place, unit in enumerate(units)}
    bits = least(sum(bit_of[unit] for unit in conflict) for conflict in known)
    found = weighed(_parts(bits), bits)
    return [
        Part(tuple(frozenset(units[place] for place in one) for one in sorted(map(places, sets))), proved)
        for sets, proved in found
    ]
