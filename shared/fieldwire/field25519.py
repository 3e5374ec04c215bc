"""GF(2^255 - 19) for boards: registers of field elements and one kernel that runs a byte program over them.

It decides how an element lies in memory (20 limbs of 13 bits) and what each instruction computes, in constant time:
no branch and no address depends on an element or a digit. It refuses to decide what the programs compute.
Right on machine words of 32 and of 64 bits: a column of 20 products of limbs stays below 2^31.
"""

from fieldwire.port import const, micropython, ptr8, ptr16, ptr32

MULTIPLY = const(0)  # r[dst] = r[a] * r[b]
SQUARE = const(1)  # r[dst] = r[a] ^ (2 ^ b)
ADD = const(2)  # r[dst] = r[a] + r[b]
SUBTRACT = const(3)  # r[dst] = r[a] - r[b]
SELECT = const(4)  # r[dst], r[dst + 1], r[dst + 2] = the entry of sub-table a that the next digit names

_REGISTER_BYTES = const(40)
# The state: 168 bytes of scratch, 20 limbs that stay zero, then the registers. Each instruction leaves limbs of at most
# 8197 (the third may pass 13 bits by a little), of whatever multiple of p comes with them.
_REGISTERS_AT = const(208)
_P_INVERSE = const(5605)  # of p modulo 2^13


def new_state(registers):
    """A state of so many registers, all zero."""
    return bytearray(_REGISTERS_AT + _REGISTER_BYTES * registers)


def load(state, register, data):
    """Set a register to 32 little-endian bytes; bit 255 must be clear."""
    _load(_REGISTERS_AT + _REGISTER_BYTES * register, 0, state, data)


def store(state, register):
    """The 32 canonical little-endian bytes of a register."""
    out = bytearray(32)
    _store(_REGISTERS_AT + _REGISTER_BYTES * register, 0, state, out)
    return bytes(out)


def invert(state, dst, a):
    """Set register dst to 1 / register a; of zero, to zero."""
    _store(_REGISTERS_AT + _REGISTER_BYTES * a, 0, state, state)
    _invert(state, 0, state, _REGISTERS_AT + _REGISTER_BYTES * dst)


def run(state, program, table, digits):
    """Run a program of 4-byte instructions (operation, dst, a, b), again and again until `digits` are used up.

    SELECT takes a digit d of 0..15: entry d & 7 of a sub-table of 8, or for d < 8 the negative of entry ~d & 7.
    An entry is three elements a, b and c, 32 canonical bytes each; its negative is b, a and -c.
    """
    _run(len(program), len(digits), state, program, table, digits)


