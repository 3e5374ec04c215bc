"""The log of records without a journal above it: a newest sector in which nothing counts is taken back."""

from nor_flash import NorFlash

from fieldagent import record, ring
from fieldagent.mount import mount, resume_torn
from fieldagent.record_log import DAMAGED, Log

INCARNATION = b"\x05" * 8


def log_on(part):
    def header(sector, end, tail):
        return record.begin(sector, end, tail, INCARNATION, [record.Head() for _ in range(4)])

    return Log(ring.Ring(part, part.unit_bytes), header)


def begin(log):
    while not log.is_ready():
        assert log.clear_one()
    log.begin()


def started_on(part):
    log = log_on(part)
    mount(log)
    return log


def two_sectors(kind):
    """A part whose log holds three leaves in one sector, and a record of that kind in the next."""
    part = NorFlash(8, 2048, 4)
    ring.format(part)
    log = log_on(part)
    begin(log)
    for at in range(3):
        log.append(record.LEAF, 1, bytes(range(at, at + 90)))
    begin(log)
    log.append(kind, 1, b"copy")
    log.commit()
    return part


def test_a_sector_taken_back_leaves_the_one_before_it_as_long_as_it_was():
    part = two_sectors(record.LEAF_COPY)
    log = started_on(part)
    sector = log.head - 1
    assert log.take_back() and log.head == sector
    assert len(list(log.records(sector))) == 3
    begin(log)  # its header tells the start where the sector before it ends
    log.commit()
    kinds = [kind for _, kind, _, _ in started_on(part).records(sector)]
    assert kinds == [record.LEAF] * 3 and DAMAGED not in kinds


def test_a_sector_in_which_anything_counts_is_not_taken_back():
    for kind in (record.LEAF, record.FREED, record.CLOSED, record.SEAL_COPY):
        log = started_on(two_sectors(kind))
        head = log.head
        assert not log.take_back() and log.head == head, kind


def torn_seal(left):
    """A part whose log ends in what a cut left of a record of 100 zeros; `left(record)` -> the bytes there."""
    part = two_sectors(record.LEAF)
    log = started_on(part)
    log.load(log.head)
    whole = bytearray(record.HEAD_BYTES + 100)
    record.put(whole, 0, log.head, log.end, record.SEAL, 1, bytes(100))
    begin = log.end - log.end % 4
    data = b"\xff" * (log.end - begin) + left(bytes(whole))
    part.writeblocks(log.head % 8, data + b"\xff" * (-len(data) % 4), begin)
    log = started_on(part)
    resume_torn(log, record.SEAL, 1, bytes(100))
    return part, log


def test_a_torn_record_is_completed_where_it_stands_by_who_writes_the_same():
    part, log = torn_seal(lambda whole: whole[:-30])
    assert log.is_open()
    place = log.append(record.SEAL, 1, bytes(100))
    log.commit()
    assert list(started_on(part).records(place[0]))[-1][:3] == (place[1], record.SEAL, 1)


def test_a_torn_record_that_shows_too_little_or_something_else_stays_what_it_is():
    for left in (
        lambda whole: whole[:40],
        lambda whole: whole[:-1] + b"\x7f\x7f",  # something stands behind it
        lambda whole: b"\x12" + whole[1:-1],
    ):
        assert not torn_seal(left)[1].is_open()
