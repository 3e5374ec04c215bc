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
    "CARRIED": 0x0C,
}
NAME = {number: name for name, number in TYPE.items()}
CRITICAL = const(0x40)
UNTAGGED = ("DATA", "POLL")

FOLLOWS, MORE, LOST = const(0x03), const(0x04), const(0x08)  # of HAVE: a count, and two flags
PACKS = const(1)  # feature bit of a bridge's HELLO: it takes packed segments of the caller
# Codes of a REJECT that answers a packed segment alone: it may come as it is. SPEC 6.7
PACK_SHAPE, PACK_UNKNOWN = const(47), const(48)
UNIT = const(75)  # bytes that FOLLOWS counts by, so that who waits for what was lost does not wait for long
DATA_HEAD = const(2)
COUNTDOWN_MAX = const(3)
HAVE_BYTES = const(13)  # without a gap
HELLO_BYTES = const(51)  # of a bridge that names itself
_CALL_BYTES = const(31)
_ASKING_BYTES = const(17)  # of a HELLO that confirms and asks
_CARRIED_BYTES = const(34)  # without a MAC
_HAVE_HEAD = const(5)
_LONG_RUN = const(0xE0)

_DEPTH_MAX = const(5)  # HELD is the deepest: body, held, entry, ranges, range
_U16_MAX = const(0xFFFF)
_U32_MAX = const(0xFFFFFFFF)
_U64_MAX = const(0xFFFFFFFFFFFFFFFF)


def name_of(frame):
    """The name of a frame's type, None where it is unknown."""
    return "DATA" if frame[0] & 0x80 else NAME.get(frame[0])


def encode(name, body):
    """Frame of a body, without the tag that a tagged frame needs."""
    frame = bytearray((TYPE[name],))
    cbor.append(frame, body)
    return bytes(frame)


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


def encode_call(device, nonce, transfer):
    """HELLO of a device that calls: it has no tag, since no bridge is known yet."""
    return _hello(0, device + nonce + transfer)


def is_call(frame):
    """Whether a frame is a HELLO that calls; other HELLOs of devices are shorter."""
    return frame[0] == TYPE["HELLO"] and _CALL_BYTES <= len(frame) < HELLO_BYTES


def encode_answer(features, thumbprint, nonce):
    """HELLO of a bridge without its tag: the answer to a call. Where its transfer can go on, no thumbprint says so."""
    return _hello(features, thumbprint + nonce)


def encode_confirmation(transfer, mark):
    """HELLO without its tag: a device confirms; where `mark` is not None, it asks as a POLL of that mark does."""
    return _hello(0, transfer + (b"" if mark is None else mark.to_bytes(2, "big")))


def _hello(features, rest):
    return bytes((TYPE["HELLO"], VERSION, features)) + rest


def _decode_hello(frame, end):
    """[version, features, id, nonce, transfer, mark or None], where it has no such part, none of its bytes.

    A later version may add a few bytes to a call or to an answer with a thumbprint.
    """
    size = len(frame)
    if size >= _CALL_BYTES and frame[1] != VERSION:
        size = _CALL_BYTES if size < HELLO_BYTES else HELLO_BYTES
    if size not in _HELLO_PARTS:
        raise WireError("frame-shape", "HELLO of %d bytes" % len(frame))
    found, at = [frame[1], frame[2]], 3
    for part in _HELLO_PARTS[size]:
        found.append(frame[at : at + part])
        at += part
    return found + [_mark(frame, at) if size == _ASKING_BYTES else None]


def _mark(frame, at):
    mark = frame[at] << 8 | frame[at + 1]
    if mark >= SPAN:
        raise WireError("frame-shape", "a mark of %d" % mark)
    return mark


def encode_data(tile, countdown, pieces):
    """DATA: whole tiles from number `tile` on; countdown n: n - 1 frames follow before we listen, 0: more."""
    return b"".join([(0x8000 | countdown << 13 | tile % SPAN).to_bytes(2, "big")] + pieces)


def _decode_data(frame, end):
    if end <= DATA_HEAD or (end - DATA_HEAD) % TILE:
        raise WireError("frame-shape", "DATA of %d bytes" % end)
    head = frame[0] << 8 | frame[1]
    return [head & SPAN - 1, head >> 13 & 3, frame[DATA_HEAD:]]


def encode_poll(mark, awaited):
    """POLL: `mark` comes back in the HAVE; `awaited`: the place of a segment without custody, or None.

    The place of another device's segment begins with that device's id.
    """
    head = bytes((TYPE["POLL"], mark >> 8, mark & 0xFF))
    return head if awaited is None else head + cbor.encode(list(awaited))


def _decode_poll(frame, end):
    if end < 3:
        raise WireError("frame-shape", "POLL of %d bytes" % end)
    mark, awaited = _mark(frame, 1), None
    if end > 3:
        awaited = cbor.decode(memoryview(frame)[3:], _DEPTH_MAX)
        if not isinstance(awaited, list) or not _is_awaited(awaited):
            raise WireError(
                "frame-shape", "POLL awaits [incarnation, stream, segment], a device's id before it or none"
            )
    return [mark, awaited]


