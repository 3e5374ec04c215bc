"""Where the device's sources lie, beside the installed package or in the checkout, and which of them a board gets.

Decides what is installed: what some import reaches from the programs at the root of the flash. It refuses to judge a
source.
"""

from pathlib import Path

import fieldwire
from fieldpost.firmware_build.errors import BuildError
from fieldpost.firmware_build.profile import BoardProfile, read_profile
from fieldpost.firmware_build.reach import reached

_PACKAGE = Path(__file__).resolve().parents[1]
# Ports start these from the root of the flash by their source names.
STARTED = ("boot.py", "main.py")
MODULES = "lib/"


def boards_folder() -> Path:
    return _sources("_boards", "boards")


def firmware_folder() -> Path:
    """Where the agent's package lies."""
    return _sources("_firmware", "firmware")


def known_boards() -> list[str]:
    """Names of the boards that have a folder."""
    return sorted(path.parent.name for path in boards_folder().glob("*/board.toml"))


def load_profile(kind: str = "emulated") -> BoardProfile:
    """The profile of a known board. Raises BuildError, which names the known ones."""
    known = known_boards()
    if kind not in known:
        raise BuildError(
            f"{kind}: no board has that name; name one of {', '.join(known)}, or make the folder boards/{kind}"
        )
    return read_profile(boards_folder() / kind / "board.toml")


def device_files(profile: BoardProfile) -> dict[str, bytes]:
    """The firmware as sources, path on the device -> bytes: what a slot holds below `lib/`, the start at the root.

    Modules of firmware/kernels/<arch>/ take the place of fieldwire's; an arch's floating-point variants share them.
    """
    files = _all(profile)
    names = {name: _module(name) for name in files}
    roots = [module for name, module in names.items() if not name.startswith(MODULES)]
    found = reached({module: files[name] for name, module in names.items()}, roots)
    return {name: data for name, data in sorted(files.items()) if names[name] in found}


def _all(profile: BoardProfile) -> dict[str, bytes]:
    firmware = firmware_folder()
    packages = (Path(fieldwire.__path__[0]), firmware / "fieldagent")
    files = {
        f"{MODULES}{root.name}/{path.relative_to(root).as_posix()}": path
        for root in packages
        for path in root.rglob("*.py")
    }
    kernels = firmware / "kernels" / profile.arch.removesuffix("sp").removesuffix("dp")
    files |= {f"{MODULES}fieldwire/{path.name}": path for path in kernels.glob("*.py")}
    files |= {name: firmware / name for name in (*STARTED, "slots.py", "crash.py")}
    if profile.modules == "files":
        files["pack.py"] = firmware / "pack.py"
    # The start has its own copy, since it runs before any slot is chosen.
    files["slot_record.py"] = packages[0] / "slot_record.py"
    files |= {MODULES + path.name: path for path in profile.directory.glob("board*.py")}
    try:
        return {name: path.read_bytes() for name, path in files.items()}
    except OSError as cause:
        raise BuildError(
            f"{cause.filename}: cannot be read: {cause.strerror}; install fieldpost anew"
        ) from cause


def _module(name: str) -> str:
    """The name that an import says for a file of the device."""
    stem = name.removeprefix(MODULES).removesuffix(".py").removesuffix("/__init__")
    return stem.replace("/", ".")


def _sources(installed: str, checkout: str) -> Path:
    places = (_PACKAGE / installed, _PACKAGE.parents[1] / checkout)
    for place in places:
        if place.is_dir():
            return place
    raise BuildError(f"{checkout}: not found in {places[0]} or {places[1]}; install fieldpost anew")
