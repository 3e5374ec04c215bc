"""A build as a folder that is ready to copy: files of the device, what a runtime freezes, and what says what they are.

Decides the names in it. A folder that holds anything but a build is not touched.
"""

import json
import shutil
from pathlib import Path

from fieldpost.firmware_build import mip
from fieldpost.firmware_build.build import ROM, Build, digests, slot_modules
from fieldpost.firmware_build.errors import BuildError
from fieldpost.firmware_build.module_pack import PACK
from fieldpost.firmware_build.sources import MODULES, load_profile
from fieldwire import token_writer

MANIFEST = "MANIFEST.json"
ROM_IMAGE = "rom.romfs"


def write(build: Build, folder: Path) -> None:
    """Make the folder anew. Raises BuildError when it cannot be written, or holds something else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise BuildError(
            f"{folder}: holds something that is no build ({MANIFEST} is missing); name another folder"
        )
    files = dict(build.files)
    if PACK in files:
        files |= {MODULES + name: data for name, data in slot_modules(build).items()}
    files |= {f"frozen/{name}": data for name, data in build.frozen.items()}
    for path in build.profile.directory.glob("_boot.py"):
        files[f"frozen/{path.name}"] = path.read_bytes()
    for path in build.profile.directory.glob("partitions.csv"):
        files[path.name] = path.read_bytes()
    files["manifest.py"] = (build.profile.directory / "manifest.py").read_bytes()
    files["package.json"] = mip.text(mip.of_build(build)).encode()
    if build.rom is not None:
        files[ROM_IMAGE] = build.rom
    try:
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        # Last, so that what holds it is whole.
        (folder / MANIFEST).write_text(json.dumps(manifest(build), indent=2) + "\n")
    except OSError as cause:
        raise BuildError(
            f"{cause.filename or folder}: cannot be written: {cause.strerror}; name another folder"
        ) from cause


def read(folder: Path) -> Build:
    """The build that lies in a folder, as far as it goes onto a board. Raises BuildError where it is damaged."""
    try:
        about = json.loads((folder / MANIFEST).read_text())
        rows = {row["path"]: bytes.fromhex(row["sha256"]) for row in about["files"]}
        files = {name: (folder / name).read_bytes() for name in rows}
        rom = (folder / ROM_IMAGE).read_bytes() if any(name.startswith(ROM) for name in rows) else None
        board, version = str(about["board"]), str(about["version"])
        measurement = bytes.fromhex(about["measurement"])
    except OSError as cause:
        raise BuildError(
            f"{cause.filename}: cannot be read: {cause.strerror}; is {folder} a build of `fieldpost firmware build`?"
        ) from cause
    except (ValueError, KeyError, TypeError) as cause:
        raise BuildError(f"{folder / MANIFEST}: damaged ({cause}); build it anew") from cause
    changed = [name for name, digest in digests(files).items() if digest != rows[name]]
    if changed or token_writer.measurement(rows.items()) != measurement:
        raise BuildError(f"{folder}: {(changed or [MANIFEST])[0]} is not what {MANIFEST} says; build it anew")
    size = sum(len(data) for data in files.values()) if rom is None else len(rom)
    return Build(load_profile(board), files, {}, {}, size, rom, measurement, version)


def manifest(build: Build) -> dict[str, object]:
    """What is installed: path on the device, digest and size of each file, and the measurement of all. SPEC 7.3"""
    known = digests(build.files)
    return {
        "board": build.profile.name,
        "arch": build.profile.arch,
        "runtime": {"port": build.profile.port, "board": build.profile.port_board},
        "version": build.version,
        "modules": build.profile.modules,
        "measurement": build.measurement.hex(),
        "files": [
            {"path": name, "sha256": known[name].hex(), "bytes": len(data)}
            for name, data in sorted(build.files.items())
        ],
    }
