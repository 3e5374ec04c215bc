"""One file that holds all or nothing of an input, survives a kill at any instant, and is nobody else's. SPEC 15"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

import pytest
from fold_world import Home, key
from killed_desk import begin

from fieldpost.desk import Desk
from fieldpost.model import Input, Outcome
from fieldpost.pipeline import Bridge
from fieldpost.rebuild import rebuild
from fieldpost.store import BLOB_MAX, Store, StoreError
from fieldwire.errors import StorageError

KILLS = 5


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


def put(store, n, kind="mode", data=b"data", events=(b"event",), rows=()):
    with store.writing():
        store.put(Input(n, kind, (1, n), data), Outcome(list(events), list(rows)))


def test_an_input_its_events_and_its_rows_come_back_as_they_were_put(path):
    store = Store(path)
    put(store, 1, events=[b"one", b"two"], rows=[("root", (b"mesh", b"public"))])
    store.close()
    store = Store(path)
    assert list(store.inputs()) == [Input(1, "mode", (1, 1), b"data")] and list(store.inputs(1)) == []
    assert (list(store.events()), store.last_input()) == ([b"one", b"two"], 1)
    assert list(store.dump()) == [("root", (b"mesh", b"public"))]


def test_a_later_row_replaces_clear_empties_and_forget_takes_a_refusal_back(path):
    store = Store(path)
    put(store, 1, rows=[("mode", ("boundary", "open", b"")), ("mode", ("boundary", "partitioned", b""))])
    put(store, 2, rows=[("refusal", (one, "quota", "r", "r")) for one in (b"a", b"b")])
    assert store.query("SELECT channel, mode FROM mode") == [("boundary", "partitioned")]
    put(store, 3, rows=[("clear", ("mode",)), ("forget", (b"a",))])
    assert store.query("SELECT * FROM mode") == [] and store.query("SELECT what FROM refusal") == [(b"b",)]


@pytest.mark.parametrize("table", ["input", "event", "sqlite_schema", "mode; DROP TABLE input"])
def test_rows_go_to_derived_tables_alone(path, table):
    store = Store(path)
    with pytest.raises(ValueError, match="no derived table"):
        put(store, 1, rows=[(table, (1,))])
    with pytest.raises(ValueError, match="no derived table"):
        put(store, 1, rows=[("clear", (table,))])
    assert store.last_input() == 0


def test_what_fails_within_a_transaction_leaves_nothing_of_it(path):
    store = Store(path)
    put(store, 1)
    with pytest.raises(KeyError), store.writing():
        store.put(Input(2, "mode", (1, 2), b""), Outcome([b"event"], [("root", (b"m", b"p"))]))
        raise KeyError
    assert store.last_input() == 1 and len(list(store.events())) == 1 and list(store.dump()) == []
    put(store, 2)


def test_no_input_takes_anothers_number(path):
    store = Store(path)
    put(store, 1)
    with pytest.raises(sqlite3.IntegrityError):
        put(store, 1, data=b"other")
    assert [one.data for one in store.inputs()] == [b"data"]


def test_a_reader_sees_what_is_committed_and_cannot_write(path):
    store = Store(path)
    put(store, 1)
    reader = Store.read_only(path)
    with store.writing():
        store.put(Input(2, "mode", (1, 2), b""), Outcome())
        assert reader.last_input() == 1
    assert reader.last_input() == 2
    with pytest.raises(StoreError):
        put(reader, 3)
    for sql in ("DELETE FROM input", "PRAGMA user_version=9", "CREATE TABLE x (y)"):
        with pytest.raises(StoreError):
            reader.query(sql)
    assert store.last_input() == 2


def test_reading_leaves_every_byte_of_a_closed_store_as_it_is(path):
    store = Store(path)
    put(store, 1)
    store.close()
    before = path.read_bytes()
    reader = Store.read_only(path)
    assert reader.last_input() == 1
    reader.close()
    assert path.read_bytes() == before


def test_a_path_with_signs_of_an_address_in_it_is_a_path(tmp_path):
    path = tmp_path / "a?mode=rw&x#y%20.db"
    Store(path).close()
    assert Store.read_only(path).last_input() == 0 and [one.name for one in tmp_path.glob("*.db")] == [
        path.name
    ]


def foreign(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE notes (text)")
    db.commit()
    db.close()


def changed(sql):
    def make(path):
        Store(path).close()
        db = sqlite3.connect(path)
        db.executescript(sql)
        db.close()

    return make


HOSTILE = {
    "text": (lambda path: path.write_text("no store at all\n" * 999), "not a database"),
    "a folder": (lambda path: path.mkdir(), "unable to open"),
    "another program's database": (foreign, "not those of schema 0"),
    "one of ours with another table": (changed("CREATE TABLE more (x)"), "not those of schema"),
    "one of ours without a table": (changed("DROP TABLE event"), "not those of schema"),
    "one of ours with a trigger": (
        changed("CREATE TRIGGER t AFTER INSERT ON input BEGIN DELETE FROM event; END"), "not those of schema",
    ),
    "one of ours with a view for a table": (
        changed("DROP TABLE mode; CREATE VIEW mode AS SELECT 1 AS channel, 2 AS mode, 3 AS withheld"),
        "not those of schema",
    ),
    "one of a later version": (changed("PRAGMA user_version=99"), "schema is version 99"),
    "one cut short": (
        lambda path: (changed("SELECT 1")(path), path.write_bytes(path.read_bytes()[:5_000])),
        "malformed|not a database",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_no_store_of_ours_is_refused_by_name_and_left_alone(path, what):
    make, cause = HOSTILE[what]
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    for opening in (Store, Store.read_only):
        if what == "a folder" and opening == Store.read_only:
            continue
        with pytest.raises(StoreError, match=cause) as raised:
            opening(path)
        error = raised.value
        assert isinstance(error, StorageError) and error.file == str(path) and error.remedy
        assert str(error) == f"{path}: {error.cause}; {error.remedy}"
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_an_absent_store_is_not_made_by_reading(path):
    with pytest.raises(FileNotFoundError, match="no such store"):
        Store.read_only(path)
    assert not path.exists()
    path.write_bytes(b"")
    with pytest.raises(StoreError, match="schema is version 0"):
        Store.read_only(path)


def test_a_damaged_page_is_told_when_it_is_met(path):
    store = Store(path)
    for n in range(1, 40):
        put(store, n, data=bytes(2_000))
    store.close()
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 2, len(data)):
        data[at] = 0x5A
    path.write_bytes(data)
    with pytest.raises(StoreError) as raised:
        list(Store.read_only(path).inputs())
    assert "copy" in raised.value.remedy or "store" in raised.value.remedy


def test_a_value_longer_than_any_message_is_not_taken_in(path):
    store = Store(path)
    with pytest.raises((StoreError, sqlite3.DataError)):
        put(store, 1, data=bytes(BLOB_MAX + 1))
    assert store.last_input() == 0


def test_a_full_disk_refuses_and_keeps_what_was_there(path):
    store = Store(path)
    put(store, 1)
    pages = store.query("PRAGMA page_count")[0][0]
    store.query(f"PRAGMA max_page_count={pages + 1}")
    with pytest.raises(StoreError) as raised:
        put(store, 2, data=bytes(100_000))
    assert raised.value.remedy.startswith("make room") and store.last_input() == 1
    store.query(f"PRAGMA max_page_count={pages + 1_000}")
    put(store, 2, data=bytes(100_000))


def run_until_killed(path, chance):
    """The numbers that the process said were durable."""
    command = [sys.executable, str(Path(__file__).parent / "killed_desk.py"), str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline())]
        time.sleep(chance.random() * 0.25)
        process.send_signal(signal.SIGKILL)
        said += [int(line) for line in process.stdout if line.endswith("\n")]
    return said


def test_a_process_killed_while_it_writes_loses_nothing_it_promised_and_doubles_nothing(path):
    chance, promised = random.Random(5), 0
    for _ in range(KILLS):
        said = run_until_killed(path, chance)
        assert said[0] in (promised + 1, promised + 2), "what is durable is not done again"
        promised = said[-1]
        store = Store(path)
        inputs = list(store.inputs())
        things = [one for one in inputs if one.kind not in ("mode", "solve")]
        assert [one.n for one in inputs] == list(range(1, len(inputs) + 1)) and len(things) >= promised
        assert rebuild(store, Store(":memory:")).difference is None
        kept = [one.data for one in inputs if one.kind == "segment"]
        assert len(kept) == len(set(kept))
        rows = store.query(
            "SELECT count(*), count(DISTINCT id), count(DISTINCT seq || stream || device) FROM observation"
        )
        assert rows == [(2 * len(kept) - 2,) * 3]
        store.close()


def test_a_fold_opened_on_a_store_knows_what_the_one_before_knew(path):
    desk = Desk(Store(path), Bridge(), key("bridge"), lambda: (1, 1))
    desk.submit_many(begin(Home()))
    desk.submit("solve", b"")
    again = Desk(Store(path), Bridge(), key("bridge"), lambda: (1, 1))
    assert again.state.verdicts == desk.state.verdicts and again.state.placements == desk.state.placements
    assert again.state.arrived == desk.state.arrived and len(again.state.entries) == 2


def test_a_write_that_failed_leaves_the_fold_where_the_store_is(path):
    store = Store(path)
    desk = Desk(store, Bridge(), key("bridge"), lambda: (1, 1))
    desk.submit_many(begin(Home()))
    known = set(desk.state.arrived)
    store.query("PRAGMA query_only=ON")
    with pytest.raises(StoreError):
        desk.submit("segment", Home().one.segment(Home().one.leaf(3)))
    store.query("PRAGMA query_only=OFF")
    assert len(desk.state.entries) == 2 and set(desk.state.arrived) == known
    desk.submit("segment", Home().one.segment(Home().one.leaf(3)))
    assert len(desk.state.entries) == 3


def test_a_store_of_schema_1_keeps_its_placements_and_loses_their_paths(path):
    old = sqlite3.connect(path)
    old.executescript(resources.files("fieldpost.schema").joinpath("001.sql").read_text())
    old.execute("INSERT INTO placement VALUES (x'01', x'80', 1, 4, 0, 5, 'two-sided', x'80', x'828080')")
    old.execute("PRAGMA user_version=1")
    old.commit()
    old.close()
    store = Store(path)
    assert store.query("SELECT id, lo, hi, depends_on, assumptions FROM placement") == [
        (b"\x01", 0, 5, b"\x80", b"")
    ]
    with pytest.raises(StoreError, match="path"):
        store.query("SELECT path FROM placement")
