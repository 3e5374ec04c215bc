"""Scalars of Ed25519 modulo the base point's order L, and their digits for the comb, on cores that have UMAAL.

It decides how numbers mod L are computed, by Montgomery's products on words of 32 bits: no branch and no address
depends on a scalar. It refuses to decide what the scalars mean.
"""

from fieldwire.port import const, micropython

# 2^512 and 2^768 modulo L, 1 and 0, as 32 little-endian bytes.
_R2 = (
    b"\x01\x0f\x9c\x44\xe3\x11\x06\xa4\x47\x93\x85\x68\xa7\x1b\x0e\xd0"
    b"\x65\xbe\xf5\x17\xd2\x73\xec\xce\x3d\x9a\x30\x7c\x1b\x41\x99\x03"
)
_R3 = (
    b"\xdb\xa2\x83\x7b\x68\x49\x9e\x2a\xec\xf3\xf7\xae\xe6\x24\x83\x27"
    b"\x65\x5b\xec\x04\x6c\xdc\x65\x80\xc7\xce\x99\x35\x77\x0b\x53\x0e"
)
_ONE = b"\x01" + bytes(31)
_ZERO = bytes(32)
_NUMBER_BYTES = const(32)
_SUM_AT = const(128)
# Six numbers: two pairs of factors, the sum of their products, and the factor of that.
WORK_BYTES = const(192)


def reduce(work, out, data):
    """out = the 64 bytes of data mod L, 32 canonical bytes. work: WORK_BYTES, left with secrets in it."""
    view = memoryview(data)
    _combined(work, out, (view[32:], _R3, view[:32], _R2, _ZERO, _ONE))


def multiply_add(work, out, data, factor, addend):
    """out = (64 bytes of data * factor + addend) mod L; the factor is below 2^255, all others have 32 bytes."""
    reduce(work, out, data)
    _combined(work, out, (out, factor, addend, _ONE, _ZERO, _R2))


def wipe(buffer):
    """Set all bytes of a bytearray to zero."""
    _wipe(buffer, len(buffer))


def _combined(work, out, numbers):
    view = memoryview(work)
    at = 0
    for number in numbers:
        view[at : at + _NUMBER_BYTES] = number
        at += _NUMBER_BYTES
    _combine(work)
    memoryview(out)[:_NUMBER_BYTES] = view[_SUM_AT : _SUM_AT + _NUMBER_BYTES]


def comb_digits(digits, scalar):
    """Set the 64 bytes of digits to what SELECT takes, from the top column down, for a scalar below 2^255.

    An odd scalar k is a sum of 256 signed bits, +1 where k' = (k + 2^256 - 1) / 2 has a set bit and -1 elsewhere;
    an even one is made odd by L. Digit t of column c holds the bits c + 16 (4t + m) of k', m = 0..3.
    """
    _comb(digits, scalar)


@micropython.asm_thumb
def _combine(r0):
    """Six numbers a to f, e being 0: e = (a * b + c * d) * f / 2^512 mod L."""


@micropython.asm_thumb
def _comb(r0, r1):
    """Digits, scalar."""


@micropython.asm_thumb
def _wipe(r0, r1):
    """Buffer, its bytes."""
