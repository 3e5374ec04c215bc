"""The log's sectors on a flash file system, one file each: `log/<sector number>`.

Decides how a sector becomes a file: it is begun by writing, grown by appending, and opened only for as long as that
takes, because a LittleFS file that is forgotten open is trouble. Refuses to start where older programs left a log.
"""

from fieldagent import record
from fieldwire.errors import StorageError

_FOLDER = "log"
_SECTOR_BYTES = 4096  # a file of LittleFS takes whole blocks


class SectorFiles:
    """`files`: journal_files.Files; `journal_bytes`: how much of the flash the log may take."""

    waiting_max = 8  # records that wait for a flush: each flush copies the block that it grows
    begins_with = record.MARKER
    tears = False
    sector_bytes = _SECTOR_BYTES
    unit = 1
    rewrites = False
    align = 1
    mark_bytes = 0
    header_at = len(record.MARKER)

    def __init__(self, files, journal_bytes):
        self._files = files
        self.count = journal_bytes // _SECTOR_BYTES
        files.folder(_FOLDER)

    def found(self):
        """([(sector, end of the sector before) ...], []): a file holds what was committed, and no more."""
        from fieldagent import sector_header  # a start alone needs it

        numbers, begin = [], bytearray(self.header_at + sector_header.SHORT_BYTES)
        for entry, _ in self._files.entries(_FOLDER):
            try:
                numbers.append(int(entry, 16))
            except ValueError:
                raise StorageError(
                    "/%s/%s is no sector of a journal of format %d; drain it with the program that wrote it, or "
                    "remove it" % (_FOLDER, entry, record.MARKER[-1])
                )
        if numbers:
            self._files.read_into(_name(max(numbers)), begin)
            version = sector_header.other_version(begin, self.header_at)
            if version is not None:
                raise StorageError(
                    "/%s holds a journal of format %d, this program reads format %d; drain it with the program that "
                    "wrote it, or remove it" % (_FOLDER, version, record.MARKER[-1])
                )
        return [(number, self.sector_bytes) for number in numbers], []

    def read(self, sector, buffer):
        """Fills `buffer` from the sector's begin, with 0xFF behind its end."""
        size = self._files.read_into(_name(sector), buffer)
        record.make_blank(buffer, size, len(buffer))

    def program(self, sector, offset, data):
        """Appends `data` to the sector, durable on return."""
        self._files.write(_name(sector), "ab" if offset else "wb", data)

    def clear(self, sector, scratch):
        """Removes a sector that no longer counts."""
        self._files.remove(_name(sector))


def _name(sector):
    return "%s/%08x" % (_FOLDER, sector)
