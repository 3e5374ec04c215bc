"""A process to be killed: MicroPython that appends to a log on a LittleFS image, and says what it has promised.

Called as `micropython killed_logger.py IMAGE write|check files|ring`. `write` prints the id of each observation once it
is durable and goes on until it is killed; `check` prints the ids of all leaves that the log gives back.
"""

import gc
import os
import sys
import time

import vfs
from agent_log import Device, Keeper

from fieldwire.port import MICROPYTHON

sys.path.append(__file__.rsplit("/", 2)[0] + "/boards/emulated")
from emulated_flash import FileFlash, RawPartition

BLOCK_BYTES, BLOCKS, RING_BLOCKS = 4096, 2048, 2048


def part(path, blocks):
    """An erased part in a file, True when it was made now."""
    is_new = path.rsplit("/", 1)[1] not in os.listdir(path.rsplit("/", 1)[0])
    if is_new:
        with open(path, "wb") as file:
            for _ in range(blocks):
                file.write(b"\xff" * BLOCK_BYTES)
    return is_new


def open_image(path):
    is_new = part(path, BLOCKS)
    flash = FileFlash(open(path, "r+b"), BLOCK_BYTES, BLOCKS)  # noqa: SIM115
    if is_new:
        vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/flash")


def write(device):
    count = 0
    while True:
        count += 1
        made = device.observe(count % 3, count)
        device.journal.commit()
        print(made.id.hex())
        if count % 40 == 0:
            device.observer.seal_all()
        if count % 8 == 0:
            time.sleep_ms(1)  # so that the fastest machine does not fill the part in thirty lives


def check(device):
    keeper = Keeper()
    keeper.drain(device.journal)
    keeper.check_chains()
    incarnations = {key[0] for key in keeper.seals}
    print("incarnations", len(incarnations), "segments", len(keeper.seals))
    for identity in keeper.ids.values():
        print(identity.hex())


def main(image, action, kind):
    assert MICROPYTHON
    gc.threshold(500_000)  # what stays must not lie all over the heap before it is first collected
    open_image(image)
    raw = None
    if kind == "ring":
        part(image + ".ring", RING_BLOCKS)
        raw = (RawPartition(open(image + ".ring", "r+b"), BLOCK_BYTES, RING_BLOCKS), 256, True)  # noqa: SIM115
    device = Device(None, lambda: os.urandom(8), root="/flash", raw=raw)
    (write if action == "write" else check)(device)


main(sys.argv[1], sys.argv[2], sys.argv[3])
