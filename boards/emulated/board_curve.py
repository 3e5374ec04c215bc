"""A value over the world's time: straight lines between points of a file, each (microseconds, value) of 64 bits.

Decides what lies between points, and after the last one, in integers. It holds one line at a time: a course may be
longer than a board's heap.
"""

import struct

POINT_BYTES = 16
FOR_EVER_US = 1 << 61


class Curve:
    """`file`: binary, with `size` bytes of at least two points, in order."""

    def __init__(self, file, size):
        self._file = file
        self._last = size // POINT_BYTES - 2  # of the lines
        self._until_us = self._from_us = 0

    def __call__(self, at_us):
        if not self._from_us <= at_us < self._until_us:
            self._find(at_us)
        return self._value + self._rise * (at_us - self._from_us) // self._run_us

    def _find(self, at_us):
        low, high = 0, self._last
        while low < high:
            middle = (low + high + 1) // 2
            if self._point(middle)[0] <= at_us:
                low = middle
            else:
                high = middle - 1
        self._from_us, self._value = self._point(low)
        end_us, end = self._point(low + 1)
        self._rise, self._run_us = end - self._value, end_us - self._from_us
        self._until_us = end_us if low < self._last else FOR_EVER_US

    def _point(self, index):
        self._file.seek(index * POINT_BYTES)
        return struct.unpack("<qq", self._file.read(POINT_BYTES))
