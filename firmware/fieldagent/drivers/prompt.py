"""The interpreter's prompt (REPL) on a port that carries frames: who has the port, and how a person gets in.

Decides nothing about frames. While the agent has a port no byte there interrupts it and nobody has a prompt; in the
first seconds after a reset who asks as mpremote does gets one, and so does who holds K by a bridge's word (SPEC 8.2).
"""

import os

from fieldwire.port import const

_WINDOW_MS = const(3_000)
_SILENCE_MS = const(50)
_LOOK_MS = const(5)
_INTERRUPT = 3


def _interrupt_at(byte):
    try:
        from micropython import kbd_intr
    except ImportError:
        return  # no such port, as on CPython
    kbd_intr(byte)


class Prompt:
    """The prompt of one boot. `system`: has dupterm where the port can copy its prompt to a UART."""

    def __init__(self, system=os):
        self._dupterm = getattr(system, "dupterm", None)
        self._stream = None

    def take(self):
        """The agent has the ports from now on."""
        _interrupt_at(-1)
        if self._dupterm is not None:
            self._stream = self._dupterm(None)

    def give_back(self):
        if self._dupterm is not None:
            self._dupterm(self._stream)
        _interrupt_at(_INTERRUPT)


class WayIn:
    """Looks at single bytes for who asks: an interrupt after silence, alone or behind a line end.

    A frame begins with a zero byte, so no frame asks, whatever it holds. What waits from before the start may be the
    rest of one: of that an interrupt asks behind a line end, or where it is all that waits.
    """

    def __init__(self, now_ms):
        self._last_ms = now_ms
        self._line_ended = False
        self._is_asking = True  # nothing else has come yet
        self._interrupts = 0

    def asks(self, byte, now_ms):
        silent = now_ms - self._last_ms >= _SILENCE_MS
        self._last_ms = now_ms
        if byte == _INTERRUPT and (silent or self._line_ended):
            return True
        self._interrupts += byte == _INTERRUPT
        self._is_asking = self._is_asking and byte in b"\r\n\x03"
        self._line_ended = byte in b"\r\n" and (silent or self._line_ended or self._is_asking)
        return False

    def waits(self, now_ms):
        """Whether one interrupt is all that came, and silence after it."""
        silent = now_ms - self._last_ms >= _SILENCE_MS
        return silent and self._is_asking and self._interrupts == 1


async def wanted(board, clock):
    """Whether somebody asked in the first seconds; at once False on a board whose prompt is on no port of frames."""
    console = getattr(board, "console", None)
    if console is None:
        return False
    stream, started_ms = console(), clock.now_ms()
    way_in = WayIn(started_ms)
    while clock.now_ms() - started_ms < _WINDOW_MS:
        byte = stream.read_byte()
        if byte is None:
            if way_in.waits(clock.now_ms()):
                return True
            await board.sleep_ms(_LOOK_MS)
        elif way_in.asks(byte, clock.now_ms()):
            return True  # what was sent behind it is the prompt's
    return False
