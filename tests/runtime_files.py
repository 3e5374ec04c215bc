"""Files as boot loaders take them, made from their published formats; each field can be another."""

import struct
from functools import reduce
from hashlib import sha256
from operator import xor
from zlib import crc32

RP2040, RP2350, ABSOLUTE = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57
PAGE = 256


def said(mcu):
    """What a MicroPython for a part has in its flash."""
    return b"MicroPython v1.28.0 on 2026-04-06; Some Board with " + mcu.encode() + b"\0" * 700


def uf2_block(number, count, data, /, **other):
    field = {
        "first": 0x0A324655,
        "second": 0x9E5D5157,
        "flags": 0x2000,
        "address": 0x10000000 + PAGE * number,
        "size": PAGE,
        "number": number,
        "count": count,
        "family": RP2040,
        "end": 0x0AB16F30,
        "tail": b"",
        **other,
    }
    names = ("first", "second", "flags", "address", "size", "number", "count", "family")
    head = struct.pack("<8I", *(field[name] for name in names))
    return (
        head + (data.ljust(PAGE, b"\0") + field["tail"]).ljust(476, b"\0") + struct.pack("<I", field["end"])
    )


def uf2(data, at=None, family=RP2040, **other):
    """`other` fields in block `at`, in all where it is None."""
    pages = [data[begin : begin + PAGE] for begin in range(0, len(data), PAGE)]
    return b"".join(
        uf2_block(number, len(pages), page, **{"family": family, **(other if at in (None, number) else {})})
        for number, page in enumerate(pages)
    )


def ignored_block(**other):
    """RP2350-E10, as picotool puts it first."""
    tag = struct.pack("<I", 0x9957E304)
    fields = {"flags": 0xA000, "address": 0x10FFFF00, "family": ABSOLUTE, "tail": tag, **other}
    return uf2_block(0, 2, b"\xef" * PAGE, **fields)


def esp_image(segments, chip=9, magic=0xE9, count=None, checksum=None, hashed=1, digest=None):
    """`checksum`, `digest`: other ones than are right."""
    count = len(segments) if count is None else count
    head = struct.pack("<4BI", magic, count, 2, 0x2F, 0x403C88B4)
    head += struct.pack("<4BHBHH4xB", 0xEE, 0, 0, 0, chip, 0, 0, 99, hashed)
    body = b"".join(struct.pack("<2I", 0x3C000020, len(one)) + one for one in segments)
    right = reduce(xor, b"".join(segments), 0xEF)
    data = head + body
    data += b"\0" * (15 - len(data) % 16) + bytes((right if checksum is None else checksum,))
    return data + (sha256(data).digest() if digest is None else digest) * hashed


def esp_file(data, base=0, table=None, application=None, **other):
    """Boot loader, partition table and application, as one file that is flashed at `base`."""
    loader = esp_image([b"loader" * 10], chip=other.get("chip", 9))
    rows = struct.pack("<2sBB2I16sI", b"\xaa\x50", 1, 2, 0x9000, 0x6000, b"nvs", 0)
    rows += struct.pack("<2sBB2I16sI", b"\xaa\x50", 0, 0, 0x10000, 0x1F0000, b"factory", 0)
    whole = loader.ljust(0x8000 - base, b"\xff") + (rows if table is None else table)
    made = esp_image([data[:64], data[64:]], **other) if application is None else application
    return whole.ljust(0x10000 - base, b"\xff") + made


def dfu(data, address=0x08008000, **other):
    field = {
        "signature": b"DfuSe",
        "version": 1,
        "size": None,
        "targets": 1,
        "target": b"Target",
        "elements": 1,
        "length": len(data),
        "vendor": 0x0483,
        "product": 0xDF11,
        "dfu": 0x011A,
        "mark": b"UFD",
        "suffix": 16,
        "crc": None,
        "extra": b"",
        **other,
    }
    element = struct.pack("<2I", address, field["length"]) + data
    target = struct.pack("<6sBI255s2I", field["target"], 0, 1, b"ST...", len(element), field["elements"])
    body = target + element + field["extra"]
    size = 11 + len(body) if field["size"] is None else field["size"]
    whole = struct.pack("<5sBIB", field["signature"], field["version"], size, field["targets"]) + body
    whole += struct.pack(
        "<4H3sB", 0x2200, field["product"], field["vendor"], field["dfu"], field["mark"], field["suffix"]
    )
    crc = crc32(whole) ^ 0xFFFFFFFF if field["crc"] is None else field["crc"]
    return whole + struct.pack("<I", crc)


def elf(data, machine=62, kind=2):
    return (
        b"\x7fELF" + bytes((kind, 1, 1)).ljust(12, b"\0") + struct.pack("<2H", 2, machine) + bytes(48) + data
    )
