"""What is noted of an execution: the number of its instructions, or which ones and with which data addresses.

Unicorn reports a basic block as it is entered. Within a block execution is straight, so that its address and
length stand for its instructions; one in an IT block counts as one, whether it is executed or skipped.
"""

import hashlib
from array import array

from unicorn import unicorn_const
from unicorn.unicorn_py3.unicorn import Uc

from fieldpost.bench.thumb import instructions
from fieldpost.bench.thumb.machine import FLASH, FLASH_BYTES, RAM, RAM_BYTES, STACK, STACK_BYTES

FLASH_END, RAM_END, STACK_END = FLASH + FLASH_BYTES - 1, RAM + RAM_BYTES - 1, STACK + STACK_BYTES - 1
ACCESS = unicorn_const.UC_HOOK_MEM_READ | unicorn_const.UC_HOOK_MEM_WRITE


class Count:
    """Counts instructions in flash, where kernels are; the runtime's functions behind traps count nothing."""

    def __init__(self) -> None:
        self._entries: dict[tuple[int, int], int] = {}
        self._lengths: dict[tuple[int, int], int] = {}

    def watch(self, uc: Uc) -> None:
        self._uc = uc
        uc.hook_add(unicorn_const.UC_HOOK_BLOCK, self._entered, begin=FLASH, end=FLASH_END)

    def _entered(self, _uc: Uc, address: int, size: int, _data: object) -> None:
        block = (address, size)
        self._entries[block] = self._entries.get(block, 0) + 1

    def taken(self) -> int:
        """The instructions since the last call."""
        total = sum(times * self._length(block) for block, times in self._entries.items())
        self._entries.clear()
        return total

    def _length(self, block: tuple[int, int]) -> int:
        if block not in self._lengths:
            self._lengths[block] = instructions.count(bytes(self._uc.mem_read(*block)))
        return self._lengths[block]


class Trace:
    """Digests of all blocks entered and all data addresses, in order: of flash, RAM and stack."""

    REGIONS = ((FLASH, FLASH_END), (RAM, RAM_END), (STACK, STACK_END))

    def __init__(self) -> None:
        self._trace = array("L")

    def watch(self, uc: Uc) -> None:
        uc.hook_add(unicorn_const.UC_HOOK_BLOCK, self._entered, begin=FLASH, end=FLASH_END)
        for begin, end in self.REGIONS:
            uc.hook_add(ACCESS, self._accessed, begin=begin, end=end)

    def _entered(self, _uc: Uc, address: int, _size: int, _data: object) -> None:
        self._trace.append(address)

    def _accessed(self, _uc: Uc, _access: int, address: int, _size: int, _value: int, _data: object) -> None:
        self._trace.append(address)

    def taken(self) -> bytes:
        """The digest of what was noted since the last call."""
        digest = hashlib.blake2b(self._trace.tobytes(), digest_size=16).digest()
        del self._trace[:]
        return digest
