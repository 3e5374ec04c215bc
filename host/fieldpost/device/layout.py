"""Where the files of a build go on a board: into one of its two slots, and around them what chooses the slot.

Decides names alone; firmware/UPDATE.md says what they mean.
"""

import json
from dataclasses import dataclass

from fieldpost.device.plan import Held, held
from fieldpost.firmware_build.build import ROM, Build
from fieldpost.firmware_build.module_pack import PACK

PARTITIONS = {"a": 0, "b": 1}
CONFIG = "/config.json"
SCHEMAS = "/schemas"


@dataclass(frozen=True, slots=True)
class SlotLayout:
    """`slot`: its pack, path -> bytes, or `rom`: the image of its partition. `start`: what runs before it, in order."""

    name: str
    slot: dict[str, bytes]
    rom: bytes | None
    start: dict[str, bytes]
    manifest: bytes

    @property
    def partition(self) -> int:
        return PARTITIONS[self.name]

    def wanted(self) -> dict[str, Held]:
        return {path: held(data) for path, data in self.slot.items()}


def layout(build: Build, slot: str) -> SlotLayout:
    """The build as it lies on a board with `slot` as its place; main.py is the last of `start`."""
    start = {
        f"/{name}": data for name, data in build.files.items() if name != PACK and not name.startswith(ROM)
    }
    return SlotLayout(
        name=slot,
        slot={pack_path(slot): build.files[PACK]} if PACK in build.files else {},
        rom=build.rom,
        start=dict(sorted(start.items(), key=lambda row: row[0] == "/main.py")),
        manifest=_manifest(build),
    )


def pack_path(slot: str) -> str:
    return f"/{slot}.pack"


def manifest_path(slot: str) -> str:
    """Beside its slot and not in it: all that lies in a slot is measured."""
    return f"/{slot}.json"


def _manifest(build: Build) -> bytes:
    """What is whole in a slot, for who asks at the prompt."""
    return json.dumps(
        {
            "board": build.profile.name,
            "arch": build.profile.arch,
            "version": build.version,
            "measurement": build.measurement.hex(),
        },
        separators=(",", ":"),
    ).encode()
