"""The device's log: four streams of leaves in one record log, sealed into segments, kept until custody frees them.

Decides what a position is, what a seal covers, and what gives way when the flash is full. Refuses to reuse a position,
to free without being told, and to erase while a reading waits. Why no cut loses or forges a record: JOURNAL.md. SPEC 6
"""

from fieldagent import record
from fieldagent.borrowed import Borrowed
from fieldagent.record_log import Log
from fieldagent.run import Run
from fieldagent.segment_reader import SegmentReader
from fieldagent.segments import Segments
from fieldwire import limits, seal_writer
from fieldwire.errors import StorageError

_ROOM_FOR_SEALS = (
    3  # sectors that no leaf may take: a boot and its seals need some before anything can be freed
)
_STEPS_MAX = 64  # for one reading: where what is held fills the flash, moving it about gains nothing
_OVERHEAD_BYTES = 512  # seal and array heads beside the leaves of a segment


class Journal:
    """`store`: a Ring or SectorFiles; `new_incarnation() -> 8 random bytes`, called when the last seq is not provable.

    `recover` comes before the first append. StorageError where the store holds what this program cannot read.
    """

    def __init__(self, store, new_incarnation):
        self._store = store
        self._log = Log(store, self._begin_with)
        self._reader = SegmentReader(self._log)
        self._segments = None  # looked up when first asked for: that reads every record
        self._open = [None] * 4  # the Run of each stream
        self._broken = [False] * 4  # an append failed: only what flash gives back is sure
        self.is_recovered = False  # leaves of an older boot may lie under no seal
        self._is_reserved = False
        self._is_stuck = False  # nothing can be appended before something is freed
        self._at_rest = None  # what the log looked like when there was nothing to do
        self._reserve = store.count // 8 + 3  # sectors kept free to move segments in
        self.payload_bytes = 0
        self.late_steps = 0  # erases and moves that a reading had to wait for
        with Borrowed():
            from fieldagent.mount import mount

            found = mount(self._log)
        if found is None:  # leaves that an unproven log holds under no seal stay there
            found = (new_incarnation(), [record.Head() for _ in range(4)])
        self.incarnation, self._heads = found

    def _begin_with(self, sector, end, tail):
        self._is_reserved = True
        return record.begin(sector, end, tail, self.incarnation, self._heads)

    def recover(self, signer):
        """Seals what an older boot left open, flagged; returns the number of leaves recovered. SPEC 6.2

        StorageError where flash has no room for a seal, or does not take it: what is sealed is offered and freed all
        the same, nothing is appended, and it may be tried again once something was freed.
        """
        recovered = sum([self._seal_from_flash(stream, signer, seal_writer.RECOVERED) for stream in range(4)])
        self.is_recovered = True
        return recovered

    def renew(self, incarnation):
        """Begins a new incarnation, as a device does whose key is new. Nothing may be open or unsealed."""
        before = (self.incarnation, self._heads)
        self._make_ready()
        self.incarnation, self._heads = incarnation, [record.Head() for _ in range(4)]
        try:
            self._log.begin()
            self.commit()
        except StorageError:
            self.incarnation, self._heads = before
            raise

    def _seal_from_flash(self, stream, signer, flags):
        """Seals the stream's leaves as flash gives them back; returns how many."""
        head = self._heads[stream]
        if head.first is None:
            return 0
        count = 0
        with Borrowed():
            from fieldagent.older_runs import runs

            for run, rest in runs(self._log, self.incarnation, stream, head.first, flags):
                self._seal_run(stream, run, rest, signer)
                count += run.count
        head.first = None
        return count

    # Writing

    def next_seq(self, stream):
        """The position to use next. What should have been done while idle is done now, so that append need not wait."""
        if not self.is_recovered:
            raise StorageError("the journal could not seal what an older boot left open; free segments")
        self._make_room()
        self._check_room()
        if not self._is_reserved:
            self._reserve_seqs()
        return self._heads[stream].seq

    def lowest_seq(self, stream):
        """No seq below this one is used any more."""
        return self._heads[stream].seq

    def _reserve_seqs(self):
        """Before a boot uses its first seq, flash says that none below it is used again."""
        if self._log.is_open():
            self._log.append(record.RESUMED, 0, record.encode_seqs(self._heads))
        else:
            self._log.begin()
        self.commit()
        self._is_reserved = True

    def append(self, stream, leaf, author, now_ms):
        """Puts `leaf`, an observation at next_seq(stream), into the log; durable at the next commit. Never erases.

        `author` = (boot, credential id, boot attestation id) as the leaf names them.
        """
        if not self.is_recovered or self._broken[stream]:
            raise ValueError("stream %d: recover first, and seal a broken segment before appending" % stream)
        head = self._heads[stream]
        seq = head.seq
        head.seq += 1  # used up even when the append fails: its bytes may stand in flash
        try:
            place = self._log.append(record.LEAF, stream, leaf)
        except StorageError:
            self._broken[stream] = True
            self._break_open()
            raise
        head.first = head.first or place
        if self._open[stream] is None:
            self._open[stream] = Run(author, seq, place, now_ms)
        self._open[stream].add(leaf)
        self.payload_bytes += len(leaf)
        return seq

    def commit(self):
        """All that was appended is durable on return."""
        try:
            self._log.commit()
        except StorageError:
            self._break_open()
            raise

    def _break_open(self):
        for stream in range(4):
            self._broken[stream] = self._broken[stream] or self._open[stream] is not None

    def close(self):
        """The power may go: a boot that finds this as the last word goes on in the same sector."""
        self.commit()
        self._log.close()

    def room_for(self, stream, size):
        """False when what the stream holds open must be sealed before a leaf of `size` bytes."""
        run = self._open[stream]
        if run is None or self._broken[stream]:
            return not self._broken[stream]
        most = max(2048, min(limits.SEGMENT_MAX, self._store.count * self._store.sector_bytes // 32))
        return run.count < limits.SEGMENT_LEAVES_MAX and run.leaf_bytes + size + _OVERHEAD_BYTES <= most

    def waiting(self, stream):
        """(leaves under no seal, ms of the first), (0, None) when there is none."""
        run = self._open[stream]
        return (0, None) if run is None else (run.count, run.opened_ms)

    def is_pressed(self, stream):
        """True when leaves under no seal keep the oldest sectors from being used again: seal them."""
        first = self._heads[stream].first
        return first is not None and self._log.head - first[0] >= self._store.count // 2

    def seal(self, stream, signer):
        """Seals what the stream holds open; returns its key, or None where nothing waits. Durable on return."""
        segment = self._heads[stream].segment
        if self._broken[stream]:
            self._seal_from_flash(stream, signer, 0)
        elif self._open[stream] is not None:
            self._broken[stream] = True  # whatever fails from here, no leaf is appended to it any more
            self._seal_run(stream, self._open[stream], None, signer)
        self._open[stream] = None
        self._broken[stream] = False
        last = self._heads[stream].segment
        return (self.incarnation, stream, last - 1) if last > segment else None

    def _seal_run(self, stream, run, rest, signer):
        head = self._heads[stream]
        place = (self.incarnation, stream, head.segment, run.seq, run.count)
        fields = list(place + run.author) + [head.previous, run.flags]
        sealed, seal_hash = seal_writer.signed(fields, run.tree.root(), signer)
        row = record.SealRecord(
            self.incarnation, head.segment, run.first, rest, run.leaf_bytes, run.count, seal_hash, sealed
        )
        kind = record.SEAL_RECOVERED if run.flags else record.SEAL
        at = self._append_ready(kind, stream, row.encode())
        self.commit()
        head.segment, head.previous, head.first = head.segment + 1, seal_hash, rest
        if self._segments is not None:
            self._segments.add(stream, row, at)

    def _append_ready(self, kind, stream, payload):
        if self._log.torn is not None:
            with Borrowed():
                from fieldagent.mount import resume_torn

                resume_torn(self._log, kind, stream, payload)
        if not self._log.fits(
            record.HEAD_BYTES + len(payload) + self._store.mark_bytes + 2 * self._store.align
        ):
            self._make_room()
        return self._log.append(kind, stream, payload)

    # Reading

    def _held(self):
        if self._segments is None:
            self.commit()
            with Borrowed():
                from fieldagent.segment_scan import look_through

                self._segments = Segments(self._log)
                look_through(self._log, self._segments, self.incarnation, self._heads)
        return self._segments

    @property
    def segments_held(self):
        return self._held().count

    @property
    def damaged(self):
        """Keys of sealed segments whose seals flash no longer gives back: a gap record is to name them. SPEC 6.5"""
        return self._held().damaged

    # A key is (incarnation, stream, segment). Which are held is known without a look at the flash.

    def holds(self, key):
        return self._held().holds(key)

    def held(self, streams=(0, 1, 2, 3)):
        """Each segment held: those of the first of `streams` first, older incarnations before this one.

        Nothing may be sealed, freed or dropped while it goes on.
        """
        return self._held().held(streams)

    def next_held(self, incarnation, stream, segment):
        """The least number of the segments held from `segment` on, or None."""
        return self._held().next_from(incarnation, stream, segment)

    def _seal_of(self, key):
        """Its SealRecord; ValueError where it is not held, StorageError where it is damaged."""
        return self._segments.seal_at(self._place_of(key))

    def _place_of(self, key):
        place = self._held().place(key)
        if place is None:
            raise ValueError("segment %r is not held" % (key,))
        return place

    def length(self, key):
        """Bytes of a sealed segment as it travels."""
        return self._seal_of(key).length()

    def read(self, key, offset, size):
        """Up to `size` bytes of a sealed segment as it travels (SPEC 6.4), from `offset`."""
        return self._reader.read(key[1], self._place_of(key), offset, size)

    def seal_hash(self, key):
        """The seal hash of a sealed segment, None where it is not held."""
        return self._seal_of(key).seal_hash if self.holds(key) else None

    def leaves_held(self):
        """How many observations lie sealed in the log."""
        return self._held().leaves

    def heads(self):
        """[[incarnation, stream, segment, seal hash] ...] of each stream's last seal."""
        return [
            [self.incarnation, stream, head.segment - 1, head.previous]
            for stream, head in enumerate(self._heads)
            if head.previous is not None
        ]

    def boots_held(self):
        """The boots that what is held is of, sealed or left under no seal, as a set; None where one cannot tell."""
        with Borrowed():
            from fieldagent.older_runs import boots_of

            return None if self.damaged else boots_of(self._log, self._held(), self.incarnation, self._heads)

    # Freeing, dropping

    def free(self, key):
        """Forgets one sealed segment; returns its number of leaves, 0 when it was not held."""
        segments = self._held()
        place = segments.place(key)
        if place is None and key not in segments.damaged:
            return 0
        self._is_stuck = False  # who appends next finds out
        seal = None if place is None else segments.seal_or_none(place)
        if seal is not None and self._store.mark_bytes:
            self._log.mark(*place)
        else:
            self._record_freed(key)
        if place is None:
            segments.remove(key)
        else:
            segments.drop(key, seal)
        return 0 if seal is None else seal.count

    def _record_freed(self, key):
        """Where there is no room for that, the segment is offered once more after a boot."""
        payload = record.Key(key[0], key[2]).encode()
        while (
            not self._log.fits(record.HEAD_BYTES + len(payload) + self._store.align)
            and not self._log.is_ready()
        ):
            if not self._log.clear_one():
                return
        self._log.append(record.FREED, key[1], payload)

    def oldest_of_lowest(self, size):
        """Keys to drop first, of at least `size` bytes together: the least urgent stream, its oldest segments."""
        chosen = []
        for key in self.held((3, 2, 1, 0)):
            if size <= 0:
                break
            chosen.append(key)
            seal = self._segments.seal_or_none(self._place_of(key))
            size -= 0 if seal is None else seal.flash_bytes(self._store.align)
        return chosen

    # Space

    @property
    def capacity(self):
        """How many `bytes` it can keep: sectors are used to seven eighths, and some stay free to move segments in."""
        sectors = self._store.count - self._reserve - 2
        return sectors * (self._store.sector_bytes // 8 * 7)

    @property
    def bytes(self):
        """Flash that what counts takes; while few sectors are used, all of them."""
        log = self._log
        if self._is_stuck:
            return self.capacity
        used = log.head + 1 - log.tail
        if self._segments is None and used <= self._store.count // 2:
            return used * self._store.sector_bytes
        return self._held().bytes + sum([run.leaf_bytes for run in self._open if run is not None])

    @property
    def bytes_written(self):
        """Bytes that the log has programmed since the start, without padding."""
        return self._log.bytes_written

    @property
    def read_errors(self):
        return self._log.read_errors

    def idle(self):
        """One step of what must be done before the next sectors are needed; True while there may be more."""
        return self._log.clear_one() or self._go_on_releasing()

    def _go_on_releasing(self):
        """Looks once for each sector begun, and for each segment freed."""
        if self._segments is None and self._log.room() > self._store.count // 2:
            return False
        state = (self._log.head, self._held().count)
        if state == self._at_rest:
            return False
        if self._release():
            return True
        self._at_rest = state
        return False

    def _make_ready(self):
        """The next sector can be begun, whatever that takes: at worst a head in which nothing counts is taken back."""
        log = self._log
        began = self.late_steps
        while not log.is_ready():
            is_moving = self.late_steps - began < _STEPS_MAX
            self._is_stuck = not (log.clear_one() or (is_moving and self._release()) or log.take_back())
            if self._is_stuck:
                raise StorageError(
                    "the journal is full and has no sector left to move in; free or drop segments"
                )
            self.late_steps += 1

    def _make_room(self):
        """The next sector can be begun; and where moving segments helps, more than are kept free to move them in."""
        log = self._log
        self._make_ready()
        began = self.late_steps
        while log.room() <= self._reserve and self.late_steps - began < _STEPS_MAX:
            if not log.clear_one() and not self._release():
                break
            self.late_steps += 1

    def _check_room(self):
        """StorageError where no leaf may be appended."""
        log = self._log
        self._is_stuck = log.room() < _ROOM_FOR_SEALS
        if self._is_stuck or (log.room() <= self._reserve and self.bytes > self.capacity):
            raise StorageError(
                "the journal is full: %d of %d bytes are held; free or drop segments"
                % (self.bytes, self.capacity)
            )

    def _release(self):
        """Moves the tail up to the oldest sector that counts; or, when room is short, what counts there forward."""
        log = self._log
        oldest, stream, place = self._oldest()
        if oldest > log.tail:
            log.tail = oldest
            return True
        if place is None or log.room() > self._reserve:
            return False
        try:
            with Borrowed():
                from fieldagent.moving import move

                return move(log, self._segments, stream, place)
        except StorageError:  # what was written of it counts for nothing; it stays where it is
            return False

    def _oldest(self):
        """(oldest sector that counts, stream and place of the seal that needs it, or None, None)."""
        oldest = (self._log.head, None, None)
        for head in self._heads:
            if head.first is not None and head.first[0] < oldest[0]:
                oldest = (head.first[0], None, None)
        found = self._held().oldest()
        return found if found is not None and found[0] < oldest[0] else oldest
