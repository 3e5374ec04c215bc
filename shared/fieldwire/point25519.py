"""Programs for the field machine: the formulas of Ed25519's curve, and the power that square roots need.

They decide what is computed in which register; a line is an instruction: operation, dst, a, b (see field25519.py).
A point is (X, Y, Z, T) in registers 0 to 3 with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 5.1.4); 4 to 10 are scratch.
An addend is (y + x) / 2, (y - x) / 2 and dxy, or Y + X, Y - X, 2dT and 2Z of a point that is not scaled.
"""

# dbl-2008-hwcd of the Explicit-Formulas Database, with a = -1.
DOUBLE = (
    b"\x01\x04\x00\x01"  # 4 = XX
    b"\x01\x05\x01\x01"  # 5 = YY
    b"\x01\x06\x02\x01"  # 6 = ZZ
    b"\x02\x06\x06\x06"  # 6 = 2ZZ
    b"\x02\x07\x00\x01"  # 7 = X + Y
    b"\x01\x07\x07\x01"  # 7 = (X + Y)^2
    b"\x02\x08\x04\x05"  # 8 = H = XX + YY
    b"\x03\x07\x08\x07"  # 7 = E = H - (X + Y)^2
    b"\x03\x09\x04\x05"  # 9 = G = XX - YY
    b"\x02\x06\x06\x09"  # 6 = F = 2ZZ + G
    b"\x00\x00\x07\x06"  # X = EF
    b"\x00\x01\x09\x08"  # Y = GH
    b"\x00\x02\x06\x09"  # Z = FG
    b"\x00\x03\x07\x08"  # T = EH
)

# add-2008-hwcd-3 of the same database; complete. The addend in 8 to 10 is scaled, and halved as A, B, C and D then are
# (D is Z itself): the sum is the same point. Its T is left out.
_ADD = (
    b"\x03\x04\x01\x00"  # 4 = Y - X
    b"\x00\x04\x04\x09"  # 4 = A
    b"\x02\x05\x01\x00"  # 5 = Y + X
    b"\x00\x05\x05\x08"  # 5 = B
    b"\x00\x06\x03\x0a"  # 6 = C
    b"\x03\x08\x05\x04"  # 8 = E = B - A
    b"\x02\x09\x05\x04"  # 9 = H = B + A
    b"\x03\x04\x02\x06"  # 4 = F = D - C
    b"\x02\x05\x02\x06"  # 5 = G = D + C
    b"\x00\x00\x08\x04"  # X = EF
    b"\x00\x01\x05\x09"  # Y = GH
    b"\x00\x02\x04\x05"  # Z = FG
)
_WITH_T = b"\x00\x03\x08\x09"  # T = EH

# A doubling, then one digit of each sub-table is added. The last T is left out, as a doubling needs none.
COLUMN = (
    DOUBLE
    + b"\x04\x08\x00\x00" + _ADD + _WITH_T
    + b"\x04\x08\x01\x00" + _ADD + _WITH_T
    + b"\x04\x08\x02\x00" + _ADD + _WITH_T
    + b"\x04\x08\x03\x00" + _ADD
)  # fmt: skip
FOUR_ADDITIONS = memoryview(COLUMN)[56:]
DOUBLE_ALONE = memoryview(DOUBLE)[:52]  # for when a doubling follows: without T

# x and y in 0 and 1, from the inverse of Z in 4.
AFFINE = (
    b"\x00\x00\x00\x04"
    b"\x00\x01\x01\x04"
)  # fmt: skip

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
    return bytes(products + (3, 8, 5, 4, 2, 9, 5, 4, f, 4, 7, 6, g, 5, 7, 6)) + _ADD[36:] + _WITH_T
