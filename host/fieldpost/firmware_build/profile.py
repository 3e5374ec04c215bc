"""What a kind of board is: its `board.toml` as a typed value.

Decides which keys such a file has and what they may be. It refuses to guess: a key that is missing, unknown or of
another kind is a fault that names itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from fieldpost.firmware_build.errors import BuildError
from fieldpost.firmware_build.flash_tool import FlashTool
from fieldpost.toml_struct import ConfigError, Fault, read

# What mpy-cross compiles native code for, and ports load.
Arch = Literal[
    "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin", "rv32imc", "x64"
]
ARCHITECTURES = get_args(Arch)
Text = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Room = Annotated[int, msgspec.Meta(ge=0)]


class Wire(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[links.NAME]"""

    baud: Annotated[int, msgspec.Meta(ge=300)]
    turnaround_ms: Room


class LinksTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[links]: cables to a host, and the local link to neighbours."""

    usb: Wire | None = None
    uart: Wire | None = None
    local: Wire | None = None


class RuntimeTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[runtime]: as MicroPython's sources name it, the part that it says it runs on, what is free at its prompt."""

    port: Text
    board: Text
    mcu: Text
    heap_bytes: Annotated[int, msgspec.Meta(ge=65_536)]


class FlashTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[flash]: the file system, and where modules lie: in it, in a ROMFS, or in the runtime itself."""

    block_bytes: Annotated[int, msgspec.Meta(ge=512)]
    blocks: Count
    program_bytes: Count
    modules: Literal["files", "rom", "frozen"]
    modules_bytes: Count
    rom_bytes: Room = 0
    journal_bytes: Room = 0


class BoardFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A board.toml."""

    name: Text
    title: Text
    arch: Arch
    runtime: RuntimeTable
    flash: FlashTable
    links: LinksTable
    flash_tool: FlashTool
    radios: tuple[Literal["lora", "espnow"], ...] = ()
    pins: dict[str, str | int] = {}


@dataclass(frozen=True, slots=True)
class BoardProfile:
    """One kind of board; `directory` holds its `board.py`, its manifest and what else belongs to it.

    `port`, `port_board`: the runtime, as MicroPython's sources name it; `mcu`: the part, as the runtime names it.
    `heap_bytes`: what is free at its prompt at least. `block_bytes`, `blocks`, `program_bytes`: its file system.
    `modules`: where modules lie, `modules_bytes`: what they may take. `rom_bytes`: its ROMFS, `journal_bytes`: a raw
    partition for the log, 0 for none.
    """

    name: str
    title: str
    arch: str
    port: str
    port_board: str
    mcu: str
    heap_bytes: int
    block_bytes: int
    blocks: int
    program_bytes: int
    modules: str
    rom_bytes: int
    modules_bytes: int
    journal_bytes: int
    links: dict[str, Wire]
    flash_tool: FlashTool
    radios: tuple[str, ...]
    pins: dict[str, str | int]
    directory: Path

    def flash_layout(self) -> dict[str, int]:
        return {
            "block_bytes": self.block_bytes,
            "blocks": self.blocks,
            "program_bytes": self.program_bytes,
            "rom_bytes": self.rom_bytes,
        }


def read_profile(path: Path) -> BoardProfile:
    """The board of a `board.toml`. Raises BuildError naming file, line, key and what is expected."""
    try:
        found = read(path, BoardFile, partial(_faults, folder=path.parent.name))
    except ConfigError as fault:
        raise BuildError(str(fault)) from None
    except (OSError, UnicodeDecodeError) as cause:
        raise BuildError(f"{path}: cannot be read as a board's profile: {cause}") from cause
    return BoardProfile(
        name=found.name,
        title=found.title,
        arch=found.arch,
        port=found.runtime.port,
        port_board=found.runtime.board,
        mcu=found.runtime.mcu,
        heap_bytes=found.runtime.heap_bytes,
        **msgspec.structs.asdict(found.flash),
        links={name: wire for name, wire in msgspec.structs.asdict(found.links).items() if wire},
        flash_tool=found.flash_tool,
        radios=found.radios,
        pins=found.pins,
        directory=path.parent,
    )


def _faults(board: BoardFile, folder: str) -> Iterator[Fault]:
    flash = board.flash
    if board.name != folder:
        yield ("name",), "name", f"{folder}, as its folder is named"
    if flash.modules == "rom" and flash.rom_bytes < flash.modules_bytes:
        yield (
            ("flash", "rom_bytes"),
            "flash.rom_bytes",
            f"at least flash.modules_bytes ({flash.modules_bytes}), since modules lie in the ROMFS",
        )
    if flash.modules != "rom" and flash.rom_bytes:
        yield ("flash", "rom_bytes"), "flash.rom_bytes", 'none, or flash.modules = "rom"'
    if flash.journal_bytes % flash.block_bytes:
        yield (
            ("flash", "journal_bytes"),
            "flash.journal_bytes",
            f"a multiple of flash.block_bytes ({flash.block_bytes})",
        )
