"""The store: one SQLite file that holds inputs, log and derived tables.

Shell. Decides nothing about what is in it: an input, its events and its rows become durable in one transaction
or not at all. Refuses files that this program did not write, and those that a later one did.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

from fieldpost.model import Input, Outcome
from fieldpost.store_tables import StoreTables
from fieldwire.errors import StorageError

BLOB_MAX = (
    64 * 1024 * 1024
)  # eight of the longest messages; a damaged length asks for no more memory than that
DERIVED = (
    "root",
    "token",
    "envelope",
    "observation",
    "seal",
    "edge",
    "verdict",
    "timeline",
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
    "merge",
    "vote",
    "pick",
    "picture",
)
TEMPORARY = ""  # the path of a store on the disk that is gone when it is closed
CLEAR = "clear"  # a row of this table empties another one before it is written anew
VERDICT = "verdict"
VERDICTS = "verdicts"  # a row of this table tells one verdict over a run: first number, count, words
VIEWS = ("verdict", "claim")
KEPT_AS = {"claim": "claimed"}  # rows of what is read as a view
SAID_MAX = 10_000  # verdicts' words remembered: a few MB
ERASE = "erase"  # a row of this table takes back a row of the picture
FORGET = "forget"  # a row of this table takes back the refusal of what was accepted since

OF_TABLE: dict[str, str] = {FORGET: "refusal", VERDICTS: VERDICT}

# By SQLite's own name of the error.
REMEDIES = {
    "SQLITE_NOTADB": "name a store that a bridge wrote",
    "SQLITE_CORRUPT": "keep the file as evidence and go back to a copy; a copy needs its -wal file",
    "SQLITE_FULL": "make room on the disk; nothing was written",
    "SQLITE_BUSY": "let the process that writes to it end, and run one bridge alone on a store",
    "SQLITE_READONLY": "make the file and its folder writable for this user",
    "SQLITE_CANTOPEN": "name a file in a folder that is there and writable for this user",
}


class StoreError(StorageError, sqlite3.OperationalError):
    """A store cannot be opened, read or written: `file`, `cause`, `remedy`."""

    def __init__(self, file: str, cause: str, remedy: str) -> None:
        super().__init__(f"{file}: {cause}; {remedy}")
        self.file, self.cause, self.remedy = file, cause, remedy


@contextmanager
def _telling(file: str) -> Iterator[None]:
    """What SQLite cannot do with the file becomes a StoreError; our own mistakes stay what they are."""
    try:
        yield
    except StoreError:
        raise
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        kind = getattr(error, "sqlite_errorname", "")
        found = [remedy for name, remedy in REMEDIES.items() if kind.startswith(name)]
        remedy = found[0] if found else "is it a bridge's store, with its -wal file beside it?"
        raise StoreError(file, str(error), remedy) from error


def _steps() -> list[str]:
    """The numbered schema files' texts, in order."""
    files = [one for one in resources.files("fieldpost.schema").iterdir() if one.name.endswith(".sql")]
    return [one.read_text() for one in sorted(files, key=lambda one: one.name)]


