"""What a kind of board is (`board.toml`), and which files its flash holds.

Decides where the device's sources lie: beside the installed package, or in the checkout. It refuses to
judge them.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import fieldwire
from fieldpost.emulator.runtime import EmulatorError

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Wire:
    baud: int
    turnaround_ms: int


@dataclass(frozen=True, slots=True)
class BoardProfile:
    """Sizes of one kind of board; `directory` holds its `board.py` and start-up scripts."""

    name: str
    arch: str
    heap_bytes: int
    block_bytes: int
    blocks: int
    program_bytes: int
    rom_bytes: int
    links: dict[str, Wire]
    directory: Path

    def flash_layout(self) -> dict[str, int]:
        return {
            "block_bytes": self.block_bytes,
            "blocks": self.blocks,
            "program_bytes": self.program_bytes,
            "rom_bytes": self.rom_bytes,
        }


def _sources(installed: str, checkout: str) -> Path:
    places = (_PACKAGE / installed, _PACKAGE.parents[1] / checkout)
    for place in places:
        if place.is_dir():
            return place
    raise EmulatorError(f"{checkout}: not found in {places[0]} or {places[1]}; install fieldpost anew")


def load_profile(kind: str = "emulated") -> BoardProfile:
    """Read `boards/<kind>/board.toml`. Raises EmulatorError naming file and key."""
    path = _sources("_boards", "boards") / kind / "board.toml"
    try:
        table = tomllib.loads(path.read_text())
        return BoardProfile(
            name=table["name"],
            arch=table["arch"],
            heap_bytes=table["runtime"]["heap_bytes"],
            block_bytes=table["flash"]["block_bytes"],
            blocks=table["flash"]["blocks"],
            program_bytes=table["flash"]["program_bytes"],
            rom_bytes=table["flash"]["rom_bytes"],
            links={name: Wire(wire["baud"], wire["turnaround_ms"]) for name, wire in table["links"].items()},
            directory=path.parent,
        )
    except KeyError as missing:
        raise EmulatorError(f"{path}: key {missing} is missing; add it as the other boards have it") from None
    except (OSError, tomllib.TOMLDecodeError) as cause:
        raise EmulatorError(f"{path}: cannot be read as a board's profile: {cause}") from cause


def device_files(profile: BoardProfile) -> dict[str, bytes]:
    """The firmware as it lies in flash, path -> bytes: packages in `lib/`, the rest at the root.

    Modules of firmware/kernels/<arch>/ take the place of fieldwire's; an arch's floating-point variants share them.
    """
    firmware = _sources("_firmware", "firmware")
    packages = (Path(fieldwire.__path__[0]), firmware / "fieldagent")
    files = {
        f"lib/{root.name}/{path.relative_to(root)}": path for root in packages for path in root.rglob("*.py")
    }
    kernels = firmware / "kernels" / profile.arch.removesuffix("sp").removesuffix("dp")
    files |= {f"lib/fieldwire/{path.name}": path for path in kernels.glob("*.py")}
    files |= {path.name: path for path in (firmware / "main.py", firmware / "boot.py") if path.is_file()}
    files |= {path.name: path for path in profile.directory.glob("board*.py")}
    return {name: path.read_bytes() for name, path in sorted(files.items())}
