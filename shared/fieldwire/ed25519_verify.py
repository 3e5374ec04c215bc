"""Verifies Ed25519 signatures on boards by the field machine: R = SB - kA (RFC 8032 5.1.7), cofactorless.

All of it is public, so the time may depend on it. What the strict profile refuses beforehand: ed25519_strict.py.
"""

from fieldwire import field25519 as field
from fieldwire import point25519_verify as point25519
from fieldwire import scalar25519
from fieldwire.base_table import TABLE
from fieldwire.ed25519_sign import encoded
from fieldwire.ed25519_strict import refuses
from fieldwire.point25519 import DOUBLE, FOUR_ADDITIONS
from fieldwire.port import const
from fieldwire.sha512 import SCRATCH_BYTES, digest_into

_REGISTERS = const(28)
_COLUMNS = const(16)
_D2 = const(11)
_ODD_MULTIPLES = const(12)  # -A, -3A, -5A and -7A as addends of four registers each
_ROOT = const(12)  # of -1, until the addends come

_ZERO = bytes(32)
_ONE = b"\x01" + bytes(31)
_D = (
    b"\xa3\x78\x59\x13\xca\x4d\xeb\x75\xab\xd8\x41\x41\x4d\x0a\x70\x00"
    b"\x98\xe8\x79\x77\x79\x40\xc7\x8c\x73\xfe\x6f\x2b\xee\x6c\x03\x52"
)
_SQRT_MINUS_1 = (
    b"\xb0\xa0\x0e\x4a\x27\x1b\xee\xc4\x78\xe4\x2f\xad\x06\x18\x43\x2f"
    b"\xa7\xd7\xfb\x3d\x99\x00\x4d\x2b\x0b\xdf\xc1\x4f\x80\x24\x83\x2b"
)


def verify(public, message, signature):
    """True when the 64-byte signature of message verifies under the 32-byte public key.

    Refused beyond RFC 8032 5.1.7, as by libsodium: public keys of small order, and R of small order.
    Cofactorless: R must equal SB - kA, byte for byte, which also refuses a non-canonical R.
    """
    if refuses(public, signature):
        return False
    public, signature = bytes(public), bytes(signature)
    commitment, response = signature[:32], signature[32:]
    state = field.new_state(_REGISTERS)
    if not _decode_negative(state, public):
        return False
    _tabulate(state)
    _double_product(state, response, _challenge(commitment, public, message))
    return encoded(state) == commitment


def _challenge(commitment, public, message):
    digest = bytearray(64)
    challenge = bytearray(32)
    digest_into(bytearray(SCRATCH_BYTES), digest, (commitment, public, message))
    scalar25519.reduce(bytearray(scalar25519.WORK_BYTES), challenge, digest)
    return challenge


def _decode_negative(state, encoded_point):
    """Registers 0 to 3 = the negative of a point (RFC 8032 5.1.3); False when the bytes are no point's."""
    y = bytearray(encoded_point)
    sign_bit = y[31] >> 7
    y[31] &= 0x7F
    for register, value in ((1, y), (2, _ONE), (_D2, _D), (_ROOT, _SQRT_MINUS_1)):
        field.load(state, register, value)
    field.run(state, point25519.RATIO, b"", b"")
    field.run(state, point25519.POWER, b"", b"")
    field.run(state, point25519.ROOT, b"", b"")
    if field.store(state, 6) != _ZERO:
        if field.store(state, 7) != _ZERO:
            return False
        field.run(state, point25519.OTHER_ROOT, b"", b"")
    x = field.store(state, 0)
    if x == _ZERO and sign_bit:
        return False
    if x[0] & 1 == sign_bit:
        field.run(state, point25519.NEGATE, b"", b"")
    field.run(state, point25519.EXTEND, b"", b"")
    return True


def _tabulate(state):
    """Write the addends of the odd multiples of the point in registers 0 to 3."""
    twice = _ODD_MULTIPLES + 12  # where the last multiple comes in the end
    steps = (
        point25519.addend(_ODD_MULTIPLES) + DOUBLE + point25519.addend(twice),
        point25519.addition(_ODD_MULTIPLES) + point25519.addend(_ODD_MULTIPLES + 4),
        point25519.addition(twice) + point25519.addend(_ODD_MULTIPLES + 8),
        point25519.addition(twice) + point25519.addend(_ODD_MULTIPLES + 12),
    )
    for step in steps:
        field.run(state, step, b"", b"")


def _double_product(state, base_scalar, scalar):
    """Registers 0 to 3 = base_scalar * B + scalar * the tabulated point, in one run of doublings."""
    columns = bytearray(64)
    scalar25519.comb_digits(columns, base_scalar)
    columns = memoryview(columns)
    for register, value in enumerate((_ZERO, _ONE, _ONE, _ZERO)):
        field.load(state, register, value)
    multiples = range(_ODD_MULTIPLES, _REGISTERS, 4)
    up = [point25519.addition(first) for first in multiples]
    down = [point25519.subtraction(first) for first in multiples]
    digits = signed_digits(scalar)
    for bit in range(len(digits) - 1, -1, -1):
        digit = digits[bit] - 8
        lone = digit == 0 and bit >= _COLUMNS
        field.run(state, point25519.DOUBLE_ALONE if lone else DOUBLE, b"", b"")
        if digit:
            field.run(state, up[digit >> 1] if digit > 0 else down[-digit >> 1], b"", b"")
        if bit < _COLUMNS:
            at = 4 * (_COLUMNS - 1 - bit)
            field.run(state, FOUR_ADDITIONS, TABLE, columns[at : at + 4])


def signed_digits(scalar):
    """The digits of 32 little-endian bytes below 2^253, lowest first: each is 0 or odd, below 8 in size, plus 8."""
    digits = bytearray(b"\x08" * 256)
    carry = 0
    bit = 0
    while bit < 254:
        if (scalar[bit >> 3] >> (bit & 7) & 1) == carry:
            bit += 1
            continue
        window = scalar[bit >> 3] | (scalar[(bit >> 3) + 1] << 8 if bit < 248 else 0)
        digit = (window >> (bit & 7) & 15) + carry
        carry = digit >> 3
        digits[bit] = digit - 16 * carry + 8
        bit += 4
    return digits
