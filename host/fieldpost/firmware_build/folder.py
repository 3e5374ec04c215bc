"""A build as a folder that is ready to copy: files of the device, what a runtime freezes, and what says what they are.

Decides the names in it. A folder that holds anything but a build is not touched.
"""

import json
import shutil
from pathlib import Path

from fieldpost import __version__
from fieldpost.firmware_build import mip
from fieldpost.firmware_build.build import Build, digests
from fieldpost.firmware_build.errors import BuildError

MANIFEST = "MANIFEST.json"
ROM_IMAGE = "rom.romfs"


def write(build: Build, folder: Path) -> None:
    """Make the folder anew. Raises BuildError when it cannot be written, or holds something else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise BuildError(
            f"{folder}: holds something that is no build ({MANIFEST} is missing); name another folder"
        )
    files = dict(build.files)
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


def manifest(build: Build) -> dict[str, object]:
    """What is installed: path on the device, digest and size of each file, and the measurement of all. SPEC 7.3"""
    known = digests(build.files)
    return {
        "board": build.profile.name,
        "arch": build.profile.arch,
        "runtime": {"port": build.profile.port, "board": build.profile.port_board},
        "version": __version__,
        "modules": build.profile.modules,
        "measurement": build.measurement.hex(),
        "files": [
            {"path": name, "sha256": known[name].hex(), "bytes": len(data)}
            for name, data in sorted(build.files.items())
        ],
    }
