"""The field machine for cores that have UMAAL: a module `fieldwire.field25519` for Cortex-M4, -M7 and -M33.

A state holds the lengths of program and digits, then its registers: elements of the field of 2^255 - 19 as 8 words
of 32 bits, any number below 2^256 that is congruent. It decides how operations are carried out, in constant
time; which programs there are is decided by who calls.
"""

import struct

from fieldwire.port import const, micropython

MULTIPLY = const(0)
SQUARE = const(1)
ADD = const(2)
SUBTRACT = const(3)
SELECT = const(4)

_LENGTHS_BYTES = const(8)
_ELEMENT_BYTES = const(32)


def new_state(registers):
    """A state whose registers are all zero."""
    return bytearray(_LENGTHS_BYTES + registers * _ELEMENT_BYTES)


def load(state, register, data):
    """Set a register to 32 little-endian bytes."""
    at = _at(register)
    state[at : at + _ELEMENT_BYTES] = data


def store(state, register):
    """The 32 canonical bytes of a register."""
    at = _at(register)
    _normalize(state, at)
    return bytes(state[at : at + _ELEMENT_BYTES])


def run(state, program, table, digits):
    """Run a program, and again until its SELECTs have used up the digits: one kernel call."""
    struct.pack_into("<II", state, 0, len(program), len(digits))
    _run(state, program, table, digits)


def _at(register):
    return _LENGTHS_BYTES + register * _ELEMENT_BYTES


@micropython.asm_thumb
def _run(r0, r1, r2, r3):
    """State, program, table, digits."""


@micropython.asm_thumb
def _normalize(r0, r1):
    """State, and where in it an element lies, of which the number below p is left."""
