"""What is kept of each observation lies in tables: asked there, the fold ends where one that remembers all would."""

import gc
import random
import sqlite3
import tracemalloc

import pytest
from fold_world import Fold, Home, key
from killed_desk import begin
from test_bridge_news import scattered

from fieldpost import desk as desk_module
from fieldpost import held as held_module
from fieldpost import runs as runs_module
from fieldpost.bench.bridge.fleet import Fleet
from fieldpost.chains import Chains, Whole
from fieldpost.desk import Desk
from fieldpost.lanes import RANGES_MAX, Lanes
from fieldpost.model import Input
from fieldpost.pipeline import Bridge
from fieldpost.rebuild import rebuild
from fieldpost.store import Store, _migrate, _steps
from fieldpost.store_tables import StoreTables
from fieldpost.tables import MemoryTables
from fieldwire import observation as obs
from fieldwire.errors import StorageError

BEFORE = 5  # the schema that kept observations by their ids


def given(monkeypatch, seed):
    """The inputs of a scattered world and the events that they led to."""
    inputs, put = [], Fold.put

    def noted(fold, kind, data=b""):
        outcome = put(fold, kind, data)
        inputs.append(Input(fold._n, kind, (1, 10 * fold._n), data))
        return outcome

    monkeypatch.setattr(Fold, "put", noted)
    _, fold = scattered(seed)
    return inputs, fold


def folded(inputs, path=":memory:"):
    """A store that these inputs led to, by a fold that rests on it."""
    store = Store(path)
    bridge = Bridge(StoreTables(store))
    with store.writing():
        for item in inputs:
            store.log([(item, bridge.apply(item))])
    return store, bridge


@pytest.mark.parametrize("seed", range(6))
def test_a_fold_over_a_store_says_what_one_in_memory_says(monkeypatch, seed):
    inputs, fold = given(monkeypatch, seed)
    store, bridge = folded(inputs)
    bare = Bridge()
    assert list(store.events()) == [one for item in inputs for one in bare.apply(item).events]
    assert dict(bridge.state.entries) == dict(fold.state.entries)
    assert dict(bridge.state.verdicts) == dict(fold.state.verdicts)
    assert bridge.state.canvas.rows == fold.state.canvas.rows


@pytest.mark.parametrize("seed", range(4))
def test_both_kinds_of_tables_answer_alike(monkeypatch, seed):
    inputs, _ = given(monkeypatch, seed)
    store, _ = folded(inputs)
    one, other, bridge = StoreTables(store), MemoryTables(), Bridge()
    for item in inputs:
        other.write(bridge.apply(item).rows)
    entries = list(bridge.state.entries.values())
    assert sorted(one.held([entry.n for entry in entries])) == sorted(
        other.held([entry.n for entry in entries])
    )
    for entry in entries:
        position = obs.position(entry.observation)
        device = position[0]
        assert one.number_of(entry.id) == other.number_of(entry.id) == entry.n
        assert one.at(position) == other.at(position) is not None
        assert one.of_device(device) == other.of_device(device)
        assert one.envelope_of(entry.n) == other.envelope_of(entry.n)
        assert one.envelope(one.envelope_of(entry.n)) == other.envelope(one.envelope_of(entry.n)) is not None
        assert one.sources(entry.id) == other.sources(entry.id)
        assert one.words(entry.n) == other.words(entry.n)
        claim = (entry.observation[obs.SUBJECT], "level"), device, entry.observation[obs.TREF][0]
        for below in ((1 << 40, 0), (entry.observation[obs.TREF][1], entry.n)):
            assert one.marks(*claim, below, 3) == other.marks(*claim, below, 3)
        if entry.seal_hash is not None:
            assert one.seal_named(entry.seal_hash) == other.seal_named(entry.seal_hash) is not None
            place = (device, *entry.segment)
            assert one.seals_near(*place) == other.seals_near(*place) != []
    assert one.number_of(b"nobody") is other.number_of(b"nobody") is None
    assert one.words(10**9) is other.words(10**9) is None


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "change", [(held_module, "RECENT", 2), (runs_module, "MANY", 0), (held_module, "SEALS", 1)]
)
def test_what_is_remembered_of_late_changes_nothing(monkeypatch, seed, change):
    inputs, fold = given(monkeypatch, seed)
    monkeypatch.setattr(*change)
    store, bridge = folded(inputs)
    expected = Bridge()
    assert list(store.events()) == [one for item in inputs for one in expected.apply(item).events]
    assert dict(bridge.state.verdicts) == dict(fold.state.verdicts)


