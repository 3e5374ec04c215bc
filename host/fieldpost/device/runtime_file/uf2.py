"""UF2 files, block by block, after https://github.com/microsoft/uf2.

Decides strictly: a file with anything in it that its board's boot loader would pass over is refused.
"""

import struct

from fieldpost.device.runtime_file.wrong import WrongFile
from fieldpost.firmware_build.flash_tool import Uf2Tool

BLOCK_BYTES = 512
PAGE_BYTES = 256
START, SECOND, END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
_HEAD = struct.Struct("<8I")
_NOT_MAIN_FLASH, _CONTAINER, _FAMILY_PRESENT = 0x1, 0x1000, 0x2000
ABSOLUTE, RP2350 = 0xE48BFF57, 0xE48BFF59
# The block of RP2350-E10: flags, address, page, number, count and family, and the tag that has it ignored.
_IGNORED = (0xA000, 0x10FFFF00, PAGE_BYTES, 0, 2, ABSOLUTE)
_IGNORED_TAG = 0x9957E304
FAMILIES = {
    0xE48BFF56: "RP2040",
    ABSOLUTE: "an RP2-series part, at absolute addresses",
    RP2350: "RP2350 (Arm)",
    0xE48BFF5A: "RP2350 (RISC-V)",
    0xADA52840: "nRF52840",
    0x1C5F21B0: "ESP32",
    0xC47E5767: "ESP32-S3",
    0x57755A57: "STM32F4",
    0x53B80F00: "STM32F7",
}


def is_uf2(data: bytes) -> bool:
    return data[:4] == START.to_bytes(4, "little")


def payload(data: bytes, tool: Uf2Tool) -> bytes:
    """What goes into the flash, page after page. Raises WrongFile."""
    if not data or len(data) % BLOCK_BYTES:
        raise WrongFile(
            f"is {len(data)} bytes long, a UF2 file is whole blocks of {BLOCK_BYTES}; fetch it anew"
        )
    blocks = [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]
    if tool.family_id == RP2350 and _is_ignored(blocks[0]):
        blocks = blocks[1:]
    pages: dict[int, bytes] = {}
    for number, block in enumerate(blocks):
        address, page = _page(block, number, len(blocks), tool)
        if address in pages:
            raise WrongFile(f"block {number}: writes {address:#x} a second time; fetch it anew")
        pages[address] = page
    return b"".join(page for _, page in sorted(pages.items()))


def _is_ignored(block: bytes) -> bool:
    tag = int.from_bytes(block[_HEAD.size + PAGE_BYTES :][:4], "little")
    return _HEAD.unpack_from(block) == (START, SECOND, *_IGNORED) and tag == _IGNORED_TAG


def _page(block: bytes, number: int, count: int, tool: Uf2Tool) -> tuple[int, bytes]:
    first, second, flags, address, size, at, total, family = _HEAD.unpack_from(block)
    end = int.from_bytes(block[-4:], "little")
    if (first, second, end) != (START, SECOND, END):
        raise WrongFile(f"block {number}: has not the marks of a UF2 block; fetch it anew")
    if not flags & _FAMILY_PRESENT:
        raise WrongFile(f"block {number}: says no family, and {tool.family_id:#010x} is expected")
    if family != tool.family_id:
        wanted = FAMILIES.get(tool.family_id, "its board's")
        raise WrongFile(
            f"block {number}: is for {FAMILIES.get(family, 'an unknown part')} (family {family:#010x}),"
            f" and {wanted} ({tool.family_id:#010x}) is expected"
        )
    if flags & (_NOT_MAIN_FLASH | _CONTAINER):
        raise WrongFile(
            f"block {number}: is not for the main flash (flags {flags:#x}); name a runtime's file"
        )
    if (at, total) != (number, count):
        raise WrongFile(
            f"block {number}: says {at} of {total}, {number} of {count} is expected; fetch it anew"
        )
    if size != PAGE_BYTES or address % PAGE_BYTES:
        raise WrongFile(
            f"block {number}: {size} bytes at {address:#x}, whole pages of {PAGE_BYTES} are expected"
        )
    if not tool.flash_at <= address <= tool.flash_at + tool.flash_bytes - size:
        raise WrongFile(
            f"block {number}: is for {address:#x}, and the flash is {tool.flash_at:#x} to"
            f" {tool.flash_at + tool.flash_bytes:#x}; name a file for a board of that size"
        )
    return address, block[_HEAD.size : _HEAD.size + size]


def board_id(info: str) -> str | None:
    """The Board-ID that a boot loader's INFO_UF2.TXT says."""
    for line in info.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "Board-ID":
            return value.strip()
    return None
