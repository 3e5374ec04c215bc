"""A sealed segment as it travels (SPEC 6.4), read from the records of the log: nothing is copied in flash.

Decides which leaves lie under a seal. Refuses to give out one that its CRC does not prove, or fewer than were sealed.
"""

from fieldagent import record
from fieldwire.errors import StorageError


class SegmentReader:
    """`log`: a record_log.Log. Goes on where the last read ended; anywhere else it starts anew."""

    def __init__(self, log):
        self._log = log
        self._place = None
        self._pieces = None
        self._begin = 0  # offset of the piece at hand
        self._piece = b""

    def read(self, stream, place, offset, size):
        """Up to `size` bytes of the segment sealed at `place`, from `offset`. StorageError where it is damaged."""
        if self._place != place or offset < self._begin:
            self._place, self._pieces = place, self._made(stream, place)
            self._begin, self._piece = 0, b""
        out = b""
        try:
            while len(out) < size:
                at = offset + len(out) - self._begin
                if at < len(self._piece):
                    out += self._piece[at : at + size - len(out)]
                else:
                    self._begin += len(self._piece)
                    self._piece = b""
                    self._piece = next(self._pieces)
        except StopIteration:
            self._place = None
        except StorageError:
            self._place = None
            raise
        return out

    def _made(self, stream, place):
        seal = record.SealRecord.decode(self._log.payload(*place)[2])
        count = bytes((0x80 | seal.count,)) if seal.count < 24 else bytes((0x98, seal.count))
        yield b"\x82" + string_head(len(seal.seal_bytes)) + bytes(seal.seal_bytes) + count
        for leaf in leaves(self._log, stream, place, seal):
            yield string_head(len(leaf)) + bytes(leaf)


def leaves(log, stream, place, seal):
    """Each leaf under the seal at `place`, as a view until the next read; StorageError where one is missing."""
    is_copy = log.payload(*place)[0] == record.SEAL_COPY
    wanted = record.LEAF_COPY if is_copy else record.LEAF
    left = seal.count
    for at, found, of_stream in walk(log, seal.first, place):
        if left and found == wanted and of_stream == stream:
            left -= 1
            yield log.payload(*at)[2]
    if left:
        log.read_errors += 1
        raise StorageError(
            "%d of %d leaves of segment %d in stream %d are damaged"
            % (left, seal.count, seal.segment, stream)
        )


def walk(log, first, end):
    """(place, kind, stream) of each record from the place `first` up to the place `end`, over sectors."""
    for sector in range(first[0], end[0] + 1):
        for offset, kind, stream, _ in log.records(sector, first[1] if sector == first[0] else None):
            if (sector, offset) >= end:
                return
            yield (sector, offset), kind, stream


def meant(log, sector, offset, size):
    """The first bytes of a damaged record; where nothing but one bit of these has turned, as they were."""
    log.load(sector)
    data = log.data
    size = min(size, len(data) - offset)
    for bit in range(8 * size):
        data[offset + bit // 8] ^= 1 << bit % 8
        found = bytes(data[offset : offset + size])
        is_sound = record.length_at(data, sector, offset) >= 0
        data[offset + bit // 8] ^= 1 << bit % 8
        if is_sound:
            return found
    return bytes(data[offset : offset + size])


def string_head(size):
    """The CBOR head of a byte string; RFC 8949 3.1."""
    if size < 24:
        return bytes((0x40 | size,))
    return bytes((0x58, size)) if size < 256 else bytes((0x59, size >> 8, size & 0xFF))
