"""A Cortex-M with flash, RAM, a stack and nothing else: it runs a function until that returns.

It decides what the processor does: a Cortex-M0 faults where a word is not aligned and knows armv6m's instructions
alone (but for CBZ and IT, see `instructions`). Writing to flash, leaving the mapped memory and unknown instructions
are faults as well.
It refuses to decide what the functions outside mean that code calls: such a call is handed on by its number.
"""

from collections.abc import Callable
from typing import Protocol

from unicorn import arm_const, unicorn_const
from unicorn.unicorn_py3.unicorn import Uc, UcError

CORES = {
    "armv6m": arm_const.UC_CPU_ARM_CORTEX_M0,
    "armv7m": arm_const.UC_CPU_ARM_CORTEX_M3,
    "armv7em": arm_const.UC_CPU_ARM_CORTEX_M4,
    "armv7emsp": arm_const.UC_CPU_ARM_CORTEX_M4,
    "armv7emdp": arm_const.UC_CPU_ARM_CORTEX_M7,
}
REGISTERS = (
    arm_const.UC_ARM_REG_R0,
    arm_const.UC_ARM_REG_R1,
    arm_const.UC_ARM_REG_R2,
    arm_const.UC_ARM_REG_R3,
)
# Three regions: flash, RAM, and the stack at the top of one of its own, so that overflow is a fault.
FLASH, FLASH_BYTES = 0x1000_0000, 0x10_0000
TRAPS, TRAPS_MAX = 0x1800_0000, 1000
RAM, RAM_BYTES = 0x2000_0000, 0x4_0000
STACK, STACK_BYTES = 0x2800_0000, 0x4000
TRAPS_BYTES = 0x1000
RETURN = TRAPS + TRAPS_BYTES - 4  # where a function that was run returns to
BX_LR = bytes.fromhex("7047")
READ_WRITE = unicorn_const.UC_PROT_READ | unicorn_const.UC_PROT_WRITE
READ_EXECUTE = unicorn_const.UC_PROT_READ | unicorn_const.UC_PROT_EXEC


class Observer(Protocol):
    def watch(self, uc: Uc) -> None:
        """Adds its hooks; called once, before any code runs."""
        ...


class Fault(Exception):
    """The processor could not go on; `at` is the address where it stopped."""

    def __init__(self, reason: str, at: int):
        super().__init__(f"{reason} at {at:#x}")
        self.reason = reason
        self.at = at


class Machine:
    """Memory and registers. A call of `trap_address(number)` calls on_trap(number) and returns."""

    def __init__(self, architecture: str, observer: Observer, on_trap: Callable[[int], None]):
        self._uc = Uc(unicorn_const.UC_ARCH_ARM, unicorn_const.UC_MODE_THUMB)
        self._uc.ctl_set_cpu_model(CORES[architecture])  # UC_MODE_MCLASS would take its place by a Cortex-M33
        self._uc.mem_map(FLASH, FLASH_BYTES, READ_EXECUTE)
        self._uc.mem_map(TRAPS, TRAPS_BYTES, READ_EXECUTE)
        self._uc.mem_map(RAM, RAM_BYTES, READ_WRITE)
        self._uc.mem_map(STACK, STACK_BYTES, READ_WRITE)
        self._uc.mem_write(TRAPS, BX_LR * (TRAPS_BYTES // len(BX_LR)))
        self._on_trap = on_trap
        self._uc.hook_add(unicorn_const.UC_HOOK_CODE, self._trapped, begin=TRAPS, end=RETURN - 1)
        observer.watch(self._uc)

    def _trapped(self, _uc: Uc, address: int, _size: int, _data: object) -> None:
        self._on_trap((address - TRAPS) // 4)

    def write(self, address: int, data: bytes) -> None:
        self._uc.mem_write(address, data)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._uc.mem_read(address, size))

    def register(self, number: int) -> int:
        return self._uc.reg_read(REGISTERS[number])

    def set_register(self, number: int, value: int) -> None:
        self._uc.reg_write(REGISTERS[number], value & 0xFFFF_FFFF)

    def enter(self, entry: int) -> None:
        """From a trap: goes on at entry, which returns to the trap's caller."""
        self._uc.reg_write(arm_const.UC_ARM_REG_PC, entry | 1)

    def run(self, entry: int, words: list[int]) -> int:
        """Calls the function at entry with up to four words; the word that it returns. Raises Fault."""
        for number, word in enumerate(words):
            self.set_register(number, word)
        self._uc.reg_write(arm_const.UC_ARM_REG_SP, STACK + STACK_BYTES)
        self._uc.reg_write(arm_const.UC_ARM_REG_LR, RETURN | 1)
        try:
            self._uc.emu_start(entry | 1, RETURN)
        except UcError as error:
            raise Fault(str(error), self._uc.reg_read(arm_const.UC_ARM_REG_PC)) from error
        return self.register(0)


def trap_address(number: int) -> int:
    """The function pointer whose call is a trap of this number."""
    if not 0 <= number < TRAPS_MAX:
        raise ValueError(f"trap {number} of {TRAPS_MAX}")
    return TRAPS + 4 * number | 1
