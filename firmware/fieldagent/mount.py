"""How a boot finds the end of the log: the newest header, what the records behind it change, and where to go on.

Decides which seqs may have been used, and whether a seal may be lost. Refuses to go on from a log in which one may: a
second seal for a segment would be a fork. Used once, then let go of. SPEC 6.1, 6.5
"""

from fieldagent import record, sector_header
from fieldagent.older_runs import position_of
from fieldagent.record_log import DAMAGED
from fieldagent.segment_reader import meant
from fieldwire.errors import StorageError
from fieldwire.port import const

_FIRST_BYTES = const(1280)  # a header and the longest record behind it
_LEAF_BYTES_MIN = const(64)
_HASH_AT = const(34)  # of the seal hash in a seal's record,
_SIGNATURE_BYTES = const(64)  # at whose end the signature stands
_ZEROS_MIN = const(64)  # of both in a torn one: another seal has so many in the same places once in 2^64


def mount(log):
    """(incarnation, heads of the streams) to go on with, or None where a new incarnation must begin."""
    header, is_readable = _find(log)
    if header is None:
        return None
    replay = Replay(log, header)
    return (header.incarnation, replay.heads) if replay.is_proven and is_readable else None


def _find(log):
    """(the newest sound Header or None, whether all sectors behind it can be read); the log knows its head and tail."""
    store = log.store
    rows, unreadable = store.found()
    numbers = sorted([row[0] for row in rows])
    header = None
    for number in reversed(numbers):
        header = _header_or_none(log, number)
        if header is not None:
            break
    if header is None:
        if any(_is_begun(log, number) for number in numbers):
            raise StorageError(
                "no header of the journal's sectors can be read; look whether its flash is failing, or erase it"
            )
        return None, True
    log.head = header.sector
    is_readable = (numbers[-1] + 1) % store.count not in unreadable
    for number in range(header.sector + 1, numbers[-1] + 2):
        try:
            if number - store.count not in numbers and _is_begun(log, number):
                log.head = number
        except StorageError:
            log.head, is_readable = number, False
    for number, end in rows:
        if log.head - store.count < number <= log.head:
            log.tell_end(number - 1, end)
    log.resume_behind(max(header.tail, numbers[0]), min(numbers[0], log.head + 1 - store.count))
    return header, is_readable


def _header_or_none(log, number):
    try:
        log.load(number)
    except StorageError:
        return None
    header = sector_header.decode(log.data, log.store.header_at)
    return header if header is not None and header.sector == number else None


def _is_begun(log, number):
    """True when a record stands in a sector whose header cannot be read."""
    begin = bytearray(min(_FIRST_BYTES, log.sector_bytes))
    log.store.read(number, begin)
    least = log.aligned(log.store.header_at + record.HEADER_BYTES + 4)
    most = least + 4 * (record.STREAM_BYTES + 32)
    return any(record.length_at(begin, number, at) >= 0 for at in range(least, most + 1, log.align))


def resume_torn(log, kind, stream, payload):
    """Goes on where the log's end is torn, if a cut in the program of this very record can have left that.

    So starts that die one after the other, each in its first seal, use few sectors and not all. What hangs there must
    be a zero of the record, or it would hang on: hence the proof by hash and signature, which all else follows from.
    """
    (sector, offset), log.torn = log.torn, None
    if log.is_open() or sector != log.head:
        return
    log.load(sector)
    whole = bytearray(record.HEAD_BYTES + len(payload))
    record.put(whole, 0, sector, offset, kind, stream, payload)
    end = offset + len(whole)
    if end > log.sector_bytes or not record.is_blank(log.data, end, log.sector_bytes):
        return
    proof = log.data[offset + _HASH_AT : offset + _HASH_AT + 32] + log.data[end - _SIGNATURE_BYTES : end]
    zeros = 8 * len(proof) - bin(int.from_bytes(proof, "big")).count("1")
    left, whole = int.from_bytes(log.data[offset:end], "big"), int.from_bytes(whole, "big")
    if zeros >= _ZEROS_MIN and left & whole == whole:  # each bit that was programmed is of this record
        log.resume(offset)


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
            self._settle(log)  # before anything else is read: a second look may differ
            self._count_seqs(log)
            self.is_proven = not self._may_miss_a_seal()
        except StorageError:
            self.is_proven = False

    def _follow(self, log, sector):
        self._last, self._is_clean = None, True
        for found in log.records(sector):
            offset, kind, size, _ = found
            if kind == DAMAGED:
                begin = meant(log, sector, offset, 3)
                self._damaged.append(begin[0])
                if size > _told_size(log, begin):
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

    def _settle(self, log):
        """Goes on behind the last record, where a cut may tear what is programmed only if the log was closed.

        Else that record is made firm, and a new sector begun; unless what is torn is what the start will write first.
        """
        store = log.store
        log.load(log.head)
        last = self._last
        log.end = log.after(*last) if last is not None else log.first(log.head)
        closed = last is not None and last[1] == record.CLOSED
        if self._is_clean and (closed or not store.tears):
            log.resume(log.end)
        elif store.tears and store.rewrites and last is not None:
            log.program_again(last[0], last[0] + record.HEAD_BYTES + last[3])
        elif store.tears and store.rewrites:
            log.program_again(store.header_at, log.end)
        if not self._is_clean and store.rewrites:
            log.torn = (log.head, log.end)

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
        """One damaged record is what a cut leaves; a seal is made again as it was. More are a failing flash."""
        kinds = [record.kind_of(first_byte) for first_byte in self._damaged]
        return len(kinds) > 1 and any(known is None or known[0] in record.SEALS for known in kinds)


def _told_size(log, begin):
    """How long a damaged record may be, by the length it tells: bits that a cut left undone only make it longer."""
    if record.kind_of(begin[0]) is None:
        return _FIRST_BYTES
    return log.after(0, record.SEAL, 0, int.from_bytes(begin[1:], "big"))
