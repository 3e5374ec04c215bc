"""Golden vectors of the log's sectors, written from JOURNAL.md's tables and not by the log's own code."""

import struct
from binascii import crc32

MARKER = b"FPJ\x01"
INCARNATION = bytes(range(8))
HASH = bytes(range(100, 132))


def header(sector=128, end=4000, tail=5, used=0, rows=b"", marker=MARKER):
    begin = struct.pack(">IH", sector, end)
    begin += struct.pack(">I", crc32(marker + begin))
    body = begin + struct.pack(">I8sB", tail, INCARNATION, used) + rows
    return marker + body + struct.pack(">I", crc32(body))


def row(seq, segment, place=(0xFFFFFFFF, 0xFFFF), previous=b""):
    return struct.pack(">QIIH", seq, segment, *place) + previous


def record(kind, stream, payload, sector, offset):
    first = kind << 4 | stream
    place = struct.pack(">IHBH", sector, offset, first, len(payload))
    return struct.pack(">BHI", first, len(payload), crc32(payload, crc32(place))) + payload


def flipped(data, at, bit=0x10):
    return data[:at] + bytes((data[at] ^ bit,)) + data[at + 1 :]


def sentence(name):
    return name[0].upper() + name[1:] + "."


def head(seq=0, segment=0, previous=None, first=None):
    return [seq, segment, previous.hex() if previous else None, list(first) if first else None]


def good_header(name, data, sector, end, tail, heads):
    return {
        "kind": "header",
        "name": sentence(name),
        "hex": data.hex(),
        "error": None,
        "sector": sector,
        "end": end,
        "tail": tail,
        "heads": heads,
        "behind": len(data),
    }


def bad_header(name, data, version=None):
    error = "not sound" if version is None else "format %d" % version
    return {"kind": "header", "name": sentence(name), "hex": data.hex(), "error": error, "version": version}


def headers():
    blank = [head()] * 4
    yield good_header("the first sector of a log", header(), 128, 4000, 5, blank)
    one = header(used=0x02, rows=row(3, 0, (127, 300)))
    yield good_header(
        "one stream with leaves and no seal",
        one,
        128,
        4000,
        5,
        [head(), head(3, 0, None, (127, 300)), *blank[2:]],
    )
    sealed = header(used=0x99, rows=row(64, 2, previous=HASH) + row(70000, 9, (120, 29), HASH))
    yield good_header(
        "two streams with seals, the last with leaves under none",
        sealed,
        128,
        4000,
        5,
        [head(64, 2, HASH), *blank[1:3], head(70000, 9, HASH, (120, 29))],
    )
    yield bad_header("a sector number that its CRC does not fit", flipped(one, 7))
    yield bad_header("an end that its CRC does not fit", flipped(one, 9))
    yield bad_header("a tail that the second CRC does not fit", flipped(one, 17))
    yield bad_header("a stream's seq that the second CRC does not fit", flipped(one, 34))
    yield bad_header("streams that are not there", flipped(one, 26, 0x40))
    yield bad_header("a header cut after its short part", one[:14] + b"\xff" * (len(one) - 14))
    yield bad_header("a header that is erased", b"\xff" * 64)
    yield bad_header("a marker spoilt before an erase", bytes(4) + one[4:])
    yield bad_header("a header of another version", header(marker=b"FPJ\x02"), 2)
    yield bad_header("another program's header", header(marker=b"JFFS"))


def records():
    whole = record(1, 2, b"a leaf", 128, 79)
    rows = [
        ("with a leaf", whole, 128, 79, [1, 2, 6]),
        ("without a payload says that the log was closed", record(7, 0, b"", 128, 500), 128, 500, [7, 0, 0]),
        ("with a seal", record(2, 3, bytes(200), 9, 4000 - 207), 9, 4000 - 207, [2, 3, 200]),
        ("with seqs that are not used again", record(8, 0, bytes(32), 130, 29), 130, 29, [8, 0, 32]),
        ("of an earlier lap of the ring", whole, 256, 79, None),
        ("at another offset", whole, 128, 80, None),
        ("of another stream", flipped(whole, 0, 0x01), 128, 79, None),
        ("of another kind", flipped(whole, 0, 0x30), 128, 79, None),
        ("that tells a longer length", flipped(whole, 2, 0x01), 128, 79, None),
        ("with a bit of its payload turned", flipped(whole, 9), 128, 79, None),
        ("with a bit of its CRC turned", flipped(whole, 4), 128, 79, None),
        ("that was cut in the payload", whole[:-1] + b"\xff", 128, 79, None),
        ("that was cut in the head", whole[:5] + b"\xff" * 8, 128, 79, None),
        ("of no known kind", record(9, 0, b"a leaf", 128, 79), 128, 79, None),
        ("of a fifth stream", record(1, 4, b"a leaf", 128, 79), 128, 79, None),
        ("that is erased", b"\xff" * 40, 128, 79, None),
        ("that is zeroed", bytes(40), 128, 79, None),
    ]
    for name, data, sector, offset, found in rows:
        yield {
            "kind": "record",
            "name": sentence("a record " + name),
            "hex": data.hex(),
            "sector": sector,
            "offset": offset,
            "error": None if found else "not sound",
            "found": found,
        }


def seals():
    fixed = struct.pack(">8sIIHIHHB32s", INCARNATION, 7, 120, 29, 0xFFFFFFFF, 0xFFFF, 4650, 31, HASH)
    yield {
        "kind": "seal",
        "name": sentence("a seal over 31 leaves"),
        "error": None,
        "hex": (fixed + b"seal").hex(),
        "segment": 7,
        "first": [120, 29],
        "rest": None,
        "leaf_bytes": 4650,
        "count": 31,
    }
    fixed = struct.pack(">8sIIHIHHB32s", INCARNATION, 0, 120, 29, 121, 500, 90, 1, HASH)
    yield {
        "kind": "seal",
        "name": sentence("a seal with leaves of another boot behind it"),
        "error": None,
        "hex": (fixed + b"seal").hex(),
        "segment": 0,
        "first": [120, 29],
        "rest": [121, 500],
        "leaf_bytes": 90,
        "count": 1,
    }


def sectors():
    return [*headers(), *records(), *seals()]


FILES = {"sector": sectors}
