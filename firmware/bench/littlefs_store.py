"""A log in LittleFS files on an emulated flash, found anew at each boot.

Decides nothing beyond how much of the part the log may take.
"""

from littlefs_part import LittleFsPart

from fieldagent.journal import Journal
from fieldagent.sector_files import SectorFiles


class LittleFsStore:
    def __init__(self, journal_bytes):
        self._part = LittleFsPart()
        self._journal_bytes = journal_bytes

    def format(self, flash):
        self._part.format(flash)

    def open(self, flash, new_incarnation):
        return Journal(SectorFiles(self._part.files(flash), self._journal_bytes), new_incarnation)
