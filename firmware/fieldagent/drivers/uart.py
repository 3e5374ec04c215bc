"""Frames over a byte link of the board: framing in, framing out, and what happens when nobody reads.

Decides that bytes which a link does not take for a while are dropped: a session repeats what it needs. Refuses
to look into a frame. SPEC 8.1
"""

from fieldwire import frame, limits, link_terms
from fieldwire.port import const

_STUCK_MS = const(1_000)
_FRAMES_A_TURN = const(8)


class FrameLink(link_terms.Serial):
    """`link` of the board: read() -> bytes | None, write(buffer) -> int, baud, turnaround_ms; none of them blocks."""

    def __init__(self, link):
        super().__init__(link.baud, link.turnaround_ms, limits.FRAME_MAX)
        self._link = link
        self._deframer = frame.Deframer()
        self._out = bytearray()  # as long as the longest frame that was sent, and used again
        self._begin = self._end = 0  # what of it is still to be written
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
        if self._begin < self._end:
            written = self._link.write(memoryview(self._out)[self._begin : self._end])
            if written:
                self._begin += written
                self._rest_since_ms = now_ms
            elif now_ms - self._rest_since_ms >= _STUCK_MS:
                self._begin = self._end
        return self._begin == self._end

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
        size = 2 + frame.stuffed_max(len(one))
        if size > len(self._out):
            self._out = bytearray(size)
        self._begin, self._end = 0, frame.encode_into(self._out, one)
        self._rest_since_ms = now_ms
        self.is_clear(now_ms)
