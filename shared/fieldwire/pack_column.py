"""Columns of a packed segment as their receiver reads them: the same field of one leaf after another. SPEC 6.7

Decides which bytes are a column. Refuses what ends early, is padded, or grows beyond what a segment may have; what a
value means is not known here.
"""

from fieldwire import cbor, limits
from fieldwire.errors import WireError
from fieldwire.pack_column_writer import (
    ABSENT,
    BYTES,
    GOLOMB,
    LINE,
    NEW,
    SHAPES,
    SOME,
    STEP,
    STEPS,
    TEXT,
    TRIPLE,
    WIDTH_MAX,
)
from fieldwire.port import const

_NUMBER_BITS = const(70)  # a difference of two 64-bit integers has 65 bits, a sign and a shift
_INT_MIN, _INT_END = -(1 << 64), 1 << 64


def bad(detail):
    raise WireError("pack-shape", detail)


class Cursor:
    """Reads the bytes of a packed segment in order."""

    def __init__(self, data):
        self._data = data
        self._at = 0
        self._strings = limits.SEGMENT_MAX  # each string stands in a leaf

    def is_done(self):
        return self._at == len(self._data)

    def take(self, size):
        begin, end = self._at, self._at + size
        if end > len(self._data):
            bad("%d bytes announced at byte %d, which are not there" % (size, begin))
        self._at = end
        return bytes(self._data[begin:end])

    def byte(self):
        return self.take(1)[0]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift:
                    bad("a padded number before byte %d" % self._at)
                return value
            shift += 7
            if shift >= _NUMBER_BITS:
                bad("a number of more than %d bits before byte %d" % (_NUMBER_BITS, self._at))

    def signed(self):
        return _signed(self.number())

    # Columns

    def column(self, rows, before=NEW):
        """(values, where the column ends): a value is None, an integer, text, bytes or a list of three integers.

        `before`: where the column ended that this one goes on from.
        """
        first = self.byte()
        if first == ABSENT:
            return [None] * rows, NEW
        if first != SOME:
            return self._given(first, rows, before)
        bits = _Bits(self._data, self._at)
        given = [bits.take(1) for _ in range(rows)]
        self._at = bits.end()
        count = sum(given)
        first = self.byte()
        if not 0 < count < rows or first == ABSENT:
            bad("a column of %d values for %d rows" % (count, rows))
        values, end = self._given(first, count, before)
        values = iter(values)
        return [next(values) if one else None for one in given], end

    def integers(self, rows):
        return self._integers(self.byte(), rows, NEW)[0]

    def times(self, rows, before):
        """(integers, where they end)."""
        return self._integers(self.byte(), rows, before)

    def _given(self, first, rows, before):
        if first == TRIPLE:
            parts = [self.integers(rows) for _ in range(3)]
            return [[parts[0][row], parts[1][row], parts[2][row]] for row in range(rows)], NEW
        if first in (TEXT, BYTES):
            return self._strings_of(first, rows), NEW
        return self._integers(first, rows, before)

    def _integers(self, first, rows, before):
        shape, size = first & SHAPES, first & WIDTH_MAX
        if shape > GOLOMB or (rows == 1 and first):
            bad("no column of %d integers begins with 0x%02x" % (rows, first))
        value = line = before[0] + self.signed()
        step = before[1]
        if first & STEP:
            step += self.signed()
            if step == before[1]:
                bad("a step that is no other before byte %d" % self._at)
        bits = _Bits(self._data, self._at)
        values = []
        for row in range(rows):
            if shape == LINE:
                value = line + bits.take(size)
                line += step
            elif row:
                value += step + (_signed(bits.take(size)) if shape == STEPS else bits.golomb(size))
            if not _INT_MIN <= value < _INT_END:
                bad("an integer of more than 64 bits before byte %d" % self._at)
            values.append(value)
        self._at = bits.end()
        return values, (line if shape == LINE else value + step, step)

    def _strings_of(self, kind, rows):
        places = self.integers(rows)
        seen = 0
        for place in places:
            if not 0 <= place <= seen:
                bad("string %d where %d have been" % (place, seen))
            seen = max(seen, place + 1)
        strings = []
        before = b""
        for _ in range(seen):
            before = self._string(before)
            if kind == TEXT and cbor.utf8_fault(before) >= 0:
                bad("text that is not UTF-8 before byte %d" % self._at)
            strings.append(str(before, "utf-8") if kind == TEXT else before)
        return [strings[place] for place in places]

    def _string(self, before):
        size = self.number()
        size, differs = size >> 1, size & 1
        self._strings -= size
        if self._strings < 0:
            bad("strings of more than %d bytes together" % limits.SEGMENT_MAX)
        if not differs:
            return self.take(size)
        made = bytearray()
        while len(made) < size:
            same = self.number()
            if same > min(size, len(before)) - len(made):
                bad("%d bytes as before where there are fewer" % same)
            made.extend(before[len(made) : len(made) + same])
            if len(made) < size:
                own = self.number()
                if not 0 < own <= size - len(made):
                    bad("%d bytes of a string's last %d" % (own, size - len(made)))
                made.extend(self.take(own))
        return bytes(made)


def _signed(value):
    return -(value >> 1) - 1 if value & 1 else value >> 1


class _Bits:
    """Bits of `data` from byte `at` on, the most significant first."""

    def __init__(self, data, at):
        self._data = data
        self._at = at * 8

    def take(self, size):
        begin, end = self._at, self._at + size
        if end > len(self._data) * 8:
            bad("a column ends beyond the last byte")
        self._at = end
        piece = int.from_bytes(self._data[begin >> 3 : (end + 7) >> 3], "big")
        return (piece >> (-end & 7)) & ((1 << size) - 1)

    def golomb(self, order):
        """A signed integer in the exponential Golomb code of that order."""
        more = 0
        while not self.take(1):
            more += 1
            if more + order > _NUMBER_BITS:
                bad("an integer of more than %d bits" % _NUMBER_BITS)
        size = more + order
        return _signed((1 << size | self.take(size)) - (1 << order))

    def end(self):
        """The byte behind the last one begun, whose other bits are zeros."""
        if self.take(-self._at & 7):
            bad("bits behind a column")
        return self._at >> 3
