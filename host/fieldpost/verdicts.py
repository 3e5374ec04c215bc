"""Verdicts as they stand: of each observation what makes its verdict another one; the words lie in the tables.

Decides nothing. Refuses to keep a verdict's words a second time: many observations share them, and nobody in the fold
asks for reasons.
"""

from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from fieldpost.held import Held
from fieldpost.model import Authority, Verdict
from fieldpost.tables import Tables

Essence = tuple[str, str, Authority | None, tuple[bytes, ...]]  # reasons and ages in words do not count
NONE: Essence = ("", "", None, ())


def essence(verdict: Verdict) -> Essence:
    return verdict.state, verdict.code, verdict.under, verdict.equivalences


class Verdicts(Mapping[bytes, Verdict]):
    """By id; those not judged yet have none."""

    def __init__(self, held: Held, tables: Tables) -> None:
        self._held, self._tables = held, tables
        self._essences: list[Essence] = [NONE]
        self._places: dict[Essence, int] = {NONE: 0}
        self._of = array("I", [0])  # by number

    def set(self, number: int, verdict: Verdict) -> bool:
        """True when it is another one than before."""
        place = self._place(verdict)
        self._grow(number + 1)
        if self._of[number] == place:
            return False
        self._of[number] = place
        return True

    def set_first(self, numbers: range, verdict: Verdict) -> bool:
        """The same for a run; False, and nothing is set, where one of them was judged before."""
        self._grow(numbers.stop)
        if any(self._of[numbers.start : numbers.stop]):
            return False
        self._of[numbers.start : numbers.stop] = array("I", [self._place(verdict)] * len(numbers))
        return True

    def _grow(self, size: int) -> None:
        if size > len(self._of):
            self._of.extend([0] * (size - len(self._of)))

    def _place(self, verdict: Verdict) -> int:
        found = essence(verdict)
        place = self._places.get(found)
        if place is None:
            place = self._places[found] = len(self._essences)
            self._essences.append(found)
        return place

    def of(self, number: int) -> Essence:
        """(state, code, under, equivalences) of an observation by its number; NONE before it is judged."""
        return self._essences[self._of[number]] if number < len(self._of) else NONE

    def get(self, identity: bytes, default: Any = None) -> Any:
        number = self._held.number(identity)
        found = NONE if number is None else self.of(number)
        if number is None or found is NONE:
            return default
        said = self._tables.words(number)
        if said is None or essence(said) != found:  # not written yet
            state, code, under, used = found
            return Verdict(state, code, "", "", under, used)
        return said

    def __getitem__(self, identity: bytes) -> Verdict:
        found = self.get(identity)
        if found is None:
            raise KeyError(identity)
        return found

    def __contains__(self, identity: object) -> bool:
        return isinstance(identity, bytes) and self.get(identity) is not None

    def __len__(self) -> int:
        return len(self._of) - self._of.count(0)

    def __iter__(self) -> Iterator[bytes]:
        return (entry.id for entry in self._held.entries() if self.of(entry.n) is not NONE)
