"""Session frames as bytes: their types, their bodies, the bounds of every field.

Decides whether a frame is well-formed. Whether it is expected, fresh or authentic is the session's matter.
SPEC 8.2
"""

from fieldwire import cbor, limits
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.transfer_head import SPAN, TILE

VERSION = const(0)
TAG_SIZE = const(8)
NO_TAG = bytes(TAG_SIZE)
NO_NONCE = bytes(8)

# A type has bit 7 clear; bit 6 marks one that a receiver must know. What has bit 7 set is DATA.
TYPE = {
    "HELLO": 0x41,
    "HAVE": 0x02,
    "WANT": 0x03,
    "POLL": 0x45,
    "CTRL": 0x06,
    "TIME": 0x07,
    "CUSTODY": 0x48,
    "REJECT": 0x49,
    "BYE": 0x0A,
    "HELD": 0x0B,
}
NAME = {number: name for name, number in TYPE.items()}
CRITICAL = const(0x40)
UNTAGGED = ("DATA", "POLL")

FOLLOWS, MORE, LOST = const(0x03), const(0x04), const(0x08)  # flags of HAVE
DATA_HEAD = const(2)
COUNTDOWN_MAX = const(3)
_HAVE_HEAD = const(5)
_UNIT = const(75)  # FOLLOWS counts these, so that who waits for what was lost does not wait for long
HAVE_BYTES = const(13)  # without a gap

_DEPTH_MAX = const(5)  # HELD is the deepest: body, held, entry, ranges, range
_U16_MAX = const(0xFFFF)
_U32_MAX = const(0xFFFFFFFF)
_U64_MAX = const(0xFFFFFFFFFFFFFFFF)


def name_of(frame):
    """The name of a frame's type, None where it is unknown."""
    return "DATA" if frame[0] & 0x80 else NAME.get(frame[0])


def encode(name, body):
    """Frame of a CBOR body, without the tag that a tagged frame needs."""
    return bytes((TYPE[name],)) + cbor.encode(body)


def decode(name, frame):
    """The checked body of a frame of that name, as a list. WireError otherwise."""
    end = len(frame) if name in UNTAGGED else len(frame) - TAG_SIZE
    if name in _BINARY:
        return _BINARY[name](frame, end)
    if end < 2:
        raise WireError("frame-shape", "%s of %d bytes" % (name, len(frame)))
    body = cbor.decode(memoryview(frame)[1:end], _DEPTH_MAX)
    if not isinstance(body, list) or not _SHAPE[name](body):
        raise WireError("frame-shape", "the body of %s is not that of SPEC 8.2" % name)
    return body


KNOWN = const(1)  # feature bit of a bridge's HELLO: the transfer that was named can go on


def encode_hello(features, identity, nonce, transfer):
    """HELLO without its tag: a device calls with its id, confirms without; a bridge names its thumbprint, no transfer."""
    return bytes((TYPE["HELLO"], VERSION, features)) + identity + nonce + transfer


def _decode_hello(frame, end):
    """[version, features, id, nonce, transfer]; of another version only these lengths are sure to be there."""
    sizes = _HELLO_SIZES.get(end) if end > 1 and frame[1] == VERSION else _later_sizes(end)
    if sizes is None:
        raise WireError("frame-shape", "HELLO of %d bytes" % end)
    nonce_at = 3 + sizes
    return [frame[1], frame[2], frame[3:nonce_at], frame[nonce_at : nonce_at + 8], frame[nonce_at + 8 : end]]


def _later_sizes(end):
    """A later version may add bytes behind what this one has."""
    return max([size for length, size in _HELLO_SIZES.items() if length <= end], default=None)


def encode_data(tile, countdown, data):
    """DATA: `data` are whole tiles from number `tile` on; countdown n: n - 1 frames follow before we listen, 0: more."""
    return (0x8000 | countdown << 13 | tile % SPAN).to_bytes(2, "big") + data


def _decode_data(frame, end):
    head = frame[0] << 8 | frame[1] if end > DATA_HEAD else 0
    if not head or (end - DATA_HEAD) % TILE:
        raise WireError("frame-shape", "DATA carries whole tiles")
    return [head & SPAN - 1, head >> 13 & 3, frame[DATA_HEAD:]]


def encode_poll(mark, awaited):
    """POLL: `mark` comes back in the HAVE; `awaited`: the place of a segment without custody, or None."""
    head = bytes((TYPE["POLL"], mark >> 8, mark & 0xFF))
    return head if awaited is None else head + cbor.encode(list(awaited))


