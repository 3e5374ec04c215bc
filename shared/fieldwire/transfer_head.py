"""Tiles and item heads: how items lie in a transfer, the stream of 12-byte tiles between two nodes. SPEC 8.9

Decides what a head says. Refuses heads that are longer than they need to be, or announce more than an item may have.
"""

from fieldwire import limits
from fieldwire.errors import WireError
from fieldwire.port import const

# 12 divides what the slowest LoRa frame carries (48 of 51 bytes) and wastes 1 % of the fastest.
TILE = const(12)
# Tile numbers travel modulo this.
SPAN = const(8192)
# A receiver keeps at most so many tiles (72 KB) from the first item on that it has not whole: two of the longest.
WINDOW = const(6000)

TOKEN, SEGMENT, EARLY, PACKED, CARRIED = range(5)
ITEM_MAX = (
    limits.TOKEN_MAX,
    limits.SEGMENT_MAX,
    limits.EARLY_MAX,
    limits.SEGMENT_MAX,
    limits.CARRIED_SEGMENT_MAX,
)
# Bytes of MAC behind each item: what the channel, or somebody on it, put together wrongly is no item.
PROOF = const(4)
_FRESH = const(0x20)  # the head names an incarnation: the first one, or another than the item before
_NUMBER_BITS_MAX = const(42)


def tiles(size):
    """Tiles that `size` bytes take."""
    return (size + TILE - 1) // TILE


def encode(kind, key, total, incarnation):
    """Head of an item; `incarnation`: the last one that the transfer named, or None."""
    if kind == TOKEN:
        return bytes((TOKEN,)) + _varint(total) + key
    if kind == CARRIED:
        return bytes((CARRIED | key[2] << 3,)) + _varint(total) + key[0] + key[1] + _varint(key[3])
    fresh = key[0] != incarnation
    first = kind | key[1] << 3 | (_FRESH if fresh else 0)
    return bytes((first,)) + _varint(total) + (key[0] if fresh else b"") + _varint(key[2])


def decode(data, incarnation):
    """(kind, key, total, head size) of the item that `data` begins; raises Short, or WireError for what is none."""
    reader = _Reader(data)
    first = reader.take(1)[0]
    kind, stream = first & 7, first >> 3 & 3
    if (
        kind > CARRIED
        or first & ~0x3F
        or (kind == TOKEN and first != TOKEN)
        or (kind == CARRIED and first & _FRESH)
    ):
        raise WireError("frame-shape", "no item begins with 0x%02x" % first)
    total = reader.varint()
    if not 0 < total <= ITEM_MAX[kind]:
        raise WireError("frame-shape", "an item of %d bytes" % total)
    if kind == TOKEN:
        return kind, reader.take(16), total, reader.at
    if kind == CARRIED:
        device, named = reader.take(16), reader.take(8)
        return kind, (device, named, stream, reader.number(0xFFFFFFFF)), total, reader.at
    if first & _FRESH:
        named = reader.take(8)
        if named == incarnation:
            raise WireError("frame-shape", "an incarnation that was named already")
        incarnation = named
    elif incarnation is None:
        raise WireError("frame-shape", "the first item names no incarnation")
    number = reader.number(limits.COUNT_MAX if kind == EARLY else 0xFFFFFFFF)
    return kind, (incarnation, stream, number), total, reader.at


def incarnation_after(kind, key, incarnation):
    """The last incarnation that a transfer named, `incarnation` until then, once it has such an item."""
    return incarnation if kind in (TOKEN, CARRIED) else key[0]


class Short(Exception):
    """The rest of the head has not come yet."""


class _Reader:
    """Bytes of a head, in order; raises Short where they have not all come yet."""

    def __init__(self, data):
        self._data = data
        self.at = 0

    def take(self, size):
        if self.at + size > len(self._data):
            raise Short
        part = bytes(self._data[self.at : self.at + size])
        self.at += size
        return part

    def varint(self):
        value = shift = 0
        while shift < _NUMBER_BITS_MAX:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift:
                    raise WireError("frame-shape", "a number in an item's head is padded")
                return value
            shift += 7
        raise WireError("frame-shape", "a number in an item's head is too long")

    def number(self, most):
        value = self.varint()
        if value > most:
            raise WireError("frame-shape", "a number of %d" % value)
        return value


def _varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
