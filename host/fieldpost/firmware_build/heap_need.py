"""What the agent needs of a board's heap: as measured on 64 bits, reckoned for a board whose words are half as long.

Decides the least that a board's heap must have. It refuses to be exact: the agent's objects take 1.6 times the room on
64 bits, and what a sensor's driver or a second link takes comes on top.
"""

from dataclasses import dataclass

from fieldpost.firmware_build.profile import BoardProfile

# Tests hold the whole agent to these: with its modules in flash, and with them loaded into the heap.
IN_FLASH_BYTES, IN_FLASH_FULL_BYTES = 163_840, 232_448
IN_HEAP_BYTES, IN_HEAP_FULL_BYTES = 245_760, 344_064
WIDE_TENTHS = 16  # tenths: what 64 bits take of 32 bits' room
WIDE = ("x64",)


@dataclass(frozen=True, slots=True)
class HeapNeed:
    """`least`: bytes for the agent alone; `full`: with neighbours and a rule."""

    least: int
    full: int


def heap_need(profile: BoardProfile) -> HeapNeed:
    measured = (
        (IN_HEAP_BYTES, IN_HEAP_FULL_BYTES)
        if profile.modules == "files"
        else (IN_FLASH_BYTES, IN_FLASH_FULL_BYTES)
    )
    tenths = 10 if profile.arch in WIDE else WIDE_TENTHS
    return HeapNeed(*(one * 10 // tenths for one in measured))
