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
    """`damaged`: keys of sealed segments whose seals can no longer be read, a few at most; they may have been freed."""

    def __init__(self, log):
        self._log = log
        self._places = [[], [], [], []]  # stream -> places of seals; older incarnations first, then ascending
        self._firsts = [[], [], [], []]  # stream -> places of their first leaves
        self.count = 0
        self.bytes = 0
        self.damaged = []

    def _count(self, seal, change):
        self.count += change
        self.bytes += change * seal.flash_bytes(self._log.align)

    def miss(self, incarnation, stream, first, end):
        """The seals of segments `first` to `end` - 1 cannot be read."""
        for segment in range(first, min(end, first + _DAMAGED_MAX - len(self.damaged))):
            self.damaged.append((incarnation, stream, segment))

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

    def put(self, index, stream, seal, place):
        """As `add`, for a segment that is not the newest."""
        self._places[stream].insert(index, self._pack(place))
        self._firsts[stream].insert(index, self._pack(seal.first))
        self._count(seal, 1)

    def move(self, stream, old, new, first):
        """The segment sealed at `old` is now sealed at `new`, and its leaves begin at `first`."""
        index = self._places[stream].index(self._pack(old))
        self._places[stream][index] = self._pack(new)
        self._firsts[stream][index] = self._pack(first)

    def lose(self, stream, place, seal):
        """The leaves of the segment sealed at `place` cannot be read."""
        self._drop(stream, place, seal)
        self.miss(seal.incarnation, stream, seal.segment, seal.segment + 1)

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
        for _, place, seal in self.all((key[1],)):
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
