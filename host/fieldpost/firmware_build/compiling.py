"""Sources made into what lies on a board: shorter lists of names, then `.mpy` for its architecture."""

from collections.abc import Mapping

from fieldpost.firmware_build.profile import BoardProfile
from fieldpost.firmware_build.programs import cross_compile
from fieldpost.firmware_build.short_names import shortened
from fieldpost.firmware_build.sources import MODULES, STARTED


def with_short_names(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files; names that no other file can see are shorter in the modules below `lib/`."""
    modules = {
        name: data for name, data in files.items() if name.startswith(MODULES) and name.endswith(".py")
    }
    return {**files, **shortened(modules)}


def compiled(files: Mapping[str, bytes], profile: BoardProfile) -> dict[str, bytes]:
    """The same files with each module cross-compiled to `.mpy` for the board, except main.py and boot.py."""
    result: dict[str, bytes] = {}
    for name, data in with_short_names(files).items():
        if not name.endswith(".py") or name in STARTED:
            result[name] = data
        else:
            result[name.removesuffix(".py") + ".mpy"] = cross_compile(data, name, profile.arch)
    return result
