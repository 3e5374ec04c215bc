"""The store: one SQLite file that holds inputs, log and derived tables.

Shell. Decides nothing: an input, its events and its rows become durable in one transaction or not at all.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from fieldpost.model import Input, Outcome

DERIVED = (
    "root",
    "token",
    "envelope",
    "observation",
    "edge",
    "verdict",
    "placement",
    "claim",
    "fork",
    "refusal",
    "mode",
    "agreement",
    "epoch",
    "joint",
    "one_sided",
    "decision",
    "case",
    "picture",
)
CLEAR = "clear"  # a row of this table empties another one before it is written anew
FORGET = "forget"  # a row of this table takes back the refusal of what was accepted since


class Store:
    """An open store; `path` a file or ":memory:". Every public write is durable when it returns."""

    def __init__(self, path: str | Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;")
        self._migrate()

    @classmethod
    def read_only(cls, path: str | Path) -> "Store":
        """A store that others may have written: no writes, no trust in its schema. FileNotFoundError if absent."""
        if not Path(path).is_file():
            raise FileNotFoundError(
                f"{path}: no such store; run the bridge first or name another with --store"
            )
        store = cls.__new__(cls)
        store._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=30)
        store._db.executescript("PRAGMA query_only=ON; PRAGMA trusted_schema=OFF;")
        return store

    def _migrate(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        steps = [one for one in resources.files("fieldpost.schema").iterdir() if one.name.endswith(".sql")]
        files = sorted(steps, key=lambda one: one.name)
        for number, file in enumerate(files, 1):
            if number > version:
                self._db.executescript(
                    f"BEGIN IMMEDIATE; {file.read_text()} PRAGMA user_version={number}; COMMIT;"
                )

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that no other process can write beside."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def inputs(self, after: int = 0) -> Iterator[Input]:
        """Inputs numbered above `after`, in order."""
        for n, kind, boot, ms, data in self._db.execute(
            "SELECT n, kind, boot, ms, data FROM input WHERE n > ? ORDER BY n", (after,)
        ):
            yield Input(n, kind, (boot, ms), data)

    def last_input(self) -> int:
        return self._db.execute("SELECT coalesce(max(n), 0) FROM input").fetchone()[0]

    def put(self, item: Input, outcome: Outcome) -> None:
        """Write an input with what it led to; call inside `writing`."""
        self._db.execute(
            "INSERT INTO input VALUES (?, ?, ?, ?, ?)", (item.n, item.kind, item.at[0], item.at[1], item.data)
        )
        self._db.executemany("INSERT INTO event (data) VALUES (?)", [(data,) for data in outcome.events])
        self.write_rows(outcome.rows)

    def write_rows(self, rows: list[tuple[str, tuple[Any, ...]]]) -> None:
        for table, values in rows:
            if table == CLEAR:
                self._db.execute(f'DELETE FROM "{_known(values[0])}"')
            elif table == FORGET:
                self._db.execute("DELETE FROM refusal WHERE what = ?", values)
            else:
                marks = ", ".join("?" * len(values))
                self._db.execute(f'INSERT OR REPLACE INTO "{_known(table)}" VALUES ({marks})', values)

    def events(self) -> Iterator[bytes]:
        for (data,) in self._db.execute("SELECT data FROM event ORDER BY n"):
            yield data

    def query(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Rows of a query written in this program (never text from outside)."""
        return self._db.execute(sql, arguments).fetchall()

    def dump(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Every derived row in a fixed order: two stores with equal inputs have equal dumps."""
        for table in DERIVED:
            rows = self._db.execute(f'SELECT * FROM "{table}"').fetchall()
            for row in sorted(rows, key=repr):
                yield table, row


def _known(table: str) -> str:
    if table not in DERIVED:
        raise ValueError(f"no derived table {table!r}")
    return table
