"""The start of a board: records that it begins, and makes the modules of the slot that is to run the ones found first.

Decides nothing that the slot record does not say. It is let go of before the agent is loaded, which asks for it again
to record how the start went. Paths are relative to where a port starts its programs: the root of its flash.
"""

import os
import sys

from slot_record import SAFE_MODE_AT, Record, load

ENOENT = 2


def begin():
    """(slot, whether in safe mode, whether on trial) of the start that begins; None: the prompt is asked for, once."""
    record = load(_read) or Record()
    if record.prompt:
        record.prompt = False
        record.end()
        record.store(_write)
        return None
    import machine

    # 0 is what ports tell that do not know, and for a soft reset, which a person asked for.
    record.start(not hasattr(machine, "reset_cause") or machine.reset_cause() in (0, machine.PWRON_RESET))
    try:
        record.store(_write)
    except OSError as error:  # a full flash: what is on trial must not run unrecorded, what runs must
        print("error the slot record cannot be written (%s); free space on the flash" % error)
        record.begun = False
    return _choose(record.running, record.begun), record.crashes >= SAFE_MODE_AT, record.begun


def settle(step):
    """Records a step of the start that runs: "confirm", "end", "crash", or "ask" for the prompt. May raise OSError."""
    record = load(_read) or Record()
    getattr(record, step)()
    record.store(_write)
    return record


def _choose(slot, must):
    """The slot that runs. `must`: OSError where it holds nothing; to try what lies elsewhere would prove nothing."""
    import vfs

    if hasattr(vfs, "rom_ioctl") and vfs.rom_ioctl(1) > 1:
        if slot == "b":
            part = vfs.VfsRom(vfs.rom_ioctl(2, 1))
            if "/rom" in sys.path:
                vfs.umount("/rom")
            vfs.mount(part, "/rom")
        sys.path.insert(0, "/rom/lib")
        return slot
    for one in (slot, "b" if slot == "a" else "a"):
        try:
            os.stat(os.getcwd().rstrip("/") + "/" + one + ".pack")
            import pack

            sys.path.insert(0, pack.mount(one))
            return one
        except OSError as error:
            if must:
                raise
            if error.args[0] == ENOENT:
                break  # an agent in /lib, or in the runtime
            print("error slot %s holds no whole agent (%s); install it anew" % (one, error))
    return slot


def _read(name):
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        return None


def _write(name, data):
    with open(name, "wb") as file:
        file.write(data)
