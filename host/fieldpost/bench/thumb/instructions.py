"""What of Thumb's encoding the observers need. Source: ARMv7-M Architecture Reference Manual, A5.1 to A5.3."""

from collections.abc import Iterator

WIDE = (0b11101, 0b11110, 0b11111)  # these begin an instruction of two halfwords
SP = 13


def split(code: bytes) -> Iterator[bytes]:
    """The instructions of a straight run of code."""
    at = 0
    while at < len(code):
        size = 4 if code[at + 1] >> 3 in WIDE else 2
        yield code[at : at + size]
        at += size


def is_beyond_armv6m(code: bytes) -> bool:
    """Whether one instruction of two bytes is CBZ, CBNZ or IT, which armv6m lacks and unicorn's M0 executes."""
    first = int.from_bytes(code[:2], "little")
    return first & 0xF500 == 0xB100 or (first >> 8 == 0xBF and first & 0xF != 0)


def is_relative_to_sp(code: bytes) -> bool:
    """Whether a load or store is a push, a pop, or at a constant distance from the stack pointer."""
    first, second = int.from_bytes(code[:2], "little"), int.from_bytes(code[2:4], "little")
    if first >> 11 not in WIDE:
        return first >> 12 == 0b1001 or first & 0xF600 == 0xB400
    by_multiple = first >> 9 == 0b1110100  # LDM, STM, LDRD, STRD
    by_one = first >> 9 == 0b1111100
    by_register = by_one and not first & 0x80 and not second & 0x800
    return first & 0xF == SP and (by_multiple or by_one) and not by_register


def is_multiple(code: bytes) -> bool:
    """Whether an instruction loads or stores several words."""
    first = int.from_bytes(code[:2], "little")
    return first >> 9 == 0b1110100 or first >> 12 == 0b1100 or first & 0xF600 == 0xB400
