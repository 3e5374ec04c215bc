"""Whether a file is a MicroPython runtime for a kind of board.

Decides by its format first, then by the words that every MicroPython says at its prompt. It moves no byte.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fieldpost.device.runtime_file import dfu, elf, esp_image, uf2
from fieldpost.device.runtime_file.wrong import WrongFile
from fieldpost.firmware_build.flash_tool import DfuTool, EspTool, HandTool, HostTool, Uf2Tool
from fieldpost.firmware_build.profile import BoardProfile

__all__ = ["RuntimeFile", "WrongFile", "check"]

_FORMATS: dict[type, tuple[str, Callable[[bytes], bool], Callable[[bytes, Any], bytes]]] = {
    Uf2Tool: ("a UF2 file", uf2.is_uf2, uf2.payload),
    EspTool: ("an image of an Espressif part", esp_image.is_esp, esp_image.payload),
    DfuTool: ("a DfuSe file", dfu.is_dfu, dfu.payload),
    HostTool: ("an ELF program", elf.is_elf, elf.payload),
}


@dataclass(frozen=True, slots=True)
class RuntimeFile:
    """`format` names it; `flash_bytes`: what of it goes into the flash."""

    format: str
    flash_bytes: int


def check(data: bytes, profile: BoardProfile) -> RuntimeFile:
    """Raises WrongFile, which says what the file is and what is expected."""
    tool = profile.flash_tool
    if isinstance(tool, HandTool):
        raise WrongFile(f"cannot be flashed by this program on {profile.name}")
    name, is_one, payload_of = _FORMATS[type(tool)]
    if not is_one(data):
        found = next((one[0] for one in _FORMATS.values() if one[1](data)), "of no format that is known")
        raise WrongFile(f"is {found}, and {profile.name} takes {name}")
    payload = payload_of(data, tool)
    if b"MicroPython" not in payload:
        raise WrongFile(
            f"is {name} for {profile.mcu}, but no MicroPython; fetch one for {profile.port_board}"
        )
    words = f" with {profile.mcu}" if not isinstance(tool, HostTool) else profile.mcu
    if words.encode() not in payload:
        raise WrongFile(
            f"is a MicroPython for another part than {profile.mcu}; fetch one for {profile.port_board}"
        )
    return RuntimeFile(name, len(payload))
