"""The field of 2^255 - 19 for cores that have UMAAL: Cortex-M4, -M7 and -M33.

A register is 8 words of 32 bits, lowest first: any number below 2^256 that is congruent to its element. It decides how
operations are carried out, in constant time; it refuses to decide what the programs compute.
A state holds three words for the kernel, four registers in which `invert` works, then those of the caller.
"""

import struct

from fieldwire.port import const, micropython

MULTIPLY = ...
SQUARE = ...
ADD = ...
SUBTRACT = ...
SELECT = ...

_ELEMENT_BYTES = const(32)
_OWN_AT = const(12)
_REGISTERS_AT = const(140)

# Register 0 ^ (2^255 - 21), by the usual chain; the comments name the powers reached.
_INVERSE = (
    b"\x01\x01\x00\x01\x01\x02\x01\x02\x00\x02\x00\x02\x00\x01\x01\x02"  # 9 in 2, 11 in 1
    b"\x01\x03\x01\x01\x00\x02\x02\x03"  # 2^5 - 1 in 2
    b"\x01\x03\x02\x05\x00\x02\x02\x03"  # 2^10 - 1 in 2
    b"\x01\x03\x02\x0a\x00\x03\x03\x02"  # 2^20 - 1 in 3
    b"\x01\x00\x03\x14\x00\x03\x00\x03\x01\x03\x03\x0a\x00\x02\x03\x02"  # 2^50 - 1 in 2
    b"\x01\x03\x02\x32\x00\x03\x03\x02"  # 2^100 - 1 in 3
    b"\x01\x00\x03\x64\x00\x03\x00\x03\x01\x03\x03\x32\x00\x02\x03\x02"  # 2^250 - 1 in 2
    b"\x01\x02\x02\x05\x00\x00\x02\x01"  # 2^255 - 21 in 0
)


def new_state(registers):
    """A state of so many registers, all zero."""
    return bytearray(_REGISTERS_AT + _ELEMENT_BYTES * registers)


def load(state, register, data):
    """Set a register to 32 little-endian bytes."""
    _element(state, register)[:] = data


def store(state, register):
    """The 32 canonical little-endian bytes of a register."""
    _normalize(state, _REGISTERS_AT + _ELEMENT_BYTES * register)
    return bytes(_element(state, register))


def invert(state, dst, a):
    """Set register dst to 1 / register a; of zero, to zero."""
    own = memoryview(state)[_OWN_AT : _OWN_AT + _ELEMENT_BYTES]
    own[:] = _element(state, a)
    _start(state, _INVERSE, b"", b"", _OWN_AT)
    _element(state, dst)[:] = own


def run(state, program, table, digits):
    """Run a program of 4-byte instructions (operation, dst, a, b), again and again until `digits` are used up.

    SELECT takes a digit d of 0..15: entry d & 7 of a sub-table of 8, or for d < 8 the negative of entry ~d & 7.
    An entry is y + x, y - x and 2dxy of a point, 32 canonical bytes each.
    """
    _start(state, program, table, digits, _REGISTERS_AT)


def _start(state, program, table, digits, registers_at):
    struct.pack_into("<III", state, 0, len(program), len(digits), registers_at)
    _run(state, program, table, digits)


def _element(state, register):
    at = _REGISTERS_AT + _ELEMENT_BYTES * register
    return memoryview(state)[at : at + _ELEMENT_BYTES]


@micropython.asm_thumb
def _run(r0, r1, r2, r3):
    """State, program, table, digits."""


@micropython.asm_thumb
def _normalize(r0, r1):
    """State, and where in it an element lies, of which the number below p is left."""
