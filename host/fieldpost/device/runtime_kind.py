"""The MicroPython that a board runs, by what it says of itself, and whether a build's modules load there.

Decides from values alone. What `sys.implementation` means is from MicroPython's py/persistentcode.h and modsys.c.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldpost.firmware_build.profile import BoardProfile

_ARCHITECTURES = (
    "none",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
)
_ARM_FIRST, _ARM_LAST = _ARCHITECTURES.index("armv6"), _ARCHITECTURES.index("armv7emdp")
_MAGIC = ord("M")


@dataclass(frozen=True, slots=True)
class RuntimeKind:
    """`machine`: what the port calls its board; `mpy`: `sys.implementation._mpy`; `int_bits`: of a small integer."""

    platform: str
    machine: str
    version: str
    mpy: int
    int_bits: int

    @property
    def mcu(self) -> str:
        """Ports name board and part as "Raspberry Pi Pico with RP2040"; the unix port names its system alone."""
        return self.machine.rpartition(" with ")[2].split(" ")[0]

    @property
    def arch(self) -> str:
        """As mpy-cross names it; "none" where no native code loads."""
        number = self.mpy >> 10 & 0x0F
        return _ARCHITECTURES[number] if number < len(_ARCHITECTURES) else f"number {number}"

    @property
    def mpy_version(self) -> int:
        return self.mpy & 0xFF

    @property
    def mpy_sub_version(self) -> int:
        return self.mpy >> 8 & 3


def misfit(kind: RuntimeKind, profile: BoardProfile, files: Mapping[str, bytes]) -> str | None:
    """Why a build of `profile` does not belong on that board, with the remedy; None where it does."""
    if kind.mcu != profile.mcu:
        return (
            f"the board says that it is {kind.machine} ({kind.mcu}), and {profile.name} is for {profile.mcu};"
            " name the board that is on the port (`fieldpost firmware boards`)"
        )
    if kind.mpy == 0:
        return f"its MicroPython ({kind.version}) loads no compiled modules; flash a release of MicroPython"
    for path, data in sorted(files.items()):
        wrong = _unloadable(kind, data) if path.endswith(".mpy") else None
        if wrong is not None:
            return f"{path}: {wrong}"
    return None


def _unloadable(kind: RuntimeKind, mpy: bytes) -> str | None:
    """One module's four-byte header: M, version, architecture and sub-version, bits of a small integer."""
    if len(mpy) < 4 or mpy[0] != _MAGIC:
        return "is no compiled module; build it anew (`fieldpost firmware build`)"
    version, sub_version, arch, int_bits = mpy[1], mpy[2] & 3, mpy[2] >> 2 & 0x0F, mpy[3]
    if version != kind.mpy_version or (arch and sub_version != kind.mpy_sub_version):
        return (
            f"is compiled as bytecode {version}.{sub_version}, and MicroPython {kind.version} on the board loads"
            f" {kind.mpy_version}.{kind.mpy_sub_version}; flash a runtime of the other version, or use its mpy-cross"
        )
    if not _runs(arch, _ARCHITECTURES.index(kind.arch) if kind.arch in _ARCHITECTURES else 0):
        name = _ARCHITECTURES[arch] if arch < len(_ARCHITECTURES) else f"number {arch}"
        return f"holds native code for {name}, and the board runs {kind.arch}; build for the board that it is"
    if int_bits > kind.int_bits:
        return (
            f"needs integers of {int_bits} bits, and the board has {kind.int_bits};"
            " build for the board that it is"
        )
    return None


def _runs(arch: int, board: int) -> bool:
    """A later ARM core runs what an earlier one does."""
    if arch == 0 or arch == board:
        return True
    return _ARM_FIRST <= arch <= board and _ARM_FIRST <= board <= _ARM_LAST