def _shape(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    found = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    return sorted(db.execute(found).fetchall())


def _migrate(db: sqlite3.Connection, steps: list[str], version: int) -> None:
    for number, step in enumerate(steps, 1):
        if number > version:
            db.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version={number}; COMMIT;")


class Store:
    """An open store; `path` a file or ":memory:". Every public write is durable when it returns. StoreError."""

    def __init__(self, path: str | Path) -> None:
        self._file = str(path)
        with _telling(self._file):
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._open("")

    @classmethod
    def read_only(cls, path: str | Path) -> "Store":
        """A store that others may have written: no writes, no trust in its schema. FileNotFoundError if absent."""
        if not Path(path).is_file():
            raise FileNotFoundError(
                f"{path}: no such store; run the bridge first or name another with --store"
            )
        store = cls.__new__(cls)
        store._file = str(path)
        with _telling(store._file):
            address = Path(path).absolute().as_uri() + "?mode=ro"
            store._db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)
            store._open("PRAGMA query_only=ON;")
        return store

    def _open(self, reading: str) -> None:
        """Look before anything is written: a file that is not ours stays as it is."""
        self._said: dict[tuple[Any, ...], int] = {}
        try:
            self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, BLOB_MAX)
            self._db.executescript(f"PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; {reading}")
            version, steps = self._version(), _steps()
            if not reading:
                self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
                _migrate(self._db, steps, version)
            elif version < len(steps):
                raise StoreError(
                    self._file, f"its schema is version {version}, this program reads {len(steps)}",
                    "start the bridge on it once: that brings it up to date",
                )  # fmt: skip
        except BaseException:
            self._db.close()
            raise

    def _version(self) -> int:
        """The version of the schema, if it is one of ours."""
        version, steps = self._db.execute("PRAGMA user_version").fetchone()[0], _steps()
        if version > len(steps):
            raise StoreError(
                self._file, f"its schema is version {version}, this program knows {len(steps)}",
                "use the fieldpost that wrote it, or a later one",
            )  # fmt: skip
        expected = sqlite3.connect(":memory:", isolation_level=None)
        _migrate(expected, steps[: max(version, 0)], 0)
        same = _shape(self._db) == _shape(expected)
        expected.close()
        if not same:
            raise StoreError(
                self._file,
                f"its tables are not those of schema {version}",
                "name a store that a bridge wrote",
            )
        return version

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that no other process can write beside."""
        with _telling(self._file):
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            with _telling(self._file):
                self._db.execute("COMMIT")
        except BaseException:
            self._said.clear()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def inputs(self, after: int = 0) -> Iterator[Input]:
        """Inputs numbered above `after`, in order."""
        sql = "SELECT n, kind, boot, ms, data FROM input WHERE n > ? ORDER BY n"
        for n, kind, boot, ms, data in self._each(sql, after):
            yield Input(n, kind, (boot, ms), data)

    def _each(self, sql: str, *arguments: Any) -> Iterator[tuple[Any, ...]]:
        with _telling(self._file):
            rows = self._db.execute(sql, arguments)
        while True:
            with _telling(self._file):
                row = rows.fetchone()
            if row is None:
                return
            yield row

    def last_input(self) -> int:
        return self.query("SELECT coalesce(max(n), 0) FROM input")[0][0]

    def put(self, item: Input, outcome: Outcome) -> None:
        """Write an input with what it led to; call inside `writing`."""
        self.put_all([(item, outcome)])

    def put_all(self, led: Sequence[tuple[Input, Outcome]]) -> None:
        """Write inputs, each with what it led to; call inside `writing`."""
        self.log(led)
        self.write_rows([row for _, outcome in led for row in outcome.rows])

    def log(self, led: Sequence[tuple[Input, Outcome]]) -> None:
        """Write inputs with their events, whose rows are written as they come; call inside `writing`."""
        with _telling(self._file):
            inputs = [(item.n, item.kind, *item.at, item.data) for item, _ in led]
            self._db.executemany("INSERT INTO input VALUES (?, ?, ?, ?, ?)", inputs)
            events = [(data,) for _, outcome in led for data in outcome.events]
            self._db.executemany("INSERT INTO event (data) VALUES (?)", events)

    def write_rows(self, rows: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        """Write rows of derived tables; call inside `writing`. Rows of one table keep their order."""
        tables: dict[str, list[tuple[str, list[tuple[Any, ...]]]]] = {}
        for kind, several in groupby(rows, key=_kind):
            if kind in (CLEAR, ERASE):
                for _, values in several:
                    tables.setdefault(values[0], []).append((kind, [values]))
            else:
                changes = tables.setdefault(OF_TABLE.get(kind, kind), [])
                if not changes or changes[-1][0] != kind:
                    changes.append((kind, []))
                changes[-1][1].extend([values for _, values in several])
        with _telling(self._file):
            for table, changes in tables.items():
                for kind, several in changes:
                    self._change(_known(table), kind, several)

    def empty(self) -> None:
        """Empty all derived tables; call inside `writing`."""
        self._said.clear()
        kept = {KEPT_AS.get(one, one) for one in DERIVED} - {VERDICT} | {"judged", "said"}
        with _telling(self._file):
            for table in sorted(kept):
                self._db.execute(f'DELETE FROM "{table}"')

    def _change(self, table: str, kind: str, several: list[tuple[Any, ...]]) -> None:
        if kind == CLEAR:
            self._db.execute(f'DELETE FROM "{table}"')
        elif kind == ERASE:
            keys = [values[1:] for values in several]
            self._db.executemany("DELETE FROM picture WHERE subject = ? AND property = ?", keys)
        elif kind == FORGET:
            self._db.executemany("DELETE FROM refusal WHERE what = ?", several)
        elif kind == VERDICT:
            judged = [(values[0], self._words(values[1:])) for values in several]
            self._db.executemany("INSERT OR REPLACE INTO judged VALUES (?, ?)", judged)
        elif kind == VERDICTS:
            runs = ((range(values[0], values[0] + values[1]), self._words(values[2:])) for values in several)
            judged = [(number, words) for numbers, words in runs for number in numbers]
            self._db.executemany("INSERT OR REPLACE INTO judged VALUES (?, ?)", judged)
        else:
            # Side by side in the tree, side by side in time; what has one key stays in its order.
            several.sort(key=lambda values: values[0] if isinstance(values[0], bytes) else b"")
            marks, kept = ", ".join("?" * len(several[0])), KEPT_AS.get(table, table)
            self._db.executemany(f'INSERT OR REPLACE INTO "{kept}" VALUES ({marks})', several)

    def _words(self, said: tuple[Any, ...]) -> int:
        """The row of a verdict's words. What was said once in this run is not written again."""
        if said not in self._said:
            if len(self._said) >= SAID_MAX:
                self._said.clear()
            row = self._db.execute("INSERT INTO said VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", said)
            self._said[said] = row.lastrowid or 0
        return self._said[said]

    def events(self, after: int = 0) -> Iterator[bytes]:
        """The log's leaves, in order, without the first `after`."""
        for (data,) in self._each("SELECT data FROM event WHERE n > ? ORDER BY n", after):
            yield data

    def query(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Rows of a query written in this program (never text from outside)."""
        with _telling(self._file):
            return self._db.execute(sql, arguments).fetchall()

    def dump(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Every derived row in a fixed order: two stores with equal inputs have equal dumps."""
        for table in DERIVED:
            columns = len(self.query(f'PRAGMA table_info("{table}")'))
            order = ", ".join(str(one) for one in range(1, columns + 1))
            for row in self._each(f'SELECT * FROM "{table}" ORDER BY {order}'):
                yield table, row

    def tables(self) -> StoreTables:
        """Where a fold keeps what it has to know of each observation."""
        return StoreTables(self)


def _kind(row: tuple[str, tuple[Any, ...]]) -> str:
    return row[0]


def _known(table: str) -> str:
    if table not in DERIVED:
        raise ValueError(f"no derived table {table!r}")
    return table
