"""The seed of a device's key: made on the board from all that the board, its clock and a host can give.

Decides whether the random source can be used at all: not one that fails, stands still or repeats itself. Refuses
to call it good: a generator that is started alike at each boot passes, and so does one that somebody else knows.
Against those stand the host's bytes and the jitter, which can only add. SPEC 8.7
"""

from fieldagent.random_source import REPEATS, RandomFailed, RandomSource
from fieldwire.port import const
from fieldwire.sha512 import sha512

_DRAW_BYTES = const(64)
_BLOCK_BYTES = const(8)
_JITTER_BYTES = const(128)  # 1,024 low bits


def make_seed(random_bytes, host_bytes, hardware_id, jitter):
    """32 secret bytes; nobody who chooses only some of the inputs can choose or foresee the seed. SPEC 8.7

    RandomFailed where the random source cannot be used.
    """
    return sha512(_drawn(random_bytes) + host_bytes + hardware_id + jitter)[:32]


def _drawn(random_bytes):
    """64 random bytes, whose source did not repeat eight bytes in two draws: by chance once in 2^57 times."""
    source = RandomSource(random_bytes)
    before, drawn = source(_DRAW_BYTES), source(_DRAW_BYTES)
    both = bytes(before) + bytes(drawn)
    blocks = {both[at : at + _BLOCK_BYTES] for at in range(0, len(both), _BLOCK_BYTES)}
    if len(blocks) != 2 * _DRAW_BYTES // _BLOCK_BYTES:
        raise RandomFailed(REPEATS)
    return drawn


def jitter_of(board):
    """1,024 low bits of the board's noise where it has an ADC for it, else of its clock.

    `board.noise(n)` -> n bytes of low bits.
    """
    noise = getattr(board, "noise", None)
    return noise(_JITTER_BYTES) if noise is not None else clock_jitter(board.ticks_ms)


def clock_jitter(ticks_ms):
    """128 low bytes of how often the clock can be read within a millisecond."""
    found = bytearray(_JITTER_BYTES)
    for index in range(_JITTER_BYTES):
        began, reads = ticks_ms(), 0
        while ticks_ms() == began:
            reads += 1
        found[index] = reads & 0xFF
    return bytes(found)
