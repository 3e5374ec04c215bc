"""Scalars of Ed25519 modulo the base point's order L, and their digits for the comb, in constant time.

It decides how numbers mod L are computed on boards: limbs of 13 bits, as big integers take a time that depends on
their value. No branch and no address depends on a scalar. It refuses to decide what the scalars mean.
"""

from fieldwire.port import const, micropython, ptr8, ptr32

# L = 2^252 + 27742317777372353535851937790883648493 and 2^256 mod L, as 32 little-endian bytes.
_L = (
    b"\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10"
)
_FOLD_256 = (
    b"\x1d\x95\x98\x8d\x74\x31\xec\xd6\x70\xcf\x7d\x73\xf4\x5b\xef\xc6"
    b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x0f"
)
# The work space: 21 triples of words, one limb each of the sum, the factor and L.
_LIMBS = const(21)
_FACTOR = const(1)
_ORDER = const(2)
WORK_BYTES = const(252)
# The bit at which the highest digit of 32 or 64 bytes begins.
_DIGITS_32 = const(247)
_DIGITS_64 = const(507)


def reduce(work, out, data):
    """out = the 64 bytes of data mod L, in 32 canonical bytes. work: WORK_BYTES, left with secrets in it."""
    _spread(32, _FACTOR, work, _FOLD_256, 0)
    _spread(32, _ORDER, work, _L, 0)
    _fold(work, 0, work, data, 32, 32, _DIGITS_32)
    _spread(32, _FACTOR, work, data, 0)
    _finish(work, 0, work, out)


def multiply_add(work, out, data, factor, addend):
    """out = (data * factor + addend) mod L: 64 bytes of data, a factor and an addend of 32 bytes. work: as above."""
    _spread(32, _FACTOR, work, factor, 0)
    _spread(32, _ORDER, work, _L, 0)
    _fold(work, 0, work, data, 0, 64, _DIGITS_64)
    _spread(32, _FACTOR, work, addend, 0)
    _finish(work, 0, work, out)


def comb_digits(digits, scalar):
    """Set the 64 bytes of digits to what SELECT takes, from the top column down, for a scalar below 2^255.

    An odd scalar k is a sum of 256 signed bits, +1 where k' = (k + 2^256 - 1) / 2 has a set bit and -1 elsewhere;
    an even one is made odd by L. Digit t of column c holds the bits c + 16 (4t + m) of k', m = 0..3.
    """
    _comb(0, 0, digits, scalar, _L)


def wipe(buffer):
    """Set all bytes of a bytearray to zero."""
    _wipe(len(buffer), 0, buffer)


@micropython.viper
def _wipe(x: int, y: int, buffer):
    b = ptr8(buffer)
    while x > 0:
        x -= 1
        b[x] = 0


@micropython.viper
def _spread(x: int, y: int, work, data, start: int):
    """Cut x bytes of data from start into limbs: the words at place y of the triples."""
    w = ptr32(int(ptr8(work)) + 4 * y)
    d = ptr8(int(ptr8(data)) + start)
    held = 0
    i = _LIMBS
    k = 0
    y = 0
    while i > 0:
        if held < 13 and k < x:
            y |= d[k] << held
            held += 8
            k += 1
        else:
            w[0] = y & 0x1FFF
            w = ptr32(int(w) + 12)
            y >>= 13
            held -= 13
            i -= 1


@micropython.viper
def _fold(w: ptr32, x: int, work, data, start: int, size: int, at: int):
    """sum = size bytes of data from start * factor modulo L, below 2^270; at: the bit where their top digit begins."""
    w = ptr32(work)
    top = ptr32(int(w) + 228)
    d = ptr8(int(ptr8(data)) + start)
    mask = 0x1FFF
    i = _LIMBS
    while i > 0:
        w[0] = 0
        w = ptr32(int(w) + 12)
        i -= 1
    while at >= 0:
        k = at >> 3
        x = d[k]
        if k + 1 < size:
            x |= d[k + 1] << 8
        if k + 2 < size:
            x |= d[k + 2] << 16
        x = x >> (at & 7) & mask
        at -= 13
        # sum = (sum - quotient * L) * 2^13 + digit * factor; a quotient one too small keeps it positive.
        quotient = 1 - (top[0] >> 5 | top[3] << 8)
        w = ptr32(work)
        carry = 0
        last = 0
        i = _LIMBS
        while i > 0:
            carry = w[1] * x + last + carry
            last = w[2] * quotient + w[0]
            w[0] = carry & mask
            carry >>= 13
            w = ptr32(int(w) + 12)
            i -= 1


@micropython.viper
def _finish(w: ptr32, x: int, work, out):
    """out = (sum + what stands in the factor's place) mod L."""
    w = ptr32(work)
    d = ptr8(out)
    top = ptr32(int(w) + 228)
    # As above, and now without the factor's digit; then L is taken away as often as 2^252 goes into the rest.
    quotient = 1 - (top[0] >> 5 | top[3] << 8)
    k = 2
    while k > 0:
        k -= 1
        w = ptr32(work)
        x = 0
        i = _LIMBS
        while i > 0:
            x += w[2] * quotient + w[0] + (w[1] if k else 0)
            w[0] = x & 0x1FFF
            x >>= 13
            w = ptr32(int(w) + 12)
            i -= 1
        quotient = -(top[0] >> 5 | top[3] << 8)
    # x is -1 when that was once too often, else 0.
    mask = x
    w = ptr32(work)
    carry = 0
    x = 0
    held = 0
    while k < 32:
        carry += w[0] + (w[2] & mask)
        w = ptr32(int(w) + 12)
        x |= (carry & 0x1FFF) << held
        carry >>= 13
        held += 13
        while held >= 8 and k < 32:
            d[k] = x
            x >>= 8
            held -= 8
            k += 1


@micropython.viper
def _comb(x: int, y: int, digits, scalar, order):
    out = ptr8(digits)
    k = ptr8(scalar)
    o = ptr8(order)
    even = (k[0] & 1) - 1
    i = 0
    while i < 64:
        out[i] = 0
        i += 1
    # The bits of k', from the lowest: bit c of 16-bit word 4t + m goes to bit m of digit t of column c.
    y = k[0] + (o[0] & even) + 0xFF
    bit = 1
    i = 1
    while i <= 32:
        if i < 32:
            y += (k[i] + (o[i] & even) + 0xFF) << 8
        x = (i - 1) << 3
        while x < i << 3:
            at = 4 * (15 - (x & 15)) + (x >> 6)
            out[at] = out[at] | (y >> bit & 1) << (x >> 4 & 3)
            bit += 1
            x += 1
        bit = 1
        y >>= 8
        i += 1
