"""A board's flash image: made blank, filled by a run of the board's own MicroPython.

Decides where files lie: what is below `lib/` in the ROMFS behind the file system, where the board has one, all else in
the file system. The same interpreter and file system write the image that later boot from it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fieldpost.emulator import runtime
from fieldpost.emulator.profile import BoardProfile
from fieldpost.emulator.runtime import EmulatorError
from fieldpost.emulator.small_source import small

BURN_HEAP_BYTES = 2 << 20
BURN_S_MAX = 60
# Ports start these from the root of the flash by their source names.
KEPT_AS_SOURCE = ("main.py", "boot.py")
MODULES = "lib/"


def provision(image: Path, files: Mapping[str, bytes], profile: BoardProfile) -> None:
    """Write `files` (path -> bytes) into `image`; a missing image is made and formatted first.

    A ROMFS is written anew as a whole. Raises EmulatorError with what was printed when they do not fit.
    """
    blank = not image.exists()
    if blank:
        image.touch(mode=0o600)  # the board's private key will lie in it
        image.write_bytes(b"\xff" * (profile.block_bytes * profile.blocks + profile.rom_bytes))
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


def compiled(files: Mapping[str, bytes], profile: BoardProfile) -> dict[str, bytes]:
    """The same files with each module cross-compiled to `.mpy` for the board, except main.py and boot.py."""
    result: dict[str, bytes] = {}
    modules = {
        name.removeprefix(MODULES): data
        for name, data in files.items()
        if name.startswith(MODULES) and name.endswith(".py")
    }
    files = {**files, **{MODULES + name: data for name, data in small(modules).items()}}
    with tempfile.TemporaryDirectory(prefix="fieldpost-mpy-") as directory:
        source, target = Path(directory, "in.py"), Path(directory, "out.mpy")
        for name, data in files.items():
            if not name.endswith(".py") or name in KEPT_AS_SOURCE:
                result[name] = data
                continue
            source.write_bytes(data)
            _cross_compile(source, target, name, profile.arch)
            result[name.removesuffix(".py") + ".mpy"] = target.read_bytes()
    return result


def _write_rom(image: Path, files: Mapping[str, bytes], profile: BoardProfile, directory: Path) -> None:
    stage, output = directory / "rom", directory / "rom.img"
    stage.mkdir()
    _lay_out(stage, files)
    command = [sys.executable, "-m", "mpremote", "romfs", "--no-mpy", "-o", str(output), "build", str(stage)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EmulatorError(f"{image}: its ROMFS could not be built; mpremote said:\n{done.stderr.strip()}")
    rom = output.read_bytes()
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


def _cross_compile(source: Path, target: Path, name: str, arch: str) -> None:
    # -O3 leaves line numbers out, a tenth of what a module takes in the heap; a traceback names module and function.
    stem = Path(name).stem
    command = [runtime.mpy_cross(), "-O3", f"-march={arch}", "-s", stem, "-o", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EmulatorError(f"{name}: does not compile for {arch}:\n{done.stderr.strip()}")