@micropython.viper
def _run(x: int, y: int, state, program, table, digits):
    """x, y: the program's and the digits' bytes; then the kernel's hottest variables, as only two are in registers."""
    digit = ptr8(digits)
    scratch = ptr32(state)
    base = int(ptr8(state))
    registers = base + _REGISTERS_AT
    skew = int(ptr8(table)) & 3
    words = int(ptr8(table)) - skew
    mask = 0x1FFF
    word_end = 24 + (skew + 3 >> 2)
    begin = int(ptr8(program))
    end = begin + x
    digits_end = y
    taken = 0
    at = begin
    while at < end:
        code = ptr8(at)
        operation = code[0]
        r = ptr16(code[1] * _REGISTER_BYTES + registers)
        p = ptr16(code[2] * _REGISTER_BYTES + registers)
        q = ptr16(code[3] * _REGISTER_BYTES + registers)
        count = 1
        y = 5 - 2 * operation
        if operation == SQUARE:
            count = code[3]
            q = p
        elif operation == SELECT:
            x = digit[taken]
            taken += 1
            sign = (x >> 3) - 1  # all bits set for a negative, else none
            x = (x ^ sign) & 7
            m0 = ((x ^ 0) - 1) >> 4
            m1 = ((x ^ 1) - 1) >> 4
            m2 = ((x ^ 2) - 1) >> 4
            m3 = ((x ^ 3) - 1) >> 4
            m4 = ((x ^ 4) - 1) >> 4
            m5 = ((x ^ 5) - 1) >> 4
            m6 = ((x ^ 6) - 1) >> 4
            m7 = ((x ^ 7) - 1) >> 4
            # Whole words are read, from where one begins: the entry then lies `skew` bytes behind in the scratch.
            e = ptr32(code[2] * 768 + words)
            x = 0
            while x < word_end:
                scratch[x] = (
                    e[0] & m0
                    | e[24] & m1
                    | e[48] & m2
                    | e[72] & m3
                    | e[96] & m4
                    | e[120] & m5
                    | e[144] & m6
                    | e[168] & m7
                )
                e = ptr32(int(e) + 4)
                x += 1
            x = 8 * skew
            y = 0
            while y < 20:
                h = ptr16(base + (x >> 4 << 1))
                i = x & 15
                u = (h[0] | h[1] << 16) >> i & mask
                v = (h[16] | h[17] << 16) >> i & mask
                t0 = (u ^ v) & sign
                r[0] = u ^ t0
                r[20] = v ^ t0
                r[40] = (h[32] | h[33] << 16) >> i & mask
                r = ptr16(int(r) + 2)
                x += 13
                y += 1
            r = ptr16(code[1] * _REGISTER_BYTES + registers)
            r[19] = r[19] & 0xFF
            r[39] = r[39] & 0xFF
            r[59] = r[59] & 0xFF
            r = ptr16(int(r) + 80)
            # What is left is to add 1 or -1 times the third element to zero.
            q = r
            p = ptr16(registers - _REGISTER_BYTES)
            y = 1 + 2 * sign
        while count > 0:
            if operation < ADD:
                a0 = p[0]
                a1 = p[1]
                a2 = p[2]
                a3 = p[3]
                a4 = p[4]
                a5 = p[5]
                a6 = p[6]
                a7 = p[7]
                a8 = p[8]
                a9 = p[9]
                a10 = p[10]
                a11 = p[11]
                a12 = p[12]
                a13 = p[13]
                a14 = p[14]
                a15 = p[15]
                a16 = p[16]
                a17 = p[17]
                a18 = p[18]
                a19 = p[19]
                t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = t8 = t9 = 0
                t10 = t11 = t12 = t13 = t14 = t15 = t16 = t17 = t18 = t19 = 0
                # From the top, two limbs of b at a time: t = t * 2^26 + a * (y * 2^13 + x), with 2^260 = 608 mod p.
                i = 18
                while i >= 0:
                    x = q[i]
                    y = q[i + 1]
                    i -= 2
                    v = t19
                    u = a19 * y + t18
                    t19 = a19 * x + a18 * y + t17
                    t18 = a18 * x + a17 * y + t16
                    t17 = a17 * x + a16 * y + t15
                    t16 = a16 * x + a15 * y + t14
                    t15 = a15 * x + a14 * y + t13
                    t14 = a14 * x + a13 * y + t12
                    t13 = a13 * x + a12 * y + t11
                    t12 = a12 * x + a11 * y + t10
                    t11 = a11 * x + a10 * y + t9
                    t10 = a10 * x + a9 * y + t8
                    t9 = a9 * x + a8 * y + t7
                    t8 = a8 * x + a7 * y + t6
                    t7 = a7 * x + a6 * y + t5
                    t6 = a6 * x + a5 * y + t4
                    t5 = a5 * x + a4 * y + t3
                    t4 = a4 * x + a3 * y + t2
                    t3 = a3 * x + a2 * y + t1
                    t2 = a2 * x + a1 * y + t0 + (v >> 13) * 608
                    t1 = a1 * x + a0 * y + ((v & mask) + (u >> 13)) * 608
                    t0 = a0 * x + (u & mask) * 608
                x = t0
                r[0] = x & mask
                r[1] = (x := (x >> 13) + t1) & mask
                r[2] = (x := (x >> 13) + t2) & mask
                r[3] = (x := (x >> 13) + t3) & mask
                r[4] = (x := (x >> 13) + t4) & mask
                r[5] = (x := (x >> 13) + t5) & mask
                r[6] = (x := (x >> 13) + t6) & mask
                r[7] = (x := (x >> 13) + t7) & mask
                r[8] = (x := (x >> 13) + t8) & mask
                r[9] = (x := (x >> 13) + t9) & mask
                r[10] = (x := (x >> 13) + t10) & mask
                r[11] = (x := (x >> 13) + t11) & mask
                r[12] = (x := (x >> 13) + t12) & mask
                r[13] = (x := (x >> 13) + t13) & mask
                r[14] = (x := (x >> 13) + t14) & mask
                r[15] = (x := (x >> 13) + t15) & mask
                r[16] = (x := (x >> 13) + t16) & mask
                r[17] = (x := (x >> 13) + t17) & mask
                r[18] = (x := (x >> 13) + t18) & mask
                r[19] = (x := (x >> 13) + t19) & mask
            else:
                # 64p keeps each limb positive: 15168 in the lowest, 16382 in all others.
                u = 16382
                x = q[0] * y + p[0] + 15168
                r[0] = x & mask
                r[1] = (x := (x >> 13) + q[1] * y + p[1] + u) & mask
                r[2] = (x := (x >> 13) + q[2] * y + p[2] + u) & mask
                r[3] = (x := (x >> 13) + q[3] * y + p[3] + u) & mask
                r[4] = (x := (x >> 13) + q[4] * y + p[4] + u) & mask
                r[5] = (x := (x >> 13) + q[5] * y + p[5] + u) & mask
                r[6] = (x := (x >> 13) + q[6] * y + p[6] + u) & mask
                r[7] = (x := (x >> 13) + q[7] * y + p[7] + u) & mask
                r[8] = (x := (x >> 13) + q[8] * y + p[8] + u) & mask
                r[9] = (x := (x >> 13) + q[9] * y + p[9] + u) & mask
                r[10] = (x := (x >> 13) + q[10] * y + p[10] + u) & mask
                r[11] = (x := (x >> 13) + q[11] * y + p[11] + u) & mask
                r[12] = (x := (x >> 13) + q[12] * y + p[12] + u) & mask
                r[13] = (x := (x >> 13) + q[13] * y + p[13] + u) & mask
                r[14] = (x := (x >> 13) + q[14] * y + p[14] + u) & mask
                r[15] = (x := (x >> 13) + q[15] * y + p[15] + u) & mask
                r[16] = (x := (x >> 13) + q[16] * y + p[16] + u) & mask
                r[17] = (x := (x >> 13) + q[17] * y + p[17] + u) & mask
                r[18] = (x := (x >> 13) + q[18] * y + p[18] + u) & mask
                r[19] = (x := (x >> 13) + q[19] * y + p[19] + u) & mask
            # What is carried out of the top comes back in at the bottom.
            x = (x >> 13) * 608 + r[0]
            r[0] = x & mask
            x = (x >> 13) + r[1]
            r[1] = x & mask
            r[2] = (x >> 13) + r[2]
            p = q = r
            count -= 1
        at += 4
        if at == end and taken < digits_end:
            at = begin


