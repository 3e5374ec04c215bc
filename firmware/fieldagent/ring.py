"""The log's sectors on raw flash: the erase blocks of an extended block device, written round and round.

Decides how a sector lies in its block, and what proves that a block is erased: the marker, programmed when its erase
has ended and spoilt before the next one begins. Refuses to start on a partition that holds anything but a log of this
format. Allocates nothing to read or program.
"""

from fieldagent import record
from fieldwire.errors import StorageError

_SYNC, _BLOCK_COUNT, _BLOCK_BYTES, _ERASE = 3, 4, 5, 6
_MARKER_BYTES = 4


class Ring:
    """`device`: readblocks(block, buffer, offset), writeblocks(block, buffer, offset), ioctl(3 to 6, argument).

    `program_bytes`: what a program is aligned to; `rewrites`: False where a unit is programmed once (flash with ECC).
    Sector n lies in block n % count.
    """

    waiting_max = 0  # records that are appended and not yet durable
    begins_with = b""  # the marker stands there when a sector is begun
    tears = True  # a cut may leave any part of what was being programmed

    def __init__(self, device, program_bytes=256, rewrites=True):
        self._device = device
        self.count = device.ioctl(_BLOCK_COUNT, 0)
        self.sector_bytes = device.ioctl(_BLOCK_BYTES, 0)
        self.unit = program_bytes
        self.rewrites = rewrites
        self.align = 1 if rewrites else program_bytes
        self.mark_bytes = 4 if rewrites else 0
        self.header_at = _MARKER_BYTES if rewrites else program_bytes
        self._page = bytearray(program_bytes)

    def found(self):
        """([(sector, end of the sector before) ...] as sound short headers say, [blocks that cannot be read])."""
        from fieldagent import sector_header  # a start alone needs it

        rows, unreadable, foreign = [], [], 0
        begin = bytearray(self.header_at + sector_header.SHORT_BYTES)
        for block in range(self.count):
            try:
                self._device.readblocks(block, begin, 0)
            except OSError:
                unreadable.append(block)
                continue
            found = sector_header.read_short(begin, self.header_at)
            if found is not None and found[0] % self.count == block:
                rows.append(found)
                continue
            version = sector_header.other_version(begin, self.header_at)
            if version is not None:
                _refuse("a journal of format %d; drain it with the program that wrote it" % version)
            foreign += not _may_be_torn(begin)
        if foreign > 1 and not rows:  # cuts at the begin of the first sector may leave anything in one block
            _refuse("something that is no journal")
        return rows, unreadable

    def read(self, sector, buffer):
        """Fills `buffer` from the sector's begin."""
        try:
            self._device.readblocks(sector % self.count, buffer, 0)
        except OSError as cause:
            raise StorageError("cannot read block %d of the journal (%s)" % (sector % self.count, cause))

    def program(self, sector, offset, data):
        """Makes `data` durable; `offset` and its length are multiples of `unit`, bytes 0xFF leave what is there."""
        block = sector % self.count
        try:
            self._device.writeblocks(block, data, offset)
            self._device.ioctl(_SYNC, 0)
        except OSError as cause:
            raise StorageError("cannot program block %d of the journal at %d (%s)" % (block, offset, cause))

    def clear(self, sector, scratch):
        """Makes the block of a sector that no longer counts ready for the next; erases what is not proven erased."""
        block = sector % self.count
        self.read(block, scratch)
        if self.rewrites and _is_erased(scratch):
            return
        try:
            if self.rewrites and scratch[:_MARKER_BYTES] == record.MARKER:
                self._mark_block(block, bytes(_MARKER_BYTES))
            self._device.ioctl(_ERASE, block)
            self._device.ioctl(_SYNC, 0)
            self._mark_block(block, record.MARKER)
        except OSError as cause:
            raise StorageError("cannot erase block %d of the journal (%s)" % (block, cause))

    def _mark_block(self, block, marker):
        page = self._page
        record.make_blank(page, 0, len(page))
        page[:_MARKER_BYTES] = marker
        self._device.writeblocks(block, page, 0)
        self._device.ioctl(_SYNC, 0)


def format(device):
    """Erases a partition, whatever it holds, so that a journal may begin there."""
    for block in range(device.ioctl(_BLOCK_COUNT, 0)):
        device.ioctl(_ERASE, block)
    device.ioctl(_SYNC, 0)


def _refuse(what):
    raise StorageError(
        "the journal's flash holds %s, this program reads format %d; remedy: erase it with fieldagent.ring.format"
        % (what, record.MARKER[-1])
    )


def _may_be_torn(begin):
    """True for what may stand where a marker was programmed, spoilt or erased, wholly or in part."""
    return all(byte & bit in (byte, bit) for byte, bit in zip(begin, record.MARKER))


def _is_erased(data):
    return data[:_MARKER_BYTES] == record.MARKER and record.is_blank(data, _MARKER_BYTES, len(data))
