"""What is held: every observation that was imported, numbered in the order in which it came.

Decides nothing. Of each it remembers a few bits; the rest lies in the tables, but for the latest ones. Refuses to
take a row for held before it has counted it itself: another process may have written ahead of this fold.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from fieldpost import plain_bytes
from fieldpost.lanes import Lanes
from fieldpost.model import Verified
from fieldpost.tables import HeldRow, SealRow, Tables
from fieldwire import merkle
from fieldwire import observation as obs
from fieldwire.errors import StorageError

RECENT = 16_384  # the latest ones, kept whole: some 20 MB
TOGETHER = 500  # asked for at once
SEALS = 256  # remembered
REMEDY = "`fieldpost rebuild --out` makes a sound store of the inputs"

GRADE, SEALED, CLAIMED, SHOWN, COMPLETE = 3, 4, 8, 16, 32  # bits


_make = Verified._make


class Held(Mapping[bytes, Verified]):
    """By id, in the order of arrival. `count` is the number of the latest, `envelopes` that of its envelope."""

    def __init__(self, tables: Tables) -> None:
        self.count = 0
        self.envelopes = 0
        self._tables = tables
        self._bits = bytearray(1)  # by number, from 1 on
        self._lanes = Lanes()
        self._recent: list[Verified | None] = [None] * RECENT
        self._numbers: dict[bytes, int] = {}  # of the recent ones
        self._changed: dict[int, Verified] = {}  # until their rows are written
        self._seals: dict[int, SealRow] = {}

    def add(self, entry: Verified) -> Verified:
        """Hold a new observation; the same with its number."""
        self.count = number = self.count + 1
        entry = _make((*entry[:-1], number))
        self._bits.append(entry.grade | (0 if entry.seal_hash is None else SEALED))
        place = number % RECENT
        before = self._recent[place]
        if before is not None:
            del self._numbers[before.id]
        self._recent[place], self._numbers[entry.id] = entry, number
        return entry

    def seal(self, entry: Verified) -> None:
        """What was held as an early copy is held under a seal."""
        self._bits[entry.n] |= SEALED
        self._replace(entry)

    def grade(self, entry: Verified) -> None:
        """Its device is attested otherwise."""
        self._bits[entry.n] = (self._bits[entry.n] & ~GRADE) | entry.grade
        self._replace(entry)

    def _replace(self, entry: Verified) -> None:
        self._changed[entry.n] = entry
        recent = self._recent[entry.n % RECENT]
        if recent is not None and recent.n == entry.n:
            self._recent[entry.n % RECENT] = entry

    def settled(self) -> None:
        """All rows so far are in the tables."""
        self._changed.clear()

    def marked(self, number: int, bit: int) -> bool:
        """True where `mark` set one of the bits above."""
        return bool(self._bits[number] & bit)

    def mark(self, number: int, bit: int) -> None:
        self._bits[number] |= bit

    def unmark(self, number: int, bit: int) -> None:
        self._bits[number] &= ~bit

    def perhaps(self, entries: Sequence[Verified]) -> bool:
        """False where nothing is held at their positions, which follow on each other in one log.

        Asked once of those that came: from then on something may be.
        """
        observation = entries[0].observation
        lane = observation[obs.DEVICE], observation[obs.INCARNATION], observation[obs.STREAM]
        return not self._lanes.surely_new(lane, observation[obs.SEQ], len(entries))

    def at(self, observation: Mapping[int, Any]) -> Verified | None:
        """The first that came for an observation's position."""
        position = obs.position(observation)
        number = self._tables.at(position)
        if number is not None and number <= self.count:
            return self.numbered(number)
        return None

    def number(self, identity: bytes) -> int | None:
        """The number of the observation with this id."""
        found = self._numbers.get(identity)
        if found is None:
            found = self._tables.number_of(identity)
        return None if found is None or found > self.count else found

    def numbered(self, number: int) -> Verified:
        return next(self.several((number,)))

    def several(self, numbers: Iterable[int]) -> Iterator[Verified]:
        """Those with these numbers, in their order. StorageError where the tables do not have what they were given."""
        rest = iter(numbers)
        while some := list(islice(rest, TOGETHER)):
            found: dict[int, Verified] = {}
            for one in some:
                entry = self._changed.get(one) or self._recent[one % RECENT]
                if entry is not None and entry.n == one:
                    found[one] = entry
            if len(found) < len(some):
                missing = [one for one in some if one not in found]
                found |= {row[0]: self._read(row) for row in self._tables.held(missing)}
                if len(found) < len(set(some)):
                    lost = next(one for one in missing if one not in found)
                    raise StorageError(f"observation {lost} is gone from its table; {REMEDY}")
            yield from (found[one] for one in some)

    def named(self, ids: Iterable[bytes]) -> Iterator[Verified]:
        """Those with these ids, in their order. KeyError for one that is not held."""
        rest = iter(ids)
        while some := list(islice(rest, TOGETHER)):
            numbers = [self.number(one) for one in some]
            if None in numbers:
                raise KeyError(some[numbers.index(None)])
            yield from self.several([one for one in numbers if one is not None])

    def of_device(self, device: bytes) -> list[int]:
        """The numbers of all that a device said."""
        return [one for one in self._tables.of_device(device) if one <= self.count]

    def sources(self, identity: bytes) -> list[bytes]:
        """What an observation names as its sources, in its order."""
        number = self._numbers.get(identity)
        recent = None if number is None else self._recent[number % RECENT]
        if recent is None:
            return self._tables.sources(identity)
        return [source[4] for source in recent.observation.get(obs.SOURCES, ())]

    def envelope_of(self, entry: Verified) -> bytes:
        """The hash of the envelope that proves it."""
        return self._tables.envelope_of(entry.n)

    def has_envelope(self, name: bytes) -> bool:
        """True for an envelope that came and was taken in."""
        found = self._tables.envelope(name)
        return found is not None and found <= self.envelopes

    def _read(self, row: HeldRow) -> Verified:
        number, identity, mesh, authority, credential, index, leaf, seal = row
        if merkle.leaf_hash(leaf) != identity:
            raise StorageError(f"observation {number} is not what {identity.hex()} names; {REMEDY}")
        observation = plain_bytes.observation(leaf) or obs.decode(leaf)
        bits = self._bits[number]
        grade = bits & GRADE
        if not bits & SEALED:
            return Verified(
                identity, leaf, observation, mesh, authority, credential, grade, None, None, 0, None, number
            )
        under = self._seals.get(seal)
        if under is None:
            if len(self._seals) >= SEALS:
                self._seals.clear()
            under = self._seals[seal] = self._tables.seal(seal)
        place = under[3:6]
        return Verified(
            identity,
            leaf,
            observation,
            mesh,
            authority,
            credential,
            grade,
            under.hash,
            place,
            index,
            None,
            number,
        )

    def __getitem__(self, identity: bytes) -> Verified:
        found = self.get(identity)
        if found is None:
            raise KeyError(identity)
        return found

    def get(self, identity: bytes, default: Any = None) -> Any:
        number = self.number(identity)
        return default if number is None else self.numbered(number)

    def __contains__(self, identity: object) -> bool:
        return isinstance(identity, bytes) and self.number(identity) is not None

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[bytes]:
        return (entry.id for entry in self.entries())

    def entries(self) -> Iterator[Verified]:
        """All of them, read while they are asked for."""
        return self.several(range(1, self.count + 1))
