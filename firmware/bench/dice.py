"""Random numbers that come out alike on every runtime, from a seed.

Decides nothing but the next number. Refuses to be used for keys: who knows the seed knows them all.
"""

_MASK = 0xFFFFFFFF


class Dice:
    """Xorshift of 32 bits (Marsaglia 2003), 13-17-5."""

    def __init__(self, seed):
        self._state = (seed * 2654435761 + 0x9E3779B9) & _MASK or 1
        for _ in range(4):
            self._next()

    def _next(self):
        state = self._state
        state ^= (state << 13) & _MASK
        state ^= state >> 17
        state ^= (state << 5) & _MASK
        self._state = state
        return state

    def below(self, count):
        """An integer from 0 to count - 1."""
        return self._next() % count

    def one_of(self, items):
        return items[self._next() % len(items)]

    def chance(self, percent):
        return self._next() % 100 < percent

    def bytes(self, count):
        found = b"".join([self._next().to_bytes(4, "big") for _ in range((count + 3) // 4)])
        return found[:count]

    def mask(self, count, eighths):
        """`count` bytes in which about `eighths` of 8 bits are ones."""
        if eighths >= 8:
            return b"\xff" * count
        mask = 0
        for weight in (1, 2, 4):  # each step halves what was so far, and adds a half where its bit is set
            drawn = int.from_bytes(self.bytes(count), "big")
            mask = mask | drawn if eighths & weight else mask & drawn
        return mask.to_bytes(count, "big")
