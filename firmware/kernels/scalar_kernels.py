"""Arithmetic modulo L = 2^252 + 27742317777372353535851937790883648493, the order of Ed25519's base point.

Montgomery's product of a and b, a * b / 2^256 modulo L, a word of a at a time: a multiple of L that makes the sum's
lowest word 0 goes on top, and the sum moves down by one word. For any a below 2^256 and any b below 2^255 it
is below a * b / 2^256 + L. No branch and no address depends on a number.
"""

L = 2**252 + 27742317777372353535851937790883648493
_WORDS_OF_L = [L >> 32 * index & 0xFFFFFFFF for index in range(8)]
_INVERSE = -pow(L, -1, 1 << 32) % (1 << 32)
_SUM = ["r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"]
_BYTES = 32
_PRODUCTS_BYTES = 4 * _BYTES
# Frame: where the next word of a is, where a ends, the buffer.
_NEXT, _END, _BUFFER = 0, 4, 8
_FRAME_BYTES = 16


def _constant(asm, target, value):
    """Words of L are known: there is no secret in choosing the shortest way to make one."""
    if value < 1 << 16 or value == 1 << 28:
        asm("mov", target, value)
    else:
        asm.own("movw({}, {})".format(target, value & 0xFFFF))
        asm.own("movt({}, {})".format(target, value >> 16))


def combine(asm):
    """r0: six numbers of 32 bytes, a to f, where e is 0: e becomes (a * b + c * d) * f / 2^512 modulo L.

    Bounds: b and d below 2^255, both products by 2^256 below L, f below L.
    """
    asm.own("push({r8, r9, r10, r11})")
    asm("sub", "sp", "sp", _FRAME_BYTES)
    asm("str", "r0", "sp", _BUFFER)
    asm.own("label(product)")
    asm("add", "r1", "r0", _BYTES)
    asm("strd", "r0", "r1", "sp", _NEXT)
    for word in _SUM:
        asm("mov", word, 0)
    _product(asm)
    asm.note("r1 is b: the sum goes to e as long as there is another product to add, then to the last one.")
    asm("ldr", "r0", "sp", _BUFFER)
    asm("add", "r2", "r0", 5 * _BYTES)
    asm("add", "r0", "r0", _PRODUCTS_BYTES)
    asm("cmp", "r1", "r2")
    asm.own("beq(last)")
    asm("add", "r12", "r1", _BYTES)
    for index, word in enumerate(_SUM):
        asm("ldr", "r3", "r0", 4 * index)
        asm("adcs" if index else "adds", word, word, "r3")
    asm("stm", "r0", _SUM)
    asm("mov", "r0", "r12")
    asm.own("b(product)")
    asm.own("label(last)")
    _reduce_once(asm)
    asm("stm", "r0", _SUM)
    asm("add", "sp", "sp", _FRAME_BYTES)
    asm("movs", "r0", 0)
    asm.own("pop({r8, r9, r10, r11})")


def _product(asm):
    """The sum in r4 to r11 becomes Montgomery's product of a, whose words are read one by one, and b at r1."""
    asm.note("One word of a each turn, in r2; r3 is the multiple of L that clears the lowest word.")
    asm.own("label(word)")
    asm("ldr", "r0", "sp", _NEXT)
    asm("ldr_after", "r2", "r0", 4)
    asm("str", "r0", "sp", _NEXT)
    asm("mov", "r12", 0)
    asm("mov", "lr", 0)
    for index, word in enumerate(_SUM):
        asm("ldr", "r0", "r1", 4 * index)
        asm("umaal", word, "r12", "r2", "r0")
        if not index:
            _constant(asm, "r0", _INVERSE)
            asm("mul", "r3", word, "r0")
        _constant(asm, "r0", _WORDS_OF_L[index])
        asm("umaal", word, "lr", "r3", "r0")
        if index:
            asm("mov", _SUM[index - 1], word)
    asm("add", _SUM[7], "r12", "lr")
    asm("ldrd", "r0", "r3", "sp", _NEXT)
    asm("cmp", "r0", "r3")
    asm.own("bne(word)")


def _reduce_once(asm):
    """The sum, below 2L, becomes the one below L: L goes off, and comes back where that was too much."""
    asm.note("Take L off, and put it back under the mask of what was borrowed.")
    for index, word in enumerate(_SUM):
        _constant(asm, "r3", _WORDS_OF_L[index])
        asm("sbcs" if index else "subs", word, word, "r3")
    asm("sbc", "r2", "r2", "r2")
    _add_order(asm)


def _add_order(asm):
    """The sum + L where r2 is all ones; the sum where it is 0."""
    for index, word in enumerate(_SUM):
        _constant(asm, "r3", _WORDS_OF_L[index])
        asm("and", "r3", "r3", "r2")
        asm("adcs" if index else "adds", word, word, "r3")


def comb(asm):
    """r0: 64 digits, r1: a scalar below 2^255.

    The scalar is made odd by L; bits c + 16 (4t + m), m = 0 to 3, of half of it plus 2^255 make digit t of
    column c. Columns come from 15 down.
    """
    asm.own("push({r8, r9, r10, r11})")
    for index, word in enumerate(_SUM):
        asm("ldr", word, "r1", 4 * index)
    asm.note("Add L where the scalar is even.")
    asm("and", "r2", _SUM[0], 1)
    asm("subs", "r2", "r2", 1)
    _add_order(asm)
    asm.note("Half of it, and the highest bit on top.")
    for index, word in enumerate(_SUM):
        asm("mov", word, word, ("lsr", 1))
        if index < 7:
            asm("orr", word, word, _SUM[index + 1], ("lsl", 31))
    asm("orr", _SUM[7], _SUM[7], 0x80000000)
    asm.note("Bits 15 and 31 of each word go into the column's digits; then the words move up by one.")
    asm("mov", "r1", 16)
    asm.own("label(column)")
    for low, high in zip(_SUM[::2], _SUM[1::2]):
        asm("ubfx", "r2", low, 15, 1)
        asm("mov", "r3", low, ("lsr", 31))
        asm("orr", "r2", "r2", "r3", ("lsl", 1))
        asm("ubfx", "r3", high, 15, 1)
        asm("orr", "r2", "r2", "r3", ("lsl", 2))
        asm("mov", "r3", high, ("lsr", 31))
        asm("orr", "r2", "r2", "r3", ("lsl", 3))
        asm("strb_after", "r2", "r0", 1)
        asm("mov", low, low, ("lsl", 1))
        asm("mov", high, high, ("lsl", 1))
    asm("subs", "r1", "r1", 1)
    asm.own("bne(column)")
    asm("movs", "r0", 0)
    asm.own("pop({r8, r9, r10, r11})")


def wipe(asm):
    """r0: a buffer, r1: its bytes, all of which become zero: 16 at a time, then one by one."""
    zeros = ["r4", "r5", "r6", "r7"]
    for each in zeros:
        asm("movs", each, 0)
    asm.own("label(sixteen)")
    asm("subs", "r1", "r1", 16)
    asm.own("bcc(rest)")
    asm("stm", "r0!", zeros)
    asm.own("b(sixteen)")
    asm.own("label(rest)")
    asm("adds", "r1", "r1", 16)
    asm.own("b(bytes)")
    asm.own("label(byte)")
    asm("strb_after", "r4", "r0", 1)
    asm("subs", "r1", "r1", 1)
    asm.own("label(bytes)")
    asm("cmp", "r1", 0)
    asm.own("bne(byte)")
    asm("movs", "r0", 0)
