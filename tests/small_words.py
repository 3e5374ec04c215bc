"""Words of 32 bits, played on CPython: what viper's int, uint and pointers do on a board, and the unix port, of 64
bits, cannot show. A kernel module runs on them while `installed` in it; an address outside of every buffer fails.
"""

import operator
from bisect import bisect_right
from contextlib import contextmanager

OPERATIONS = ("add", "sub", "mul", "and_", "or_", "xor", "lshift", "rshift")
GAP = 0x1_0000  # between buffers, more than any index reaches astray


class Signed(int):
    """viper's int on a 32-bit board: wraps, and shifts right with its sign."""

    @classmethod
    def wrapped(cls, value):
        return cls((value + (1 << 31)) % (1 << 32) - (1 << 31))


class Unsigned(int):
    """viper's uint on a 32-bit board."""

    @classmethod
    def wrapped(cls, value):
        return cls(value % (1 << 32))


def wrapping(kind, operation):
    """The result has the type of the left operand, as in viper."""
    return lambda left, right: kind.wrapped(operation(int(left), int(right)))


def reflected(operation):
    return lambda right, left: Signed.wrapped(operation(int(left), int(right)))


for word in (Signed, Unsigned):
    word.__neg__ = lambda value: type(value).wrapped(-int(value))
    for operation_name in OPERATIONS:
        function = getattr(operator, operation_name)
        method = operation_name.rstrip("_")
        setattr(word, f"__{method}__", wrapping(word, function))
        setattr(word, f"__r{method}__", reflected(function))


class Memory:
    """A board's addresses: each buffer that a pointer is made of lies at one, `skew` bytes past a word's."""

    def __init__(self, skew):
        self._skew = skew
        self._starts = []
        self._buffers = []
        self._known = {}

    def address(self, buffer):
        if id(buffer) not in self._known:
            start = (self._starts[-1] + len(self._buffers[-1]) if self._starts else 0) + GAP & -16
            # Constant bytes lie anywhere, what the heap hands out lies at words.
            start += self._skew if memoryview(buffer).readonly else 0
            self._known[id(buffer)] = start
            self._starts.append(start)
            self._buffers.append(buffer)
        return self._known[id(buffer)]

    def place(self, address, size):
        """The buffer and the offset of size bytes at an address, which must be a multiple of the size."""
        assert address % size == 0, f"{size} bytes at {address:#x} are not aligned: a Cortex-M0 faults"
        index = bisect_right(self._starts, address + size - 1) - 1
        offset = address - self._starts[index]
        return self._buffers[index], offset


def pointers(memory, size):
    class Pointer:
        def __init__(self, place):
            if isinstance(place, int) or hasattr(place, "is_pointer"):
                self._at = int(place)
            else:
                self._at = memory.address(place)

        is_pointer = True

        def __int__(self):
            return self._at

        def __getitem__(self, index):
            buffer, offset = memory.place(self._at + size * index, size)
            # A word of which a part lies in a buffer may be read; what lies around is anything.
            raw = bytes(buffer[at] if 0 <= at < len(buffer) else 0xA5 for at in range(offset, offset + size))
            assert -size < offset < len(buffer), "a read outside of every buffer"
            return Signed.wrapped(int.from_bytes(raw, "little"))

        def __setitem__(self, index, value):
            buffer, offset = memory.place(self._at + size * index, size)
            assert 0 <= offset <= len(buffer) - size, "a write outside of every buffer"
            buffer[offset : offset + size] = (int(value) % (1 << 8 * size)).to_bytes(size, "little")

    return Pointer


@contextmanager
def installed(module, skew=1):
    """While it lasts, the module's kernels compute on 32-bit words."""
    memory = Memory(skew)
    names = {
        "ptr8": pointers(memory, 1),
        "ptr16": pointers(memory, 2),
        "ptr32": pointers(memory, 4),
        "uint": Unsigned.wrapped,
    }
    before = {name: getattr(module, name) for name in names if hasattr(module, name)}
    for name in before:
        setattr(module, name, names[name])
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)
