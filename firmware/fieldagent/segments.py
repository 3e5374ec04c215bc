"""The sealed segments that lie in the log: which they are, and where the seal of each is, most urgent first.

Decides which record speaks for a segment: the newest seal of its key. Keeps its place in RAM, two small integers, and
reads the rest when asked. Refuses to guess what a damaged seal said: its number is missing, and is reported.
"""

from fieldagent import record
from fieldagent.segment_keys import SegmentKeys
from fieldwire.errors import StorageError
from fieldwire.port import const

_SECTORS = const(0x3FFF)  # sector numbers modulo 2^14 and offsets of 16 bits fit a small integer
_DAMAGED_MAX = const(16)


class Segments:
    """A key is (incarnation, stream, segment).

    `damaged`: keys of sealed segments whose seals can no longer be read, a few at most; they may have been freed.
    """

    def __init__(self, log):
        self._log = log
        self._keys = [SegmentKeys() for _ in range(4)]  # by stream; older incarnations first, then ascending
        self._places = [[], [], [], []]  # in the same order: of seals,
        self._firsts = [[], [], [], []]  # and of first leaves
        self.count = 0
        self.bytes = 0
        self.leaves = 0
        self.damaged = []

    def miss(self, incarnation, stream, first, end):
        """The seals of segments `first` to `end` - 1 cannot be read."""
        for segment in range(first, min(end, first + _DAMAGED_MAX - len(self.damaged))):
            self.damaged.append((incarnation, stream, segment))

    def _pack(self, place):
        return (place[0] & _SECTORS) << 16 | place[1]

    def _unpack(self, packed):
        head = self._log.head
        return head - ((head - (packed >> 16)) & _SECTORS), packed & 0xFFFF

    def seal_at(self, place):
        """The SealRecord there; its seal bytes are a view until the next read. StorageError where it is damaged."""
        return record.SealRecord.decode(self._log.payload(*place)[2])

    def seal_or_none(self, place):
        try:
            return self.seal_at(place)
        except StorageError:
            return None

    # Asked for by key

    def held(self, streams):
        """Each key, those of the first of `streams` first. Nothing may be added or removed meanwhile."""
        for stream in streams:
            for incarnation, segment in self._keys[stream]:
                yield incarnation, stream, segment

    def next_from(self, incarnation, stream, segment):
        """The least number of a stream's segments from `segment` on, or None."""
        return self._keys[stream].next_from(incarnation, segment)

    def _index(self, key):
        return self._keys[key[1]].index(key[0], key[2])

    def holds(self, key):
        return self._index(key) >= 0

    def place(self, key):
        """Where the seal of a segment is, or None."""
        index = self._index(key)
        return None if index < 0 else self._unpack(self._places[key[1]][index])

    # Entered and forgotten

    def add(self, stream, seal, place):
        """A segment newer than all of its stream."""
        self._put(len(self._places[stream]), stream, seal, place)

    def put(self, stream, seal, place):
        """As `add`, for a segment that may not be the newest."""
        self._put(self._keys[stream].index_for(seal.incarnation, seal.segment), stream, seal, place)

    def _put(self, index, stream, seal, place):
        self._keys[stream].insert(index, seal.incarnation, seal.segment)
        self._places[stream].insert(index, self._pack(place))
        self._firsts[stream].insert(index, self._pack(seal.first))
        self.count += 1
        self.bytes += seal.flash_bytes(self._log.align)
        self.leaves += seal.count

    def move(self, stream, old, new, first):
        """The segment sealed at `old` is now sealed at `new`, and its leaves begin at `first`."""
        index = self._places[stream].index(self._pack(old))
        self._places[stream][index] = self._pack(new)
        self._firsts[stream][index] = self._pack(first)

    def lose(self, stream, place):
        """The segment sealed at `place` cannot be read."""
        incarnation, segment = self._keys[stream].at(self._places[stream].index(self._pack(place)))
        self.remove((incarnation, stream, segment))
        self.miss(incarnation, stream, segment, segment + 1)

    def remove(self, key):
        """Forgets a segment, or that its seal is missing; True when either was known."""
        if key in self.damaged:
            self.damaged.remove(key)
            return True
        place = self.place(key)
        if place is None:
            return False
        self.drop(key, self.seal_or_none(place))
        return True

    def drop(self, key, seal):
        """Forgets a segment that is held. Without its seal, None, it weighs what one does in the mean."""
        index, stream = self._index(key), key[1]
        size = self.bytes // self.count if seal is None else seal.flash_bytes(self._log.align)
        leaves = self.leaves // self.count if seal is None else seal.count
        self.count -= 1
        self.bytes = max(0, self.bytes - size) if self.count else 0
        self.leaves = max(0, self.leaves - leaves) if self.count else 0
        self._keys[stream].pop(index)
        self._places[stream].pop(index)
        self._firsts[stream].pop(index)

    def oldest(self):
        """(sector, stream, place of the seal) of the segment that begins in the oldest sector, or None."""
        head, most = self._log.head, self._log.head - self._log.tail
        found, age_max = None, -1
        for stream, firsts in enumerate(self._firsts):
            for index, packed in enumerate(firsts):
                age = (head - (packed >> 16)) & _SECTORS
                if age > age_max:
                    found, age_max = (stream, index), age
                    if age >= most:
                        break
        if found is None:
            return None
        return head - age_max, found[0], self._unpack(self._places[found[0]][found[1]])
