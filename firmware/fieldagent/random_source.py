"""Random bytes for what must never repeat or be foreseen: incarnations, boot seeds, session nonces, exchange ids.

Decides that a source which fails, falls short, stands still or says the same twice is not used. Refuses to call any
other one good.
"""

from fieldwire.errors import StorageError
from fieldwire.port import const

REPEATS = "the random source repeats itself; restart the board, or replace it"
_JUDGED_BYTES = const(8)  # equal by chance once in 2^64 draws


class RandomFailed(StorageError):
    """The board's random source gives nothing that could be used; the message names cause and remedy."""


class RandomSource:
    """`source(n) -> n random bytes`, as a board offers it. Calling this gives the same, or raises RandomFailed."""

    def __init__(self, source):
        self._source = source
        self._last = None

    def __call__(self, count):
        try:
            drawn = self._source(count)
        except OSError as cause:
            raise RandomFailed("the random source fails (%s); restart the board, or replace it" % cause)
        judged = bytes(drawn[:_JUDGED_BYTES])
        if len(drawn) != count or len(set(judged)) == 1 or judged == self._last:
            raise RandomFailed(REPEATS)
        self._last = judged
        return drawn