@micropython.viper
def _load(x: int, y: int, state, data):
    """x: where the register lies in the state."""
    r = ptr16(int(ptr8(state)) + x)
    d = ptr8(data)
    held = 0
    k = 0
    x = 0
    while x < 32:
        y |= d[x] << held
        x += 1
        held += 8
        if held >= 13:
            r[k] = y & 0x1FFF
            y >>= 13
            held -= 13
            k += 1
    r[k] = y


@micropython.viper
def _store(x: int, y: int, state, out):
    """x: where the register lies in the state, which keeps its value; out: 32 bytes."""
    r = ptr16(int(ptr8(state)) + x)
    d = ptr8(out)
    i = 0
    while i < 20:
        y += r[i]
        r[i] = y & 0x1FFF
        y >>= 13
        i += 1
    # Twice fold what lies above bit 255; what is left is below 2^255.
    j = 0
    while j < 2:
        y = 19 * (r[19] >> 8 | y << 5)
        r[19] = r[19] & 0xFF
        i = 0
        while i < 20:
            y += r[i]
            r[i] = y & 0x1FFF
            y >>= 13
            i += 1
        j += 1
    # The quotient by p is 1 when adding 19 reaches bit 255, else 0.
    y = 19
    i = 0
    while i < 20:
        y = (y + r[i]) >> (13 if i < 19 else 8)
        i += 1
    y *= 19
    i = 0
    k = 0
    held = 0
    x = 0
    while i < 20:
        y += r[i]
        x |= (y & 0x1FFF) << held
        y >>= 13
        held += 13
        i += 1
        while held >= 8:
            d[k] = x & 0xFF
            x >>= 8
            held -= 8
            k += 1
    d[31] = d[31] & 0x7F


