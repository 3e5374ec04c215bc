"""Bytes of the commonest shapes, read in one pass: plain observations, early copies and segments.

Decides only that bytes are exactly one of these shapes, and then says what `fieldwire` says of them. Whatever differs
in the least is None here and goes to `fieldwire`, which names the rule that is broken: nothing is refused here.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from fieldwire import cbor, cose, limits, tref
from fieldwire.errors import WireError
from fieldwire.observation_writer import is_path

# An unsigned integer in its shortest form (RFC 8949 4.2.1): the number of bytes follows from the first.
_UINT = rb"[\x00-\x17]|\x18[\x18-\xff]|\x19(?!\x00)..|\x1a(?!\x00\x00)....|\x1b(?!\x00\x00\x00\x00)........"
_HEAD_BYTES = 31  # device, incarnation and stream
_TAIL_BYTES = 46  # credential, boot attestation and salt
_HEAD = re.compile(rb"\xab\x00\x50(.{16})\x01\x48(.{8})\x02([\x00-\x03])", re.DOTALL)
_TAIL = re.compile(rb"\x08\x50(.{16})\x09\x50(.{16})\x0c\x48(.{8})", re.DOTALL)
# SPEC 5.1: seq, tref, content format, subject, payload; what stands in the middle of an observation without sources.
_MIDDLE = re.compile(
    rb"\x03(%b)\x04(?:\x82(%b)(%b)|(\x83(?:%b)(?:%b)\xd9\x03\xe9\xa4.{8,60}?))"
    rb"\x05(?:\x50(.{16})|([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\x00)..))"
    rb"\x06([\x61-\x77]|\x78[\x18-\x80])([a-z0-9._/\-]{1,128})"
    rb"\x07([\x40-\x57]|\x58[\x18-\xff]|\x59[\x01\x02].)(.*)" % ((_UINT,) * 5),
    re.DOTALL,
)
# Tag 18, an array of four, the protected header up to its kid and after it, an empty unprotected map.
_COPY_BEGIN, _COPY_END = cbor.encode(
    cbor.Tag(18, [cbor.encode({cose.ALG: cose.EDDSA, cose.KID: bytes(8), cose.TYP: cose.EARLY}), {}])
).split(bytes(8))
_COPY_BEGIN = _COPY_BEGIN.replace(b"\xd2\x82", b"\xd2\x84")
_WIDTHS = {24: 1, 25: 2, 26: 4}  # bytes after a head
_KID_AT = len(_COPY_BEGIN)
_PAYLOAD_AT = _KID_AT + 8 + len(_COPY_END)
_SIGNED = cbor.encode(["Signature1", 0, 0, 0])[:-3]


class Copy(NamedTuple):
    """An early copy's parts: the kid that it names, its payload, what is signed, and the signature."""

    kid: bytes
    payload: bytes
    signed: bytes
    signature: bytes


def number(encoded: bytes) -> int:
    """The unsigned integer in a shortest form."""
    return encoded[0] if len(encoded) == 1 else int.from_bytes(encoded[1:], "big")


@lru_cache(maxsize=4096)
def _subject(size: bytes, text: bytes) -> str | None:
    if len(text) != (size[0] - 0x60 if len(size) == 1 else size[1]):
        return None
    subject = text.decode("ascii")
    return subject if is_path(subject) else None


@lru_cache(maxsize=4096)
def head_of(head: bytes) -> tuple[bytes, bytes, int] | None:
    """(device, incarnation, stream) at an observation's begin. Asked again, the same objects."""
    found = _HEAD.fullmatch(head)
    return None if found is None else (found[1], found[2], found[3][0])


@lru_cache(maxsize=4096)
def _names(named: bytes) -> tuple[bytes, bytes] | None:
    """(credential, boot attestation) from all of an observation's end but the salt."""
    found = _TAIL.fullmatch(named + bytes(8))
    return None if found is None else (found[1], found[2])


