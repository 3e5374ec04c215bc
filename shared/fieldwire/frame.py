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
_RUN_BYTES = const(256)  # most frames that a device gets are shorter


def encode(frame, size_max=FRAME_MAX):
    """The bytes that carry a frame of 1 to size_max bytes."""
    if not 0 < len(frame) <= size_max:
        raise ValueError("frame of {} bytes, 1 to {} allowed".format(len(frame), size_max))
    out = bytearray(2 + stuffed_max(len(frame)))
    return bytes(memoryview(out)[: encode_into(out, bytes(frame))])


def encode_into(out, frame):
    """Writes what carries a frame (bytes) to the begin of a bytearray that is long enough; how many bytes that is."""
    out[0] = 0
    block, at = 1, 2  # where the length of the open block stands, and where its next byte goes
    for part in (frame, struct.pack("<I", crc32(frame))):
        begin, size = 0, len(part)
        view = memoryview(part)
        while begin < size:
            if at - block > _RUN_MAX:
                out[block] = at - block
                block, at = at, at + 1
            end = begin + _RUN_MAX - (at - block - 1)
            zero = part.find(b"\x00", begin, end)
            end = min(end, size) if zero < 0 else zero
            out[at : at + end - begin] = view[begin:end]
            at += end - begin
            begin = end
            if zero >= 0:
                out[block] = at - block
                block, at = at, at + 1
                begin += 1
    out[block] = at - block
    out[at] = 0
    return at + 1


def decode(stuffed, size_max=FRAME_MAX):
    """The frame in what stood between two zeros. Raises WireError frame-cobs, frame-size or frame-crc."""
    run = bytearray(stuffed)
    if bytes(run).find(b"\x00") >= 0:
        raise WireError("frame-cobs", "a zero between the zeros")
    return _taken(run, len(run), size_max)


def _taken(run, size, size_max):
    """The frame in the first `size` bytes of a bytearray that holds no zero; what else it held is lost."""
    size = _unstuff(run, size) - _CRC_BYTES
    if not 0 < size <= size_max:
        raise WireError("frame-size", "frame of {} bytes, 1 to {} allowed".format(size, size_max))
    frame = bytes(memoryview(run)[:size])
    if struct.unpack_from("<I", run, size)[0] != crc32(frame):
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
        self._run = bytearray(_RUN_BYTES)  # grows to the longest run that has come, and is used again
        self._size = 0
        self._dropping = False

    def feed(self, data):
        """The frames that data completes, in order. Never raises on what the peer sent."""
        data = bytes(data)
        view = memoryview(data)
        frames = []
        at = 0
        while True:
            zero = data.find(b"\x00", at)
            self._collect(view[at:] if zero < 0 else view[at:zero])
            if zero < 0:
                return frames
            frame = self._close()
            if frame is not None:
                frames.append(frame)
            at = zero + 1

    def _collect(self, piece):
        size = self._size + len(piece)
        if self._dropping or size > self._stuffed_max:
            self._dropping = True
            return
        if size > len(self._run):
            longer = bytearray(min(self._stuffed_max, 2 * size))
            longer[: self._size] = memoryview(self._run)[: self._size]
            self._run = longer
        self._run[self._size : size] = piece
        self._size = size

    def _close(self):
        size, dropped = self._size, self._dropping
        self._size = 0
        self._dropping = False
        if dropped:
            self.bad += 1
        elif size:
            try:
                return _taken(self._run, size, self._size_max)
            except WireError:
                self.bad += 1
        return None


def _unstuff(run, size):
    """Undoes COBS in place, as what comes out is never longer; how many bytes came out."""
    at, to = 0, 0
    full = False
    view = memoryview(run)
    while at < size:
        end = at + run[at]
        if end == at or end > size:
            raise WireError("frame-cobs", "block at byte {} leaves the frame".format(at))
        if full and end == at + 1 == size:
            raise WireError("frame-cobs", "an empty block after a full one is a second encoding")
        full = end - at > _RUN_MAX
        view[to : to + end - at - 1] = view[at + 1 : end]  # of one view into another, overlap is allowed for
        to += end - at - 1
        if not full and end < size:
            run[to] = 0
            to += 1
        at = end
    return to
