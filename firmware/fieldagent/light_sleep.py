"""Light sleep between what is due, on a board whose configuration asks for it.

Decides how long the board may sleep: not while a bridge is there, nor for a while after a frame came or went, since a
sleeping port hears nothing. Refuses to sleep past what the agent has to do, or for longer than its watchdog waits.
"""

from fieldwire.port import const

_LISTEN_MS = const(300)  # for the answer to a call
_SLEEP_MS_MIN, _SLEEP_MS_MAX = const(20), const(1_000)


class LightSleep:
    """`sleep(ms)` returns when the time is over; the board's ticks have counted it."""

    def __init__(self, sleep, agent):
        self._sleep = sleep
        self._agent = agent
        self._listen_until_ms = 0

    def turn(self, moved, now_ms):
        """`moved`: whether a frame came or went since the last call."""
        if moved:
            self._listen_until_ms = now_ms + _LISTEN_MS
        if self._agent.uplink.bridge is not None or now_ms < self._listen_until_ms:
            return
        left_ms = min(self._agent.deadline() - now_ms, _SLEEP_MS_MAX)
        if left_ms >= _SLEEP_MS_MIN:
            self._sleep(left_ms)
