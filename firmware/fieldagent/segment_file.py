"""The two files of a segment: open, while leaves are appended, and sealed, as it will travel.

Decides what of an open file counts after a cut: the records up to the first that is torn. Refuses to choose when a
segment is sealed or freed. Formats: JOURNAL.md.
"""

import struct
from binascii import crc32, hexlify, unhexlify

from fieldwire import cbor
from fieldwire.errors import WireError

FOLDER = "log"
OPEN, SEALED = "open", "seg"

_HEAD = ">HI"
_HEAD_BYTES = 6
_TRAILER = ">H"
TRAILER_BYTES = 34


def name(key, ending):
    """File name of the segment (incarnation, stream, segment)."""
    incarnation, stream, segment = key
    return "%s/%s-%d-%08x.%s" % (FOLDER, hexlify(incarnation).decode(), stream, segment, ending)


def parse(entry):
    """((incarnation, stream, segment), ending) of a file's name in the folder, or None for any other file."""
    stem, _, ending = entry.partition(".")
    parts = stem.split("-")
    if ending not in (OPEN, SEALED) or len(parts) != 3:
        return None
    return (unhexlify(parts[0]), int(parts[1]), int(parts[2], 16)), ending


class Header:
    """What every leaf of a segment shares; it makes an open file recoverable by itself."""

    def __init__(self, boot, credential, attestation, first, previous):
        self.boot = boot
        self.credential = credential
        self.attestation = attestation
        self.first = first
        self.previous = previous

    def encode(self):
        return cbor.encode([self.boot, self.credential, self.attestation, self.first, self.previous])


def record(payload, crc):
    """(bytes to append, chained CRC): a record's CRC runs on from the one before it, so that no tail passes."""
    crc = crc32(payload, crc)
    return struct.pack(_HEAD, len(payload), crc) + payload, crc


def records(file):
    """Payloads of an open file in order, up to the first torn record."""
    crc = 0
    while True:
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES:
            return
        size, expected = struct.unpack(_HEAD, head)
        payload = file.read(size)
        if len(payload) < size:
            return
        crc = crc32(payload, crc)
        if crc != expected:
            return
        yield payload


def read_header(file):
    """The header of an open file, or None when a cut left it torn. Leaves `file` behind the header."""
    head = file.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        return None
    size, expected = struct.unpack(_HEAD, head)
    payload = file.read(size)
    if len(payload) < size or crc32(payload, 0) != expected:
        return None
    try:
        value = cbor.decode(payload)
    except WireError:
        return None
    return Header(*value) if isinstance(value, list) and len(value) == 5 else None


def leaves(file):
    """Leaves of an open file that stands at its begin: every record but the header."""
    first = True
    for payload in records(file):
        if not first:
            yield payload
        first = False


def sealed_pieces(seal_bytes, count, leaf_source, seal_hash):
    """The bytes of a sealed file in pieces: the segment of SPEC 6.4, then the count and the seal hash."""
    yield b"\x82" + cbor.encode(seal_bytes) + _array_head(count)
    for leaf in leaf_source:
        yield cbor.encode(leaf)
    yield struct.pack(_TRAILER, count) + seal_hash


def _array_head(count):
    return bytes((0x80 | count,)) if count < 24 else bytes((0x98, count))


def read_trailer(data):
    """(leaf count, seal hash) of a sealed file's last TRAILER_BYTES bytes."""
    return struct.unpack(_TRAILER, data[:2])[0], data[2:]
