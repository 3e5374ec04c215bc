"""The header with which a sector is begun, as a start reads it: its number, and where each stream stood.

Decides what is a sound header. Refuses to know what it means for the log. Shapes: JOURNAL.md.
"""

import struct
from binascii import crc32

from fieldagent import record
from fieldagent.record import MARKER
from fieldwire.port import const

SHORT_BYTES = const(10)
_VERSION_AT = const(3)


class Header:
    """Nothing in the sector before it counts from `end` on, and nothing before the sector `tail`."""

    def __init__(self, sector, end, tail, incarnation, heads):
        self.sector = sector
        self.end = end
        self.tail = tail
        self.incarnation = incarnation
        self.heads = heads


def read_short(data, at, marker=MARKER):
    """(sector number, end of the sector before) of a sound short header at `at` of `data`, or None."""
    sector, end, crc = struct.unpack_from(">IHI", data, at)
    return (sector, end) if crc == crc32(marker + data[at : at + 6]) else None


def other_version(data, at):
    """The version of a sound short header that another program wrote, or None."""
    marker = bytes(data[: len(MARKER)])
    is_other = marker != MARKER and marker[:_VERSION_AT] == MARKER[:_VERSION_AT]
    return marker[_VERSION_AT] if is_other and read_short(data, at, marker) is not None else None


def decode(data, at):
    """The Header at `at` of a sector's bytes, None where it is not sound."""
    if read_short(data, at) is None or record.header_end(data, at) is None:
        return None
    sector, before, _, tail, incarnation, used = struct.unpack_from(record.HEADER, data, at)
    place = at + record.HEADER_BYTES
    heads = []
    for stream in range(4):
        head = record.Head()
        if used >> stream & 1:
            head.seq, head.segment, number, offset = struct.unpack_from(record.STREAM, data, place)
            head.first = None if number == record.NO_SECTOR else (number, offset)
            place += record.STREAM_BYTES
        if used >> stream & 16:
            head.previous = bytes(data[place : place + 32])
            place += 32
        heads.append(head)
    return Header(sector, before, tail, incarnation, heads)
