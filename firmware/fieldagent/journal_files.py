"""Files as a flash file system keeps them: a file is replaced whole or not at all, an append is kept once flushed.

Decides how bytes become durable: write, flush, close, and for whole files a rename over the old one, which LittleFS
and POSIX do in one step. Refuses to know what the bytes mean. `os.sync` does nothing on LittleFS; flush commits.
"""

import os

from fieldwire.errors import StorageError
from fieldwire.port import const

_FOLDER = const(0x4000)
_ENOENT, _EEXIST = 2, 17


class Files:
    """Names are relative to `root` ("" on a board). `system` has open, rename, remove, mkdir and ilistdir."""

    def __init__(self, root="", system=None):
        self._root = root + "/"
        self._system = system or System()

    def path(self, name):
        return self._root + name

    def folder(self, name):
        """Makes the folder unless it is there."""
        try:
            self._system.mkdir(self.path(name))
        except OSError as cause:
            if cause.errno != _EEXIST:
                raise StorageError("cannot make the folder %s (%s)" % (name, cause))

    def entries(self, folder):
        """[(name, size) ...] of the plain files in a folder; none where it does not exist."""
        return [(name, size) for name, is_folder, size in self._listing(folder) if not is_folder]

    def folders(self, folder):
        return [name for name, is_folder, _ in self._listing(folder) if is_folder]

    def _listing(self, folder):
        try:
            return [(row[0], row[1] == _FOLDER, row[3]) for row in self._system.ilistdir(self.path(folder))]
        except OSError as cause:
            if cause.errno == _ENOENT:
                return []
            raise StorageError("cannot list %s (%s)" % (folder, cause))

    def read(self, name):
        """All bytes of a file, or None where there is none: what cannot be read is not taken for absent."""
        try:
            with self._system.open(self.path(name), "rb") as file:
                return file.read()
        except OSError as cause:
            if cause.errno == _ENOENT:
                return None
            raise StorageError("cannot read %s (%s)" % (name, cause))

    def read_into(self, name, buffer):
        """Fills `buffer` from a file's begin; returns how many bytes there were, 0 where there is no file."""
        try:
            file = self._system.open(self.path(name), "rb")
        except OSError as cause:
            if cause.errno == _ENOENT:
                return 0
            raise StorageError("cannot read %s (%s)" % (name, cause))
        try:
            with file:
                return file.readinto(buffer)
        except OSError as cause:
            raise StorageError("cannot read %s (%s)" % (name, cause))

    def write(self, name, mode, data):
        """Writes (`mode` "wb") or appends ("ab") to a file, durable on return; it is open no longer than that."""
        try:
            with self._system.open(self.path(name), mode) as file:
                file.write(data)
        except OSError as cause:
            raise StorageError("cannot write %s (%s); free space on the flash" % (name, cause))

    def free_bytes(self):
        """Bytes that the file system has left."""
        try:
            return self._system.free_bytes(self._root)
        except OSError as cause:
            raise StorageError("cannot tell the free space of the flash (%s)" % cause)

    def reader(self, name):
        try:
            return self._system.open(self.path(name), "rb")
        except OSError as cause:
            raise StorageError("cannot read %s (%s)" % (name, cause))

    def replace(self, name, pieces):
        """The file holds `pieces` (an iterable of bytes), or what it held before: nothing between."""
        draft = self.path(name + ".tmp")
        try:
            with self._system.open(draft, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
            self._system.rename(draft, self.path(name))
        except OSError as cause:
            raise StorageError("cannot write %s (%s); free space on the flash" % (name, cause))

    def remove(self, name):
        """True when the file was there."""
        try:
            self._system.remove(self.path(name))
            return True
        except OSError as cause:
            if cause.errno == _ENOENT:
                return False
            raise StorageError("cannot remove %s (%s)" % (name, cause))


class System:
    """The interpreter's own file system; CPython lacks ilistdir and buffers what MicroPython does not."""

    rename = staticmethod(os.rename)
    remove = staticmethod(os.remove)
    mkdir = staticmethod(os.mkdir)

    def open(self, path, mode):
        return open(path, mode)

    def free_bytes(self, path):
        found = os.statvfs(path)
        return found[0] * found[3]

    def ilistdir(self, path):
        if hasattr(os, "ilistdir"):
            return [self._sized(path, row) for row in os.ilistdir(path)]
        return [
            (row.name, _FOLDER if row.is_dir() else 0x8000, 0, row.stat().st_size) for row in os.scandir(path)
        ]

    def _sized(self, path, row):
        """The size is left out by the unix port, and by every port for a place where another file system is mounted."""
        if len(row) == 4:
            return row
        size = 0 if row[1] == _FOLDER else os.stat(path + "/" + row[0])[6]
        return row[0], row[1], row[2], size
