"""The fold's tables in a store: rows are written within the transaction of their input, and asked from there.

Shell. Decides nothing. While what others wrote is followed, rows are in the store already: they are not written again,
and the first that stands otherwise is named.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from fieldpost.model import Position, Verdict
from fieldpost.tables import HeldRow, Mark, Row, SealRow, verdict_of

SOME = 64  # numbers in one query

_HELD = (
    "SELECT n, id, mesh, authority, credential, leaf_index, leaf, seal FROM observation"
    f" WHERE n IN ({', '.join('?' * SOME)})"
)
_SEAL = "SELECT n, hash, device, incarnation, stream, segment, previous, boot, ms FROM seal WHERE "
_NEAR = "device = ? AND incarnation = ? AND stream = ? AND segment BETWEEN ? AND ? ORDER BY n"
_MARKS = (
    "SELECT ms, n FROM claimed WHERE subject = ? AND device = ? AND boot = ? AND (ms, n) < (?, ?) AND property = ?"
    " ORDER BY ms DESC, n DESC LIMIT ?"
)
_AT = "SELECT min(n) FROM observation WHERE device = ? AND incarnation = ? AND stream = ? AND seq = ?"
_WORDS = (
    "SELECT state, code, reason, remedy, mesh, authority, equivalences, ages"
    " FROM judged j JOIN said s ON s.n = j.said WHERE j.n = ?"
)

# Of rows that are never replaced, or in part: the query, the places of its arguments, those of what it finds.
_LASTING: dict[str, tuple[str, Sequence[int], Sequence[int]]] = {
    "envelope": ("SELECT hash, kind, data FROM envelope WHERE n = ?", (0,), (1, 2, 3)),
    "observation": (
        "SELECT id, device, incarnation, stream, seq, mesh, authority, subject, format, boot, ms, credential, leaf"
        " FROM observation WHERE n = ?",
        (0,),
        (*range(1, 13), 16),
    ),
    "seal": (f"{_SEAL} n = ?", (0,), range(9)),
    "edge": ("SELECT child, parent, place FROM edge WHERE child = ? AND parent = ?", (0, 1), range(3)),
    "claim": (
        "SELECT value, unit, exponent FROM claimed"
        " WHERE subject = ? AND device = ? AND boot = ? AND ms = ? AND n = ? AND property = ?",
        range(6),
        (6, 7, 8),
    ),
}


class Writer(Protocol):
    """An open store, as far as the tables need it."""

    def query(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]: ...

    def write_rows(self, rows: Sequence[Row]) -> None: ...


class StoreTables:
    """`fieldpost.tables.Tables` over a store."""

    apart = True

    def __init__(self, store: Writer) -> None:
        self._store = store
        self._following = False
        self.difference: str | None = None  # the first row that does not follow from the inputs

    @contextmanager
    def following(self) -> Iterator[None]:
        """Rows that are handed over meanwhile are there already."""
        self._following = True
        try:
            yield
        finally:
            self._following = False

    def write(self, rows: Sequence[Row]) -> None:
        if not self._following:
            self._store.write_rows(rows)
        elif self.difference is None:
            self.difference = next(
                (found for row in rows if (found := self._standing(*row)) is not None), None
            )

    def _standing(self, table: str, values: tuple[Any, ...]) -> str | None:
        """How a row that never changes stands otherwise in the store; None where it is there as it should be."""
        if table not in _LASTING:
            return None
        sql, keys, lasting = _LASTING[table]
        found = self._store.query(sql, *(values[one] for one in keys))
        if found and found[0] == tuple(values[one] for one in lasting):
            return None
        named = ", ".join(one.hex()[:16] if isinstance(one, bytes) else str(one) for one in values[:2])
        return f"table {table}: row ({named}) is {'another one' if found else 'gone'}"

    def beyond(self, counts: Mapping[str, int]) -> str | None:
        """The first of these tables that has rows above the number given."""
        for table, count in counts.items():
            if (self._one(f"SELECT max(n) FROM {table}") or 0) > count:
                return f"table {table}: row {count + 1} follows from no input"
        return None

    def _one(self, sql: str, *arguments: Any) -> Any:
        found = self._store.query(sql, *arguments)
        return found[0][0] if found else None

    def number_of(self, identity: bytes) -> int | None:
        return self._one("SELECT n FROM observation WHERE id = ?", identity)

    def held(self, numbers: Sequence[int]) -> Iterable[HeldRow]:
        for begin in range(0, len(numbers), SOME):
            some = list(numbers[begin : begin + SOME])
            for row in self._store.query(_HELD, *some, *[some[-1]] * (SOME - len(some))):
                yield HeldRow(*row)

    def at(self, position: Position) -> int | None:
        return self._one(_AT, *position)

    def of_device(self, device: bytes) -> list[int]:
        return [
            n for (n,) in self._store.query("SELECT n FROM observation WHERE device = ? ORDER BY n", device)
        ]

    def sources(self, identity: bytes) -> list[bytes]:
        found = self._store.query("SELECT parent FROM edge WHERE child = ? ORDER BY place", identity)
        return [parent for (parent,) in found]

    def envelope(self, name: bytes) -> int | None:
        return self._one("SELECT n FROM envelope WHERE hash = ?", name)

    def envelope_of(self, number: int) -> bytes:
        return self._one("SELECT envelope FROM observation WHERE n = ?", number)

    def seal(self, number: int) -> SealRow:
        return SealRow(*self._store.query(f"{_SEAL} n = ?", number)[0])

    def seal_named(self, seal_hash: bytes) -> SealRow | None:
        found = self._store.query(f"{_SEAL} hash = ?", seal_hash)
        return SealRow(*found[0]) if found else None

    def seals_near(self, device: bytes, incarnation: bytes, stream: int, segment: int) -> list[SealRow]:
        found = self._store.query(_SEAL + _NEAR, device, incarnation, stream, segment - 1, segment + 1)
        return [SealRow(*row) for row in found]

    def marks(self, key: tuple[str, str], device: bytes, boot: int, below: Mark, many: int) -> list[Mark]:
        subject, name = key
        return [(ms, n) for ms, n in self._store.query(_MARKS, subject, device, boot, *below, name, many)]

    def words(self, number: int) -> Verdict | None:
        found = self._store.query(_WORDS, number)
        return verdict_of(found[0]) if found else None
