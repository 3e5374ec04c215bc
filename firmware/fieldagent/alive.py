"""The board as the agent has it: whenever it sleeps, its watchdog is fed, and its start counted once it has stayed up.

Decides when a start has stayed up. Refuses to choose what runs, and to know what a loop does between two sleeps.
"""

import sys

from fieldagent.clock import Clock
from fieldwire.port import const

_UP_MS = const(10_000)
IN_SAFE_MODE = 2


class Alive:
    """`start` = (slot, whether in safe mode, whether on trial), None where no main.py has recorded it.

    `standing`: 0 stayed up or not counted, 1 on trial after an update, 2 in safe mode. All else is the board's.
    """

    def __init__(self, board, start):
        self._board = board
        self._clock = Clock(board.ticks_ms)
        self.slot, safe, trial = start or ("a", False, False)
        self.standing = IN_SAFE_MODE if safe else int(trial)
        self._up_at_ms = None if start is None else self._clock.now_ms() + _UP_MS
        self._watchdog = None

    def __getattr__(self, name):
        return getattr(self._board, name)

    def begin(self):
        """From here on the loop is watched; no port can end that, but by a reset."""
        watchdog = getattr(self._board, "watchdog", None)
        if watchdog is not None and self._watchdog is None:
            self._watchdog = watchdog()

    def sleep_ms(self, duration_ms):
        if self._watchdog is not None:
            self._watchdog.feed()
        if self._up_at_ms is not None and self._clock.now_ms() >= self._up_at_ms:
            self._up_at_ms = None
            if self._record("confirm") and self.standing != IN_SAFE_MODE:
                self.standing = 0
        return self._board.sleep_ms(duration_ms)

    def end(self):
        """What ends the start now is no crash."""
        if self._up_at_ms is not None:
            self._up_at_ms = None
            self._record("end")

    def give_back(self):
        """A watchdog would bite at the prompt: where one runs, the prompt comes after a reset."""
        if self._watchdog is None:
            self.end()
        elif self._record("ask"):
            self._board.reset()

    def _record(self, step):
        """True when it is recorded. What the flash or the heap refuses is tried again after as long a time."""
        try:
            __import__("slots").settle(step)
            return True
        except (ImportError, MemoryError, OSError) as error:
            print("error the start is not recorded:", error)
            self._up_at_ms = self._clock.now_ms() + _UP_MS
            return False
        finally:
            for name in ("slots", "slot_record"):
                sys.modules[name] = None  # as in Borrowed
                del sys.modules[name]
