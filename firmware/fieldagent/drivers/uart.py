"""Frames over a byte link of the board: framing in, framing out, and what happens when nobody reads.

Decides that bytes which a link does not take for a while are dropped: a session repeats what it needs. Refuses
to look into a frame. SPEC 8.1
"""

from fieldwire import frame, limits, link_terms
from fieldwire.port import const

_STUCK_MS = const(1_000)
_FRAMES_A_TURN = const(8)


class FrameLink(link_terms.Serial):
    """`link` of the board: read() -> bytes | None, write(bytes) -> int, baud, turnaround_ms; none of them blocks."""

    def __init__(self, link):
        super().__init__(link.baud, link.turnaround_ms, limits.FRAME_MAX)
        self._link = link
        self._deframer = frame.Deframer()
        self._rest = b""
        self._rest_since_ms = 0

    def receive(self):
        """Frames that have arrived since the last call."""
        frames = []
        while True:
            data = self._link.read()
            if not data:
                return frames
            frames.extend(self._deframer.feed(data))

    def is_clear(self, now_ms):
        """Pushes out what waits; True when the next frame may be sent."""
        if self._rest:
            written = self._link.write(self._rest)
            if written:
                self._rest = self._rest[written:]
                self._rest_since_ms = now_ms
            elif now_ms - self._rest_since_ms >= _STUCK_MS:
                self._rest = b""
        return not self._rest

    def turn(self, part, clock):
        """Hands arrived frames to a protocol object and sends what it has due; True when anything moved."""
        frames = self.receive()
        for one in frames:
            part.receive(one, clock.now_ms())
        sent = 0
        while sent < _FRAMES_A_TURN and self.is_clear(clock.now_ms()):
            now_ms = clock.now_ms()
            one = part.to_send(now_ms)
            if one is None:
                break
            self.send(one, now_ms)
            sent += 1
        return bool(frames) or sent > 0

    def send(self, one, now_ms):
        """Sends one frame; call only when the link is clear."""
        self._rest = frame.encode(one)
        self._rest_since_ms = now_ms
        self.is_clear(now_ms)
