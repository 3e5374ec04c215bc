"""One board's build: its modules compiled, counted and held against its budget, and the measurement it will attest.

Decides whether a build is fit for its board. It refuses one that is too large, and to write anything: see `folder`.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fieldpost import __version__
from fieldpost.firmware_build.compiling import compiled, with_fewer_names
from fieldpost.firmware_build.errors import BuildError
from fieldpost.firmware_build.heap_need import heap_need
from fieldpost.firmware_build.module_pack import PACK, packed, unpacked
from fieldpost.firmware_build.profile import BoardProfile
from fieldpost.firmware_build.programs import rom_image
from fieldpost.firmware_build.sources import MODULES, STARTED, device_files
from fieldwire import token_writer

ROM = "rom/"
LOG_BYTES_MIN = 65_536  # firmware/CONFIG.md: the least journal_bytes
SLOTS = 2
OTHER_BLOCKS = 16  # of the file system itself, the slot record, the configuration and the agent's state


@dataclass(frozen=True, slots=True)
class Build:
    """`files`: what lies on the device, path -> bytes. `frozen`: sources for a runtime that has them inside.

    `modules`: bytes of each module as compiled. `size`: what they take of the budget, in bytes.
    """

    profile: BoardProfile
    files: dict[str, bytes]
    frozen: dict[str, bytes]
    modules: dict[str, int]
    size: int
    rom: bytes | None
    measurement: bytes
    version: str = __version__


def build(profile: BoardProfile) -> Build:
    """Raises BuildError where a source does not compile, or the board has no room for all of it."""
    sources = device_files(profile)
    made = compiled(sources, profile)
    modules = {_module(name): len(data) for name, data in made.items() if name not in STARTED}
    rom = _rom(made) if profile.modules == "rom" else None
    size = sum(modules.values()) if rom is None else len(rom)
    if size > profile.modules_bytes:
        raise BuildError(_too_large(profile, size, modules))
    files = _installed(made, profile)
    _check_room(profile, files)
    _check_heap(profile)
    frozen = {
        name.removeprefix(MODULES): data
        for name, data in with_fewer_names(sources).items()
        if name.startswith(MODULES)
    }
    return Build(
        profile=profile,
        files=files,
        frozen=frozen,
        modules=modules,
        size=size,
        rom=rom,
        measurement=token_writer.measurement(digests(files).items()),
    )


def digests(files: dict[str, bytes]) -> dict[str, bytes]:
    """SHA-256 of each file. SPEC 7.3"""
    return {name: hashlib.sha256(data).digest() for name, data in files.items()}


def slot_modules(build: Build) -> dict[str, bytes]:
    """What a slot holds, module by module: path below the slot -> bytes; none where they are frozen."""
    if PACK in build.files:
        return unpacked(build.files[PACK])
    before = ROM + MODULES
    return {name.removeprefix(before): data for name, data in build.files.items() if name.startswith(before)}


def _installed(made: dict[str, bytes], profile: BoardProfile) -> dict[str, bytes]:
    """What lies on the device, by the paths under which it measures itself."""
    start = {name: data for name, data in made.items() if not name.startswith(MODULES)}
    slot = {name: data for name, data in made.items() if name.startswith(MODULES)}
    if profile.modules == "rom":
        return start | {ROM + name: data for name, data in slot.items()}
    if profile.modules == "files":
        return start | {PACK: packed({name.removeprefix(MODULES): data for name, data in slot.items()})}
    return start


def _rom(made: dict[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="fieldpost-rom-") as folder:
        for name, data in made.items():
            if name.startswith(MODULES):
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        return rom_image(Path(folder))


def _too_large(profile: BoardProfile, size: int, modules: dict[str, int]) -> str:
    largest = sorted(modules, key=lambda name: -modules[name])[:3]
    named = ", ".join(f"{name} ({modules[name]})" for name in largest)
    return (
        f"{profile.name}: the modules take {size} bytes, {size - profile.modules_bytes} more than"
        f" flash.modules_bytes of its board.toml ({profile.modules_bytes}); the largest are {named}:"
        " leave some out, or raise the budget where the board has the room"
    )


def _check_room(profile: BoardProfile, files: dict[str, bytes]) -> None:
    """A file takes whole blocks of the file system. Both slots and the log need room there, or no update would fit."""
    blocks = OTHER_BLOCKS + sum(
        (SLOTS if name == PACK else 1) * -(-len(data) // profile.block_bytes)
        for name, data in files.items()
        if not name.startswith(ROM)
    )
    taken = blocks * profile.block_bytes + (0 if profile.journal_bytes else LOG_BYTES_MIN)
    whole = profile.blocks * profile.block_bytes
    if taken > whole:
        slots = "both slots, " if PACK in files else ""
        raise BuildError(
            f"{profile.name}: {slots}what starts them and the smallest log take {taken} bytes, {taken - whole} more"
            f" than the file system has ({whole}: flash.blocks of its board.toml); make that larger, or say"
            ' modules = "frozen"'
        )


def _check_heap(profile: BoardProfile) -> None:
    least = heap_need(profile).least
    if least > profile.heap_bytes:
        remedy = ", or freeze them" if profile.modules == "files" else ""
        raise BuildError(
            f"{profile.name}: the agent needs {least} bytes of heap with its modules in {profile.modules}, and"
            f" runtime.heap_bytes of its board.toml is {profile.heap_bytes}; take a board with more{remedy}"
        )


def _module(name: str) -> str:
    return ".".join(PurePosixPath(name.removeprefix(MODULES)).with_suffix("").parts)