def test_lanes_never_take_what_is_held_for_new_and_stay_few():
    chance, lanes, held = random.Random(3), Lanes(), set()
    for _ in range(20_000):
        number = chance.choice((len(held), chance.randrange(100_000)))
        new = lanes.surely_new((b"d", b"i", 0), number)
        assert not (new and number in held)
        held.add(number)
    assert all(not lanes.surely_new((b"d", b"i", 0), one) for one in held)
    [ranges] = lanes._ranges.values()
    assert len(ranges) <= 2 * RANGES_MAX and ranges == sorted(set(ranges))


def test_lanes_of_a_log_without_many_holes_are_exact():
    chance, lanes = random.Random(4), Lanes()
    numbers = chance.sample(range(2 * RANGES_MAX), RANGES_MAX)
    assert all(lanes.surely_new((b"d", b"i", 0), one) for one in numbers)
    others = set(range(2 * RANGES_MAX)) - set(numbers)
    assert all(lanes.surely_new((b"d", b"i", 0), one) for one in others)
    assert all(lanes.surely_new((b"d", b"i", 1), one) for one in numbers), "another log"


def test_whole_segments_are_told_one_by_one_and_by_the_seal_that_came_first():
    tables = MemoryTables()
    chains = Chains(tables)
    whole, chance = Whole(chains), random.Random(5)
    numbers = chance.sample(range(60), 40)
    for n, segment in enumerate(numbers, 1):
        tables.write([("seal", chains.add(b"d", (b"i", 1, segment), bytes([segment]) * 32, None, (1, 0)))])
        assert chains.count == n
        whole.note(b"d", (b"i", 1, segment), bytes([segment]) * 32, [])
    kept = whole[b"d"]
    assert set(kept) == {(b"i", 1, one) for one in numbers} and len(kept) == 40
    assert all(kept[b"i", 1, one] == bytes([one]) * 32 for one in numbers)
    missing = next(one for one in range(60) if one not in numbers)
    assert (b"i", 1, missing) not in kept and not whole[b"another"] and whole.get(b"another") is None
    with pytest.raises(KeyError):
        kept[b"i", 1, missing]
    place = (b"i", 1, numbers[0])
    whole.rivalled(b"d", place, [one for one in chains.near(b"d", place) if one.segment == place[2]])
    tables.write([("seal", chains.add(b"d", place, b"r" * 32, None, (1, 0)))])
    assert kept[place] == bytes([numbers[0]]) * 32


def opened(path):
    return Desk(Store(path), Bridge(), key("bridge"), lambda: (1, 1))


def drained(path):
    """The desk of a store into which two devices drained, reconciled."""
    home, desk = Home(), opened(path)
    source = home.one.leaf(1)
    things = [
        ("segment", home.one.segment(home.one.leaf(0), source)),
        ("early", home.two.early(home.two.leaf(5))),
    ]
    things += [("early", home.one.early(home.one.mean([source], 9))), ("solve", b"")]
    desk.submit_many([*begin(home), *things])
    return desk