def observation(data: bytes) -> dict[int, Any] | None:
    """What `observation.decode` gives for these bytes, or None where it must be asked."""
    size = len(data)
    if not _HEAD_BYTES + _TAIL_BYTES < size <= limits.OBSERVATION_MAX:
        return None
    begin = head_of(data[:_HEAD_BYTES])
    end = _names(data[-_TAIL_BYTES:-8])
    found = _MIDDLE.fullmatch(data, _HEAD_BYTES, size - _TAIL_BYTES)
    if begin is None or end is None or found is None:
        return None
    seq, boot, ms, with_utc, schema, numbered, length, text, stated, payload = found.groups()
    subject = _subject(length, text)
    seq = number(seq)
    reading = [number(boot), number(ms)] if with_utc is None else _reading(with_utc)
    most = limits.COUNT_MAX
    if subject is None or reading is None or seq > most or reading[0] > most or reading[1] > most:
        return None
    bytes_stated = (stated[0] - 0x40) if len(stated) == 1 else int.from_bytes(stated[1:], "big")
    if len(payload) != bytes_stated or bytes_stated > limits.PAYLOAD_MAX:
        return None
    device, incarnation, stream = begin
    return {
        0: device, 1: incarnation, 2: stream, 3: seq, 4: reading,
        5: schema if numbered is None else number(numbered), 6: subject, 7: payload,
        8: end[0], 9: end[1], 12: data[-8:],
    }  # fmt: skip


def _reading(data: bytes) -> list[Any] | None:
    """A time reference with a UTC reading."""
    try:
        value = cbor.decode(data)
        tref.check_tref(value)
    except WireError:
        return None
    return value


def early(data: bytes) -> Copy | None:
    """The parts of an early copy, or None where `cose.decode` must be asked."""
    if data[:_KID_AT] != _COPY_BEGIN or data[_KID_AT + 8 : _PAYLOAD_AT] != _COPY_END:
        return None
    found = _string(data, _PAYLOAD_AT)
    if found is None:
        return None
    payload, at = found
    if data[at : at + 2] != b"\x58\x40" or len(data) != at + 66:
        return None
    # Sig_structure (RFC 9052 4.4): protected header and payload as they stand, no external data between them.
    signed = _SIGNED + data[2 : _PAYLOAD_AT - 1] + b"\x40" + data[_PAYLOAD_AT:at]
    return Copy(data[_KID_AT : _KID_AT + 8], payload, signed, data[at + 2 :])


def segment(data: bytes) -> tuple[bytes, list[bytes]] | None:
    """(seal bytes, leaves), or None where `seal.decode_segment` must be asked."""
    if not 2 < len(data) <= limits.SEGMENT_MAX or data[0] != 0x82:
        return None
    found = _string(data, 1)
    if found is None:
        return None
    sealed, at = found
    found = _count(data, at)
    if found is None:
        return None
    leaves, (count, at) = [], found
    for _ in range(count):
        one = _string(data, at)
        if one is None:
            return None
        leaf, at = one
        leaves.append(leaf)
    return (sealed, leaves) if at == len(data) else None


def integers(data: bytes) -> list[int | None] | None:
    """What `cbor.decode` gives for a short list of nils and integers of 32 bits, or None where it must be asked."""
    size, at, found = len(data), 1, []
    if not size or not 0x80 <= data[0] <= 0x97:
        return None
    for _ in range(data[0] - 0x80):
        if at >= size:
            return None
        head = data[at]
        width = _WIDTHS.get(head & 0x1F, 0)
        if head == 0xF6:
            found.append(None)
        elif head > 0x3F or (head & 0x1F) > 26:
            return None
        elif not width:
            found.append(head if head < 0x20 else 0x1F - head)
        else:
            value = int.from_bytes(data[at + 1 : at + 1 + width], "big")
            if at + 1 + width > size or value < 24 or (width > 1 and value < 1 << 4 * width):
                return None
            found.append(value if head < 0x20 else -1 - value)
        at += 1 + width
    return found if at == size else None


def _count(data: bytes, at: int) -> tuple[int, int] | None:
    """(elements, where the first begins) of the array whose head stands at `at`."""
    head = data[at : at + 2]
    if head and 0x80 <= head[0] <= 0x97:
        return head[0] - 0x80, at + 1
    if len(head) == 2 and head[0] == 0x98 and head[1] >= 24:
        return head[1], at + 2
    return None


def _string(data: bytes, at: int) -> tuple[bytes, int] | None:
    """(byte string, where it ends) of the one whose head stands at `at`."""
    head = data[at : at + 3]
    if len(head) == 3 and head[0] == 0x58 and head[1] >= 24:
        begin, size = at + 2, head[1]
    elif len(head) == 3 and head[0] == 0x59 and head[1]:
        begin, size = at + 3, head[1] << 8 | head[2]
    elif head and 0x40 <= head[0] <= 0x57:
        begin, size = at + 1, head[0] - 0x40
    else:
        return None
    end = begin + size
    return (data[begin:end], end) if end <= len(data) else None
