"""Programs for the field machine: the formulas of Ed25519's curve that signing needs.

They decide what is computed in which register; a line is an instruction: operation, dst, a, b (see field25519.py).
A point is (X, Y, Z, T) in registers 0 to 3 with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 5.1.4); 4 to 10 are scratch.
An addend is (y + x) / 2, (y - x) / 2 and dxy. What only verification needs: point25519_verify.py.
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
ADD = (
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
WITH_T = b"\x00\x03\x08\x09"  # T = EH

# A doubling, then one digit of each sub-table is added. The last T is left out, as a doubling needs none.
COLUMN = (
    DOUBLE
    + b"\x04\x08\x00\x00" + ADD + WITH_T
    + b"\x04\x08\x01\x00" + ADD + WITH_T
    + b"\x04\x08\x02\x00" + ADD + WITH_T
    + b"\x04\x08\x03\x00" + ADD
)  # fmt: skip

FOUR_ADDITIONS = memoryview(COLUMN)[56:]

# x and y in 0 and 1, from the inverse of Z in 4.
AFFINE = (
    b"\x00\x00\x00\x04"
    b"\x00\x01\x01\x04"
)  # fmt: skip
