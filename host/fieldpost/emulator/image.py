"""A board's flash image: made blank, filled by a run of the board's own MicroPython.

Decides where files lie: what is below `lib/` in the first of the two ROMFS partitions behind the file system, where
the board has them, all else in the file system. The same interpreter and file system write the image that later boot
from it.
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fieldpost.emulator import runtime
from fieldpost.emulator.runtime import EmulatorError
from fieldpost.firmware_build.profile import BoardProfile
from fieldpost.firmware_build.programs import rom_image
from fieldpost.firmware_build.sources import MODULES

BURN_HEAP_BYTES = 2 << 20
BURN_S_MAX = 60
ROM_PARTS = 2  # one for each slot


def provision(image: Path, files: Mapping[str, bytes], profile: BoardProfile) -> None:
    """Write `files` (path -> bytes) into `image`; a missing image is made and formatted first.

    A ROMFS is written anew as a whole. Raises EmulatorError with what was printed when they do not fit.
    """
    blank = not image.exists()
    if blank:
        image.touch(mode=0o600)  # the board's private key will lie in it
        image.write_bytes(b"\xff" * (profile.block_bytes * profile.blocks + ROM_PARTS * profile.rom_bytes))
    in_rom = {name: data for name, data in files.items() if profile.rom_bytes and name.startswith(MODULES)}
    with tempfile.TemporaryDirectory(prefix="fieldpost-burn-") as directory:
        stage = Path(directory, "stage")
        stage.mkdir()
        _lay_out(stage, {name: data for name, data in files.items() if name not in in_rom})
        if in_rom:
            _write_rom(image, in_rom, profile, Path(directory))
        config = Path(directory, "config.json")
        config.write_text(
            json.dumps(
                {
                    "image": str(image.resolve()),
                    "directory": directory,
                    "flash": profile.flash_layout(),
                    "blank": blank,
                }
            )
        )
        output = Path(directory, "burn.log")
        if _burn(profile, config, output) != 0:
            if blank:
                image.unlink()
            raise EmulatorError(f"{image}: could not be written; the interpreter said:\n{output.read_text()}")


def _write_rom(image: Path, files: Mapping[str, bytes], profile: BoardProfile, directory: Path) -> None:
    stage = directory / "rom"
    stage.mkdir()
    _lay_out(stage, files)
    rom = rom_image(stage)
    if len(rom) > profile.rom_bytes:
        raise EmulatorError(
            f"{image}: {len(rom)} bytes of modules, and its ROMFS holds {profile.rom_bytes}; leave some out"
        )
    with image.open("r+b") as flash:
        flash.seek(profile.block_bytes * profile.blocks)
        flash.write(rom.ljust(profile.rom_bytes, b"\xff"))


def _lay_out(stage: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = (stage / name.lstrip("/")).resolve()
        if not path.is_relative_to(stage.resolve()):
            raise EmulatorError(f"{name}: leads out of the flash; give a path below its root")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _burn(profile: BoardProfile, config: Path, output: Path) -> int:
    with output.open("wb") as stream:
        process = runtime.start(profile.directory / "burn.py", config, BURN_HEAP_BYTES, (), stream)
        try:
            return process.wait(BURN_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
