"""Time on the device: milliseconds of the local clock since boot, extended to 64 bits, and the boot counter.

Decides how a reading that wraps becomes one that does not. Refuses to know any time but the board's own: a
UTC reading is a claim beside it, never in its place. SPEC 1.1, 5.3
"""

WRAP = 1 << 30


class Clock:
    """`ticks_ms() -> int` wraps at 2^30; `now_ms()` does not, if it is called at least every 2^29 ms (6 days)."""

    def __init__(self, ticks_ms):
        self._ticks_ms = ticks_ms
        self._last = ticks_ms()
        self._now_ms = self._last

    def now_ms(self):
        ticks = self._ticks_ms()
        passed = (ticks - self._last) & (WRAP - 1)
        if passed < WRAP >> 1:  # a step back, by a source that corrects itself, counts as no time
            self._last = ticks
            self._now_ms += passed
        return self._now_ms
