"""Columns of a packed segment as their sender writes them: the same field of one leaf after another. SPEC 6.7

Decides which of the shapes takes the fewest bits. Refuses values of no kind that a column has; what a value means is
not known here.
"""

from fieldwire.port import const
from fieldwire.schema_writer import is_int

# The first byte of a column of integers: a shape, whether it has a step, and a width.
SHAPES = const(0xC0)
LINE = const(0x00)
STEPS = const(0x40)
GOLOMB = const(0x80)
STEP = const(0x20)
WIDTH_MAX = const(0x1F)
# The first byte of any other column.
ABSENT, TEXT, BYTES, TRIPLE, SOME = 0xC0, 0xC1, 0xC2, 0xC3, 0xC4

NEW = (0, 0)  # where a column begins that goes on from none

_COLUMN = const(64)  # bytes of heap that one takes without values
_SAME_MIN = const(4)  # a shorter run of equal bytes costs as much as it saves


def number(out, value):
    """An unsigned integer in groups of 7 bits, the least significant first; bit 7 says that more follow."""
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def zigzag(value):
    return value << 1 if value >= 0 else (-value << 1) - 1


def width(value):
    """Bits of an unsigned integer; 0 has none."""
    bits = 0
    while value > 0xFF:
        value >>= 8
        bits += 8
    while value:
        value >>= 1
        bits += 1
    return bits


class Bits:
    """Bits behind the bytes of `out`, the most significant first; the last byte is filled up with zeros."""

    def __init__(self, out):
        self._out = out
        self._held = 0
        self._size = 0

    def put(self, value, size):
        held = self._held << size | value
        size += self._size
        while size > 7:
            size -= 8
            self._out.append(held >> size)
            held &= (1 << size) - 1
        self._held, self._size = held, size

    def end(self):
        if self._size:
            self.put(0, 8 - self._size)


class Column:
    """Values of one field, row by row."""

    def __init__(self):
        self.kind = ABSENT
        self._given = 0  # a bit a row
        self._parts = ()  # of integers; those of text and bytes are places in `_seen`
        self._seen = ()

    def takes(self, value):
        kind = kind_of(value)
        return kind == ABSENT or self.kind in (ABSENT, kind)

    def add(self, value):
        """`value`: of the kind of those before it, or None."""
        kind = kind_of(value)
        self._given <<= 1
        if kind == ABSENT:
            return
        self._given |= 1
        if self.kind == ABSENT:
            self.kind = kind
            self._parts = ([], [], []) if kind == TRIPLE else ([],)
        if kind == LINE:
            value = (value,)
        elif kind != TRIPLE:
            value = (self._place(value),)
        for part, one in zip(self._parts, value):
            part.append(one)

    def _place(self, value):
        raw = value.encode() if isinstance(value, str) else value
        if raw not in self._seen:
            self._seen = self._seen + (raw,)
        return self._seen.index(raw)

    def cost(self):
        """Bytes of heap that the values take, about."""
        values = sum([4 * len(part) for part in self._parts]) + sum([8 + len(raw) for raw in self._seen])
        return _COLUMN + values

    def write(self, out, rows, before=NEW):
        """Where it ends, if it is of integers, so that the same column of the next segment goes on there."""
        if self.kind == ABSENT:
            out.append(ABSENT)
            return NEW
        if len(self._parts[0]) < rows:
            out.append(SOME)
            bits = Bits(out)
            bits.put(self._given, rows)
            bits.end()
        if self.kind == LINE:
            return integers(out, self._parts[0], before)
        out.append(self.kind)
        for part in self._parts:
            integers(out, part)
        string = b""
        for raw in self._seen:
            _string(out, raw, string)
            string = raw
        return NEW


def kind_of(value):
    """What column a value has a place in; None for one that has a place in none."""
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return TEXT
    if isinstance(value, bytes):
        return BYTES
    if is_int(value):
        return LINE
    if isinstance(value, list) and len(value) == 3 and all(is_int(one) for one in value):
        return TRIPLE
    return None


