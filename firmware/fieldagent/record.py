"""Bytes of the log: a sector's header, and records that a CRC binds to their sector and their place in it.

Decides what is a sound header or record, and what a cut may have left of one. Refuses to know what follows from a
record: that is the journal's. Shapes: JOURNAL.md.
"""

import struct
from binascii import crc32

from fieldwire.port import const

MARKER = b"FPJ\x01"  # three letters and the version of the format
VERSION_AT = const(3)
BLANK = const(0xFF)

LEAF, SEAL, SEAL_RECOVERED, LEAF_COPY, SEAL_COPY, FREED, CLOSED, RESUMED = range(1, 9)
SEALS = (SEAL, SEAL_RECOVERED, SEAL_COPY)
HEAD_BYTES = const(7)  # u8 kind and stream, u16 length, u32 CRC
_HEAD = ">BHI"

SHORT_BYTES = const(10)  # u32 sector number, u16 end of the sector before, u32 CRC over marker and these
_FIXED = ">IHII8sB"
_FIXED_BYTES = const(23)
_STREAM = ">QIIH"
_STREAM_BYTES = const(18)
_SEQS = ">QQQQ"
_KEY = ">8sI"
_NO_SECTOR = const(0xFFFFFFFF)
_STEP = const(64)
_BLANKS = b"\xff" * _STEP


class Head:
    """Where a stream stands: next seq and segment, hash of the last seal, place of the first leaf under no seal."""

    def __init__(self, seq=0, segment=0, previous=None, first=None):
        self.seq = seq
        self.segment = segment
        self.previous = previous
        self.first = first  # (sector, offset)


class Header:
    """What a sector says when it is begun: nothing in the sector before it counts from `end` on, and nothing before the
    sector `tail`; and where each stream stands.
    """

    def __init__(self, sector, end, tail, incarnation, heads):
        self.sector = sector
        self.end = end
        self.tail = tail
        self.incarnation = incarnation
        self.heads = heads

    def encode(self):
        """The header behind the marker; a stream takes as many bytes as there is to say of it."""
        used, rows = 0, b""
        for stream, head in enumerate(self.heads):
            if head.seq:
                used |= (1 if head.previous is None else 17) << stream
                rows += struct.pack(_STREAM, head.seq, head.segment, *(head.first or (_NO_SECTOR, 0xFFFF)))
                rows += head.previous or b""
        out = short(self.sector, self.end) + struct.pack(">I8sB", self.tail, self.incarnation, used) + rows
        return out + struct.pack(">I", crc32(out))


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


def short(sector, end):
    """The begin of a header: enough to find the newest sector of many, and where each ends."""
    place = struct.pack(">IH", sector, end)
    return place + struct.pack(">I", crc32(MARKER + place))


def read_short(data, at, marker=MARKER):
    """(sector number, end of the sector before) of a sound short header at `at` of `data`, or None."""
    sector, end, crc = struct.unpack_from(">IHI", data, at)
    return (sector, end) if crc == crc32(marker + data[at : at + 6]) else None


def other_version(data, at):
    """The version of a sound short header that another program wrote, or None."""
    marker = bytes(data[: len(MARKER)])
    is_other = marker != MARKER and marker[:VERSION_AT] == MARKER[:VERSION_AT]
    return marker[VERSION_AT] if is_other and read_short(data, at, marker) is not None else None


def decode_header(data, at):
    """(Header, offset behind it) of a sound header at `at` of a sector's bytes, or None."""
    sector, before, _, tail, incarnation, used = struct.unpack_from(_FIXED, data, at)
    if read_short(data, at) is None:
        return None
    end = at + _FIXED_BYTES
    heads = []
    for stream in range(4):
        head = Head()
        if used >> stream & 1:
            head.seq, head.segment, number, offset = struct.unpack_from(_STREAM, data, end)
            head.first = None if number == _NO_SECTOR else (number, offset)
            end += _STREAM_BYTES
        if used >> stream & 16:
            head.previous = bytes(data[end : end + 32])
            end += 32
        heads.append(head)
    if struct.unpack_from(">I", data, end)[0] != crc32(memoryview(data)[at:end]):
        return None
    return Header(sector, before, tail, incarnation, heads), end + 4


def header_ends(at):
    """Where records may begin behind a header at `at` that cannot be read."""
    return [
        at + _FIXED_BYTES + 4 + used * _STREAM_BYTES + sealed * 32
        for used in range(5)
        for sealed in range(used + 1)
    ]


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
        rest = self.rest or (_NO_SECTOR, 0xFFFF)
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
        rest = None if found[4] == _NO_SECTOR else (found[4], found[5])
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
