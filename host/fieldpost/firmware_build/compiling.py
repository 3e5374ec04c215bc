"""Sources made into what lies on a board: the same program with fewer names, then `.mpy` for its architecture."""

from collections.abc import Mapping

from fieldpost.firmware_build.profile import BoardProfile
from fieldpost.firmware_build.programs import cross_compile
from fieldpost.firmware_build.small_source import small
from fieldpost.firmware_build.sources import MODULES, STARTED
from fieldpost.firmware_build.unused_methods import leave_out_unused

SHARED = "fieldwire/"


def with_fewer_names(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files; names that no other file can see are shorter, or gone: of a slot's modules, of the start's."""
    sources = {name: data for name, data in files.items() if name.endswith(".py") and name not in STARTED}
    slot = {name.removeprefix(MODULES): data for name, data in sources.items() if name.startswith(MODULES)}
    start = {name: data for name, data in sources.items() if not name.startswith(MODULES)}
    started = [files[name] for name in STARTED if name in files]
    shared = {name: data for name, data in slot.items() if name.startswith(SHARED)}
    agent = {name: data for name, data in slot.items() if not name.startswith(SHARED)}
    slot = {**agent, **leave_out_unused(shared, [*agent.values(), *start.values(), *started])}
    start = leave_out_unused(start, [*slot.values(), *started])
    return {**files, **{MODULES + name: data for name, data in small(slot).items()}, **small(start)}


def compiled(files: Mapping[str, bytes], profile: BoardProfile) -> dict[str, bytes]:
    """The same files with each module cross-compiled to `.mpy` for the board, except main.py and boot.py."""
    result: dict[str, bytes] = {}
    for name, data in with_fewer_names(files).items():
        if not name.endswith(".py") or name in STARTED:
            result[name] = data
        else:
            result[name.removesuffix(".py") + ".mpy"] = cross_compile(data, name, profile.arch)
    return result
