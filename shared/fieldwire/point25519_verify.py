"""Programs for the field machine that only verification needs: square roots, and addends that are not scaled.

A line is an instruction as in point25519.py. An addend is Y + X, Y - X, 2dT and 2Z of a point that is not scaled.
"""

from fieldwire.point25519 import ADD, DOUBLE, WITH_T

DOUBLE_ALONE = memoryview(DOUBLE)[:52]  # for when a doubling follows: without T

# 5 = 4 ^ (2^252 - 3); the comments name the powers reached.
POWER = (
    b"\x01\x05\x04\x01"
    b"\x01\x06\x05\x02"
    b"\x00\x06\x04\x06"  # 9
    b"\x00\x05\x05\x06"  # 11
    b"\x01\x05\x05\x01"
    b"\x00\x05\x06\x05"  # 2^5 - 1
    b"\x01\x06\x05\x05"
    b"\x00\x05\x06\x05"  # 2^10 - 1
    b"\x01\x06\x05\x0a"
    b"\x00\x06\x06\x05"  # 2^20 - 1
    b"\x01\x07\x06\x14"
    b"\x00\x06\x07\x06"  # 2^40 - 1
    b"\x01\x06\x06\x0a"
    b"\x00\x05\x06\x05"  # 2^50 - 1
    b"\x01\x06\x05\x32"
    b"\x00\x06\x06\x05"  # 2^100 - 1
    b"\x01\x07\x06\x64"
    b"\x00\x06\x07\x06"  # 2^200 - 1
    b"\x01\x06\x06\x32"
    b"\x00\x05\x06\x05"  # 2^250 - 1
    b"\x01\x05\x05\x02"
    b"\x00\x05\x05\x04"  # 2^252 - 3
)

# With y in 1, one in 2 and d in 11: 8 = u, 9 = v with xx = u / v, 10 = v^3, 4 = u v^7 (RFC 8032 5.1.3, step 2).
RATIO = (
    b"\x01\x08\x01\x01"
    b"\x00\x09\x08\x0b"
    b"\x02\x09\x09\x02"  # 9 = v = dyy + 1
    b"\x03\x08\x08\x02"  # 8 = u = yy - 1
    b"\x01\x0a\x09\x01"
    b"\x00\x0a\x0a\x09"  # 10 = v^3
    b"\x01\x04\x0a\x01"
    b"\x00\x04\x04\x09"
    b"\x00\x04\x04\x08"
)
# X = u v^3 (u v^7)^((p - 5) / 8); 6 = vXX - u, 7 = vXX + u. One of the two is zero when u / v is a square.
ROOT = b"\x00\x00\x0a\x08\x00\x00\x00\x05\x01\x0a\x00\x01\x00\x0a\x0a\x09\x03\x06\x0a\x08\x02\x07\x0a\x08"
OTHER_ROOT = b"\x00\x00\x00\x0c"  # X times the root of -1 in 12
NEGATE = b"\x03\x00\x03\x00"  # X = -X while T is still zero
# T = XY; 11 = 2d.
EXTEND = (
    b"\x00\x03\x00\x01"
    b"\x02\x0b\x0b\x0b"
)  # fmt: skip


def addend(first):
    """A program: the registers from first = the addend of the point in 0 to 3, with 2d in 11."""
    return bytes((2, first, 1, 0, 3, first + 1, 1, 0, 0, first + 2, 3, 11, 2, first + 3, 2, 2))


def addition(first):
    """A program: the point in 0 to 3 plus the addend in the registers from first, which is not scaled."""
    return _combination(first, first + 1, first, 3, 2)


def subtraction(first):
    """The same for the addend's negative: y + x and y - x change places, and so do D - C and D + C."""
    return _combination(first, first, first + 1, 2, 3)


def _combination(first, minus, plus, f, g):
    products = (3, 4, 1, 0, 0, 4, 4, minus, 2, 5, 1, 0, 0, 5, 5, plus, 0, 6, 3, first + 2, 0, 7, 2, first + 3)
    return bytes(products + (3, 8, 5, 4, 2, 9, 5, 4, f, 4, 7, 6, g, 5, 7, 6)) + ADD[36:] + WITH_T
