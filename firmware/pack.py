"""A slot's modules in one file, as a file system that imports are looked up in; firmware/UPDATE.md has the format.

Decides whether a pack is sound before anything in it is found. Keeps no part of its index, which is read anew at each
look: the heap is what modules need, so no name is new here that another module or the interpreter already has. It
refuses to be written, and to judge a module's own bytes, which the measurement of the boot covers.
"""

import hashlib
import os

MARKER = b"FPP1"
HEAD_BYTES = 16
SUMMED_BYTES = 8  # of the head, with the whole index
NAME_BYTES = 48
ROW_BYTES = 56
FOLDER = 0x4000
FILE = 0x8000
ENOENT = 2
EINVAL = 22


def mount(slot):
    """Where the modules of a slot, "a" or "b", are found from now on. OSError where it holds none, or no sound ones."""
    import vfs

    place = "/" + slot
    vfs.mount(Files(os.getcwd().rstrip("/") + place + ".pack"), place)
    return place


class Files:
    """What MicroPython's `vfs.mount` takes. OSError where the file is no sound pack."""

    def __init__(self, path):
        self._path = path
        with open(path, "rb") as file:
            self._rows = count(file)

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def stat(self, path):
        """As `os.stat` tells it; OSError for what is not there."""
        if path.endswith(".py"):
            raise OSError(ENOENT)
        is_module = path.endswith(".mpy")
        with open(self._path, "rb") as file:
            row = find(file, self._rows, path[1:].encode() + (b"\0" if is_module else b"/"))
        size = int.from_bytes(row[-4:], "big") if is_module else 0
        return (FILE if is_module else FOLDER, 0, 0, 0, 0, 0, size, 0, 0, 0)

    def open(self, path, mode):
        """The pack itself at the module's first byte: what loads a module reads no further than it goes."""
        file = open(self._path, "rb")
        try:
            row = find(file, self._rows, path[1:].encode() + b"\0")
        except OSError:
            file.close()
            raise
        file.seek(int.from_bytes(row[-8:-4], "big"))
        return file


def count(file):
    """How many modules a pack has: all in order, each where the one before it ends, the last to the file's end."""
    head = file.read(HEAD_BYTES)
    rows = int.from_bytes(head[4:SUMMED_BYTES], "big")
    digest = hashlib.sha256(head[:SUMMED_BYTES])
    end = HEAD_BYTES + rows * ROW_BYTES
    before = b""
    is_sound = len(head) == HEAD_BYTES and head[:4] == MARKER and rows > 0
    for _ in range(rows if is_sound else 0):
        row = file.read(ROW_BYTES)
        name = row[:NAME_BYTES]
        is_sound = len(row) == ROW_BYTES and name > before and not row[NAME_BYTES - 1]
        if not is_sound or int.from_bytes(row[-8:-4], "big") != end:
            raise OSError(EINVAL)
        end += int.from_bytes(row[-4:], "big")
        before = name
        digest.update(row)
    if not is_sound or digest.digest()[:8] != head[SUMMED_BYTES:] or file.seek(0, 2) != end:
        raise OSError(EINVAL)
    return rows


def find(file, rows, name):
    """The row whose name begins with `name`, a module's with its NUL or a folder's with its slash."""
    low, high = 0, rows
    found = b""
    while low < high:
        middle = (low + high) // 2
        file.seek(HEAD_BYTES + middle * ROW_BYTES)
        row = file.read(ROW_BYTES)
        if row < name:
            low = middle + 1
        else:
            found = row
            high = middle
    if not found.startswith(name):
        raise OSError(ENOENT)
    return found
