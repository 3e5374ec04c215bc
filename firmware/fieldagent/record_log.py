"""The append-only log: records in sectors, oldest to newest, each byte programmed once.

Decides where a record goes, when bytes are durable and which sectors are ready for the next ones. Refuses to erase
while appending, and to clear a sector before a durable header says that nothing in it counts. JOURNAL.md
"""

from fieldagent import record
from fieldwire.errors import StorageError
from fieldwire.port import const

_PAGE_BYTES = const(2048)
_AHEAD = const(4)  # sectors ready for the next records: a hundred of them without an erase in between

DAMAGED = 0


class Log:
    """`store`: a Ring or SectorFiles. `describe(sector, end, tail)` -> a header that tells where the streams stand."""

    def __init__(self, store, describe):
        self.store = store
        self._describe = describe
        self.sector_bytes = store.sector_bytes
        self.align = store.align
        self.data = bytearray(store.sector_bytes)  # the sector that was read last
        self._loaded = None
        self._ends = bytearray(2 * store.count)  # where each older sector ends, by number modulo count
        self._page = bytearray(
            b"\xff" * (_PAGE_BYTES + store.unit)
        )  # what is not committed, as it is programmed
        self._waiting = 0  # how many records stand in the page
        self._is_dirty = False
        self._base = 0  # offset in the head sector of the page's begin
        self.at = store.sector_bytes  # where the next record goes
        self.head = store.count - 1  # the newest sector,
        self.end = store.sector_bytes  # and where it ends
        self.tail = store.count  # nothing before this sector counts,
        self._tail_in_head = store.count
        self._told_tail = store.count  # and nothing before this one, as flash knows
        self._cleared = 0  # the places of all sectors before this one are ready
        self._bad = set()  # sectors whose place cannot be cleared
        self.torn = (
            None  # (sector, offset) of what a cut left at the log's end, where it may be programmed again
        )
        self.bytes_written = 0
        self.read_errors = 0

    def tell_end(self, sector, end):
        """What stands in a sector behind its end was torn, even if it should look sound."""
        at = sector % self.store.count * 2
        self._ends[at : at + 2] = end.to_bytes(2, "big")

    def _end_of(self, sector):
        if sector == self.head:
            return self.end
        at = sector % self.store.count * 2
        return int.from_bytes(self._ends[at : at + 2], "big") or self.sector_bytes

    def resume(self, at):
        """Goes on in the head sector."""
        self.at = self.end = at
        self._base = at - at % self.store.unit

    def program_again(self, begin, end):
        """A bit of the head sector that hung between 0 and 1 is firm once it is programmed again."""
        self.load(self.head)
        self._base = begin - begin % self.store.unit
        self._page[begin - self._base : end - self._base] = self.data[begin:end]
        self.at, self._is_dirty = end, True
        self.commit()
        self.at = self.sector_bytes
        self._loaded = self.head  # it holds what was read

    def resume_behind(self, tail, cleared):
        """What a start has found: nothing before `tail` counts, and all places before that of `cleared` are ready."""
        self.tail = self._tail_in_head = self._told_tail = tail
        self._cleared = cleared

    def is_open(self):
        """True when the head sector takes more records."""
        return self.at < self.store.sector_bytes

    # Reading

    def load(self, sector):
        if self._loaded != sector:
            self._loaded = None
            try:
                self.store.read(sector, self.data)
            except StorageError:
                self.read_errors += 1
                raise
            self._loaded = sector

    def records(self, sector, at=None):
        """(offset, kind, stream, length) of the records of a sector from `at` on.

        A stretch that is not sound comes as (offset, DAMAGED, its size, its first byte).
        """
        self.load(sector)
        if at is None:
            at = self.first(sector)
        damaged = None  # where a damaged stretch began
        end = self._end_of(sector)
        while at < self.sector_bytes:
            self.load(sector)
            length = record.length_at(self.data, sector, at) if at < end else -1
            is_over = length < 0 and self.data[at] == record.BLANK and self._is_blank(at)
            if damaged is not None and (length >= 0 or is_over):
                yield damaged, DAMAGED, at - damaged, self.data[damaged]
                self.load(sector)
                damaged = None
            if is_over:
                return
            if length >= 0:
                kind, stream = self.data[at] >> 4, self.data[at] & 15
                yield at, kind, stream, length
                at = self.after(at, kind, stream, length)
            else:
                damaged = at if damaged is None else damaged
                at += self.store.align
        if damaged is not None:
            yield damaged, DAMAGED, at - damaged, self.data[damaged]

    def first(self, sector):
        """Where the records of the sector read last begin, also behind a header that cannot be read."""
        end = record.header_end(self.data, self.store.header_at)
        if end is not None:
            return self.aligned(end)
        least = self.aligned(self.store.header_at + record.HEADER_BYTES + 4)
        for at in range(least, least + 4 * (record.STREAM_BYTES + 32) + 1, self.align):
            if record.length_at(self.data, sector, at) >= 0:
                return at
        return self.sector_bytes

    def _is_blank(self, at):
        return record.is_blank(self.data, at, len(self.data))

    def payload(self, sector, offset):
        """(kind, stream, payload) of a sound record; the payload is a view that the next read may overwrite."""
        self.load(sector)
        length = record.length_at(self.data, sector, offset)
        if length < 0:
            self.read_errors += 1
            raise StorageError("the record at %d of sector %d of the journal is damaged" % (offset, sector))
        begin = offset + record.HEAD_BYTES
        first = self.data[offset]
        return first >> 4, first & 15, memoryview(self.data)[begin : begin + length]

    def is_marked(self, offset, length):
        """True when the record of the sector read last bears a mark: most bits of its mark are zeros."""
        at = self.aligned(offset + record.HEAD_BYTES + length)
        bits = int.from_bytes(self.data[at : at + 4], "big")
        return self.store.mark_bytes > 0 and bin(bits).count("1") < 16

    # Writing

    def append(self, kind, stream, payload):
        """(sector, offset) of the record; durable at the next commit, which may be now."""
        size = self.after(0, kind, stream, len(payload))
        if self.at + size > self.store.sector_bytes:
            self.begin()
        self._reserve(size)
        place = (self.head, self.at)
        record.put(self._page, self.at - self._base, self.head, self.at, kind, stream, payload)
        self._put(size)
        self._waiting += 1
        if self._waiting > self.store.waiting_max:
            self.commit()
        return place

    def begin(self):
        """Begins the next sector with a header. Never erases."""
        self.commit()
        number = self._next()
        if not self.is_ready():
            raise StorageError(
                "the journal has no erased sector ready; let it work while idle, or free segments"
            )
        store = self.store
        self.tell_end(self.head, self.end)
        header = store.begins_with + self._describe(number, self.end, self.tail)
        self.head, self._tail_in_head = number, self.tail
        self.at = store.header_at - len(store.begins_with)
        self._base = self.at - self.at % store.unit
        begin = self.at - self._base
        self._page[begin : begin + len(header)] = header
        self._put(self.aligned(len(header)))
        if (
            store.tears
        ):  # by itself: a record in a sector without a sound header was committed, and tells of rot
            self.commit()

    def _reserve(self, size):
        if self.at - self._base + size > len(self._page):
            self.commit()

    def _put(self, size):
        self.at += size
        self._is_dirty = True
        self.bytes_written += size

    def commit(self):
        """All that was appended is durable; after a StorageError nothing of it may be counted on."""
        if not self._is_dirty:
            return
        store = self.store
        end = self.at - self._base + store.unit - 1
        end -= end % store.unit
        self._waiting, self._is_dirty = 0, False
        if self._loaded == self.head:
            self._loaded = None
        try:
            store.program(self.head, self._base, memoryview(self._page)[:end])
        except StorageError:
            self.at = store.sector_bytes  # nothing more is appended to what may be torn
            raise
        finally:
            record.make_blank(self._page, 0, end)
            self._base = self.at - self.at % store.unit
        self._told_tail = self._tail_in_head
        self.end = self.at

    def close(self):
        """The last word of a boot, where there is room for it in a sector that was begun."""
        if self.at + self.after(0, record.CLOSED, 0, 0) <= self.store.sector_bytes:
            self.append(record.CLOSED, 0, b"")
            self.commit()

    def mark(self, sector, offset):
        """Marks the record there for good, in place."""
        self.commit()
        store = self.store
        at = self.aligned(offset + record.HEAD_BYTES + len(self.payload(sector, offset)[2]))
        base = at - at % store.unit
        self._page[at - base : at - base + 4] = bytes(4)
        try:
            store.program(
                sector, base, memoryview(self._page)[: store.unit * (1 + (at + 3 - base) // store.unit)]
            )
        finally:
            self._page[at - base : at - base + 4] = b"\xff" * 4
        self._loaded = None
        self.bytes_written += 4

    # Sectors to come

    def _next(self):
        number = self.head + 1
        while number in self._bad:
            number += 1
        return number

    def is_ready(self):
        """The next place is cleared; and once its header has told the tail, the place behind it may be cleared too."""
        number = self._next()
        return number - self.store.count < self._cleared and self.tail >= number + 2 - self.store.count

    def room(self):
        """Sectors that can be begun before the tail is met."""
        return self.tail + self.store.count - 2 - self.head

    def fits(self, size):
        """True when so many bytes of records go into the head sector."""
        return self.at + size <= self.sector_bytes

    def takes(self, size):
        """True when so many bytes of records go into the head sector, or into new ones with one to spare."""
        if self.fits(size):
            return True
        return size // (self.sector_bytes // 2) + 2 <= self._told_tail + self.store.count - 2 - self.head

    def clear_one(self):
        """Clears the oldest sector that no longer counts, if few are ready; True when there was one to clear."""
        store = self.store
        if self._cleared >= self._told_tail or self._cleared + store.count - 1 - self.head >= _AHEAD:
            return False
        self._loaded = None
        try:
            store.clear(self._cleared, self.data)
        except StorageError:
            self._bad.add(self._cleared + store.count)
        self._cleared += 1
        return True

    def take_back(self):
        """Clears the head when nothing in it counts, as cuts in moving a segment leave it; True when it did."""
        self.commit()
        if self.is_open() or self.head <= self.tail:
            return False
        for _, kind, _, length in self.records(self.head):
            known = record.kind_of(length)[0] if kind == DAMAGED and record.kind_of(length) else kind
            if known not in (record.LEAF_COPY, record.RESUMED) and (kind, known) != (
                DAMAGED,
                record.SEAL_COPY,
            ):
                return False
        self._loaded = None
        self.store.clear(self.head, self.data)
        self.end = self._end_of(self.head - 1)  # as the header that is gone has told it
        self.head -= 1
        return True

    # Places within a sector

    def aligned(self, at):
        return at + (-at) % self.store.align

    def after(self, at, kind, stream, length):
        """Where the next record begins; a seal is followed by its mark."""
        end = self.aligned(at + record.HEAD_BYTES + length)
        return self.aligned(end + self.store.mark_bytes) if kind in record.SEALS else end
