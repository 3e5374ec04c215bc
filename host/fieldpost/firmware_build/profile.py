"""What a kind of board is: its `board.toml` as a typed value.

Decides which keys such a file has and what they may be. It refuses to guess: a key that is missing, unknown or of
another kind is a fault that names itself.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from fieldpost.firmware_build.errors import BuildError
from fieldpost.firmware_build.toml_table import Table

# What mpy-cross compiles native code for, and ports load.
ARCHITECTURES = (
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "x64",
)
CABLES = ("usb", "uart", "local")
RADIOS = ("lora", "espnow")
# In the file system, in a ROMFS, or in the runtime itself.
PLACES = ("files", "rom", "frozen")


@dataclass(frozen=True, slots=True)
class Wire:
    baud: int
    turnaround_ms: int


@dataclass(frozen=True, slots=True)
class BoardProfile:
    """One kind of board; `directory` holds its `board.py`, its manifest and what else belongs to it.

    `port`, `port_board`: the runtime, as MicroPython's sources name it. `heap_bytes`: what is free at its prompt at
    least. `block_bytes`, `blocks`, `program_bytes`: its file system. `modules`: where modules lie, `modules_bytes`:
    what they may take. `rom_bytes`: its ROMFS, `journal_bytes`: a raw partition for the log, 0 for none.
    """

    name: str
    title: str
    arch: str
    port: str
    port_board: str
    heap_bytes: int
    block_bytes: int
    blocks: int
    program_bytes: int
    modules: str
    rom_bytes: int
    modules_bytes: int
    journal_bytes: int
    links: dict[str, Wire]
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
    """The board of a `board.toml`. Raises BuildError naming file, key, what is wrong and what is expected."""
    try:
        top = Table(path, tomllib.loads(path.read_text()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        raise BuildError(f"{path}: cannot be read as a board's profile: {cause}") from cause
    runtime, flash = top.table("runtime"), top.table("flash")
    links, pins = top.table("links"), top.table("pins", {})
    profile = BoardProfile(
        name=top.one_of("name", (path.parent.name,)),
        title=top.text("title"),
        arch=top.one_of("arch", ARCHITECTURES),
        port=runtime.text("port"),
        port_board=runtime.text("board"),
        heap_bytes=runtime.number("heap_bytes", 65_536),
        block_bytes=flash.number("block_bytes", 512),
        blocks=flash.number("blocks", 1),
        program_bytes=flash.number("program_bytes", 1),
        modules=flash.one_of("modules", PLACES),
        rom_bytes=flash.number("rom_bytes", default=0),
        modules_bytes=flash.number("modules_bytes", 1),
        journal_bytes=flash.number("journal_bytes", default=0),
        links={name: _wire(links.table(name)) for name in links.names()},
        radios=top.some_of("radios", RADIOS),
        pins={name: pins.any(name) for name in pins.names()},
        directory=path.parent,
    )
    for table in (top, runtime, flash):
        table.end()
    _check(profile, path)
    return profile


def _wire(table: Table) -> Wire:
    wire = Wire(table.number("baud", 300), table.number("turnaround_ms"))
    table.end()
    return wire


def _check(profile: BoardProfile, path: Path) -> None:
    """What no single key can show."""
    for name in profile.links:
        if name not in CABLES:
            raise BuildError(
                f"{path}: links.{name} is unknown, one of {', '.join(CABLES)} is expected; rename it"
            )
    if profile.modules == "rom" and profile.rom_bytes < profile.modules_bytes:
        raise BuildError(
            f"{path}: flash.modules_bytes is {profile.modules_bytes} and flash.rom_bytes only {profile.rom_bytes};"
            " modules lie in the ROMFS, so make it larger or the budget smaller"
        )
    if profile.modules != "rom" and profile.rom_bytes:
        raise BuildError(
            f"{path}: flash.modules is {profile.modules} and flash.rom_bytes {profile.rom_bytes};"
            " say rom, or leave rom_bytes out"
        )
    if profile.journal_bytes % profile.block_bytes:
        raise BuildError(
            f"{path}: flash.journal_bytes is {profile.journal_bytes}, no multiple of flash.block_bytes"
            f" ({profile.block_bytes}); make it one"
        )
