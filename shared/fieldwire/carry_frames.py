"""Frames between a mule and the devices whose segments it carries: types, bodies, the bounds of every field.

Decides whether a frame is well-formed. Whom it concerns and what is true of it is the two sides' matter. SPEC 8.11
"""

from fieldwire import cbor, limits
from fieldwire.errors import WireError
from fieldwire.port import const

CARRY, OFFER, FETCH, PART, KEPT, TAKEN = range(0x15, 0x1B)
# Frames that a device sends on one FETCH: no more than a neighbour's buffer takes, enough that asking costs little.
PARTS_MAX = const(8)
PART_HEAD_MAX = const(80)  # of a PART, beside its bytes
_DEPTH_MAX = const(3)
_U32_MAX = const(0xFFFFFFFF)


def encode(kind, body):
    return bytes((kind,)) + cbor.encode(body)


def decode(frame):
    """(type, body) of a frame; raises WireError."""
    shape = _SHAPE.get(frame[0]) if 1 < len(frame) <= limits.FRAME_MAX else None
    if shape is None:
        raise WireError("frame-unknown", "no frame of a mule")
    body = cbor.decode(memoryview(frame)[1:], _DEPTH_MAX)
    if not isinstance(body, list) or not shape(body):
        raise WireError("frame-shape", "the body of 0x%02x is not that of SPEC 8.11" % frame[0])
    return frame[0], body


def item_max(item):
    """Bytes of the longest item: a token is named by its id, a segment by its place."""
    return limits.TOKEN_MAX if isinstance(item, bytes) else limits.CARRIED_SEGMENT_MAX


def _bytes(value, size):
    return isinstance(value, bytes) and len(value) == size


def _uint(value, most):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _place(value):
    return (
        len(value) == 3
        and _bytes(value[0], 8)
        and _uint(value[1], limits.STREAMS_MAX - 1)
        and _uint(value[2], _U32_MAX)
    )


def _ends(body, size):
    """Whom a frame is from and to."""
    return len(body) == size and _bytes(body[0], 16) and _bytes(body[1], 16)


def _item(value):
    return _bytes(value, 16) or (isinstance(value, list) and _place(value))


def _row(value):
    return (
        isinstance(value, list)
        and len(value) == 4
        and _place(value[:3])
        and _uint(value[3], limits.SEGMENT_MAX)
    )


def _offer(body):
    return _ends(body, 3) and isinstance(body[2], list) and all(_row(one) for one in body[2])


def _fetch(body):
    if not _ends(body, 5) or not _item(body[2]):
        return False
    return _uint(body[4], item_max(body[2])) and _uint(body[3], body[4])


def _part(body):
    if not _ends(body, 6) or not _item(body[2]) or not isinstance(body[5], bytes):
        return False
    return _uint(body[4], item_max(body[2])) and _uint(body[3], body[4] - len(body[5])) and len(body[5]) > 0


def _kept(body):
    if not _ends(body, 8) or not _bytes(body[2], 32) or not _place(body[3:6]):
        return False
    return _uint(body[6], _U32_MAX) and body[5] <= body[6] and _bytes(body[7], 8)


_SHAPE = {
    CARRY: lambda body: len(body) == 1 and _bytes(body[0], 16),
    OFFER: _offer,
    FETCH: _fetch,
    PART: _part,
    KEPT: _kept,
    TAKEN: _kept,
}
