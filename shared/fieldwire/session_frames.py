"""Session frames as bytes: their types, their bodies, the bounds of every field.

Decides whether a frame is well-formed. Whether it is expected, fresh or authentic is the session's matter.
SPEC 8.2
"""

from fieldwire import cbor, limits
from fieldwire.errors import WireError
from fieldwire.port import const

VERSION = const(0)
TAG_SIZE = const(8)
NO_TAG = bytes(TAG_SIZE)
NO_NONCE = bytes(8)
TOKEN, SEGMENT, EARLY = range(3)
ITEM_MAX = {TOKEN: limits.TOKEN_MAX, SEGMENT: limits.SEGMENT_MAX, EARLY: limits.EARLY_MAX}

TYPE = {
    "HELLO": 0x81,
    "HAVE": 0x02,
    "WANT": 0x03,
    "DATA": 0x84,
    "POLL": 0x85,
    "CTRL": 0x06,
    "TIME": 0x07,
    "CUSTODY": 0x88,
    "REJECT": 0x89,
    "BYE": 0x0A,
}
NAME = {number: name for name, number in TYPE.items()}
UNTAGGED = ("DATA", "POLL")

_DEPTH_MAX = const(5)  # HAVE is the deepest: body, held, entry, ranges, range
_U16_MAX = const(0xFFFF)
_U32_MAX = const(0xFFFFFFFF)
_U64_MAX = const(0xFFFFFFFFFFFFFFFF)


def encode(name, body):
    """Frame of a body, without the tag that a tagged frame needs."""
    frame = bytearray((TYPE[name],))
    cbor.append(frame, body)
    return bytes(frame)


def decode(name, frame):
    """The checked body of a frame of that name, as a list. WireError otherwise."""
    end = len(frame) if name in UNTAGGED else len(frame) - TAG_SIZE
    if end < 2:
        raise WireError("frame-shape", "%s of %d bytes" % (name, len(frame)))
    body = cbor.decode(memoryview(frame)[1:end], _DEPTH_MAX)
    if not isinstance(body, list) or not _SHAPE[name](body):
        raise WireError("frame-shape", "the body of %s is not that of SPEC 8.2" % name)
    return body


def chunk_room(frame_max, number, kind, key, total):
    """Bytes of an item that fit one DATA frame, whatever the offset."""
    head = len(encode("DATA", [number, kind, key, total, total, b""]))
    return frame_max - head - 2  # the head of a longer byte string takes up to two bytes more


def wire_ms(link, size):
    """Milliseconds that a frame of that size and its framing take at ten bits a byte, rounded up."""
    return (size + 8 + size // 254) * 10_000 // link.baud + 1


def _uint(value, most):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _bytes(value, size):
    return isinstance(value, bytes) and len(value) == size


def _place(value, most):
    return _bytes(value[0], 8) and _uint(value[1], limits.STREAMS_MAX - 1) and _uint(value[2], most)


def _is_hello(body):
    # A later version may add elements; these four stay, so that it can be told apart.
    if len(body) < 4 or not _uint(body[0], _U16_MAX) or not _uint(body[1], _U32_MAX):
        return False
    return (_bytes(body[2], 16) or _bytes(body[2], 32)) and _bytes(body[3], 8)


def _is_range(value):
    return (
        isinstance(value, list)
        and len(value) == 2
        and _uint(value[1], _U32_MAX)
        and _uint(value[0], value[1])
    )


def _is_held(value):
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], list):
        return False
    if not _bytes(value[0], 8) or not _uint(value[1], limits.STREAMS_MAX - 1):
        return False
    return all(_is_range(one) for one in value[2])


def _is_have(body):
    if len(body) != 3 or not isinstance(body[0], list) or not isinstance(body[2], list):
        return False
    partial = body[1]
    if partial is not None:
        if not isinstance(partial, list) or len(partial) != 3:
            return False
        if not all(_uint(one, _U32_MAX) for one in partial):
            return False
    return all(_is_held(one) for one in body[0]) and all(_bytes(one, 16) for one in body[2])


def _is_data(body):
    if len(body) != 6 or not _uint(body[0], _U32_MAX) or not _uint(body[1], EARLY):
        return False
    _, kind, key, total, offset, chunk = body
    if not _uint(total, ITEM_MAX[kind]) or not _uint(offset, total) or not isinstance(chunk, bytes):
        return False
    if not chunk or offset + len(chunk) > total:
        return False
    if kind == TOKEN:
        return _bytes(key, 16)
    most = _U32_MAX if kind == SEGMENT else _U64_MAX
    return isinstance(key, list) and len(key) == 3 and _place(key, most)


def _is_poll(body):
    if len(body) != 3 or not _uint(body[0], _U32_MAX) or not _uint(body[1], _U32_MAX):
        return False
    awaited = body[2]
    return awaited is None or (isinstance(awaited, list) and len(awaited) == 3 and _place(awaited, _U32_MAX))


def _is_ctrl(body):
    if len(body) != 3 or not _uint(body[0], _U32_MAX) or not isinstance(body[1], str):
        return False
    return body[2] is None or isinstance(body[2], bytes)


def _is_time(body):
    if len(body) not in (3, 6) or not _bytes(body[0], 8):
        return False
    return all(_uint(one, _U64_MAX) for one in body[1:])


def _is_custody(body):
    if len(body) != 5 or not _place(body, _U32_MAX) or not _uint(body[3], _U32_MAX):
        return False
    return body[2] <= body[3] and _bytes(body[4], TAG_SIZE)


def _is_reject(body):
    if len(body) != 5 or not _place(body, _U32_MAX):
        return False
    return _uint(body[3], _U16_MAX) and _bytes(body[4], TAG_SIZE)


_SHAPE = {
    "HELLO": _is_hello,
    "HAVE": _is_have,
    "WANT": lambda body: True,
    "DATA": _is_data,
    "POLL": _is_poll,
    "CTRL": _is_ctrl,
    "TIME": _is_time,
    "CUSTODY": _is_custody,
    "REJECT": _is_reject,
    "BYE": lambda body: not body,
}
