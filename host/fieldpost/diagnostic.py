"""Any CBOR as text (RFC 8949 8, diagnostic notation), also what our own profile refuses.

Decides nothing about meaning, and takes memory only for what is there. It is for showing bytes to people:
whatever decides uses the strict decoder.
"""

import json
import struct

from fieldwire.errors import WireError

DEPTH_MAX = 64
INDEFINITE = 31
BREAK = 0xFF
SIMPLE = {20: "false", 21: "true", 22: "null", 23: "undefined"}
FLOATS = {25: ("e", 2), 26: ("f", 4), 27: ("d", 8)}


def diagnostic(data: bytes) -> str:
    """One line an item of a CBOR sequence. WireError names the offset where it ends in the middle."""
    lines, at = [], 0
    while at < len(data):
        text, at = _item(data, at, DEPTH_MAX)
        lines.append(text)
    return "\n".join(lines)


def cut(data: bytes) -> list[bytes]:
    """The items of a CBOR sequence (RFC 8742) as their bytes."""
    items, at = [], 0
    while at < len(data):
        _, end = _item(data, at, DEPTH_MAX)
        items.append(data[at:end])
        at = end
    return items


def _item(data: bytes, at: int, depth: int) -> tuple[str, int]:
    if at >= len(data):
        raise WireError("cbor-truncated", f"no item at byte {at}")
    if depth == 0:
        raise WireError("cbor-depth", f"container at byte {at}")
    major, info = data[at] >> 5, data[at] & 0x1F
    if major == 7:
        return _simple(data, at, info)
    if info == INDEFINITE and 2 <= major <= 5:
        return _indefinite(data, at, major, depth)
    number, after = _argument(data, at, info)
    if major < 2:
        return str(number if major == 0 else -1 - number), after
    if major < 4:
        if number > len(data) - after:
            raise WireError("cbor-truncated", f"{number} bytes announced at byte {at}")
        return _string(data[after : after + number], major), after + number
    if major == 6:
        text, end = _item(data, after, depth - 1)
        return f"{number}({text})", end
    if number > len(data) - after:
        raise WireError("cbor-truncated", f"{number} elements announced at byte {at}")
    parts = []
    for _ in range(number * (major - 3)):  # a map has two items a pair
        text, after = _item(data, after, depth - 1)
        parts.append(text)
    return _joined(parts, major, ""), after


def _joined(parts: list[str], major: int, mark: str) -> str:
    if major == 4:
        return f"[{mark}{', '.join(parts)}]"
    pairs = [f"{key}: {value}" for key, value in zip(parts[::2], parts[1::2], strict=True)]
    return f"{{{mark}{', '.join(pairs)}}}"


def _string(raw: bytes, major: int) -> str:
    if major == 2:
        return f"h'{raw.hex()}'"
    try:
        return json.dumps(raw.decode(), ensure_ascii=False)
    except UnicodeDecodeError:
        return f"text-that-is-not-utf8(h'{raw.hex()}')"


def _argument(data: bytes, at: int, info: int) -> tuple[int, int]:
    if info < 24:
        return info, at + 1
    if info > 27:
        raise WireError("cbor-type", f"reserved head at byte {at}")
    end = at + 1 + (1 << (info - 24))
    if end > len(data):
        raise WireError("cbor-truncated", f"the head at byte {at} is cut")
    return int.from_bytes(data[at + 1 : end], "big"), end


def _simple(data: bytes, at: int, info: int) -> tuple[str, int]:
    if info in FLOATS:
        form, width = FLOATS[info]
        raw = data[at + 1 : at + 1 + width]
        if len(raw) < width:
            raise WireError("cbor-truncated", f"the float at byte {at} is cut")
        return repr(struct.unpack(">" + form, raw)[0]), at + 1 + width
    if info == INDEFINITE:
        raise WireError("cbor-indefinite", f"a break at byte {at} ends nothing")
    number, after = _argument(data, at, info)
    return SIMPLE.get(number, f"simple({number})"), after


def _indefinite(data: bytes, at: int, major: int, depth: int) -> tuple[str, int]:
    parts, after = [], at + 1
    while after < len(data) and data[after] != BREAK:
        text, after = _item(data, after, depth - 1)
        parts.append(text)
    if after >= len(data):
        raise WireError("cbor-truncated", f"the item at byte {at} has no end")
    if major == 5 and len(parts) % 2:
        raise WireError("cbor-truncated", f"the map at byte {at} ends after a key")
    if major < 4:
        return f"(_ {', '.join(parts)})", after + 1
    return _joined(parts, major, "_ "), after + 1
