"""One slot of a board, and the record of which one runs, over its prompt: what is there, and what a build puts there.

Decides the order in which a slot is changed, so that a cut leaves it whole or marked as not whole. It refuses to choose
between slots.
"""

from collections.abc import Iterable

from fieldpost.device.cable import Cable
from fieldpost.device.files import DRAFT, Files, Moved, nobody
from fieldpost.device.layout import SlotLayout, manifest_path
from fieldpost.device.plan import Held, Plan, plan
from fieldpost.device.rom import Rom
from fieldwire.slot_record import Record, load

RECORD_FOLDER = "/"


def read_record(files: Files) -> Record:
    """The record that counts; on a board that has none, what that means. Raises DeviceError."""
    return load(lambda name: files.read(RECORD_FOLDER + name)) or Record()


def write_record(files: Files, record: Record) -> None:
    """Over the older of the two files, durable and read back on return. Raises DeviceError."""
    record.store(lambda name, data: files.write(RECORD_FOLDER + name, data))


def slot_plan(cable: Cable, files: Files, wanted: SlotLayout) -> Plan:
    """What `write_slot` would do. A ROM image is one thing, named by its partition. Raises DeviceError."""
    if wanted.rom is None:
        return plan(_present(files, wanted.slot), wanted.wanted())
    name = f"rom:{wanted.partition}"
    if Rom(cable, wanted.partition).holds(wanted.rom):
        return Plan((), (name,), (), 0)
    return Plan((name,), (), (), len(wanted.rom))


def given_up(files: Files, chosen: Plan) -> dict[str, Held]:
    """What goes from a slot before its pack is written, a draft that was cut short among it."""
    return _present(files, [path + end for path in chosen.copy for end in ("", DRAFT)])


def is_whole(files: Files, wanted: SlotLayout, chosen: Plan) -> bool:
    """Whether the slot holds the build already, and says so."""
    return chosen.is_done and files.read(manifest_path(wanted.name)) == wanted.manifest


def write_slot(cable: Cable, files: Files, wanted: SlotLayout, chosen: Plan, moved: Moved = nobody) -> None:
    """The slot must not be one that the next start runs. Raises DeviceError."""
    files.remove([manifest_path(wanted.name)])
    if wanted.rom is None:
        files.remove(chosen.copy)  # a flash has room for two packs, and not for a third
        for path in chosen.copy:
            files.put(path, wanted.slot[path], moved)
    elif chosen.copy:
        Rom(cable, wanted.partition).write(wanted.rom, moved)
    files.put(manifest_path(wanted.name), wanted.manifest)


def _present(files: Files, paths: Iterable[str]) -> dict[str, Held]:
    return {path: one for path in paths if (one := files.held(path)) is not None}
