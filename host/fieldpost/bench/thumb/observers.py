"""What is noted of an execution: the number of its instructions, or which ones and with which data addresses.

Unicorn reports a basic block as it is entered. Within a block execution is straight, so that its address and
length stand for its instructions; one in an IT block counts as one, whether it is executed or skipped.
"""

import hashlib
from array import array
from collections.abc import Callable

from unicorn import unicorn_const
from unicorn.unicorn_py3.unicorn import Uc

from fieldpost.bench.thumb import instructions
from fieldpost.bench.thumb.machine import FLASH, FLASH_BYTES, RAM, RAM_BYTES, STACK, STACK_BYTES

FLASH_END, RAM_END, STACK_END = FLASH + FLASH_BYTES - 1, RAM + RAM_BYTES - 1, STACK + STACK_BYTES - 1
Regions = tuple[tuple[int, int], ...]
OFF_STACK: Regions = ((FLASH, FLASH_END), (RAM, RAM_END))
STACK_REGION = (STACK, STACK_END)
EVERYWHERE: Regions = (*OFF_STACK, STACK_REGION)
ACCESS = unicorn_const.UC_HOOK_MEM_READ | unicorn_const.UC_HOOK_MEM_WRITE


class Count:
    """Counts instructions in flash, where kernels are; the runtime's functions behind traps count nothing."""

    def __init__(self) -> None:
        self._entries: dict[tuple[int, int], int] = {}
        self._lengths: dict[tuple[int, int], int] = {}
        self.executed: set[bytes] = set()  # every instruction that a counted block holds

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
            code = list(instructions.split(bytes(self._uc.mem_read(*block))))
            self._lengths[block] = len(code)
            self.executed.update(code)
        return self._lengths[block]


class Trace:
    """Digests of every block entered and every data address in the regions, in their order."""

    def __init__(self, regions: Regions = EVERYWHERE) -> None:
        self._regions = regions
        self._trace = array("L")

    def watch(self, uc: Uc) -> None:
        uc.hook_add(unicorn_const.UC_HOOK_BLOCK, self._entered, begin=FLASH, end=FLASH_END)
        for begin, end in self._regions:
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


class Suspects:
    """Addresses of instructions that access some regions in a way that is not allowed.

    allowed(code, aligned) judges an instruction's four bytes, and whether the access was at a multiple of its size.
    """

    def __init__(self, regions: Regions, allowed: Callable[[bytes, bool], bool]) -> None:
        self._regions = regions
        self._allowed = allowed
        self._at = 0
        self._judged: set[tuple[int, bool]] = set()
        self._found: set[int] = set()

    def watch(self, uc: Uc) -> None:
        self._uc = uc
        uc.hook_add(unicorn_const.UC_HOOK_CODE, self._executed, begin=FLASH, end=FLASH_END)
        for begin, end in self._regions:
            uc.hook_add(ACCESS, self._accessed, begin=begin, end=end)

    def _executed(self, _uc: Uc, address: int, _size: int, _data: object) -> None:
        self._at = address

    def _accessed(self, _uc: Uc, _access: int, address: int, size: int, _value: int, _data: object) -> None:
        case = self._at, address % size == 0
        if case not in self._judged:
            self._judged.add(case)
            if not self._allowed(bytes(self._uc.mem_read(self._at, 4)), case[1]):
                self._found.add(self._at)

    def taken(self) -> frozenset[int]:
        """The suspects of all calls so far."""
        return frozenset(self._found)


def stack_by_pointer() -> Suspects:
    """Finds what reaches the stack other than at a fixed distance from the stack pointer.

    Where one execution shows none, traces that leave the stack out are as good as whole ones: all other accesses
    stand in the trace, and one that went to the stack instead would be missing from it.
    """
    return Suspects((STACK_REGION,), lambda code, _aligned: instructions.is_relative_to_sp(code))


def unaligned_multiples() -> Suspects:
    """Finds LDM, LDRD, STM and STRD off their alignment: a Cortex-M4 faults there, unicorn's does not."""
    return Suspects(OFF_STACK, lambda code, aligned: aligned or not instructions.is_multiple(code))
