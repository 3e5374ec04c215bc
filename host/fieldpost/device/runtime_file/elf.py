"""Programs of this machine, by their ELF header: what an emulated board runs on."""

from fieldpost.device.runtime_file.wrong import WrongFile
from fieldpost.firmware_build.flash_tool import HostTool

MAGIC = b"\x7fELF"
_CLASS_64, _LITTLE = 2, 1
MACHINES = {3: "x86", 40: "Arm", 62: "x86-64", 183: "AArch64", 243: "RISC-V"}


def is_elf(data: bytes) -> bool:
    return data[:4] == MAGIC


def payload(data: bytes, tool: HostTool) -> bytes:
    """The whole file. Raises WrongFile."""
    if len(data) < 64 or data[4:6] != bytes((_CLASS_64, _LITTLE)):
        raise WrongFile("is no program of 64 bits; name the interpreter that emulated boards run on")
    machine = int.from_bytes(data[18:20], "little")
    if machine != tool.elf_machine:
        raise WrongFile(
            f"is a program for {MACHINES.get(machine, f'machine {machine}')},"
            f" and {MACHINES.get(tool.elf_machine, tool.elf_machine)} is expected"
        )
    return data
