"""Deterministic CBOR (RFC 8949 4.2.1): one encoding for each value, and a decoder that refuses all others.

Values are dict, list, int (-2^64 to 2^64-1), bytes, str, True, False, None and Tag. Map keys are int,
bytes or str, in bytewise order of their encodings. There are no floats, bignums, undefined values or
indefinite lengths. `encode(decode(x)) == x` for every x accepted.
This module does not know any shape: which keys, tags and lengths an object may have is decided elsewhere.
"""

import struct

from fieldwire.errors import WireError
from fieldwire.limits import CBOR_MAX, DEPTH_MAX
from fieldwire.port import const

_UINT = const(0)
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_MAP = const(5)
_TAG = const(6)

_UINT64_MAX = const(0xFFFFFFFFFFFFFFFF)
_FALSE = const(0xF4)
_TRUE = const(0xF5)
_NULL = const(0xF6)


class Tag:
    """A tagged value. Tags 2 and 3 are refused: they are bignums under another name."""

    __slots__ = ("number", "value")

    def __init__(self, number, value):
        self.number = number
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Tag) and self.number == other.number and self.value == other.value

    def __hash__(self):
        return hash((self.number, self.value))

    def __repr__(self):
        return "Tag({!r}, {!r})".format(self.number, self.value)


def encode(value, depth_max=DEPTH_MAX):
    """The one encoding of value. Raises ValueError or TypeError for what the profile cannot hold."""
    out = bytearray()
    append(out, value, depth_max)
    return bytes(out)


def decode(data, depth_max=DEPTH_MAX, size_max=CBOR_MAX):
    """The value that data (bytes, bytearray or memoryview) encodes. Raises WireError.

    `depth_max` counts arrays, maps and tags around the innermost item.
    """
    size = len(data)
    if size > size_max:
        raise WireError("cbor-size", "object of {} bytes, at most {} allowed".format(size, size_max))
    reader = _Reader(data, size)
    value = reader.item(depth_max)
    if reader.at != size:
        raise WireError("cbor-trailing", "{} bytes after the item".format(size - reader.at))
    return value


def utf8_fault(data):
    """The index of the first byte that breaks RFC 3629, or -1: runtimes differ in what they let pass."""
    if not data or max(data) < 0x80:
        return -1
    at, size = 0, len(data)
    while at < size:
        first = data[at]
        low, high = 0x80, 0xBF  # bounds of the second byte (RFC 3629 4)
        if first < 0x80:
            more = 0
        elif 0xC2 <= first <= 0xDF:
            more = 1
        elif 0xE0 <= first <= 0xEF:
            more = 2
            low = 0xA0 if first == 0xE0 else low
            high = 0x9F if first == 0xED else high
        elif 0xF0 <= first <= 0xF4:
            more = 3
            low = 0x90 if first == 0xF0 else low
            high = 0x8F if first == 0xF4 else high
        else:
            return at
        if at + more >= size:
            return at
        for index in range(at + 1, at + 1 + more):
            if not low <= data[index] <= high:
                return index
            low, high = 0x80, 0xBF
        at += more + 1
    return -1


