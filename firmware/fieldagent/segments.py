"""The sealed segments that lie in the log: where the seal of each is, most urgent first.

Decides which record speaks for a segment: the newest seal of its key. Keeps one small integer a segment in RAM and
reads the rest when asked. Refuses to guess what a damaged seal said: its number is missing, and is reported.
"""

from fieldagent import record
from fieldwire.errors import StorageError
from fieldwire.port import const

_SECTORS = const(0x3FFF)  # sector numbers modulo 2^14 and offsets of 16 bits fit a small integer
_DAMAGED_MAX = const(16)


class Segments:
    """`log`: a record_log.Log; `incarnation` and `heads`: where its streams stand now.

    `damaged`: keys of sealed segments whose seals can no longer be read, a few at most; they may have been freed before.
    """

    def __init__(self, log, incarnation, heads):
        self._log = log
        self._places = [[], [], [], []]  # stream -> places of seals; older incarnations first, then ascending
        self._firsts = [[], [], [], []]  # stream -> places of their first leaves
        self.count = 0
        self.bytes = 0
        self.damaged = []
        newest = {}  # (incarnation, stream) -> newest segment seen
        for sector in range(log.tail, log.head + 1):
            try:
                self._look_through(sector, newest)
            except StorageError:
                continue  # counted by the log; what its seals said shows as missing numbers
        self._compare(incarnation, heads, newest)

    def _compare(self, incarnation, heads, newest):
        """What a header says was sealed before it, and was not seen, is missing."""
        is_whole = bool(newest) or self._log.is_first(self._log.tail)
        for stream, head in enumerate(heads):
            place = (incarnation, stream)
            last = newest.get(place, -1 if is_whole else head.segment - 1)
            self._miss(incarnation, stream, last + 1, head.segment)
            newest[place] = max(last, head.segment - 1)

    def _look_through(self, sector, newest):
        log = self._log
        header = log.header(sector)
        if header is not None:
            self._compare(header.incarnation, header.heads, newest)
        for offset, kind, stream, length in log.records(sector):
            if kind in record.SEALS:
                seal = record.SealRecord.decode(log.payload(sector, offset)[2])
                freed = log.is_marked(offset, length) or seal.first[0] < log.tail
                last = newest.get((seal.incarnation, stream), -1)
                if kind == record.SEAL_COPY or seal.segment <= last:
                    self._replace(stream, seal, (sector, offset), freed)
                    continue
                if last >= 0:
                    self._miss(seal.incarnation, stream, last + 1, seal.segment)
                newest[(seal.incarnation, stream)] = seal.segment
                if not freed:
                    self.add(stream, seal, (sector, offset))
            elif kind == record.FREED:
                key = record.Key.decode(log.payload(sector, offset)[2])
                self.remove((key.incarnation, stream, key.segment))

    def _miss(self, incarnation, stream, first, end):
        for segment in range(first, min(end, first + _DAMAGED_MAX - len(self.damaged))):
            self.damaged.append((incarnation, stream, segment))

    def _replace(self, stream, seal, place, freed):
        """A newer record for a segment that was seen before, or whose first record is gone."""
        key = (seal.incarnation, stream, seal.segment)
        self.remove(key)
        if not freed:
            places = self._places[stream]
            index = self._index_for(places, seal)
            places.insert(index, self._pack(place))
            self._firsts[stream].insert(index, self._pack(seal.first))
            self._count(seal, 1)

    def _index_for(self, places, seal):
        """Before the first newer segment of its incarnation, or behind its last; before all where there is none."""
        index = 0
        for at, packed in enumerate(places):
            other = self._seal_or_none(packed)
            if other is not None and other.incarnation == seal.incarnation:
                if other.segment > seal.segment:
                    return at
                index = at + 1
        return index

    def _count(self, seal, change):
        self.count += change
        self.bytes += change * seal.flash_bytes(self._log.align)

    def _pack(self, place):
        return (place[0] & _SECTORS) << 16 | place[1]

    def _unpack(self, packed):
        head = self._log.head
        return head - ((head - (packed >> 16)) & _SECTORS), packed & 0xFFFF

    def _seal_or_none(self, packed):
        try:
            return self.seal_at(self._unpack(packed))
        except StorageError:
            return None

    def seal_at(self, place):
        """The SealRecord there; its seal bytes are a view until the next read. StorageError where it is damaged."""
        return record.SealRecord.decode(self._log.payload(*place)[2])

    def add(self, stream, seal, place):
        """A segment newer than all of its stream."""
        self._places[stream].append(self._pack(place))
        self._firsts[stream].append(self._pack(seal.first))
        self._count(seal, 1)

    def move(self, stream, old, new, first):
        """The segment sealed at `old` is now sealed at `new`, and its leaves begin at `first`."""
        index = self._places[stream].index(self._pack(old))
        self._places[stream][index] = self._pack(new)
        self._firsts[stream][index] = self._pack(first)

    def lose(self, stream, place, seal):
        """The leaves of the segment sealed at `place` cannot be read."""
        self._drop(stream, place, seal)
        self._miss(seal.incarnation, stream, seal.segment, seal.segment + 1)

    def _drop(self, stream, place, seal):
        index = self._places[stream].index(self._pack(place))
        self._places[stream].pop(index)
        self._firsts[stream].pop(index)
        self._count(seal, -1)

    def oldest(self):
        """(sector, stream, place of the seal) of the segment that begins in the oldest sector, or None."""
        found = None
        for stream, firsts in enumerate(self._firsts):
            for index, packed in enumerate(firsts):
                sector = self._unpack(packed)[0]
                if found is None or sector < found[0]:
                    found = (sector, stream, self._unpack(self._places[stream][index]))
        return found

    def find(self, key):
        """(place, SealRecord) of (incarnation, stream, segment), or None."""
        for stream, place, seal in self.all((key[1],)):
            if seal.segment == key[2] and seal.incarnation == key[0]:
                return place, seal
        return None

    def remove(self, key):
        """Forgets a segment, or that its seal is missing; True when either was known."""
        if key in self.damaged:
            self.damaged.remove(key)
            return True
        found = self.find(key)
        if found is None:
            return False
        self._drop(key[1], found[0], found[1])
        return True

    def all(self, streams=(0, 1, 2, 3)):
        """(stream, place, SealRecord) of each that can be read, the most urgent first."""
        for stream in streams:
            for packed in list(self._places[stream]):
                seal = self._seal_or_none(packed)
                if seal is not None:
                    yield stream, self._unpack(packed), seal
