"""The board's flash: LittleFS on a file of the host, mounted as `/`, and a ROMFS behind it as `/rom`.

Decides how flash blocks lie in the image file. A write has reached the host's kernel when the call returns,
so that killing the process loses nothing that the file system committed. It refuses to judge what is
written. No method allocates: the garbage collector may call them with the heap locked.
"""

import os
import sys

import emulated_host
import vfs

BLOCKS_COUNT = 4
BLOCK_BYTES = 5
BLOCK_ERASE = 6
ERASE_BYTES = 256


class FileFlash:
    def __init__(self, image, block_bytes, blocks):
        self._file = image
        self._block_bytes = block_bytes
        self._blocks = blocks
        self._erased = b"\xff" * ERASE_BYTES

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * self._block_bytes + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self._file.seek(block * self._block_bytes + offset)
        self._file.write(buffer)

    def ioctl(self, operation, argument):
        if operation == BLOCKS_COUNT:
            return self._blocks
        if operation == BLOCK_BYTES:
            return self._block_bytes
        if operation == BLOCK_ERASE:
            self._file.seek(argument * self._block_bytes)
            for _ in range(self._block_bytes // ERASE_BYTES):
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


def open_flash(path, layout):
    return FileFlash(open(path, "r+b"), layout["block_bytes"], layout["blocks"])


def format_flash(flash, layout):
    vfs.VfsLfs2.mkfs(flash, progsize=layout["program_bytes"])


def mount(flash, layout, directory):
    """Put the flash at `/`; the board's directory on the host is beside it."""
    file_system = vfs.VfsLfs2(flash, progsize=layout["program_bytes"])
    emulated_host.begin(directory)
    vfs.umount("/")
    vfs.mount(file_system, "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]


def read_rom(path, layout):
    """The ROMFS in memory, which takes the place of flash that is mapped to it."""
    rom = bytearray(layout["rom_bytes"])
    with open(path, "rb") as file:
        file.seek(layout["block_bytes"] * layout["blocks"])
        file.readinto(rom)
    return rom


def mount_rom(rom):
    """Put the modules' ROMFS at `/rom`, where there is one, and where a port looks for it."""
    try:
        file_system = vfs.VfsRom(memoryview(rom))
    except OSError:
        return  # as it left the factory
    vfs.mount(file_system, "/rom")
    sys.path[2:2] = ["/rom", "/rom/lib"]
