"""The tables that the fold rests on: what it wrote of observations, envelopes, seals and claims, asked again.

Decides nothing. `Tables` is all that the fold asks of a store; `MemoryTables` answers from memory, for a fold that
ends with its process. Rows of later inputs may be there already: whoever asks knows how many it has counted itself.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from fieldpost.model import Position, Verdict
from fieldwire import cbor

Row = tuple[str, tuple[Any, ...]]
Mark = tuple[int, int]  # ms, number


class HeldRow(NamedTuple):
    """An observation as it is kept. `seal`: its seal's number, 0 for an early copy."""

    n: int
    id: bytes
    mesh: bytes
    authority: str
    credential: bytes
    index: int  # pyright: ignore[reportIncompatibleMethodOverride]
    leaf: bytes
    seal: int


class SealRow(NamedTuple):
    """A seal that was seen on observations. `boot`, `ms`: the earliest reading that came with it at first."""

    n: int
    hash: bytes
    device: bytes
    incarnation: bytes
    stream: int
    segment: int
    previous: bytes | None
    boot: int
    ms: int


class Tables(Protocol):
    """Where rows go and are asked for. `apart`: rows that were handed over take no memory of the fold's."""

    apart: bool

    def write(self, rows: Sequence[Row]) -> None: ...

    def number_of(self, identity: bytes) -> int | None:
        """The number of the observation with this id."""
        ...

    def held(self, numbers: Sequence[int]) -> Iterable[HeldRow]:
        """Those of these numbers that are there, in no order."""
        ...

    def at(self, position: Position) -> int | None:
        """The number of the first observation that came for a position."""
        ...

    def of_device(self, device: bytes) -> list[int]: ...

    def sources(self, identity: bytes) -> list[bytes]:
        """The ids that an observation names as its sources, in its order."""
        ...

    def envelope(self, name: bytes) -> int | None:
        """The number of the envelope with this hash."""
        ...

    def envelope_of(self, number: int) -> bytes:
        """The hash of the envelope that proves an observation."""
        ...

    def seal(self, number: int) -> SealRow: ...

    def seal_named(self, seal_hash: bytes) -> SealRow | None: ...

    def seals_near(self, device: bytes, incarnation: bytes, stream: int, segment: int) -> list[SealRow]:
        """Those of this segment, of the one before and of the one after, as they were numbered."""
        ...

    def marks(self, key: tuple[str, str], device: bytes, boot: int, below: Mark, many: int) -> list[Mark]:
        """The last `many` claims of (subject, property) by a device in a boot, below a mark, the last first."""
        ...

    def words(self, number: int) -> Verdict | None:
        """The verdict as it was written last."""
        ...


class MemoryTables:
    """The same by dictionaries."""

    apart = False

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Any, ...]] = {}
        self._numbers: dict[bytes, int] = {}
        self._at: dict[Position, int] = {}
        self._devices: dict[bytes, dict[int, None]] = {}
        self._sources: dict[bytes, list[bytes]] = {}
        self._envelopes: dict[bytes, int] = {}
        self._seals: dict[int, SealRow] = {}
        self._named: dict[bytes, int] = {}
        self._places: dict[tuple[bytes, bytes, int, int], list[int]] = {}
        self._marks: dict[tuple[str, str, bytes, int], list[Mark]] = {}
        self._words: dict[int, tuple[Any, ...]] = {}

    def write(self, rows: Sequence[Row]) -> None:
        for table, values in rows:
            if table == "observation":
                self._hold(values)
            elif table == "edge":
                self._sources.setdefault(values[0], []).append(values[1])
            elif table == "envelope":
                self._envelopes[values[1]] = values[0]
            elif table == "seal":
                row = SealRow(*values)
                self._seals[row.n], self._named[row.hash] = row, row.n
                self._places.setdefault(row[2:6], []).append(row.n)
            elif table == "claim":
                subject, device, boot, ms, number, name = values[:6]
                insort(self._marks.setdefault((subject, name, device, boot), []), (ms, number))
            elif table == "verdict":
                self._words[values[0]] = values[1:]
            elif table == "verdicts":
                first, count = values[:2]
                self._words.update(dict.fromkeys(range(first, first + count), values[2:]))

    def _hold(self, values: tuple[Any, ...]) -> None:
        number, identity, device = values[:3]
        self._rows[number], self._numbers[identity] = values, number
        self._at.setdefault((device, *values[3:6]), number)
        self._devices.setdefault(device, {})[number] = None

    def number_of(self, identity: bytes) -> int | None:
        return self._numbers.get(identity)

    def held(self, numbers: Sequence[int]) -> Iterable[HeldRow]:
        for row in (self._rows[one] for one in numbers if one in self._rows):
            yield HeldRow(row[0], row[1], row[6], row[7], row[12], row[15], row[16], row[18])

    def at(self, position: Position) -> int | None:
        return self._at.get(position)

    def of_device(self, device: bytes) -> list[int]:
        return sorted(self._devices.get(device, ()))

    def sources(self, identity: bytes) -> list[bytes]:
        return self._sources.get(identity, [])

    def envelope(self, name: bytes) -> int | None:
        return self._envelopes.get(name)

    def envelope_of(self, number: int) -> bytes:
        return self._rows[number][14]

    def seal(self, number: int) -> SealRow:
        return self._seals[number]

    def seal_named(self, seal_hash: bytes) -> SealRow | None:
        number = self._named.get(seal_hash)
        return None if number is None else self._seals[number]

    def seals_near(self, device: bytes, incarnation: bytes, stream: int, segment: int) -> list[SealRow]:
        places = [(device, incarnation, stream, segment + one) for one in (-1, 0, 1)]
        return [
            self._seals[one] for one in sorted(n for place in places for n in self._places.get(place, ()))
        ]

    def marks(self, key: tuple[str, str], device: bytes, boot: int, below: Mark, many: int) -> list[Mark]:
        several = [one for one in self._marks.get((*key, device, boot), ()) if one < below]
        return several[: -many - 1 : -1]

    def words(self, number: int) -> Verdict | None:
        said = self._words.get(number)
        return None if said is None else verdict_of(said)


def verdict_of(said: Sequence[Any]) -> Verdict:
    """The verdict in a row's columns: state, code, reason, remedy, mesh, authority, equivalences, ages."""
    state, code, reason, remedy, mesh, authority, used, ages = said
    under = None if mesh is None else (mesh, authority)
    told = tuple((one[0], one[1]) for one in cbor.decode(ages))
    return Verdict(state, code, reason, remedy, under, tuple(cbor.decode(used)), told)
