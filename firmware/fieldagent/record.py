"""Bytes of the log: a sector's header, and records that a CRC binds to their sector and their place in it.

Decides what is a sound header or record, and what a cut may have left of one. Refuses to know what follows from a
record: that is the journal's. Shapes: JOURNAL.md.
"""

import struct
from binascii import crc32

from fieldwire.port import const

MARKER = b"FPJ\x01"  # three letters and the version of the format
BLANK = const(0xFF)

LEAF, SEAL, SEAL_RECOVERED, LEAF_COPY, SEAL_COPY, FREED, CLOSED, RESUMED = range(1, 9)
SEALS = (SEAL, SEAL_RECOVERED, SEAL_COPY)
HEAD_BYTES = const(7)  # u8 kind and stream, u16 length, u32 CRC
_HEAD = ">BHI"

# Sector, end of the one before, CRC of these, tail, incarnation, which streams are used and sealed.
HEADER = ">IHII8sB"
HEADER_BYTES = const(23)
STREAM = ">QIIH"  # next seq, next segment, place of the first leaf under no seal
STREAM_BYTES = const(18)
NO_SECTOR = const(0xFFFFFFFF)
_SEQS = ">QQQQ"
_KEY = ">8sI"
_STEP = const(64)
_BLANKS = b"\xff" * _STEP


class Head:
    """Where a stream stands: next seq and segment, hash of the last seal, place of the first leaf under no seal."""

    def __init__(self, seq=0, segment=0, previous=None, first=None):
        self.seq = seq
        self.segment = segment
        self.previous = previous
        self.first = first  # (sector, offset)


def begin(sector, end, tail, incarnation, heads):
    """The header of a sector behind its marker; a stream takes as many bytes as there is to say of it.

    Nothing in the sector before it counts from `end` on, and nothing before the sector `tail`.
    """
    used, rows = 0, b""
    for stream, head in enumerate(heads):
        if head.seq:
            used |= (1 if head.previous is None else 17) << stream
            rows += struct.pack(STREAM, head.seq, head.segment, *(head.first or (NO_SECTOR, 0xFFFF)))
            rows += head.previous or b""
    out = struct.pack(">IH", sector, end)
    out += struct.pack(">II8sB", crc32(MARKER + out), tail, incarnation, used) + rows
    return out + struct.pack(">I", crc32(out))


def header_end(data, at):
    """The offset behind the sound header at `at` of a sector's bytes, or None."""
    end = at + HEADER_BYTES
    used = data[end - 1]
    for stream in range(4):
        end += (used >> stream & 1) * STREAM_BYTES + (used >> stream + 4 & 1) * 32
    return end + 4 if struct.unpack_from(">I", data, end)[0] == crc32(memoryview(data)[at:end]) else None


def is_blank(data, begin, end):
    """True when all bytes from `begin` on are as an erase leaves them."""
    for at in range(begin, end, _STEP):
        size = min(_STEP, end - at)
        if data[at : at + size] != _BLANKS[:size]:
            return False
    return True


def make_blank(data, begin, end):
    for at in range(begin, end, _STEP):
        size = min(_STEP, end - at)
        data[at : at + size] = _BLANKS[:size]


def _crc(sector, offset, kind, payload):
    place = struct.pack(">IHBH", sector, offset, kind, len(payload))
    return crc32(payload, crc32(place))


def put(buffer, at, sector, offset, kind, stream, payload):
    """Writes into `buffer` from `at` the record that is to stand at `offset` of a sector."""
    kind = kind << 4 | stream
    struct.pack_into(_HEAD, buffer, at, kind, len(payload), _crc(sector, offset, kind, payload))
    buffer[at + HEAD_BYTES : at + HEAD_BYTES + len(payload)] = payload


def length_at(data, sector, offset):
    """Payload length of the sound record at `offset` of a sector's bytes, or -1."""
    if offset + HEAD_BYTES > len(data):
        return -1
    kind, length, crc = struct.unpack_from(_HEAD, data, offset)
    begin = offset + HEAD_BYTES
    if kind_of(kind) is None or begin + length > len(data):
        return -1
    return length if crc == _crc(sector, offset, kind, memoryview(data)[begin : begin + length]) else -1


def kind_of(first_byte):
    """(kind, stream) of a record's first byte, or None where no record begins so."""
    kind, stream = first_byte >> 4, first_byte & 15
    return (kind, stream) if LEAF <= kind <= RESUMED and stream <= 3 else None


class SealRecord:
    """The payload of a seal's record: what it is, where its leaves are, and the seal itself.

    `first`: place of its first leaf; `rest`: place of the stream's first leaf under no seal after this one, or None;
    `leaf_bytes`: what the leaves take as they travel.
    """

    _SHAPE = ">8sIIHIHHB32s"
    _SHAPE_BYTES = 59

    def __init__(self, incarnation, segment, first, rest, leaf_bytes, count, seal_hash, seal_bytes):
        self.incarnation = incarnation
        self.segment = segment
        self.first = first
        self.rest = rest
        self.leaf_bytes = leaf_bytes
        self.count = count
        self.seal_hash = seal_hash
        self.seal_bytes = seal_bytes

    def encode(self):
        rest = self.rest or (NO_SECTOR, 0xFFFF)
        place = (self.incarnation, self.segment) + self.first + rest
        fixed = struct.pack(self._SHAPE, *(place + (self.leaf_bytes, self.count, self.seal_hash)))
        return fixed + self.seal_bytes

    def length(self):
        """Bytes of the segment as it travels. SPEC 6.4"""
        size = len(self.seal_bytes)
        return 1 + (2 if size < 256 else 3) + size + (1 if self.count < 24 else 2) + self.leaf_bytes

    def flash_bytes(self, align):
        """What its records take in the log, at most."""
        heads = (self.count + 1) * (HEAD_BYTES + align - 1)
        return self.leaf_bytes + heads + self._SHAPE_BYTES + len(self.seal_bytes)

    @classmethod
    def decode(cls, data):
        """The seal bytes stay a part of `data`."""
        found = struct.unpack_from(cls._SHAPE, data, 0)
        rest = None if found[4] == NO_SECTOR else (found[4], found[5])
        fixed = (found[0], found[1], (found[2], found[3]), rest, found[6], found[7], found[8])
        return cls(*(fixed + (data[cls._SHAPE_BYTES :],)))


def encode_seqs(heads):
    """The payload of a RESUMED record: no seq below these is used again."""
    return struct.pack(_SEQS, *[head.seq for head in heads])


def decode_seqs(data):
    return struct.unpack_from(_SEQS, data, 0)


class Key:
    """The payload of a FREED record: which segment of its stream no longer counts."""

    def __init__(self, incarnation, segment):
        self.incarnation = incarnation
        self.segment = segment

    def encode(self):
        return struct.pack(_KEY, self.incarnation, self.segment)

    @classmethod
    def decode(cls, data):
        return cls(*struct.unpack_from(_KEY, data, 0))
