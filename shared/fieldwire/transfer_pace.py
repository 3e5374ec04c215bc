"""How long a frame should be on a link whose errors strike bytes: long enough to carry, short enough to arrive.

Decides from the share of frames that were lost. On a link that loses whole frames, as radios do, length is not the
cause and the longest frame is the best.
"""

from fieldwire.port import const
from fieldwire.transfer_head import TILE

# What a frame costs beside its tiles: two bytes of head, four of CRC, COBS and a delimiter, and the rest of a tile.
_OVERHEAD = const(10)
_MEMORY_BYTES = const(60_000)
_CHANCE = const(3)  # fewer losses say nothing about the next frames
_TILES_MIN = const(2)
_ROW_MAX = const(3)


class Pace:
    """`most`: tiles in the longest frame; `by_bytes`: errors strike bytes."""

    def __init__(self, most, by_bytes):
        self.tiles = self._most = most
        self._by_bytes = by_bytes
        self._sent = 0  # bytes
        self._lost = 0  # frames

    def sent(self, size):
        self._sent += size

    def lost(self, ranges):
        """These tiles were lost, in frames of about the present length."""
        if not self._by_bytes or not ranges:
            return
        for lo, hi in ranges:
            # A long row was not struck by errors of single bytes: nobody listened.
            self._lost += min(_ROW_MAX, (hi - lo + self.tiles - 1) // self.tiles)
        if self._sent > _MEMORY_BYTES:
            self._sent //= 2
            self._lost //= 2
        # The best length of a frame is the root of its overhead over the error rate of a byte.
        if self._lost >= _CHANCE:
            best = _root(_OVERHEAD * self._sent // self._lost)
            self.tiles = max(_TILES_MIN, min(self._most, best // TILE))


def _root(value):
    """Whole part of the square root."""
    guess = value
    while guess * guess > value:
        guess = (guess + value // guess) // 2
    return guess
