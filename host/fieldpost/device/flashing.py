"""How a runtime gets into a board: a file copied to the boot loader's volume, or a program that is run.

Decides which volume is the board's, by what its INFO_UF2.TXT says. The file was judged before.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

from fieldpost.device.errors import DeviceError
from fieldpost.device.files import Moved
from fieldpost.device.runtime_file.uf2 import board_id
from fieldpost.firmware_build.flash_tool import DfuTool, EspTool, Uf2Tool

INFO = "INFO_UF2.TXT"
_PIECE_BYTES = 16_384
_LOOK_S = 0.5
_MOUNTS = Path("/proc/self/mounts")
_MAC_VOLUMES = Path("/Volumes")


def mounted() -> list[Path]:
    """Folders at which a volume is mounted."""
    found = sorted(_MAC_VOLUMES.iterdir()) if _MAC_VOLUMES.is_dir() else []
    if _MOUNTS.exists():
        places = (line.split(" ")[1] for line in _MOUNTS.read_text().splitlines())
        found += [Path(place.encode().decode("unicode_escape")) for place in places]
    return found


def volume(tool: Uf2Tool, places: Iterable[Path]) -> Path:
    """The boot loader's volume among folders. Raises DeviceError: none, another board's, or more than one."""
    found = {place: _board_id(place) for place in places}
    loaders = {place: one for place, one in found.items() if one is not None}
    fitting = [place for place, one in loaders.items() if one == tool.board_id]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DeviceError(
            f"{len(fitting)} boards show a boot loader {tool.board_id} ({', '.join(map(str, fitting))});"
            " name one with --volume"
        )
    for place, one in loaders.items():
        raise DeviceError(
            f"{place}: this is the boot loader of a board {one}, and {tool.board_id} is expected;"
            " name the board that it is, or plug in the other one"
        )
    raise DeviceError(
        f"no volume with {INFO} of {tool.board_id} is mounted; hold the board's BOOTSEL button while you plug it in,"
        " mount its volume where your system does not, or name it with --volume"
    )


def awaited(look: Callable[[], Path], wait_s: float) -> Path:
    """What `look` finds, asked again until the time is over; then its DeviceError."""
    until = time.monotonic() + wait_s
    while True:
        try:
            return look()
        except DeviceError:
            if time.monotonic() >= until:
                raise
            time.sleep(_LOOK_S)


def copy(source: Path, data: bytes, target: Path, moved: Moved) -> None:
    """Raises DeviceError. A boot loader's volume goes away by itself once it has the last block."""
    written = 0
    try:
        with (target / source.name).open("wb", buffering=0) as file:
            for begin in range(0, len(data), _PIECE_BYTES):
                written += file.write(data[begin : begin + _PIECE_BYTES])
                moved(min(_PIECE_BYTES, len(data) - begin))
            os.fsync(file.fileno())
    except OSError as cause:
        if written < len(data):
            raise DeviceError(
                f"{target}: took {written} of {len(data)} bytes ({cause.strerror}); plug the board in again with its"
                " BOOTSEL button held, and run the command again: until then it has no whole runtime"
            ) from None


def esptool(tool: EspTool, file: Path, port: str) -> list[str]:
    """The command that flashes; DeviceError where esptool is not installed."""
    words = ["--chip", tool.chip, "--port", port, "write_flash", hex(tool.flash_at), str(file)]
    if find_spec("esptool") is not None:
        return [sys.executable, "-m", "esptool", *words]
    return [_installed(("esptool", "esptool.py"), "python -m pip install esptool"), *words]


def dfu_util(tool: DfuTool, file: Path) -> list[str]:
    """The command that flashes; DeviceError where dfu-util is not installed."""
    program = _installed(("dfu-util",), "your system's package dfu-util")
    return [program, "-d", f"{tool.vendor_id:04x}:{tool.product_id:04x}", "-a", "0", "-D", str(file)]


def _installed(names: tuple[str, ...], remedy: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    raise DeviceError(f"{names[0]}: is not installed, and flashes this board; install it with: {remedy}")


def _board_id(place: Path) -> str | None:
    try:
        return board_id((place / INFO).read_text(errors="replace"))
    except OSError:
        return None