def _decode_poll(frame, end):
    awaited = None
    if end > 3:
        awaited = cbor.decode(memoryview(frame)[3:], _DEPTH_MAX)
        if not isinstance(awaited, list) or len(awaited) != 3 or not _place(awaited, _U32_MAX):
            raise WireError("frame-shape", "POLL awaits [incarnation, stream, segment]")
    if end < 3 or frame[1] << 8 | frame[2] >= SPAN:
        raise WireError("frame-shape", "POLL of %d bytes" % end)
    return [frame[1] << 8 | frame[2], awaited]


def _encode_runs(base, held, size_max):
    """(bytes, whole): first missing tile and the ranges beyond it as runs; whole is False where not all fit."""
    out = bytearray()
    at = base
    for lo, hi in held:
        runs = _run(lo - at) + _run(hi - lo)
        if len(out) + len(runs) > size_max:
            return bytes(out), False
        out.extend(runs)
        at = hi
    return bytes(out), True


def _run(length):
    """One byte for up to 255; a longer run goes on after a run of none."""
    out = b""
    while length > 255:
        out += b"\xff\x00"
        length -= 255
    return out + bytes((length,))


def decode_state(base, runs):
    """(ranges held, tile from which nothing is said) of a HAVE's bytes."""
    held, at, here = [], base, False
    for length in runs:
        if here and length:
            if held and held[-1][1] == at:
                held[-1] = (held[-1][0], at + length)
            else:
                held.append((at, at + length))
        at += length
        here = not here
    return held, at


def units(size):
    """What a frame of that size adds to FOLLOWS; a frame of more than three goes alone."""
    return min(FOLLOWS, (size + _UNIT - 1) // _UNIT)


def follow_size(count):
    """Bytes at most that a count of FOLLOWS announces; the largest has no bound but the link's."""
    return count * _UNIT


def encode_have(mark, flags, base, held, room):
    """HAVE in at most `room` bytes, without its tag: the answer to what bore `mark`."""
    runs, whole = _encode_runs(base, held, room - _HAVE_HEAD)
    word = (mark % SPAN) << 19 | (base % SPAN) << 6 | flags | (0 if whole else MORE)
    return bytes((TYPE["HAVE"],)) + word.to_bytes(4, "big") + runs


def _decode_have(frame, end):
    if end < _HAVE_HEAD or (end - _HAVE_HEAD) & 1:
        raise WireError("frame-shape", "HAVE of %d bytes" % end)
    word = int.from_bytes(frame[1:_HAVE_HEAD], "big")
    if word & 0x30:
        raise WireError("frame-shape", "HAVE has no such flag")
    return [word >> 19, word >> 6 & SPAN - 1, word & 0x0F, frame[_HAVE_HEAD:end]]


def fit_held(held, tokens, frame_max):
    """A HELD frame with as much of the two lists as one frame holds; what is left out is sent again."""
    held, tokens = list(held), list(tokens)
    while True:
        frame = encode("HELD", [held, tokens])
        if len(frame) + TAG_SIZE <= frame_max or not (held or tokens):
            return frame
        if len(cbor.encode(held)) > len(cbor.encode(tokens)):
            held.pop()
        else:
            tokens.pop()


def _uint(value, most):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _bytes(value, size):
    return isinstance(value, bytes) and len(value) == size


def _place(value, most):
    return _bytes(value[0], 8) and _uint(value[1], limits.STREAMS_MAX - 1) and _uint(value[2], most)


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


def _is_held_frame(body):
    if len(body) != 2 or not isinstance(body[0], list) or not isinstance(body[1], list):
        return False
    return all(_is_held(one) for one in body[0]) and all(_bytes(one, 16) for one in body[1])


def _is_want(body):
    if len(body) != 2 or not (body[1] is None or _uint(body[1], _U32_MAX)):
        return False
    return body[0] is None or (isinstance(body[0], list) and all(_is_held(one) for one in body[0]))


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
    "HELD": _is_held_frame,
    "WANT": _is_want,
    "CTRL": _is_ctrl,
    "TIME": _is_time,
    "CUSTODY": _is_custody,
    "REJECT": _is_reject,
    "BYE": lambda body: not body,
}

# Length without tag -> length of the id: confirmation, call, bridge.
_HELLO_SIZES = {15: 0, 31: 16, 43: 32}
_BINARY = {"HELLO": _decode_hello, "DATA": _decode_data, "POLL": _decode_poll, "HAVE": _decode_have}
