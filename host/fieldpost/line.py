"""One end of a serial line between bridges: a byte stream over frames, where what was lost goes again, in order.

Decides what goes next and when it goes again, and which stream is the line's: the latest that was begun. Refuses to
judge who is at the far end, which is the handshake's matter, and what the bytes say. SPEC 10.7
"""

import struct
from collections import deque

from fieldwire import frame
from fieldwire.errors import WireError

TYPE = 0x38
GAP, END = 1, 2
HEAD = struct.Struct(">BB4sQQ")  # type, flags, stream, place of the bytes, bytes taken so far
PART_MAX = 1_000  # at one error in 100,000 bytes, one frame in a hundred is lost
WINDOW = 8 * PART_MAX
AHEAD_MS = 20  # handed out before the line is free, so that it never waits for us
TURN_MS = 100  # a host's other work
DOUBLINGS_MAX = 4
KEEP_MS = 2_000
LINGER_MS = 10_000


def encode(flags: int, stream: bytes, at: int, taken: int, data: bytes = b"") -> bytes:
    """A frame of SPEC 10.7."""
    return HEAD.pack(TYPE, flags, stream, at, taken) + data


def decode(data: bytes) -> tuple[int, bytes, int, int, bytes]:
    """(flags, stream, at, taken, bytes) of a frame; WireError frame-unknown, frame-size or frame-shape."""
    if data[:1] != bytes((TYPE,)):
        raise WireError("frame-unknown", "no frame of a line between bridges")
    if not HEAD.size <= len(data) <= HEAD.size + PART_MAX:
        raise WireError("frame-size", f"a line's frame of {len(data)} bytes")
    _, flags, stream, at, taken = HEAD.unpack_from(data)
    if flags & ~(GAP | END):
        raise WireError("frame-shape", f"flags {flags}")
    return flags, stream, at, taken, data[HEAD.size :]


class Line:
    """Five methods as every protocol object. Events: ("begun", stream), ("data", bytes), ("ended", stream).

    `listens`: whether the far side may begin streams here. A stream is named by 4 bytes, drawn by who begins it.
    """

    def __init__(self, baud: int, listens: bool) -> None:
        self._baud, self._listens = baud, listens
        self._events: deque[tuple] = deque()
        self._stream: bytes | None = None
        self._last: bytes | None = None
        self._refused: bytes | None = None  # a stream that is told that there is none
        self._free_ms = 0  # when the line has carried all that was handed out
        self._reset()

    def _reset(self) -> None:
        self._out = bytearray()  # from the first byte that the far side has not taken
        self._base = self._at = self._sent = self._taken = self._tries = 0
        self._answers = self._gap = False
        self._went_back: int | None = None
        self._due_ms: int | None = None
        self._keep_ms = self._end_ms = 0

    @property
    def waiting(self) -> int:
        """Bytes that the far side has not taken yet."""
        return len(self._out)

    def begin(self, stream: bytes, now_ms: int) -> None:
        """A stream of this name is the line's from now on."""
        self._drop()
        self._reset()
        self._stream, self._keep_ms = stream, now_ms + KEEP_MS
        self._events.append(("begun", stream))

    def write(self, stream: bytes, data: bytes) -> None:
        """More bytes for the far side, unless the stream has ended."""
        if stream == self._stream and not self._end_ms:
            self._out += data

    def close(self, stream: bytes, now_ms: int) -> None:
        """No more bytes come: the stream ends when the far side has taken all, or soon."""
        if stream == self._stream and not self._end_ms:
            self._end_ms = now_ms + LINGER_MS

    def lost(self) -> None:
        """The port is gone."""
        self._drop()

    def receive(self, data: bytes, now_ms: int) -> None:
        """Takes one frame. Never raises on what the far side sent."""
        try:
            flags, stream, at, taken, part = decode(data)
        except WireError:
            return
        if stream != self._stream and self._listens and not flags & END:
            if at or not part or stream == self._last:
                self._refused = stream
                return
            self.begin(stream, now_ms)
        if stream != self._stream:
            return
        if flags & END:
            self._drop()
            return
        self._take_answer(taken, bool(flags & GAP), now_ms)
        if part:
            self._answers = True
            self._gap = at > self._taken
            new = part[self._taken - at :] if at <= self._taken else b""
            if new:
                self._taken += len(new)
                self._events.append(("data", new))

    def next_event(self) -> tuple | None:
        return self._events.popleft() if self._events else None

    def to_send(self, now_ms: int) -> bytes | None:
        """The next frame, as soon as the line is about to be free."""
        if self._free_ms > now_ms + AHEAD_MS:
            return None
        if self._refused is not None:
            stream, self._refused = self._refused, None
            return self._handed(encode(END, stream, 0, 0), now_ms)
        if self._stream is None:
            return None
        if self._end_ms and (not self._out or now_ms >= self._end_ms):
            said = encode(END, self._stream, self._at, self._taken)
            self._drop()
            return self._handed(said, now_ms)
        begin = self._at - self._base
        part = bytes(self._out[begin : min(begin + PART_MAX, WINDOW)])
        if not part and not self._answers:
            return None
        said = encode(GAP if self._gap else 0, self._stream, self._at, self._taken, part)
        self._at += len(part)
        self._sent = max(self._sent, self._at)
        self._answers = self._gap = False
        self._keep_ms = now_ms + KEEP_MS
        said = self._handed(said, now_ms)
        if part and self._due_ms is None:
            self._wait(now_ms)
        return said

    def deadline(self) -> int | None:
        if self._stream is None:
            return None
        return min(one for one in (self._due_ms, self._keep_ms, self._end_ms) if one)

    def on_deadline(self, now_ms: int) -> None:
        if self._due_ms is not None and now_ms >= self._due_ms:
            self._tries += 1
            self._at, self._due_ms = self._base, None
        if now_ms >= self._keep_ms:
            self._answers = True  # a far side that was restarted says that there is no such stream
            self._keep_ms = now_ms + KEEP_MS

    def _take_answer(self, taken: int, gap: bool, now_ms: int) -> None:
        if self._base < taken <= self._sent:
            del self._out[: taken - self._base]
            self._base, self._tries, self._due_ms = taken, 0, None
            self._at = max(self._at, taken)
            if self._at > taken:
                self._wait(now_ms)
        if gap and taken == self._base and self._went_back != taken:
            self._at = self._went_back = taken  # once; if that is lost too, its time runs out

    def _wait(self, now_ms: int) -> None:
        """What is under way is taken, and that is said behind a frame of the far side's, in so long."""
        size = self._at - self._base + 3 * (PART_MAX + HEAD.size)
        wait_ms = TURN_MS + 2 * self._wire_ms(size)
        self._due_ms = max(now_ms, self._free_ms) + (wait_ms << min(self._tries, DOUBLINGS_MAX))

    def _handed(self, said: bytes, now_ms: int) -> bytes:
        self._free_ms = max(now_ms, self._free_ms) + self._wire_ms(2 + frame.stuffed_max(len(said)))
        return said

    def _wire_ms(self, size: int) -> int:
        return size * 10_000 // self._baud + 1

    def _drop(self) -> None:
        if self._stream is not None:
            self._events.append(("ended", self._stream))
            self._last, self._stream = self._stream, None
