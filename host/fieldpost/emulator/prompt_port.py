"""The port that a board's prompt is on, from power on to power off: the terminal between its cable and the interpreter.

Decides what becomes of what a board prints: into its log, line ends as ports write them, and on the port for as long
as somebody reads there. A soft reset keeps the port, and its prompt raw where it was. It refuses to speak the prompt's
protocol; what a program writes to its link on the same port passes by.
"""

import asyncio
import os
import re
import tty
from typing import IO

CHUNK_BYTES = 4096
# A port waits so long for its reader, and no longer before the next byte was taken.
PATIENCE_S = 0.5
RAW = b"raw REPL; CTRL-B to exit\r\n"
FRIENDLY = b'Type "help()" for more information.\r\n'
ENTER_RAW = b"\x01"
# A mounted folder of the host sends this before bytes that are no text.
REMOTE_CALL = b"\x18"
HELD_BYTES_MAX = 4096
_BANNER = re.compile(rb"MicroPython [^\n]*\n" + re.escape(FRIENDLY) + rb">>> \r\n(?=raw)")
_LINE_END = re.compile(rb"(?<!\r)\n")


class PromptPort:
    """`cable_end` belongs to whoever takes it; `link` and `terminal` are the board's ends, `output` its print's."""

    def __init__(self, log: IO[bytes]) -> None:
        self.cable_end, self.terminal = os.openpty()
        tty.setraw(self.terminal)
        # A second opening of the same terminal: the prompt waits for bytes, a link does not.
        self.link = os.open(os.ttyname(self.terminal), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._printed, self.output = os.pipe()
        os.set_blocking(self._printed, False)
        self._log = log
        self.raw = False
        self._seen = b""  # the end of what was printed, should a banner be in two pieces
        self._after_return = False
        self._binary = False
        self._hidden: bytes | None = None  # what was printed since a soft reset into a raw prompt
        self._held = b""
        self._patience: asyncio.TimerHandle | None = None
        self._read_there = True
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._printed, self._take)

    def restart(self) -> None:
        """The process has ended by a soft reset; the next one begins where a raw prompt was."""
        while self._take():
            pass
        self._put(b"MPY: soft reboot\r\n")
        self._binary = False
        if not self.raw:
            return
        self._hidden = b""
        self.give(ENTER_RAW + self.unread())

    def unread(self) -> bytes:
        """What came and the interpreter did not take."""
        try:
            return os.read(self.link, CHUNK_BYTES)
        except OSError:  # nothing, or the far end went with the power
            return b""

    def give(self, data: bytes) -> None:
        """To the interpreter, as if it came over the cable."""
        if data:
            os.write(self.cable_end, data)

    def close(self) -> None:
        """The board has no power; `cable_end` is closed by its owner."""
        while self._take():
            pass
        self._held = b""
        self._watch()
        self._loop.remove_reader(self._printed)
        for descriptor in (self.terminal, self.link, self._printed, self.output):
            os.close(descriptor)
        self._log.close()

    def _take(self) -> bool:
        """Whether something was printed."""
        try:
            data = os.read(self._printed, CHUNK_BYTES)
        except BlockingIOError:
            return False
        self._log.write(data)
        data = self._as_a_port_prints(data)
        self._follow(data)
        self._put(self._without_hidden(data))
        return True

    def _as_a_port_prints(self, data: bytes) -> bytes:
        self._binary = self._binary or REMOTE_CALL in data
        if self._binary:
            return data
        begin = b"\r" if self._after_return else b""
        self._after_return = data.endswith(b"\r")
        return _LINE_END.sub(b"\r\n", begin + data)[len(begin) :]

    def _follow(self, data: bytes) -> None:
        """Whether the prompt is raw now."""
        seen = self._seen + data
        raw_at, friendly_at = seen.rfind(RAW), seen.rfind(FRIENDLY)
        if raw_at != friendly_at:
            self.raw = raw_at > friendly_at
        self._seen = seen[-max(len(RAW), len(FRIENDLY)) :]

    def _without_hidden(self, data: bytes) -> bytes:
        """Ports go from a raw prompt to a raw one; the interpreter greets a person in between."""
        if self._hidden is None:
            return data
        self._hidden += data
        clean, found = _BANNER.subn(b"", self._hidden)
        if not found and len(self._hidden) < HELD_BYTES_MAX:
            return b""
        self._hidden = None
        return clean

    def _put(self, data: bytes) -> None:
        data = self._held + data
        try:
            written = os.write(self.link, data) if data else 0
        except OSError:  # the port is full, or its far end went with the power
            written = 0
        if written:
            self._read_there = True
        self._held = data[written:] if self._read_there else b""
        self._watch()

    def _watch(self) -> None:
        """Takes what is printed; while the port is full, waits for its reader instead, but not for ever."""
        if self._held:
            self._loop.remove_reader(self._printed)
            self._loop.add_writer(self.link, self._put, b"")
            if self._patience is None:
                self._patience = self._loop.call_later(PATIENCE_S, self._nobody_reads)
            return
        self._loop.remove_writer(self.link)
        self._loop.add_reader(self._printed, self._take)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _nobody_reads(self) -> None:
        self._read_there = False
        self._held = b""
        self._watch()
