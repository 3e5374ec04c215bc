"""A build installed on a board: looked at first, then carried out; a cut leaves the old agent, or a board without one.

Decides which slot takes the build: never the one that the board goes back to, where an agent is in it. It refuses what
does not belong on the board or does not fit, before anything is written.
"""

from dataclasses import dataclass, field, replace

from fieldpost.device.cable import Cable
from fieldpost.device.errors import DeviceError, RaisedOnBoard
from fieldpost.device.facts import BoardFacts, board_facts
from fieldpost.device.files import Files, Moved, nobody
from fieldpost.device.layout import PARTITIONS, SlotLayout, layout
from fieldpost.device.plan import Held, Plan, held, plan, room_bytes
from fieldpost.device.runtime_kind import misfit
from fieldpost.device.slot_files import (
    given_up,
    is_whole,
    read_record,
    slot_plan,
    write_record,
    write_slot,
)
from fieldpost.firmware_build.build import Build, slot_modules
from fieldwire.slot_record import Record

_SPARE_BLOCKS = 8  # for the record, the manifest and what the file system moves


@dataclass(frozen=True, slots=True)
class Installation:
    """`files`: what goes beside the start (a configuration, schemas), path -> bytes. `whole`: the slot needs nothing.

    `then`: "run" the slot, "try" it and go back to the other one if it fails, or "keep" what the record says.
    """

    facts: BoardFacts
    record: Record
    wanted: SlotLayout
    slot: Plan
    start: Plan
    files: dict[str, bytes] = field(default_factory=dict)
    whole: bool = False
    then: str = "keep"

    @property
    def is_done(self) -> bool:
        return self.whole and self.start.is_done and self.then == "keep" and not self.slot.remove

    @property
    def copy_bytes(self) -> int:
        return self.slot.copy_bytes + self.start.copy_bytes


def look(
    cable: Cable, build: Build, named: str | None = None, extra: dict[str, bytes] | None = None
) -> Installation:
    """What an installation would do. Raises DeviceError where the build does not belong there, or has no room."""
    facts = board_facts(cable)
    wrong = misfit(facts.kind, build.profile, {**build.files, **slot_modules(build)})
    if wrong is not None:
        raise DeviceError(f"{cable.path}: {wrong}")
    files = Files(cable)
    record = read_record(files)
    _check_modules(cable, facts, build)
    former = _former(files)
    bare = not facts.lib and (record.slot not in facts.slots or bool(former))
    wanted, slot = _chosen(cable, files, build, record, named, bare)
    around = {**(extra or {}), **wanted.start}
    present = {path: one for path in around if (one := files.held(path)) is not None}
    found = Installation(
        facts=facts,
        record=record,
        wanted=wanted,
        slot=replace(slot, remove=former),
        start=plan(present, {path: held(data) for path, data in around.items()}),
        files=around,
        whole=is_whole(files, wanted, slot),
        then="keep" if wanted.name == record.slot else "run" if bare else "try",
    )
    _check_room(cable, files, found)
    return found


def carry_out(cable: Cable, found: Installation, moved: Moved = nobody) -> None:
    """Raises DeviceError; run again it goes on where it was. The board is to be restarted then."""
    files, record = Files(cable), found.record
    if record.trial == found.wanted.name and not found.whole:
        record.trial, record.begun = None, False
        write_record(files, record)
    if not found.whole:
        write_slot(cable, files, found.wanted, found.slot, moved)
    for path in sorted(found.start.copy, key=list(found.files).index):
        files.put(path, found.files[path], moved)
    if found.then == "run":
        record.slot, record.trial, record.begun = found.wanted.name, None, False
    elif found.then == "try":
        record.try_spare()
    if not found.is_done:
        record.forgive()
        write_record(files, record)
    for folder in found.slot.remove:
        files.remove_folder(folder)


def _former(files: Files) -> tuple[str, ...]:
    """Folders that were slots before a slot was one file; the start that is installed no longer looks there."""
    names = files.names("")
    folders = [f"/{slot}" for slot in PARTITIONS if names.get(slot)]
    return tuple(folder for folder in folders if "fieldagent" in files.names(folder))


def _chosen(
    cable: Cable, files: Files, build: Build, record: Record, named: str | None, bare: bool
) -> tuple[SlotLayout, Plan]:
    """The slot that takes the build, and what is to be done in it."""
    first = layout(build, named or record.slot)
    chosen = slot_plan(cable, files, first)
    if bare or first.name != record.slot or is_whole(files, first, chosen):
        return first, chosen
    if named is not None:
        raise DeviceError(
            f"{cable.path}: slot {named} is the one that the board goes back to, and is not written over;"
            f" leave --slot out, or say --slot {record.spare}"
        )
    spare = layout(build, record.spare)
    return spare, slot_plan(cable, files, spare)


def _check_modules(cable: Cable, facts: BoardFacts, build: Build) -> None:
    if build.profile.modules == "frozen":
        try:
            cable.run("import fieldagent")
        except RaisedOnBoard:
            raise DeviceError(
                f"{cable.path}: the runtime on the board has no agent in it, and {build.profile.name} has its modules"
                " frozen; make one from the build's manifest.py and flash it (`fieldpost device flash`)"
            ) from None
    if build.rom is not None:
        sizes = facts.rom_bytes
        if len(sizes) < 2 or min(sizes) < len(build.rom):
            raise DeviceError(
                f"{cable.path}: the build takes two ROM partitions of {len(build.rom)} bytes and the runtime has"
                f" {', '.join(map(str, sizes)) or 'none'}; flash a runtime that has them (`fieldpost device flash`)"
            )


def _check_room(cable: Cable, files: Files, found: Installation) -> None:
    """LittleFS holds a file in whole blocks; what is replaced in the slot is free before its successor is written."""
    block = found.facts.block_bytes
    need = room_bytes(found.start, {path: held(data) for path, data in found.files.items()}, block)
    if found.wanted.rom is None:
        need += room_bytes(found.slot, found.wanted.wanted(), block)
        need -= _blocks(given_up(files, found.slot), block) * block
    need += _SPARE_BLOCKS * block
    if found.is_done or need <= found.facts.free_bytes:
        return
    raise DeviceError(
        f"{cable.path}: the build needs {need} bytes of the board's flash and {found.facts.free_bytes} are free;"
        " remove files of your own, let a bridge drain its log, or use a build with the modules frozen"
    )


def _blocks(present: dict[str, Held], block: int) -> int:
    return sum(-(-max(1, one.size) // block) for one in present.values())
