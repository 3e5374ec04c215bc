"""Looks through the whole log for sealed segments that are not freed; used once, then let go of.

Decides which record speaks for a segment, the newest seal of its key, and which seals are missing: a header says how
many there were before it. Refuses to guess which of the missing ones had been freed.
"""

from fieldagent import record, sector_header
from fieldagent.record_log import DAMAGED
from fieldagent.segment_reader import meant
from fieldwire.errors import StorageError
from fieldwire.port import const

_KEY_END = const(19)  # of a seal's record: head, incarnation, segment


def look_through(log, segments, incarnation, heads):
    """Enters what the log holds into `segments`; `incarnation` and `heads`: where its streams stand now."""
    scan = _Scan(log, segments)
    for sector in range(log.tail, log.head + 1):
        try:
            scan.sector(sector)
        except StorageError:
            continue  # counted by the log; what its seals said shows as missing numbers
    scan.compare(incarnation, heads)
    scan.miss_moved()


class _Scan:
    def __init__(self, log, segments):
        self._log = log
        self._segments = segments
        self._newest = {}  # (incarnation, stream) -> newest segment seen
        self._moved = []  # keys of segments that may have been moved, and whose new seals are damaged

    def sector(self, sector):
        log = self._log
        log.load(sector)
        header = sector_header.decode(log.data, log.store.header_at)
        if header is not None and header.sector == sector:
            self.compare(header.incarnation, header.heads)
        for offset, kind, stream, length in log.records(sector):
            if kind in record.SEALS:
                seal = record.SealRecord.decode(log.payload(sector, offset)[2])
                is_freed = log.is_marked(offset, length) or seal.first[0] < log.tail
                self._enter((sector, offset), kind, stream, seal, is_freed)
            elif kind == record.FREED:
                key = record.Key.decode(log.payload(sector, offset)[2])
                self._segments.remove((key.incarnation, stream, key.segment))
                self._forget_moved((key.incarnation, stream, key.segment))
            elif kind == DAMAGED:
                self._suspect(meant(log, sector, offset, _KEY_END))

    def _suspect(self, begin):
        known = record.kind_of(begin[0])
        if known is not None and known[0] == record.SEAL_COPY and len(begin) == _KEY_END:
            key = record.Key.decode(begin[record.HEAD_BYTES :])
            self._moved.append((key.incarnation, known[1], key.segment))

    def _forget_moved(self, key):
        self._moved = [one for one in self._moved if one != key]

    def miss_moved(self):
        """The old seal of a moved segment is marked: one whose new seal is damaged would be lost in silence."""
        for incarnation, stream, segment in self._moved:
            is_known = segment <= self._newest.get((incarnation, stream), -1)
            if is_known and not self._segments.holds((incarnation, stream, segment)):
                self._segments.miss(incarnation, stream, segment, segment + 1)

    def compare(self, incarnation, heads):
        """What was sealed by then and was not seen is missing."""
        is_whole = bool(self._newest) or self._log.tail == self._log.store.count
        for stream, head in enumerate(heads):
            place = (incarnation, stream)
            last = self._newest.get(place, -1 if is_whole else head.segment - 1)
            self._segments.miss(incarnation, stream, last + 1, head.segment)
            self._newest[place] = max(last, head.segment - 1)

    def _enter(self, place, kind, stream, seal, is_freed):
        last = self._newest.get((seal.incarnation, stream), -1)
        if (
            kind == record.SEAL_COPY or seal.segment <= last
        ):  # it was seen before, or its first record is gone
            self._segments.remove((seal.incarnation, stream, seal.segment))
            self._forget_moved((seal.incarnation, stream, seal.segment))
            if not is_freed:
                self._segments.put(stream, seal, place)
            return
        if last >= 0:
            self._segments.miss(seal.incarnation, stream, last + 1, seal.segment)
        self._newest[(seal.incarnation, stream)] = seal.segment
        if not is_freed:
            self._segments.add(stream, seal, place)
