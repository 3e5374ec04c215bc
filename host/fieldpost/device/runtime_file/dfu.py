"""DfuSe files, after ST's UM0391: a prefix, targets of elements with addresses, and a suffix with a CRC.

Decides that every element lies in the flash that the board's boot loader leaves to a runtime.
"""

import struct
from zlib import crc32

from fieldpost.device.runtime_file.wrong import WrongFile
from fieldpost.firmware_build.flash_tool import DfuTool

PREFIX = struct.Struct("<5sBIB")
TARGET = struct.Struct("<6sBI255s2I")
ELEMENT = struct.Struct("<2I")
SUFFIX = struct.Struct("<4H3sBI")
_VERSION = 0x011A


def is_dfu(data: bytes) -> bool:
    return data[:5] == b"DfuSe"


def payload(data: bytes, tool: DfuTool) -> bytes:
    """All elements, one after the other. Raises WrongFile."""
    if len(data) < PREFIX.size + SUFFIX.size:
        raise WrongFile(f"is {len(data)} bytes long, too few for a DfuSe file; fetch it anew")
    _check_suffix(data, tool)
    _, version, size, targets = PREFIX.unpack_from(data)
    end = len(data) - SUFFIX.size
    if (version, size) != (1, end):
        raise WrongFile(f"says version {version} and {size} bytes, 1 and {end} are expected; fetch it anew")
    at, parts = PREFIX.size, []
    for _ in range(targets):
        at = _target(data, at, end, tool, parts)
    if at != end or not parts:
        raise WrongFile(f"holds {end - at} bytes that are in no part; fetch it anew")
    return b"".join(parts)


def _target(data: bytes, at: int, end: int, tool: DfuTool, parts: list[bytes]) -> int:
    """The offset behind one target, whose elements are appended to `parts`."""
    if at + TARGET.size > end:
        raise WrongFile("ends inside of a target; fetch it anew")
    signature, _, _, _, _, count = TARGET.unpack_from(data, at)
    if signature != b"Target":
        raise WrongFile(f"has no target at {at:#x}; fetch it anew")
    at += TARGET.size
    for _ in range(count):
        if at + ELEMENT.size > end:
            raise WrongFile("ends inside of a part; fetch it anew")
        address, size = ELEMENT.unpack_from(data, at)
        at += ELEMENT.size + size
        if at > end:
            raise WrongFile("ends inside of a part; fetch it anew")
        if not tool.flash_at <= address <= tool.flash_at + tool.flash_bytes - size:
            raise WrongFile(
                f"has a part for {address:#x} of {size} bytes, and a runtime's flash is {tool.flash_at:#x} to"
                f" {tool.flash_at + tool.flash_bytes:#x}; name a file for this board"
            )
        parts.append(data[at - size : at])
    return at


def _check_suffix(data: bytes, tool: DfuTool) -> None:
    _, product, vendor, version, mark, length, crc = SUFFIX.unpack_from(data, len(data) - SUFFIX.size)
    if (mark, length, version) != (b"UFD", SUFFIX.size, _VERSION):
        raise WrongFile("has not the suffix of a DfuSe file; fetch it anew")
    if crc != crc32(data[:-4]) ^ 0xFFFFFFFF:
        raise WrongFile("has another CRC than its bytes; fetch it anew")
    if (vendor, product) != (tool.vendor_id, tool.product_id):
        raise WrongFile(
            f"is for the USB device {vendor:04x}:{product:04x}, and {tool.vendor_id:04x}:{tool.product_id:04x}"
            " is expected"
        )
