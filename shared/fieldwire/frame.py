"""Frames on a byte stream: `00 | COBS(frame || CRC-32, little-endian) | 00`.

Noise is expected: the deframer drops what is broken, counts it and starts again at the next zero. Memory is
bounded by the longest frame. What a frame means, and whether it is authentic, is decided elsewhere.
"""

import struct
from binascii import crc32

from fieldwire.errors import WireError
from fieldwire.limits import FRAME_MAX
from fieldwire.port import const

_CRC_BYTES = const(4)
_RUN_MAX = const(254)  # a COBS block holds up to 254 bytes that are not zero


def encode(frame, size_max=FRAME_MAX):
    """The bytes that carry a frame of 1 to size_max bytes."""
    frame = bytes(frame)
    if not 0 < len(frame) <= size_max:
        raise ValueError("frame of {} bytes, 1 to {} allowed".format(len(frame), size_max))
    body = frame + struct.pack("<I", crc32(frame))
    out = bytearray(b"\x00")
    at, size = 0, len(body)
    while True:
        end = body.find(b"\x00", at, at + _RUN_MAX)
        ends_at_zero = end >= 0
        if not ends_at_zero:
            end = min(at + _RUN_MAX, size)
        out.append(end - at + 1)
        out.extend(body[at:end])
        at = end
        if ends_at_zero:
            at += 1
        elif at == size:
            break
    out.append(0)
    return bytes(out)


def decode(stuffed, size_max=FRAME_MAX):
    """The frame in what stood between two zeros. Raises WireError frame-cobs, frame-size or frame-crc."""
    body = _unstuff(stuffed)
    size = len(body) - _CRC_BYTES
    if not 0 < size <= size_max:
        raise WireError("frame-size", "frame of {} bytes, 1 to {} allowed".format(size, size_max))
    frame = bytes(body[:size])
    if struct.pack("<I", crc32(frame)) != body[size:]:
        raise WireError("frame-crc", "frame of {} bytes".format(size))
    return frame


def stuffed_max(size_max):
    """The most bytes that can stand between two zeros for frames of up to size_max bytes."""
    size = size_max + _CRC_BYTES
    return size + size // _RUN_MAX + 1


class Deframer:
    """Takes the frames out of a byte stream. `bad` counts the runs of bytes that held no sound frame."""

    def __init__(self, size_max=FRAME_MAX):
        self.bad = 0
        self._size_max = size_max
        self._stuffed_max = stuffed_max(size_max)
        self._run = bytearray()
        self._dropping = False

    def feed(self, data):
        """The frames that data completes, in order. Never raises on what the peer sent."""
        data = bytes(data)
        frames = []
        at = 0
        while True:
            zero = data.find(b"\x00", at)
            self._collect(data[at:] if zero < 0 else data[at:zero])
            if zero < 0:
                return frames
            frame = self._close()
            if frame is not None:
                frames.append(frame)
            at = zero + 1

    def _collect(self, piece):
        if self._dropping:
            return
        if len(self._run) + len(piece) > self._stuffed_max:
            self._run = bytearray()
            self._dropping = True
        else:
            self._run.extend(piece)

    def _close(self):
        run, dropped = self._run, self._dropping
        self._run = bytearray()
        self._dropping = False
        if dropped:
            self.bad += 1
        elif run:
            try:
                return decode(run, self._size_max)
            except WireError:
                self.bad += 1
        return None


def _unstuff(stuffed):
    if bytes(stuffed).find(b"\x00") >= 0:
        raise WireError("frame-cobs", "a zero between the zeros")
    out = bytearray()
    at, size = 0, len(stuffed)
    full = False
    while at < size:
        run = stuffed[at] - 1
        end = at + 1 + run
        if run < 0 or end > size:
            raise WireError("frame-cobs", "block at byte {} leaves the frame".format(at))
        if full and run == 0 and end == size:
            raise WireError("frame-cobs", "an empty block after a full one is a second encoding")
        out.extend(stuffed[at + 1 : end])
        full = run == _RUN_MAX
        if not full and end < size:
            out.append(0)
        at = end
    return out
