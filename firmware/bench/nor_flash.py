"""A NOR flash in memory, hostile on demand: MicroPython's extended block device, power cuts, read errors, a cache.

Decides what a part of its kind would hold: programming clears bits, an erase sets a whole block, and a cut tears the
operation it falls on (torn.py). Refuses what is a fault of the caller: a program that is not aligned to the unit, one
that would need a bit to rise, a second one of a unit with ECC. Who calls says when the power goes.
"""

import torn
from dice import Dice

SYNC, BLOCK_COUNT, BLOCK_BYTES, ERASE = 3, 4, 5, 6
_EIO = 5


class PowerCut(Exception):
    """The power went; everything in RAM is gone."""


class NorFlash:
    """`unit_bytes`: what one program must be aligned to and a multiple of; 0xFF in it leaves a byte as it is.

    `ecc`: a unit may be programmed once after an erase. `cached`: what was not synced is dropped or comes in
    another order at a cut. Counters: programs, bytes_programmed (other than 0xFF), erases, reads, bytes_read, syncs,
    operations; erases_in_append counts those made while `in_append` is True.
    """

    def __init__(self, blocks, block_bytes=4096, unit_bytes=256, ecc=False, cached=False):
        self.block_bytes = block_bytes
        self.unit_bytes = unit_bytes
        self._ecc = ecc
        self._cached = cached
        self._erased = b"\xff" * block_bytes
        self._blocks = [self._erased] * blocks
        self._unstable = {}  # block -> {offset: bits that read at random}
        self._used = {}  # block -> set of units programmed since its erase, with ECC only
        self._pending = []  # operations since the last sync, cached only
        self._kept = self.image()
        self._noise = Dice(1)
        self._cut = None  # (operations left, mode, dice)
        self._bad_reads = {}  # block -> bits to flip, None: EIO
        self._bad_writes = set()
        self._off = False
        self.operations_max = None  # beyond it the caller goes round in circles
        self.watch = None  # called with (kind, block, offset, data) before each operation
        self.in_append = False
        self.clear_counters()

    def clear_counters(self):
        self.programs = self.bytes_programmed = self.erases = self.erases_in_append = 0
        self.reads = self.bytes_read = self.syncs = self.operations = 0

    # The block device

    def readblocks(self, block, buffer, offset=0):
        self._check_power()
        size = len(buffer)
        self._check_place(block, offset, size)
        self.reads += 1
        self.bytes_read += size
        buffer[:] = self._blocks[block][offset : offset + size]
        if block in self._unstable:
            self._shake(block, buffer, offset)
        if block in self._bad_reads:
            self._spoil(block, buffer)

    def writeblocks(self, block, buffer, offset):
        """Programs `buffer`; the block was erased before."""
        data = bytes(buffer)
        self._check_power()
        self._check_place(block, offset, len(data))
        if offset % self.unit_bytes or len(data) % self.unit_bytes:
            raise ValueError(
                "program of %d bytes at %d: both must be multiples of %d"
                % (len(data), offset, self.unit_bytes)
            )
        self._check_rising(block, offset, data)
        self._operate("program", block, offset, data)
        if block in self._bad_writes:
            raise OSError(_EIO, "the part does not answer")
        self.programs += 1
        self.bytes_programmed += len(data) - data.count(b"\xff")
        self._program(block, offset, data)

    def ioctl(self, operation, argument):
        if operation == BLOCK_COUNT:
            return len(self._blocks)
        if operation == BLOCK_BYTES:
            return self.block_bytes
        if operation == SYNC:
            self._check_power()
            self.syncs += 1
            if self._cached:
                self._operate("sync", 0, 0, b"")
                self._pending.clear()
                self._kept = self.image()
        elif operation == ERASE:
            self._erase(argument)
        return 0

    def _erase(self, block):
        self._check_power()
        self._check_place(block, 0, self.block_bytes)
        self._operate("erase", block, 0, b"")
        if block in self._bad_writes:
            raise OSError(_EIO, "the part does not answer")
        self.erases += 1
        self.erases_in_append += self.in_append
        self._blocks[block] = self._erased
        self._unstable.pop(block, None)
        self._used.pop(block, None)

    # Rules of the part

    def _check_power(self):
        if self._off:
            raise PowerCut("the power is off")

    def _check_place(self, block, offset, size):
        if not 0 <= block < len(self._blocks) or offset < 0 or offset + size > self.block_bytes:
            raise ValueError("no %d bytes at %d of block %d" % (size, offset, block))

    def _check_rising(self, block, offset, data):
        if self._ecc:
            again = self._used.get(block, set()) & set(self._units(offset, data))
            if again:
                raise ValueError("block %d: units %r are programmed again without an erase" % (block, again))
        blank_before = len(data) - len(data.lstrip(b"\xff"))
        data = data.strip(b"\xff")
        offset += blank_before
        old = bytes(self._blocks[block][offset : offset + len(data)])
        if torn.both(old, data) == data:
            return
        for index, byte in enumerate(data):
            if byte != 0xFF and byte & ~old[index]:
                raise ValueError(
                    "block %d: byte %d holds %02x and cannot become %02x without an erase"
                    % (block, offset + index, old[index], byte)
                )

    def _units(self, offset, data):
        size = self.unit_bytes
        blank = self._erased[:size]
        return [(offset + at) // size for at in range(0, len(data), size) if data[at : at + size] != blank]

    def _program(self, block, offset, data):
        held = self._blocks[block]
        if isinstance(held, bytes):
            held = bytearray(held)
            self._blocks[block] = held
        end = offset + len(data)
        held[offset:end] = torn.both(held[offset:end], data)
        if self._ecc:
            self._used.setdefault(block, set()).update(self._units(offset, data))
        if block in self._unstable:  # a bit that is programmed again is firm
            weak = {}
            for at, bits in self._unstable[block].items():
                left = bits & data[at - offset] if offset <= at < end else bits
                if left:
                    weak[at] = left
            self._unstable[block] = weak

    def _shake(self, block, buffer, offset):
        end = offset + len(buffer)
        for at, bits in self._unstable[block].items():
            if offset <= at < end:
                buffer[at - offset] ^= bits & self._noise.below(256)

    # Faults of the part

    def fail_reads(self, block, flips=None):
        """From now on reads of the block raise EIO, or come with `flips` bits turned."""
        self._bad_reads[block] = flips

    def fail_writes(self, block):
        """From now on programs and erases of the block raise EIO and change nothing."""
        self._bad_writes.add(block)

    def heal(self):
        self._bad_reads.clear()
        self._bad_writes.clear()

    def _spoil(self, block, buffer):
        flips = self._bad_reads[block]
        if flips is None:
            raise OSError(_EIO, "the part does not answer")
        for _ in range(flips):
            buffer[self._noise.below(len(buffer))] ^= 1 << self._noise.below(8)

    # Power

    def cut_after(self, operations, mode=torn.NOTHING, seed=1):
        """The power goes in the operation (program or erase; a sync too, when cached) after so many more."""
        self._cut = [operations, mode, Dice(seed)]

    def power_on(self):
        """Works again; what the cut left is what it holds."""
        self._off = False
        self._cut = None

    def is_off(self):
        return self._off

    def _operate(self, kind, block, offset, data):
        self.operations += 1
        if self.operations_max is not None and self.operations > self.operations_max:
            raise ValueError(
                "more than %d operations: whoever writes goes round in circles" % self.operations_max
            )
        if self.watch is not None:
            self.watch(kind, block, offset, data)
        if self._cut is not None:
            if self._cut[0] == 0:
                self.load(self.torn(kind, block, offset, data, self._cut[1], self._cut[2]))
                self._off = True
                raise PowerCut("the power went in a %s of block %d" % (kind, block))
            self._cut[0] -= 1
        if self._cached and kind != "sync":
            self._pending.append((kind, block, offset, data))

    def torn(self, kind, block, offset, data, mode, dice):
        """The image that a cut in this operation leaves; what the part holds is not changed."""
        there = self.image()
        if self._cached:
            self._reorder(dice)
        if kind == "erase":
            left, mask = torn.erase(bytes(self._blocks[block]), mode, dice)
            self._blocks[block] = left
            self._weaken(block, 0, mask)
            if mode == torn.WHOLE:
                self._unstable.pop(block, None)
        elif kind == "program":
            old = bytes(self._blocks[block][offset : offset + len(data)])
            left, mask = torn.program(old, data, offset, mode, dice)
            held = bytearray(self._blocks[block])
            held[offset : offset + len(data)] = left
            self._blocks[block] = held
            self._weaken(block, offset, mask)
            if self._ecc and left != old:
                self._used.setdefault(block, set()).update(self._units(offset, data))
        found = self.image()
        self._set(there)
        return found

    def _weaken(self, block, offset, mask):
        if mask is None:
            return
        weak = dict(self._unstable.get(block, {}))
        for index, bits in enumerate(mask):
            if bits:
                weak[offset + index] = weak.get(offset + index, 0) | bits
        self._unstable[block] = weak

    def _reorder(self, dice):
        """What was not synced reaches the cells in any order, or not."""
        self._set(self._kept)
        waiting = list(self._pending)
        while waiting:
            kind, block, offset, data = waiting.pop(dice.below(len(waiting)))
            if dice.chance(50):
                continue
            if kind == "erase":
                self._blocks[block] = self._erased
                self._unstable.pop(block, None)
                self._used.pop(block, None)
            else:
                self._program(block, offset, data)

    # Images

    def image(self):
        """Everything that the cells hold; `load` puts it back. Cheap: unchanged blocks are shared."""
        for index, block in enumerate(self._blocks):
            if not isinstance(block, bytes):
                self._blocks[index] = bytes(block)
        used = {block: set(units) for block, units in self._used.items()}
        return list(self._blocks), dict(self._unstable), used

    def load(self, image):
        self._set(image)
        self._pending.clear()
        self._kept = image

    def _set(self, image):
        self._blocks = list(image[0])
        self._unstable = dict(image[1])
        self._used = {block: set(units) for block, units in image[2].items()}