def _string(out, raw, before):
    """A string whole, or by its differences to the one before it in the column."""
    runs = bytearray()
    at, size = 0, len(raw)
    while at < size:
        same = _same(raw, before, at)
        number(runs, same)
        at += same
        if at < size:
            end = at + 1
            while end < size and _same(raw, before, end) < min(_SAME_MIN, size - end):
                end += 1
            number(runs, end - at)
            runs.extend(raw[at:end])
            at = end
    differs = len(runs) < size
    number(out, size << 1 | differs)
    out.extend(runs if differs else raw)


def _same(raw, before, at):
    end, limit = at, min(len(raw), len(before))
    while end < limit and raw[end] == before[end]:
        end += 1
    return end - at


def integers(out, values, before=NEW):
    """One or more integers, in the shape that takes the fewest bits.

    `before`: (what would come next in the column that this one goes on from, its step). Returns the same of this one.
    """
    first, base, step = _shape(values, before[1])
    out.append(first)
    number(out, zigzag(base - before[0]))
    if first & STEP:
        number(out, zigzag(step - before[1]))
    bits = Bits(out)
    shape, size = first & SHAPES, first & WIDTH_MAX
    line = base
    if shape == LINE:
        for value in values:
            bits.put(value - line, size)
            line += step
    else:
        for index in range(1, len(values)):
            left = zigzag(values[index] - line - step)
            if shape == GOLOMB:
                left += 1 << size
                bits.put(left, 2 * width(left) - 1 - size)
            else:
                bits.put(left, size)
            line = values[index]
        line += step
    bits.end()
    return line, step


def _shape(values, slope_before):
    """(first byte, base, step) of the shortest column of these integers."""
    if len(values) == 1:
        return LINE, values[0], slope_before
    steps = sorted([values[index] - values[index - 1] for index in range(1, len(values))])
    low, high = steps[0], steps[-1]
    slope, least, size = _line(values, low, high)
    shapes = [(size * len(values), LINE, size, least, slope)]
    middle, size = _centre(low, high)
    shapes.append((size * len(steps), STEPS, size, values[0], middle))
    middle = steps[len(steps) // 2]
    cost, order = _golomb([zigzag(step - middle) for step in steps])
    shapes.append((cost, GOLOMB, order, values[0], middle))
    best = None
    for cost, shape, size, base, step in shapes:
        told = step - slope_before
        cost += (width(zigzag(told)) + 6) // 7 * 8
        if size <= WIDTH_MAX and (best is None or cost < best[0]):
            best = cost, shape | size | (STEP if told else 0), base, step
    return best[1:]


def _centre(low, high):
    """(step, width): all from `low` to `high` are that step and a zigzag number of that width; 0 where it can be."""
    size = width(high - low)
    if size and width(max(zigzag(low), zigzag(high))) <= size:
        return 0, size
    return low + (1 << size >> 1), size


def _line(values, low, high):
    """(slope, base, width) of the straight line below the values that leaves the least width above it.

    The distance between the lowest and the highest is convex in the slope, which lies between the steps' bounds.
    """
    while low < high:
        middle = (low + high) // 2
        if _spread(values, middle)[1] > _spread(values, middle + 1)[1]:
            low = middle + 1
        else:
            high = middle
    least, spread = _spread(values, low)
    return low, least, width(spread)


def _spread(values, slope):
    """(the lowest, the highest less the lowest) of the values over a line of that slope."""
    line = 0
    low = high = values[0]
    for value in values:
        value -= line
        line += slope
        if value < low:
            low = value
        elif value > high:
            high = value
    return low, high - low


def _golomb(values):
    """(bits, order) of the exponential Golomb code of the best order near their median.

    One order more costs a bit for each small value and saves one for each large value.
    """
    values.sort()
    middle = width(values[len(values) // 2])
    best = None
    for order in range(min(max(0, middle - 2), WIDTH_MAX), min(middle + 1, WIDTH_MAX) + 1):
        cost = sum([2 * width(value + (1 << order)) - 1 - order for value in values])
        if best is None or cost < best[0]:
            best = (cost, order)
    return best
