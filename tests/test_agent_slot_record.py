"""The slot record: its golden bytes, what follows from what happened, and a cut after every operation on it."""

from every_cut import every_cut
from vectors_io import load_json, unhex

from fieldwire import slot_record
from fieldwire.slot_record import Record


def writer(files):
    return lambda name, data: files.write(name, "wb", data)


def told(record):
    flags = record.begun + 2 * record.under_way + 4 * record.prompt
    return record.slot, record.trial, flags, record.crashes


def test_every_slot_vector_is_read_and_written_or_refused_as_it_says():
    rows = load_json("slot")
    assert len([row for row in rows if row["error"] is None]) >= 8
    for row in rows:
        record = slot_record.decode(unhex(row["hex"]))
        if row["error"]:
            assert record is None, row["name"]
            continue
        assert record.number == row["counter"], row["name"]
        assert told(record) == (row["slot"], row["trial"], row["flags"], row["crashes"]), row["name"]
        assert record.encode() == unhex(row["hex"]), row["name"]


def of_counter(counter):
    record = Record()
    record.number, record.crashes = counter, counter & 0xFF
    return record.encode()


def loaded(first, second):
    record = slot_record.load({"slot.0": first, "slot.1": second}.get)
    return record and record.number


def test_the_sound_record_with_the_higher_counter_counts_and_each_lies_in_its_own_file():
    assert loaded(None, None) is None and loaded(b"", b"\xff" * 20) is None
    assert loaded(of_counter(4), of_counter(3)) == 4 and loaded(of_counter(4), of_counter(5)) == 5
    assert loaded(of_counter(4), of_counter(5)[:-1]) == 4 and loaded(None, of_counter(5)) == 5
    assert loaded(of_counter(5), of_counter(4)) is None, "a file that was copied over the other"


def test_records_are_written_into_the_two_files_in_turn():
    written = []
    record = Record()
    for _ in range(4):
        record.store(lambda name, data: written.append((name, slot_record.decode(data).number)))
    assert written == [("slot.1", 1), ("slot.0", 2), ("slot.1", 3), ("slot.0", 4)]


def after(*steps):
    """A board's record after steps by their names, `power` and `reset` for a start by the one or the other."""
    record = Record()
    for step in steps:
        if step in ("power", "reset"):
            record.start(step == "power")
        else:
            getattr(record, step)()
    return record


def test_an_update_runs_on_trial_and_stays_once_it_is_confirmed():
    record = after("try_spare")
    assert (record.running, record.spare, record.trial) == ("a", "b", "b")
    record.start(True)
    assert (record.running, record.slot, record.begun) == ("b", "a", True)
    record.confirm()
    assert (record.running, record.slot, record.trial, record.spare) == ("b", "b", None, "a")
    record.start(False)
    assert record.running == "b"


def test_a_trial_that_is_not_confirmed_goes_back_however_it_ended():
    for ending in (["power"], ["reset"], ["crash", "reset"], ["end", "reset"]):
        record = after("try_spare", "power", *ending)
        assert (record.running, record.trial, record.crashes) == ("a", None, 0), ending


def test_three_crashed_starts_in_a_row_lead_to_safe_mode():
    assert not after("power", "reset", "reset").is_safe_mode
    assert after("power", "reset", "reset", "reset").is_safe_mode
    assert after("power", "crash", "reset", "crash", "reset", "crash").is_safe_mode


def test_a_start_that_stayed_up_ended_as_it_should_or_lost_its_power_is_no_crash():
    assert after("power", "reset", "reset", "confirm", "reset", "reset").crashes == 1
    assert after("power", "end", "reset", "end", "reset", "end", "reset").crashes == 0
    assert after("power", "power", "power", "power", "power").crashes == 0


def test_safe_mode_stays_until_a_person_or_an_update_ends_it():
    crashed = ["power", "reset", "reset", "reset"]
    assert after(*crashed, "confirm", "power", "confirm").is_safe_mode
    assert not after(*crashed, "forgive").is_safe_mode
    assert not after(*crashed, "try_spare", "power").is_safe_mode


def test_the_count_of_crashes_ends_at_what_its_byte_holds():
    record = Record()
    for _ in range(300):
        record.crash()
    assert slot_record.decode(Record().encode()) is None, "a record that was never stored"
    record.store(lambda name, data: None)
    assert slot_record.decode(record.encode()).crashes == 255


def test_a_cut_at_any_operation_leaves_the_old_record_or_the_new_one_never_none():
    def prepare(files):
        files.write("config.json", "wb", b"{}")
        slot_record.Record().store(writer(files))
        record = slot_record.load(files.read)
        record.try_spare()
        record.store(writer(files))

    def start(files):
        record = slot_record.load(files.read)
        record.start(True)
        record.store(writer(files))

    def first(files):
        files.write("config.json", "wb", b"{}")

    seen = set()

    def old_or_new(files, done):
        record = slot_record.load(files.read)
        assert record is not None and record.number == (3 if done else record.number)
        assert (record.number, record.running) in ((2, "a"), (3, "b"))
        seen.add(record.running)
        start(files)  # what a cut left is written over as any other
        assert slot_record.load(files.read).number == record.number + 1

    assert every_cut(prepare, start, old_or_new) >= 3
    assert seen == {"a", "b"}

    def none_or_new(files, done):
        record = slot_record.load(files.read)
        assert (record is not None) if done else (record is None or record.number == 1)

    assert every_cut(first, lambda files: Record().store(writer(files)), none_or_new) >= 3


def test_many_records_in_a_row_cut_anywhere_go_back_by_one_at_most():
    stored = []

    def prepare(files):
        files.write("config.json", "wb", b"{}")
        Record().store(writer(files))

    def act(files):
        stored[:] = [1]
        for _ in range(3):
            record = slot_record.load(files.read)
            record.start(False)
            record.store(writer(files))
            stored.append(record.number)

    def check(files, done):
        assert slot_record.load(files.read).number in (stored[-1], stored[-1] + 1)

    assert every_cut(prepare, act, check) >= 9
