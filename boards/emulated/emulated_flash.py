"""The board's flash: LittleFS on a file of the host, mounted as `/`, and two ROMFS partitions behind it, one a slot.

Decides how flash blocks lie in the image file. A write has reached the host's kernel when the call returns,
so that killing the process loses nothing that the file system committed. It refuses to judge what is
written. No method allocates: the garbage collector may call them with the heap locked. Few names: the interpreter's
table, which the firmware shares, keeps each of them.
"""

import os
import sys

import emulated_host
import vfs


class FileFlash:
    def __init__(self, file, block_bytes, blocks):
        self._file = file
        self._block_bytes = block_bytes
        self._blocks = blocks
        self._erased = b"\xff" * 256

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * self._block_bytes + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self._file.seek(block * self._block_bytes + offset)
        self._file.write(buffer)

    def ioctl(self, kind, number):
        """As MicroPython's `vfs.AbstractBlockDev` has it: 4 how many blocks, 5 how long one is, 6 erase one."""
        if kind == 4:
            return self._blocks
        if kind == 5:
            return self._block_bytes
        if kind == 6:
            self._file.seek(number * self._block_bytes)
            for _ in range(self._block_bytes // len(self._erased)):
                self._file.write(self._erased)
        return 0


class RawPartition(FileFlash):
    """A part of the flash without a file system: a program clears bits and sets none."""

    def writeblocks(self, block, buffer, offset=0):
        held = bytearray(len(buffer))
        self.readblocks(block, held, offset)
        for index, byte in enumerate(buffer):
            held[index] &= byte
        super().writeblocks(block, held, offset)


def flash(path, space):
    return FileFlash(open(path, "r+b"), space["block_bytes"], space["blocks"])


def mount(flash, space, folder):
    """Put the flash at `/`; the board's directory on the host is beside it."""
    found = vfs.VfsLfs2(flash, progsize=space["program_bytes"])
    emulated_host.begin(folder)
    vfs.umount("/")
    vfs.mount(found, "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]


def read(path, space):
    """Both partitions in memory, which takes the place of flash that is mapped to it."""
    rom = bytearray(2 * space["rom_bytes"])
    with open(path, "rb") as file:
        file.seek(space["block_bytes"] * space["blocks"])
        file.readinto(rom)
    return rom


def place(rom):
    """Put the first partition at `/rom`, as ports do, where it holds a ROMFS."""
    try:
        found = vfs.VfsRom(memoryview(rom)[: len(rom) // 2])
    except OSError:
        return  # as it left the factory
    vfs.mount(found, "/rom")
    sys.path[2:2] = ["/rom", "/rom/lib"]
