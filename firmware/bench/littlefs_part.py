"""LittleFS on an emulated flash, mounted anew at each boot as a board does.

Decides how a cut looks through a file system: every call fails from there on, until the next mount.
"""

import vfs
from nor_flash import PowerCut

from fieldagent.journal_files import Files
from fieldwire.errors import StorageError

_EIO = -5


class Powered:
    """The part as one boot sees it: after a cut it fails for good, also for files that nobody closed."""

    def __init__(self, flash):
        self._flash = flash

    def readblocks(self, block, buffer, offset):
        if self._flash is None:
            return _EIO
        try:
            self._flash.readblocks(block, buffer, offset)
        except PowerCut:
            return self._lost()
        return 0

    def writeblocks(self, block, buffer, offset):
        if self._flash is None:
            return _EIO
        try:
            self._flash.writeblocks(block, buffer, offset)
        except PowerCut:
            return self._lost()
        return 0

    def ioctl(self, operation, argument):
        if self._flash is None:
            return _EIO
        try:
            return self._flash.ioctl(operation, argument)
        except PowerCut:
            return self._lost()

    def _lost(self):
        self._flash = None
        return _EIO

    def end(self):
        self._flash = None


class LittleFsPart:
    """The file systems that follow each other on a part: a new mount ends the one before."""

    def __init__(self):
        self._last = None

    def format(self, flash):
        vfs.VfsLfs2.mkfs(flash, progsize=flash.unit_bytes)

    def files(self, flash):
        """Files of a new mount; StorageError where there is none, or the power goes meanwhile."""
        if self._last is not None:
            self._last.end()
        self._last = Powered(flash)
        try:
            return Files("", vfs.VfsLfs2(self._last, progsize=flash.unit_bytes))
        except OSError as cause:
            raise StorageError("the file system cannot be mounted (%s)" % cause)
