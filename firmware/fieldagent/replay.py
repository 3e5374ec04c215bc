"""Where the streams stand at the end of the log: what its newest header says, and what the records behind it change.

Decides which seqs may have been used, and whether a seal may be lost. Refuses to go on from a log in which one may:
a second seal for a segment would be a fork. SPEC 6.1, 6.5
"""

from fieldagent import record
from fieldagent.record_log import DAMAGED
from fieldagent.run import position_of
from fieldwire.errors import StorageError

_LEAF_BYTES_MIN = 64


class Replay:
    """`heads` of the streams behind `header`; `is_proven`: False when a seal may be missing among them."""

    def __init__(self, log, header):
        self.heads = header.heads
        self._incarnation = header.incarnation
        self._leaves = [None] * 4  # place of the last leaf of each stream
        self._damaged = []  # first bytes of damaged stretches
        self._last = None
        self._is_clean = True
        try:
            for sector in range(header.sector, log.head + 1):
                self._follow(log, sector)
            log.settle(self._last, self._is_clean)  # before anything else is read: a second look may differ
            self._count_seqs(log)
            self.is_proven = not self._may_miss_a_seal()
        except StorageError:
            self.is_proven = False

    def _follow(self, log, sector):
        self._last, self._is_clean = None, True
        for found in log.records(sector):
            offset, kind, size, first_byte = found
            if kind == DAMAGED:
                self._damaged.append(first_byte)
                if size > log.told_size(sector, offset):
                    self._damaged.append(record.BLANK)  # behind a damaged record another one, of any kind
                self._is_clean = False
                continue
            self._last, self._is_clean = found, True
            self._apply(log, sector, found)

    def _apply(self, log, sector, found):
        offset, kind, stream, _ = found
        head = self.heads[stream]
        if kind == record.LEAF:
            self._leaves[stream] = (sector, offset)
            head.first = head.first or (sector, offset)
        elif kind in (record.SEAL, record.SEAL_RECOVERED):
            seal = record.SealRecord.decode(log.payload(sector, offset)[2])
            if seal.incarnation == self._incarnation:
                head.segment, head.previous, head.first = seal.segment + 1, seal.seal_hash, seal.rest
        elif kind == record.RESUMED:
            for head, seq in zip(self.heads, record.decode_seqs(log.payload(sector, offset)[2])):
                head.seq = max(head.seq, seq)

    def _count_seqs(self, log):
        for stream, place in enumerate(self._leaves):
            found = position_of(log.payload(*place)[2]) if place is not None else None
            if found is not None:
                self.heads[stream].seq = max(self.heads[stream].seq, found[2] + 1)
        if self._last is not None and self._last[1] == record.CLOSED and self._is_clean:
            return
        for (
            head
        ) in self.heads:  # beyond what was begun, not committed, or damaged: no sector holds more leaves
            head.seq += log.sector_bytes // _LEAF_BYTES_MIN

    def _may_miss_a_seal(self):
        """One damaged record is what a cut leaves, and a seal is made again as it was. More are a failing flash."""
        kinds = [record.kind_of(first_byte) for first_byte in self._damaged]
        return len(kinds) > 1 and any(known is None or known[0] in record.SEALS for known in kinds)
