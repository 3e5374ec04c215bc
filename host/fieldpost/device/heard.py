"""What a board says of itself while nobody asks it: its console's lines and its frames, which share a port.

Decides what in a stream of bytes is a frame, a status line or another line. Says nothing and interrupts nobody.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec

from fieldwire import frame, session_frames
from fieldwire.errors import WireError

_LINE_BYTES_MAX = 4_096
_STATUS = "status "
_PARTS_MAX = 64  # objects and lists in a status line
_ID = re.compile("[0-9a-f]{32}")
_OBJECT = msgspec.json.Decoder(dict[str, Any])


class Heard:
    """Feed it; `frames` counts sound ones, `device` is the id of who called or told (32 hex digits), `status` the last
    status line's object.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self.device: str | None = None
        self.status: dict[str, Any] | None = None
        self._run = b""
        self._text = b""

    @property
    def is_agent(self) -> bool:
        return self.frames > 0 or self.status is not None

    def count(self, key: str) -> int | None:
        """What the last status line counts under a key, None where it counts nothing."""
        found = (self.status or {}).get(key)
        return found if isinstance(found, int) and found >= 0 else None

    def feed(self, data: bytes) -> list[str]:
        """The console lines that the data completes."""
        self.bytes += len(data)
        *runs, self._run = (self._run + data).split(b"\0")
        for run in runs:
            self._take(run)
        if b"\n" in self._run and _is_text(self._run):  # no frame has begun, or it would not be text
            self._text, self._run = self._text + self._run, b""
        self._run = self._run[-_LINE_BYTES_MAX:]
        return list(self._lines())

    def _take(self, run: bytes) -> None:
        """What stood between two zeros."""
        try:
            one = frame.decode(run) if run else b""
        except WireError:
            if _is_text(run):
                self._text += run
            return
        if not one:
            return
        self.frames += 1
        with suppress(WireError):
            if session_frames.is_call(one):
                self.device = bytes(session_frames.decode("HELLO", one)[2]).hex()

    def _lines(self) -> Iterator[str]:
        *lines, self._text = self._text.replace(b"\r\n", b"\n").split(b"\n")
        self._text = self._text[-_LINE_BYTES_MAX:]
        for line in lines:
            text = line.decode(errors="replace")
            if text.startswith(_STATUS):
                self._note(text.removeprefix(_STATUS))
            if text:
                yield text

    def _note(self, text: str) -> None:
        if text.count("{") + text.count("[") > _PARTS_MAX:
            return
        try:
            self.status = _OBJECT.decode(text)
        except ValueError:
            return
        named = self.status.get("device")
        if isinstance(named, str) and _ID.fullmatch(named):
            self.device = named


def _is_text(data: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\r\n\t\x1b\x04" for byte in data)
