"""A flash in RAM that only copies: an extended block device for measuring what runs above it.

Decides nothing and refuses nothing; nor_flash.py is the one that is as hostile as a part can be. RamFlash
allocates next to nothing itself; CountedFlash counts programs, erases and bytes programmed, by which a real part wears.
"""

SYNC, BLOCK_COUNT, BLOCK_BYTES, ERASE = 3, 4, 5, 6


class RamFlash:
    def __init__(self, blocks, block_bytes=4096, unit_bytes=256):
        self.block_bytes = block_bytes
        self.unit_bytes = unit_bytes
        self._erased = b"\xff" * block_bytes
        self._blocks = [bytearray(self._erased) for _ in range(blocks)]

    def readblocks(self, block, buffer, offset=0):
        buffer[:] = memoryview(self._blocks[block])[offset : offset + len(buffer)]
        return 0

    def writeblocks(self, block, buffer, offset=0):
        """Bytes 0xFF at the begin and the end leave what is there; between them no byte is programmed twice."""
        begin, end = 0, len(buffer)
        while begin < end and buffer[begin] == 0xFF:
            begin += 1
        while begin < end and buffer[end - 1] == 0xFF:
            end -= 1
        self._blocks[block][offset + begin : offset + end] = memoryview(buffer)[begin:end]
        return 0

    def ioctl(self, operation, argument):
        if operation == BLOCK_COUNT:
            return len(self._blocks)
        if operation == BLOCK_BYTES:
            return self.block_bytes
        if operation == ERASE:
            self._blocks[argument][:] = self._erased
        return 0


class CountedFlash(RamFlash):
    def __init__(self, blocks, block_bytes=4096, unit_bytes=256):
        super().__init__(blocks, block_bytes, unit_bytes)
        self.clear_counters()

    def clear_counters(self):
        self.programs = self.erases = self.bytes_programmed = 0

    def writeblocks(self, block, buffer, offset=0):
        self.programs += 1
        self.bytes_programmed += len(buffer) - bytes(buffer).count(b"\xff")
        return super().writeblocks(block, buffer, offset)

    def ioctl(self, operation, argument):
        self.erases += operation == ERASE
        return super().ioctl(operation, argument)
