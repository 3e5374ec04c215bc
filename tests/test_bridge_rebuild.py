"""Rebuilding gives the very same store, and one changed byte anywhere is found and named."""

import sqlite3

import pytest
from sample_cli import copy_of, document, run, world

from fieldpost.cli.store_file import reading
from fieldpost.model import Input, Outcome
from fieldpost.rebuild import rebuild
from fieldpost.recorder import event
from fieldpost.store import DERIVED, Store
from fieldwire import cbor


@pytest.fixture
def copy(tmp_path):
    return copy_of(world().alpha, tmp_path)


def change(path, sql, *arguments):
    database = sqlite3.connect(path)
    changed = database.execute(sql, arguments).rowcount
    database.commit()
    database.close()
    assert changed == 1


def test_the_stores_of_both_bridges_are_rebuilt_identical():
    for side in (world().alpha, world().bravo):
        found = document("rebuild", store=side.path)
        assert found["identical"] and found["difference"] is None
        assert found["inputs"] > 50 and found["events"] > 50


def test_the_rebuilt_root_and_digests_are_the_stored_ones():
    found = document("rebuild")
    assert found["log_root"] == document("log", "verify")["root"]
    store = Store.read_only(world().alpha.path)
    digests = [one.hex() for (one,) in store.query("SELECT decision_digest FROM epoch ORDER BY number")]
    store.close()
    assert found["decision_digests"] == digests and len(digests) == 2


def test_the_two_bridges_rebuild_the_same_decisions():
    alpha, bravo = (document("rebuild", store=side.path) for side in (world().alpha, world().bravo))
    assert alpha["decision_digests"] == bravo["decision_digests"]


def test_the_rebuilt_store_can_be_kept_and_holds_the_same(tmp_path):
    assert run("rebuild", "--out", tmp_path / "again.db").exit_code == 0
    stored, again = Store.read_only(world().alpha.path), Store.read_only(tmp_path / "again.db")
    assert list(stored.dump()) == list(again.dump()) and list(stored.events()) == list(again.events())
    assert list(stored.inputs()) == list(again.inputs())
    stored.close()
    again.close()


def test_what_a_running_bridge_writes_meanwhile_is_not_seen(copy):
    running = Store(copy)
    with reading(copy) as held:
        assert held.query("SELECT count(*) FROM event")[0][0] > 0
        item = Input(running.last_input() + 1, "mode", (9, 9), cbor.encode(["east", "open", []]))
        with running.writing():
            running.put(item, Outcome([event("mode", (9, 9), [], None, "open", {})]))
        assert rebuild(held, Store(":memory:")).difference is None
    running.close()
    assert not document("rebuild", store=copy, exit_code=1)["identical"]  # that event was nobody's


def test_a_file_that_is_there_is_not_written_over(copy, tmp_path):
    before = copy.read_bytes()
    result = run("rebuild", "--out", copy)
    assert result.exit_code == 2 and "is there already" in result.stderr and copy.read_bytes() == before
    assert run("rebuild", "--out", tmp_path / "none" / "x.db").exit_code == 2


def flipped(data, index=-1):
    changed = bytearray(data)
    changed[index] ^= 1
    return bytes(changed)


def test_a_changed_event_byte_is_found(copy):
    store = Store.read_only(copy)
    data = list(store.events())[40]
    store.close()
    change(copy, "UPDATE event SET data = ? WHERE n = 41", flipped(data))
    found = document("rebuild", store=copy, exit_code=1)["difference"]
    assert found["code"] == "rebuild-differs" and found["reason"].startswith("event 40: stored ")


def test_a_lost_last_event_is_found(copy):
    change(copy, "DELETE FROM event WHERE n = (SELECT max(n) FROM event)")
    assert (
        "stored nothing, rebuilt decide"
        in document("rebuild", store=copy, exit_code=1)["difference"]["reason"]
    )


def test_a_changed_byte_of_an_input_is_found(copy):
    store = Store.read_only(copy)
    [n, data] = next((one.n, one.data) for one in store.inputs() if one.kind == "segment")
    store.close()
    change(copy, "UPDATE input SET data = ? WHERE n = ?", flipped(data), n)
    found = document("rebuild", store=copy, exit_code=1)["difference"]
    assert "stored import" in found["reason"] and "rebuilt refused" in found["reason"] and found["remedy"]


def test_an_input_that_no_pipeline_takes_is_named(copy):
    change(copy, "UPDATE input SET kind = 'nonsense' WHERE n = 3")
    assert "input 3 (nonsense" in document("rebuild", store=copy, exit_code=1)["difference"]["reason"]
    change(copy, "UPDATE input SET kind = 'mode', data = x'00' WHERE n = 3")
    assert "input 3 (mode, 1 bytes) cannot be applied" in run("rebuild", store=copy).stderr


KEYS = {
    "picture": "subject, property",
    "observation": "id",
    "case": "id",
}
CELL = {
    "picture": "decided",
    "verdict": "reason",
    "observation": "authority",
    "claim": "unit",
    "case": "state",
}


@pytest.mark.parametrize("table", CELL)
def test_a_changed_derived_cell_is_named_with_both_values(copy, table):
    column = CELL[table]
    # Verdicts share their words; claims lie by their makers' clocks.
    views = {"verdict": ("said", "n"), "claim": ("claimed", "n, property")}
    kept, key = views.get(table) or (table, KEYS[table])
    where = f'({key}) = (SELECT {key} FROM "{kept}" LIMIT 1)'
    change(copy, f"UPDATE \"{kept}\" SET {column} = 'changed' WHERE {where}")
    reason = document("rebuild", store=copy, exit_code=1)["difference"]["reason"]
    assert reason.startswith(f"table {table}, row ") and f"{column} is 'changed' as stored" in reason


def test_a_lost_and_an_added_row_are_found(copy):
    change(copy, "DELETE FROM decision WHERE claim = ?", world().ids["later"])
    assert "table decision" in document("rebuild", store=copy, exit_code=1)["difference"]["reason"]


def test_every_table_is_compared(copy):
    stored, fresh = Store.read_only(copy), Store(":memory:")
    found = rebuild(stored, fresh)
    assert found.difference is None
    counted = sum(fresh.query(f'SELECT count(*) FROM "{table}"')[0][0] for table in DERIVED)
    assert found.rows == counted > 100
    stored.close()
