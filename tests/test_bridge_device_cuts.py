"""The power cut at every operation on the flash of an update: what the next start runs is whole, the old or the new."""

import asyncio
import os
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256

import pytest
from life_world import builds
from tidy_tree import ROOT

from fieldpost import enrol
from fieldpost.device.cable import connect
from fieldpost.device.files import Files
from fieldpost.device.install import carry_out, look
from fieldpost.device.slot_files import read_record, write_record
from fieldpost.device.update import of_agent
from fieldpost.emulator import BoardSpec, Fleet
from fieldpost.emulator.runtime import micropython
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.build import build, slot_modules
from fieldpost.firmware_build.folder import read
from fieldpost.firmware_build.module_pack import PACK, packed
from fieldpost.links import enrol_port

OPERATIONS_MIN = 100

# What each write to the image is told by: where it begins, how long it is, and its bytes. Nothing is allocated.
LOG = """
import struct
_head = bytearray(8)
_told = open({path!r}, "ab", 0)


def tell(at, data):
    struct.pack_into("<II", _head, 0, at, len(data))
    _told.write(_head)
    _told.write(data)
"""

CHECK = """
import hashlib, sys, vfs
sys.path.insert(0, {wire!r})
from fieldwire import slot_record

BLOCK, BLOCKS, PROGRAM, ROM, SIZE = {layout!r}
WHOLE = {whole!r}


class Flash:
    def __init__(self, data):
        self.data = bytearray(data)

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        self.data[at : at + len(buffer)] = buffer

    def ioctl(self, kind, number):
        if kind == 6:
            self.data[number * BLOCK : (number + 1) * BLOCK] = b"\\xff" * BLOCK
        return {{4: BLOCKS, 5: BLOCK}}.get(kind, 0)


def reader(image):
    files = vfs.VfsLfs2(Flash(image[: BLOCK * BLOCKS]), progsize=PROGRAM)

    def read(name):
        try:
            with files.open("/" + name, "rb") as file:
                return file.read()
        except OSError:
            return None

    return read


def runs(image):
    record = slot_record.load(reader(image)) or slot_record.Record()
    record.start(True)
    return record.running


def is_whole(image, slot):
    at = BLOCK * BLOCKS + "ab".index(slot) * ROM
    held = image[at : at + SIZE[slot]] if ROM else reader(image)(slot + ".pack") or b""
    return hashlib.sha256(held).digest().hex() == WHOLE[slot]


image = bytearray(open({base!r}, "rb").read())
with open({log!r}, "rb") as log:
    while True:
        head = log.read(8)
        if not head:
            break
        at = int.from_bytes(head[:4], "little")
        data = log.read(int.from_bytes(head[4:], "little"))
        for part in (len(data) // 2, len(data)):
            image[at : at + part] = data[:part]
            slot = runs(memoryview(image))
            print(slot, int(is_whole(memoryview(image), slot)), int(is_whole(memoryview(image), "b")))
"""


def told_profile(folder, profile):
    """The emulated board, whose flash tells each write."""
    shutil.copytree(profile.directory, folder / "emulated")
    path = folder / "emulated" / "emulated_flash.py"
    text = path.read_text()
    for what in ("self._file.write(buffer)", "self._file.write(self._erased)"):
        assert text.count(what) == 1
    text = text.replace(
        "        self._file.write(buffer)",
        "        tell(self._file.tell(), buffer)\n        self._file.write(buffer)",
    )
    text = text.replace(
        "            self._file.write(self._erased)",
        "            tell(self._file.tell(), self._erased)\n            self._file.write(self._erased)",
    )
    path.write_text(text + LOG.format(path=str(folder / "log")))
    path = folder / "emulated" / "emulated_vfs.py"
    text = path.read_text()
    what = '    _part["file"].write(data)\n'
    assert text.count(what) == 1
    path.write_text(
        text.replace(what, '    emulated_flash.tell(_part["start"] + start, data)\n' + what).replace(
            "from vfs import *", "import emulated_flash\nfrom vfs import *"
        )
    )
    return replace(profile, directory=folder / "emulated")


async def updated(folder, profile, old, new):
    """`base`: the image before an update that the board confirms; `log`: all writes since."""
    async with Fleet(
        folder / "boards", [BoardSpec("a", "hill", prompt=True)], profile=told_profile(folder, profile)
    ) as fleet:
        fleet.provision({})
        port = str(fleet["a"].plug())
        fleet.power_on()
        await asyncio.to_thread(put, port, old)
        shutil.copy(fleet["a"].image, folder / "base")
        (folder / "log").write_bytes(b"")
        await asyncio.to_thread(put, port, new)
        found = None
        while found is None or found.standing != enrol.SETTLED:  # started, tried and confirmed
            await asyncio.sleep(0.5)
            found = await enrol_port.meet(port, 115_200, os.urandom(32))
        assert found.measurement == new.measurement


def put(port, build):
    with connect(port, wait_s=10) as cable:
        cable.soft_reset()
        found = look(cable, build)
        before = found.facts.slots
        carry_out(cable, of_agent(found) if before else found)
        if not before:
            files = Files(cable)
            write_record(files, read_record(files))
            return
        cable.restart()


def in_rom(folder):
    return tuple(read(one) for one in builds(folder))


def in_files(_folder):
    """The same agent as a pack, and an older one that has a module more."""
    new = build(replace(load_profile(), modules="files", rom_bytes=0))
    modules = slot_modules(new)
    older = packed({**modules, "fieldagent/former.mpy": modules["fieldagent/__init__.mpy"]})
    return replace(new, files={**new.files, PACK: older}, measurement=bytes(32), version="0.0.9"), new


@pytest.mark.timeout(300)
@pytest.mark.parametrize("both", [in_rom, in_files])
def test_whatever_operation_the_power_ends_the_next_start_runs_a_whole_agent(tmp_path, both):
    old, new = both(tmp_path)
    profile, slots = new.profile, {"a": old.rom or old.files[PACK], "b": new.rom or new.files[PACK]}
    asyncio.run(updated(tmp_path, profile, old, new))
    length = {slot: len(data) for slot, data in slots.items()}
    script = CHECK.format(
        wire=str(ROOT / "shared"),
        layout=(profile.block_bytes, profile.blocks, profile.program_bytes, profile.rom_bytes, length),
        whole={slot: sha256(data).hexdigest() for slot, data in slots.items()},
        base=str(tmp_path / "base"),
        log=str(tmp_path / "log"),
    )
    (tmp_path / "check.py").write_text(script)
    told = subprocess.run(
        [micropython(), "-X", "heapsize=32m", str(tmp_path / "check.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-500:] + told.stderr
    rows = [line.split() for line in told.stdout.splitlines()]
    assert len(rows) >= OPERATIONS_MIN and all(whole == "1" for _, whole, _ in rows)
    assert (rows[0][0], rows[-1][0]) == ("a", "b")
    assert [slot for slot, _, written in rows if written == "0"].count("a") > OPERATIONS_MIN // 2, (
        "half written"
    )