class _Reader:
    """Walks data once. `at` is the index of the next byte."""

    def __init__(self, data, size):
        self._data = memoryview(data)
        self._size = size
        self.at = 0

    def item(self, depth):
        """The next item; `depth` is how many containers it may still open."""
        start = self.at
        if start >= self._size:
            raise WireError("cbor-truncated", "no item at byte {}".format(start))
        major = self._data[start] >> 5
        if major == 7:
            return self._simple()
        number = self._number()
        if major == _UINT:
            return number
        if major == _NEGATIVE:
            return -1 - number
        if major == _BYTES:
            return self._take(number)
        if major == _TEXT:
            raw = self._take(number)
            fault = utf8_fault(raw)
            if fault >= 0:
                raise WireError("cbor-utf8", "text at byte {}, its byte {}".format(start, fault))
            return str(raw, "utf-8")
        if depth == 0:
            raise WireError("cbor-depth", "container at byte {}".format(start))
        if major == _TAG:
            if number == 2 or number == 3:
                raise WireError("cbor-type", "bignum at byte {}".format(start))
            return Tag(number, self.item(depth - 1))
        # Each element takes a byte, each pair two: refuse an impossible promise before allocating anything.
        if number > (self._size - self.at) >> (major == _MAP):
            raise WireError("cbor-truncated", "{} elements announced at byte {}".format(number, start))
        if major == _ARRAY:
            elements = []
            for _ in range(number):  # a comprehension would take a second frame of stack at each level
                elements.append(self.item(depth - 1))
            return elements
        result = {}
        last = None
        for _ in range(number):
            key, last = self._key_after(last)
            result[key] = self.item(depth - 1)
        return result

    def _key_after(self, last):
        """The next map key and its encoding, which must come after `last`."""
        start = self.at
        if start < self._size and self._data[start] >> 5 > _TEXT:
            raise WireError("cbor-type", "map key at byte {} is no integer, bytes or text".format(start))
        key = self.item(0)
        encoded = bytes(self._data[start : self.at])
        if last is not None and encoded <= last:
            code = "cbor-duplicate-key" if encoded == last else "cbor-key-order"
            raise WireError(code, "map key at byte {}".format(start))
        return key, encoded

    def _number(self):
        """The argument of the head at `at` (RFC 8949 3), shortest form only."""
        start = self.at
        info = self._data[start] & 0x1F
        if info < 24:
            self.at = start + 1
            return info
        if info == 31:
            raise WireError("cbor-indefinite", "item at byte {}".format(start))
        if info > 27:
            raise WireError("cbor-type", "reserved head at byte {}".format(start))
        width = 1 << (info - 24)
        self.at = start + 1
        number = int.from_bytes(self._take(width), "big")
        if number < 24 or (width > 1 and number >> (4 * width) == 0):
            raise WireError("cbor-not-shortest", "{} in {} bytes at byte {}".format(number, width, start))
        return number

    def _simple(self):
        start = self.at
        first = self._data[start]
        self.at = start + 1
        if first == _FALSE:
            return False
        if first == _TRUE:
            return True
        if first == _NULL:
            return None
        if first == 0xFF:
            raise WireError("cbor-indefinite", "break at byte {}".format(start))
        raise WireError("cbor-type", "float or simple value 0x{:02x} at byte {}".format(first, start))

    def _take(self, count):
        start = self.at
        if count > self._size - start:
            raise WireError("cbor-truncated", "{} bytes announced at byte {}".format(count, start))
        self.at = start + count
        return bytes(self._data[start : self.at])


def append(out, value, depth=DEPTH_MAX):
    """Appends the one encoding of value to a bytearray. Raises as `encode` does."""
    if value is True:
        out.append(_TRUE)
    elif value is False:
        out.append(_FALSE)
    elif value is None:
        out.append(_NULL)
    elif isinstance(value, int):
        if value >= 0:
            _write_head(out, _UINT, value)
        else:
            _write_head(out, _NEGATIVE, -1 - value)
    elif isinstance(value, str):
        raw = value.encode()
        if utf8_fault(raw) >= 0:
            raise ValueError("text is not valid UTF-8: {!r}".format(raw))
        _write_head(out, _TEXT, len(raw))
        out.extend(raw)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        raw = bytes(value)
        _write_head(out, _BYTES, len(raw))
        out.extend(raw)
    elif isinstance(value, (list, tuple, dict, Tag)):
        if depth == 0:
            raise ValueError("nested deeper than allowed")
        _write_container(out, value, depth - 1)
    else:
        raise TypeError("not encodable: {}".format(type(value)))


def _write_container(out, value, depth):
    if isinstance(value, dict):
        _write_map(out, value, depth)
    elif isinstance(value, Tag):
        if value.number == 2 or value.number == 3:
            raise ValueError("bignum tag {} is outside the profile".format(value.number))
        _write_head(out, _TAG, value.number)
        append(out, value.value, depth)
    else:
        _write_head(out, _ARRAY, len(value))
        for element in value:
            append(out, element, depth)


def _write_map(out, value, depth):
    encoded = {}
    for key in value:
        if key is True or key is False or not isinstance(key, (int, str, bytes)):
            raise TypeError("map key is no int, bytes or str: {!r}".format(key))
        key_out = bytearray()
        append(key_out, key, 0)
        encoded[bytes(key_out)] = value[key]
    _write_head(out, _MAP, len(encoded))
    for key_bytes in sorted(encoded):  # bytewise, not length first (RFC 8949 4.2.1)
        out.extend(key_bytes)
        append(out, encoded[key_bytes], depth)


def _write_head(out, major, number):
    if not 0 <= number <= _UINT64_MAX:
        raise ValueError("integer outside 64 bits: {}".format(number))
    major <<= 5
    if number < 24:
        out.append(major | number)
    elif number < 0x100:
        out.extend(struct.pack(">BB", major | 24, number))
    elif number < 0x10000:
        out.extend(struct.pack(">BH", major | 25, number))
    elif number < 0x100000000:
        out.extend(struct.pack(">BI", major | 26, number))
    else:
        out.extend(struct.pack(">BQ", major | 27, number))