def encode_carried(device, incarnation, stream, first, last, mac):
    """CARRIED without its tag: the custody for another device's segments, or with no MAC that none is to be had."""
    head = bytes((TYPE["CARRIED"],)) + device + incarnation + bytes((stream,))
    return head + first.to_bytes(4, "big") + last.to_bytes(4, "big") + (mac or b"")


def _decode_carried(frame, end):
    """[device, incarnation, stream, first, last, mac]; mac is None where no custody is to be had."""
    if end not in (_CARRIED_BYTES, _CARRIED_BYTES + TAG_SIZE) or frame[25] >= limits.STREAMS_MAX:
        raise WireError("frame-shape", "CARRIED of %d bytes, or of no stream" % end)
    first, last = int.from_bytes(frame[26:30], "big"), int.from_bytes(frame[30:34], "big")
    if first > last:
        raise WireError("frame-shape", "CARRIED ends before it begins")
    return [frame[1:17], frame[17:25], frame[25], first, last, frame[34:end] or None]


def encode_have(mark, flags, base, held, room):
    """HAVE in at most `room` bytes, without its tag: the answer to what bore `mark`, as for _decode_have."""
    runs = bytearray()
    at = 0
    for lo, hi in held:
        pair = _run(lo - at) + _run(hi - lo)
        if _HAVE_HEAD + len(runs) + len(pair) > room:
            flags |= MORE
            break
        runs.extend(pair)
        at = hi
    word = (mark % SPAN) << 19 | (base % SPAN) << 6 | flags
    return bytes((TYPE["HAVE"],)) + word.to_bytes(4, "big") + bytes(runs)


def _run(length):
    """One byte, or two for a run of 224 and more."""
    if length < _LONG_RUN:
        return bytes((length,))
    return bytes((_LONG_RUN + (length - _LONG_RUN >> 8), length - _LONG_RUN & 0xFF))


def _decode_have(frame, end):
    """[mark, base, flags, held, told to]: base is the first tile missing, the others are counted from there."""
    if end < _HAVE_HEAD:
        raise WireError("frame-shape", "HAVE of %d bytes" % end)
    word = int.from_bytes(frame[1:_HAVE_HEAD], "big")
    if word & 0x30:
        raise WireError("frame-shape", "HAVE has no such flag")
    ends, at, index = [], 0, _HAVE_HEAD
    while index < end:
        length = frame[index]
        if length >= _LONG_RUN and index + 1 < end:
            index += 1
            length = _LONG_RUN + (length - _LONG_RUN << 8) + frame[index]
        elif length >= _LONG_RUN or not length:
            raise WireError("frame-shape", "a run of no length")
        index += 1
        at += length
        ends.append(at)
    if len(ends) & 1:
        raise WireError("frame-shape", "a run of missing tiles without one of held tiles")
    held = [(ends[number], ends[number + 1]) for number in range(0, len(ends), 2)]
    return [word >> 19, word >> 6 & SPAN - 1, word & 0x0F, held, at]


def units(size):
    """What a frame of that size adds to FOLLOWS; one of more than three goes alone."""
    return min(FOLLOWS, (size + UNIT - 1) // UNIT)


def fit_held(held, tokens, frame_max):
    """A HELD frame with as much of the two lists as one frame holds; what is left out is sent again."""
    held, tokens = list(held), list(tokens)
    while True:
        frame = encode("HELD", [held, tokens])
        if len(frame) + TAG_SIZE <= frame_max or not (held or tokens):
            return frame
        if len(cbor.encode(held)) <= len(cbor.encode(tokens)):
            tokens.pop()
        else:
            held[-1] = held[-1][:2] + [held[-1][2][:-1]]  # its last range
            if not held[-1][2]:
                held.pop()


def _uint(value, most):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _bytes(value, size):
    return isinstance(value, bytes) and len(value) == size


def _place(value, most):
    return _bytes(value[0], 8) and _uint(value[1], limits.STREAMS_MAX - 1) and _uint(value[2], most)


def _is_awaited(value):
    if len(value) == 4 and not _bytes(value[0], 16):
        return False
    return len(value) in (3, 4) and _place(value[-3:], _U32_MAX)


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

# Bytes of a HELLO -> of its id, nonce, transfer: it confirms, confirms and asks, answers, calls, answers in full.
_HELLO_PARTS = {
    15: (0, 0, 4),
    _ASKING_BYTES: (0, 0, 4),
    19: (0, 8, 0),
    _CALL_BYTES: (16, 8, 4),
    HELLO_BYTES: (32, 8, 0),
}
_BINARY = {
    "HELLO": _decode_hello,
    "DATA": _decode_data,
    "POLL": _decode_poll,
    "HAVE": _decode_have,
    "CARRIED": _decode_carried,
}
