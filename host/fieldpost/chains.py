"""Chains: the seals that were seen on observations, and which segments are held whole.

Decides nothing; `forks` holds seals against each other and `gaps` follows them. Seals lie in the tables; in memory is
what is odd: seals of two histories, earlier readings that came later, gaps.
"""

from collections.abc import Iterator, Mapping

from fieldpost.lanes import holds, put
from fieldpost.tables import SealRow, Tables

Stamp = tuple[int, int]  # (boot, ms) of one device's clock
Place = tuple[bytes, int, int]  # (incarnation, stream, segment)


class Chains:
    """Seals by number, in the order in which they came, and the pairs that cannot both be of one log."""

    def __init__(self, tables: Tables) -> None:
        self.count = 0
        self.forked: set[bytes] = set()
        self.pairs: dict[bytes, set[tuple[bytes, bytes]]] = {}  # by device
        self.over: dict[bytes, dict[bytes, list[tuple[bytes, bytes]]]] = {}
        # device: hash of a dropped run's last seal: the hash before its first, and the gap record that says so
        self.ending: dict[tuple[bytes, ...], frozenset[bytes]] = {}
        # device and ends of chains: the seals held on them
        self._tables = tables
        self._earlier: dict[int, Stamp] = {}  # readings before the first that came with a seal
        self._latest: dict[
            tuple[bytes, bytes, int], list[SealRow]
        ] = {}  # by log: those of its highest segment

    def near(self, device: bytes, place: Place) -> list[SealRow]:
        """The seals seen at a place, just before it and just after it, as they came."""
        latest = self._latest.get((device, *place[:2]), [])
        if not latest or place[2] > latest[0].segment:
            return [one for one in latest if one.segment == place[2] - 1]
        found = self._tables.seals_near(device, *place)
        return [one for one in found if one.n <= self.count]

    def add(
        self, device: bytes, place: Place, seal_hash: bytes, previous: bytes | None, since: Stamp
    ) -> SealRow:
        """A seal that was not seen before; its row."""
        self.count += 1
        row = SealRow(self.count, seal_hash, device, *place, previous, *since)
        latest = self._latest.setdefault((device, *place[:2]), [row])
        if place[2] > latest[0].segment:
            latest[:] = [row]
        elif place[2] == latest[0].segment and latest[-1] is not row:
            latest.append(row)
        return row

    def since(self, seal: SealRow) -> Stamp:
        """The earliest reading seen under it."""
        return self._earlier.get(seal.n, (seal.boot, seal.ms))

    def seen(self, seal: SealRow, stamp: Stamp) -> None:
        """It was seen again, with this reading as the earliest."""
        if stamp < self.since(seal):
            self._earlier[seal.n] = stamp

    def number(self, seal_hash: bytes) -> int:
        """KeyError for a seal that was not seen."""
        found = self._tables.seal_named(seal_hash)
        if found is None or found.n > self.count:
            raise KeyError(seal_hash)
        return found.n

    def before(self, seal_hash: bytes) -> tuple[bytes | None] | None:
        """(the seal that it names before it,) or None where it was not seen."""
        found = self._tables.seal_named(seal_hash)
        return None if found is None or found.n > self.count else (found.previous,)


class Whole:
    """Segments that are held whole, as ranges of their numbers in each log, and the seals that tell them."""

    def __init__(self, chains: Chains) -> None:
        self._chains = chains
        self._ranges: dict[bytes, dict[tuple[bytes, int], list[int]]] = {}
        self._told: dict[tuple[bytes, Place], bytes] = {}  # the seal, where several were seen at one place

    def note(self, device: bytes, place: Place, seal_hash: bytes, beside: list[SealRow]) -> None:
        """A segment came whole. `beside`: other seals seen at its place."""
        log = self._ranges.setdefault(device, {})
        ranges = log.get(place[:2])
        if ranges is None:
            log[place[:2]] = [place[2], place[2] + 1]
        elif not put(ranges, place[2]):
            return
        if beside:
            self._told[device, place] = seal_hash

    def rivalled(self, device: bytes, place: Place, beside: list[SealRow]) -> None:
        """Another seal is seen at a place; if that is held whole, it is under the one that was there before."""
        if beside and holds(self._ranges.get(device, {}).get(place[:2], ()), place[2]):
            self._told.setdefault((device, place), beside[0].hash)

    def get(self, device: bytes, default: object = None) -> "WholeOf | None":
        del default
        return self[device] if device in self._ranges else None

    def __getitem__(self, device: bytes) -> "WholeOf":
        return WholeOf(self, device, self._ranges.get(device, {}))

    def seal(self, device: bytes, place: Place) -> bytes:
        """The hash of the seal under which a segment is held whole."""
        told = self._told.get((device, place))
        if told is not None:
            return told
        return next(one.hash for one in self._chains.near(device, place) if one[3:6] == place)


class WholeOf(Mapping[Place, bytes]):
    """One device's, by (incarnation, stream, segment): the seal's hash."""

    def __init__(self, whole: Whole, device: bytes, log: dict[tuple[bytes, int], list[int]]) -> None:
        self._whole, self._device, self._log = whole, device, log

    def __contains__(self, place: object) -> bool:
        if not isinstance(place, tuple):
            return False
        return holds(self._log.get(place[:2], ()), place[2])

    def __getitem__(self, place: Place) -> bytes:
        if place not in self:
            raise KeyError(place)
        return self._whole.seal(self._device, place)

    def __iter__(self) -> Iterator[Place]:
        for (incarnation, stream), ranges in self._log.items():
            for begin, end in zip(ranges[::2], ranges[1::2], strict=True):
                yield from ((incarnation, stream, one) for one in range(begin, end))

    def __len__(self) -> int:
        return sum(sum(one[1::2]) - sum(one[::2]) for one in self._log.values())
