"""Rebuild: the stored inputs once more through a fresh bridge, and whether they lead to the same store.

Decides equality of every event byte, of the log's root, of every derived row and so of every decision digest.
Refuses to repair what differs: it names the first difference.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

from fieldpost.codes import refuse
from fieldpost.model import Input, Outcome, Refusal
from fieldpost.pipeline import Bridge
from fieldpost.reading import Rows
from fieldpost.recorder import Log, read_event
from fieldpost.tables import Tables
from fieldwire.errors import StorageError, WireError

# What a pipeline raises over inputs that no bridge wrote: they are not its own any more.
UNREADABLE = (WireError, KeyError, TypeError, ValueError, AttributeError, AssertionError, IndexError)

KEY_OF_VIEW = {"verdict": [0], "claim": [0, 1]}  # columns


class Dumped(Rows, Protocol):
    """A store whose derived rows can all be had, in a fixed order."""

    def dump(self) -> Any: ...


class Fresh(Dumped, Protocol):
    """An empty store that takes an input with what it led to."""

    def writing(self) -> Any: ...

    def log(self, led: Sequence[tuple[Input, Outcome]]) -> None: ...

    def tables(self) -> Tables: ...


@dataclass(frozen=True)
class Rebuilt:
    """What was compared; `difference` is None when the two stores are identical."""

    inputs: int
    events: int
    rows: int
    root: bytes
    decision_digests: tuple[bytes, ...]
    difference: Refusal | None


def rebuild(store: Dumped, fresh: Fresh) -> Rebuilt:
    """Replay the inputs of `store` into `fresh`, and compare everything else."""
    inputs, difference = _replay(store, fresh)
    root, events, first = _compare_events(store, fresh)
    difference = difference or first
    rows, first = _compare_rows(store, fresh)
    difference = difference or first
    digests = tuple(
        digest for (digest,) in fresh.query("SELECT decision_digest FROM epoch ORDER BY number, peer")
    )
    return Rebuilt(inputs, events, rows, root, digests, difference)


def _replay(store: Rows, fresh: Fresh) -> tuple[int, Refusal | None]:
    bridge, count = Bridge(fresh.tables()), 0
    with fresh.writing():
        for item in store.inputs():
            try:
                fresh.log([(item, bridge.apply(item))])
            except UNREADABLE as error:
                reason = f"input {item.n} ({item.kind}, {len(item.data)} bytes) cannot be applied: {error!r}"
                return count, refuse("rebuild-differs", reason)
            count += 1
    return count, None


def _compare_events(store: Rows, fresh: Rows) -> tuple[bytes, int, Refusal | None]:
    """(root as rebuilt, count as rebuilt, first difference)"""
    log, stored_log = Log(), Log()
    difference: Refusal | None = None
    for index, (stored, made) in enumerate(zip_longest(store.events(), fresh.events())):
        if stored is not None:
            stored_log.append(stored)
        if made is not None:
            log.append(made)
        if stored != made and difference is None:
            reason = f"event {index}: stored {_event_words(stored)}, rebuilt {_event_words(made)}"
            difference = refuse("rebuild-differs", reason)
    if difference is None and log.root() != stored_log.root():
        raise StorageError("equal events with unequal roots")
    return log.root(), log.size, difference


def _event_words(data: bytes | None) -> str:
    if data is None:
        return "nothing"
    try:
        event = read_event(data)
    except WireError as error:
        return f"bytes that are no event ({error})"
    named = ", ".join(one.hex()[:12] if isinstance(one, bytes) else str(one) for one in event["inputs"][:3])
    return f"{event['kind']} of {named or 'nothing'} at {event['at']}: {event['outcome']} {event['detail']}"


def _compare_rows(store: Dumped, fresh: Dumped) -> tuple[int, Refusal | None]:
    count, tables = 0, []
    for stored, made in zip_longest(store.dump(), fresh.dump()):
        count += made is not None
        if stored != made and not tables:  # in one of these; behind it the two are out of step
            tables = [one[0] for one in (stored, made) if one is not None]
    told = (_difference_in(store, fresh, table) for table in tables)
    return count, next((one for one in told if one is not None), None)


def _difference_in(store: Dumped, fresh: Dumped, table: str) -> Refusal | None:
    stored, made = (Counter(row for row in one.dump() if row[0] == table) for one in (store, fresh))
    if stored == made:
        return None
    lost, new = list((stored - made).elements()), list((made - stored).elements())
    table, row = (lost or new)[0]
    other = next(
        (one for name, one in (new if lost else []) if name == table and _same_key(store, table, row, one)),
        None,
    )
    if other is None:
        side = "only in the stored file" if lost else "only in the rebuilt one"
        return refuse("rebuild-differs", f"table {table}: row {_row_words(row[:2])} is {side}")
    names = [column for _, column, *_ in store.query(f'PRAGMA table_info("{table}")')]
    column, was, now = next(cell for cell in zip(names, row, other, strict=True) if cell[1] != cell[2])
    reason = f"table {table}, row {_row_words(row[:1])}: {column} is {_cell(was)} as stored, {_cell(now)} as rebuilt"
    return refuse("rebuild-differs", reason)


def _same_key(store: Rows, table: str, one: tuple, other: tuple) -> bool:
    found = store.query(f'PRAGMA table_info("{table}")')
    parts = [index for index, *_, part in found if part] or KEY_OF_VIEW[table]
    return all(one[index] == other[index] for index in parts)


def _row_words(row: tuple) -> str:
    return "(" + ", ".join(_cell(cell) for cell in row) + ")"


def _cell(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value)