CHANGES = {
    "a leaf": "UPDATE observation SET leaf = x'00' WHERE n = 3",
    "a subject": "UPDATE observation SET subject = 'water/else' WHERE n = 3",
    "an observation": "DELETE FROM observation WHERE n = 2",
    "an envelope": "UPDATE envelope SET data = x'80' WHERE n = 2",
    "a seal": "UPDATE seal SET previous = x'00' WHERE n = 1",
    "a lineage": "UPDATE edge SET parent = x'00'",
    "a claim": "UPDATE claimed SET value = x'01' WHERE n = (SELECT min(n) FROM claimed)",
    "an observation more": "INSERT INTO observation SELECT 99, x'00', device, incarnation, stream, seq, mesh,"
    " authority, subject, format, boot, ms, credential, grade, envelope, leaf_index, leaf, sealed, seal"
    " FROM observation LIMIT 1",
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_table_changed_while_the_bridge_was_down_is_noticed_when_it_starts(tmp_path, what):
    path = tmp_path / "store.db"
    drained(path)
    assert opened(path).difference is None
    other = sqlite3.connect(path)
    assert other.execute(CHANGES[what]).rowcount == 1
    other.commit()
    other.close()
    found = opened(path).difference
    assert found is not None and found.startswith("table ") and " row " in found


def test_a_leaf_that_is_not_what_its_id_names_is_never_believed(tmp_path):
    desk = drained(tmp_path / "store.db")
    desk.state.entries._recent[:] = [None] * held_module.RECENT
    desk._store.query("UPDATE observation SET leaf = x'00' WHERE n = 3")
    desk._store.query("DELETE FROM observation WHERE n = 2")
    for number in (3, 2):
        with pytest.raises(StorageError, match="rebuild"):
            desk.state.entries.numbered(number)
    assert desk.state.entries.numbered(1).n == 1


def test_a_store_of_the_schema_before_is_filled_anew_from_its_inputs(tmp_path):
    desk = drained(tmp_path / "new.db")
    old = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    _migrate(old, _steps()[:BEFORE], 0)
    old.execute("ATTACH ? AS new", (str(tmp_path / "new.db"),))
    for table in ("input", "event", "token", "root", "refusal", "timeline"):
        old.execute(f"INSERT INTO {table} SELECT * FROM new.{table}")
    old.execute("INSERT INTO envelope VALUES (x'01', 'segment', x'02')")
    old.close()
    again = opened(tmp_path / "old.db")
    assert again.difference is None and list(again._store.dump()) == list(desk._store.dump())
    assert again.state.verdicts == desk.state.verdicts
    assert rebuild(again._store, Store(":memory:")).difference is None
    assert opened(tmp_path / "old.db").difference is None, "once is enough"


def test_a_store_filled_anew_is_filled_whole_or_not_at_all(tmp_path, monkeypatch):
    drained(tmp_path / "store.db")
    other = sqlite3.connect(tmp_path / "store.db")
    other.executescript("DELETE FROM envelope; DELETE FROM observation")
    other.close()

    def cut(desk):
        follow(desk)
        raise KeyboardInterrupt

    follow = desk_module.Desk._follow
    with monkeypatch.context() as patch:
        patch.setattr(desk_module.Desk, "_follow", cut)
        with pytest.raises(KeyboardInterrupt):
            opened(tmp_path / "store.db")
    assert Store(tmp_path / "store.db").query("SELECT count(*) FROM envelope") == [(0,)]
    found = opened(tmp_path / "store.db")
    assert found.difference is None and found._store.query("SELECT count(*) FROM observation") == [(6,)]


MADE, BYTES = 8_192, 50


def test_an_observation_that_was_judged_takes_a_few_bytes_of_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(held_module, "RECENT", 64)
    fleet, desk = Fleet(4, 1), opened(tmp_path / "store.db")
    desk.submit_many([*fleet.inputs(), ("solve", b"")])

    def drain(count, begin):
        for data in fleet.segments(count, begin):
            desk.submit("segment", data)
        desk.submit("solve", b"")

    tracemalloc.start()
    drain(MADE, 0)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    drain(MADE, MADE // 4)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(desk.state.entries) > 2 * MADE and (after - before) / MADE < BYTES


def test_seals_near_a_place_are_told_alike_from_memory_and_from_the_tables():
    chance, tables = random.Random(6), MemoryTables()
    chains, told = Chains(tables), 0
    for n in range(400):
        place = (b"i", chance.randrange(2), chance.choice((n // 8, chance.randrange(60))))
        expected = [one for one in tables.seals_near(b"d", *place) if one.n <= chains.count]
        assert chains.near(b"d", place) == expected
        told += bool(expected)
        tables.write([("seal", chains.add(b"d", place, n.to_bytes(32, "big"), None, (1, n)))])
    assert told > 100
