"""Images for Espressif parts: the boot loader's, the partition table and the application behind it, in one file.

Decides by what Espressif's "Firmware Image Format" and "Partition Tables" say; where a published MicroPython has them.
"""

import struct
from functools import reduce
from hashlib import sha256
from operator import xor

from fieldpost.device.runtime_file.wrong import WrongFile
from fieldpost.firmware_build.flash_tool import EspTool

MAGIC, CHECKSUM_SEED = 0xE9, 0xEF
HEADER_BYTES = 24
_SEGMENT = struct.Struct("<2I")
_SEGMENTS_MAX = 16
_TABLE_AT, _TABLE_BYTES = 0x8000, 0xC00
_ENTRY = struct.Struct("<2sBB2I16sI")
_ENTRY_MAGIC, _APP = b"\xaa\x50", 0
CHIPS = {
    0: "ESP32",
    2: "ESP32-S2",
    5: "ESP32-C3",
    9: "ESP32-S3",
    12: "ESP32-C2",
    13: "ESP32-C6",
    16: "ESP32-H2",
}


def is_esp(data: bytes) -> bool:
    return data[:1] == bytes((MAGIC,))


def payload(data: bytes, tool: EspTool) -> bytes:
    """The application's image. Raises WrongFile."""
    if len(data) > tool.flash_bytes - tool.flash_at:
        raise WrongFile(
            f"is {len(data)} bytes long, and the flash has {tool.flash_bytes - tool.flash_at} for it"
        )
    image(data, 0, tool)
    at = _application(data, tool)
    return image(data, at, tool)


def image(data: bytes, at: int, tool: EspTool) -> bytes:
    """One whole image that begins at an offset of the file."""
    head = data[at : at + HEADER_BYTES]
    if len(head) < HEADER_BYTES or head[0] != MAGIC:
        raise WrongFile(f"has no image at {at:#x}; name the whole file that is flashed at {tool.flash_at:#x}")
    chip = int.from_bytes(head[12:14], "little")
    if chip != tool.chip_id:
        wanted = CHIPS.get(tool.chip_id, "its board's")
        raise WrongFile(
            f"the image at {at:#x} is for {CHIPS.get(chip, 'an unknown part')} (chip id {chip}),"
            f" and {wanted} ({tool.chip_id}) is expected"
        )
    if not 1 <= head[1] <= _SEGMENTS_MAX:
        raise WrongFile(f"the image at {at:#x} has {head[1]} segments, 1 to {_SEGMENTS_MAX} are expected")
    end, checksum = at + HEADER_BYTES, CHECKSUM_SEED
    for _ in range(head[1]):
        if end + _SEGMENT.size > len(data):
            raise WrongFile(f"ends inside of the image at {at:#x}; fetch it anew")
        size = _SEGMENT.unpack_from(data, end)[1]
        end += _SEGMENT.size + size
        if end > len(data):
            raise WrongFile(f"ends inside of the image at {at:#x}; fetch it anew")
        checksum = reduce(xor, data[end - size : end], checksum)
    end += 16 - (end - at) % 16  # the checksum is the last byte of its line
    if data[end - 1 : end] != bytes((checksum,)):
        raise WrongFile(f"the image at {at:#x} has another checksum than its bytes; fetch it anew")
    if head[23] == 1 and data[end : end + 32] != sha256(data[at:end]).digest():
        raise WrongFile(f"the image at {at:#x} has another hash than its bytes; fetch it anew")
    return data[at:end]


def _application(data: bytes, tool: EspTool) -> int:
    """Where in the file the first application lies, by the partition table."""
    table = data[_TABLE_AT - tool.flash_at :][:_TABLE_BYTES]
    for entry in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        magic, kind, _, offset, _, _, _ = _ENTRY.unpack_from(table, entry)
        if magic == _ENTRY_MAGIC and kind == _APP:
            return offset - tool.flash_at
    raise WrongFile(
        f"has no partition table with an application at {_TABLE_AT - tool.flash_at:#x}; name the whole file, no part"
    )
