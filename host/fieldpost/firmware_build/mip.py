"""`package.json` files, so that `mpremote mip install` finds a build's modules, or a checkout's sources.

Decides which files a package lists. Addresses are relative to the package's own, so that a package is found wherever it
lies: in a folder, or on a mirror of one.
"""

import json
from pathlib import Path

import fieldwire
from fieldpost import __version__
from fieldpost.firmware_build.build import ROM, Build, slot_modules
from fieldpost.firmware_build.module_pack import PACK
from fieldpost.firmware_build.sources import MODULES, boards_folder, device_files, load_profile

Package = dict[str, object]


def of_build(build: Build) -> Package:
    """What a slot holds, module by module: mip installs it into `/lib`. The start is copied to the root beside it."""
    before = MODULES if PACK in build.files else ROM + MODULES
    return _package({name: before + name for name in slot_modules(build)})


def of_checkout(kinds: list[str]) -> dict[Path, Package]:
    """path -> package: of fieldwire, fieldagent, each folder of kernels and each board, as sources."""
    boards = boards_folder()
    firmware, shared = boards.parent / "firmware", Path(fieldwire.__path__[0]).parent
    files = {name for kind in kinds for name in device_files(load_profile(kind)) if name.startswith(MODULES)}
    modules = sorted(name.removeprefix(MODULES) for name in files)
    found = {
        place / "package.json": _package({name: name for name in modules if name.startswith(package)} | start)
        for place, package, start in (
            (shared, "fieldwire/", {"slot_record.py": "fieldwire/slot_record.py"}),
            (firmware, "fieldagent/", {name: name for name in ("crash.py", "pack.py", "slots.py")}),
        )
    }
    for folder in sorted({path.parent for path in (firmware / "kernels").glob("armv*/*.py")}):
        kernels = sorted(path.name for path in folder.glob("*.py"))
        found[folder / "package.json"] = _package({f"fieldwire/{name}": name for name in kernels})
    for kind in kinds:
        names = sorted(path.name for path in (boards / kind).glob("board*.py"))
        found[boards / kind / "package.json"] = _package({name: name for name in names})
    return found


def text(package: Package) -> str:
    return json.dumps(package, indent=2) + "\n"


def _package(targets: dict[str, str]) -> Package:
    """`targets`: path below the device's `lib` -> address."""
    return {"urls": [[target, url] for target, url in targets.items()], "deps": [], "version": __version__}