@micropython.viper
def _invert(w: ptr16, x: int, state, dst: int):
    """register = 1 / the 32 canonical bytes at the state's begin, by 598 division steps (Bernstein, Yang 2019).

    The variant that starts at delta = 1/2 needs 590 for numbers of 256 bits. f, g, d and e are 20 limbs in two's
    complement each, one limb of each in turn; 13 steps on the lowest bits give a matrix (u v, q r) for all of them.
    """
    base = int(ptr8(state))
    b = ptr8(state)
    i = 19
    while i >= 0:
        at = 13 * i
        x = b[at >> 3] | b[(at >> 3) + 1] << 8
        if i < 19:
            x |= b[(at >> 3) + 2] << 16
        w = ptr16(base + 8 + 8 * i)
        w[0] = 0x1FFF
        w[1] = x >> (at & 7) & 0x1FFF
        w[2] = 0
        w[3] = 0
        i -= 1
    # f = p, g = the number, d = 0, e = 1.
    w[0] = 0x1FED
    w[3] = 1
    ptr16(base + 160)[0] = 0xFF
    mask = 0x1FFF
    zeta = -1
    batch = 46
    while batch > 0:
        batch -= 1
        w = ptr16(base + 8)
        f = w[0] | w[4] << 13
        x = w[1] | w[5] << 13
        u = 1
        v = 0
        q = 0
        r = 1
        i = 13
        while i > 0:
            i -= 1
            swap = zeta >> 31
            odd = -(x & 1)
            x += ((f ^ swap) - swap) & odd
            q += ((u ^ swap) - swap) & odd
            r += ((v ^ swap) - swap) & odd
            swap &= odd
            zeta = (zeta ^ swap) - 1
            f += x & swap
            u = (u + (q & swap)) << 1
            v = (v + (r & swap)) << 1
            x >>= 1
        # Multiples of p make the lowest 13 bits of the new d and e zero.
        w = ptr16(base + 160)
        f_sign = -(w[0] >> 12)
        g_sign = -(w[1] >> 12)
        d_sign = -(w[2] >> 12)
        e_sign = -(w[3] >> 12)
        d_over = (u & d_sign) + (v & e_sign)
        e_over = (q & d_sign) + (r & e_sign)
        w = ptr16(base)
        d = u * w[6] + v * w[7]
        e = q * w[6] + r * w[7]
        d_p = d_over - (d * _P_INVERSE + d_over & mask)
        e_p = e_over - (e * _P_INVERSE + e_over & mask)
        d = -19 * d_p
        e = -19 * e_p
        f = 0
        g = 0
        i = 20
        while i > 0:
            i -= 1
            x = w[4]
            f += u * x
            g += q * x
            x = w[5]
            f += v * x
            g += r * x
            x = w[6]
            d += u * x
            e += q * x
            x = w[7]
            d += v * x
            e += r * x
            if i == 0:
                d += d_p << 8
                e += e_p << 8
            w[0] = f & mask
            w[1] = g & mask
            w[2] = d & mask
            w[3] = e & mask
            f >>= 13
            g >>= 13
            d >>= 13
            e >>= 13
            w = ptr16(int(w) + 8)
        w[0] = (f - (u & f_sign) - (v & g_sign)) & mask
        w[1] = (g - (q & f_sign) - (r & g_sign)) & mask
        w[2] = (d - d_over) & mask
        w[3] = (e - e_over) & mask
    # f is 1 or -1 now, and d the inverse times f.
    w = ptr16(base + 160)
    x = 1 - 2 * (w[0] >> 12)
    d = -608 * (w[2] >> 12) * x - 1214
    out = ptr16(base + dst)
    w = ptr16(base + 8)
    i = 0
    while i < 20:
        d += w[2] * x + 16382
        out[i] = d & mask
        d >>= 13
        w = ptr16(int(w) + 8)
        i += 1
    d = d * 608 + out[0]
    out[0] = d & mask
    d = (d >> 13) + out[1]
    out[1] = d & mask
    out[2] = (d >> 13) + out[2]
