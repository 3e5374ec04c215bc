"""Light sleep between readings, on a board whose configuration asks for it.

Decides how long the board may sleep: not while a bridge is there; without one it calls and listens for half a second
in every five, since a sleeping port hears nothing. Refuses to sleep past a reading, or longer than its watchdog waits.
"""

from fieldwire.port import const

_LISTEN_MS, _APART_MS = const(500), const(5_000)
_SLEEP_MS_MIN, _SLEEP_MS_MAX = const(20), const(1_000)


class Pace:
    """`sleep(ms)` returns when the time is over; the board's ticks have counted it."""

    def __init__(self, sleep, agent):
        self._sleep = sleep
        self._agent = agent
        self._listen_at_ms = self._listen_until_ms = 0

    def turn(self, now_ms):
        """Returns at once, or after the sleep."""
        if now_ms >= self._listen_at_ms or self._agent.uplink.bridge is not None:
            self._listen_until_ms = now_ms + _LISTEN_MS
            self._listen_at_ms = now_ms + _APART_MS
        if now_ms < self._listen_until_ms:
            return
        left_ms = min(self._agent.due_ms(self._listen_at_ms) - now_ms, _SLEEP_MS_MAX)
        if left_ms >= _SLEEP_MS_MIN:
            self._sleep(left_ms)
