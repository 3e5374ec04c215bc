"""Arithmetic modulo p = 2^255 - 19 on 8 words of 32 bits, lowest first, for cores that have UMAAL.

An element is any number below 2^256 that is congruent to it: every operation takes all such numbers and gives one.
No branch and no address depends on a number. `umaal low, high, n, m`: high:low = n * m + low + high, which
cannot overflow, so that carries need no flags. On entry r0 holds the address of the result, r7 that of the first
operand, r2 that of the second; all registers but sp are free, and sp is where it was at the end.
"""

ELEMENT_BYTES = 32
SQUARED_AT = "r11"  # holds the result's address when square is done


def _row(asm, multiplier, multiplicands, window, carry):
    """window += multiplier * multiplicands, from the lowest word up; carry is added at the lowest and leaves above."""
    for word, multiplicand in zip(window, multiplicands):
        asm("umaal", word, carry, multiplier, multiplicand)


def _zero(asm, *registers):
    for each in registers:
        asm("mov", each, 0)


def _reduce(asm, high, low_at, free, result_at):
    """The product's words 8 to 15 stand in `high`; 0 to 3 on the stack at low_at[0], 4 to 7 at low_at[1].

    Stores the remainder, below 2^255 + 2^231, at the address that the stack has at result_at.
    Words 0 to 2 come into free[0:3], then into what word 15 and words 8 to 10 leave, the top word into free[3].
    """
    top, factor, carry = free[3:]
    asm.note("2^256 = 38. Word 15 goes first: what then exceeds 2^255 enters at word 0 as 19 times itself.")
    asm("mov", factor, 38)
    asm("ldr", top, "sp", low_at[1] + 12)
    asm("mov", carry, 0)
    asm("umaal", top, carry, high[7], factor)
    asm("mov", high[7], 19)
    asm("adds", top, top, top)
    asm("adc", carry, carry, carry)
    asm("mov", top, top, ("lsr", 1))
    asm("mul", carry, carry, high[7])
    words = [*free[:3], high[7], *high[:3]]
    for index, word in enumerate(words):
        if index % 2 == 0 and index < 6:
            asm("ldrd", word, words[index + 1], "sp", low_at[index // 4] + index % 4 * 4)
        elif index == 6:
            asm("ldr", word, "sp", low_at[1] + 8)
        asm("umaal", word, carry, high[index], factor)
    asm("add", top, top, carry)
    asm("ldr", factor, "sp", result_at)
    asm("stm", factor, [*words, top])


def multiply(asm):
    """Words 0 to 3 of the second operand first, times all words of the first; then its words 4 to 7 on top.

    The window of sums moves up by one word a row: its lowest register is finished, and the row's multiplier,
    used up, becomes the next carry.
    """
    b = ["r0", "r1", "r2", "lr"]
    n, a0, a1, a2, a3, w0, w1, w2, w3 = ["r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12"]
    asm("push", ["r0", "r2"])
    asm("ldm", "r2", b)
    asm("ldm", "r7!", [a0, a1, a2, a3])
    asm.note("Rows 0 to 3 of the lower half; the first has nothing to add to.")
    asm("umull", w0, n, a0, b[0])
    _zero(asm, w1, w2, w3)
    _row(asm, a0, b[1:], [w1, w2, w3], n)
    window = [w1, w2, w3, n]
    for multiplier, carry in ((a1, a0), (a2, a1), (a3, a2)):
        _zero(asm, carry)
        _row(asm, multiplier, b, window, carry)
        window = [*window[1:], carry]
    asm("push", [w0, w1, w2, w3])
    asm.note("Rows 4 to 7 of the lower half.")
    asm("ldm", "r7", [w0, w1, w2, w3])
    for multiplier, carry in ((w0, a3), (w1, w0), (w2, w1), (w3, w2)):
        _zero(asm, carry)
        _row(asm, multiplier, b, window, carry)
        window = [*window[1:], carry]
    asm("push", window)
    asm.note("Rows 0 to 3 of the upper half, on top of words 4 to 7.")
    asm("ldr", w3, "sp", 36)
    asm("ldrd", b[0], b[1], w3, 16)
    asm("ldrd", b[2], b[3], w3, 24)
    asm("sub", "r7", "r7", 16)
    asm("ldm", "r7!", [w0, w1, w2, w3])
    window = [n, a0, a1, a2]
    for multiplier, carry in ((w0, a3), (w1, w0), (w2, w1), (w3, w2)):
        _zero(asm, carry)
        _row(asm, multiplier, b, window, carry)
        window = [*window[1:], carry]
    asm("push", [n, a0, a1, a2])
    asm.note("Rows 4 to 7 of the upper half; words 8 to 11 of the lower half enter as carries.")
    asm("ldm", "r7", [n, a0, a1, a2])
    high = []
    for index, (multiplier, carry) in enumerate(((n, w3), (a0, n), (a1, a0), (a2, a1))):
        asm("ldr", carry, "sp", 16 + 4 * index)
        _row(asm, multiplier, b, window, carry)
        high.append(window[0])
        window = [*window[1:], carry]
    _reduce(asm, high + window, (32, 0), ["r0", "r1", "r2", "lr", a2, "r7"], 48)
    asm("add", "sp", "sp", 56)


def _double_and_add(asm, word, carry, root):
    """word = 2 * word + carry + the lower half of root's square, whose upper half is carried on; so is the flag."""
    asm("adcs", word, word, word)
    asm("umaal", word, carry, root, root)


def square(asm):
    """Products of different words are summed first, then doubled by adds and adcs, and squares of words added.

    Nothing between two adcs touches the flags: the doubling's carry lives there, that of the squares in t.
    """
    p0, p1, p2, p3, p4, p5, p6 = "r0", "r1", "r2", "r12", "r3", "r4", "r5"
    z, n, a0, a1, a2, a3, t = "r6", "r7", "r8", "r9", "r10", SQUARED_AT, "lr"
    b = [p0, p1, p2, p3]
    asm("push", ["r0"])
    asm("ldm", "r7!", [a0, a1, a2, a3])
    asm.note("Words 0 to 3 of the operand among themselves.")
    asm("umull", p1, p2, a0, a1)
    _zero(asm, p3)
    asm("umaal", p2, p3, a0, a2)
    _zero(asm, p4)
    asm("umaal", p3, p4, a0, a3)
    _zero(asm, p5)
    _row(asm, a1, [a2, a3], [p3, p4], p5)
    _zero(asm, p6)
    asm("umaal", p5, p6, a2, a3)
    asm("umull", p0, t, a0, a0)
    _zero(asm, z)
    asm("adds", p1, p1, p1)
    asm("umaal", p1, t, z, z)
    _double_and_add(asm, p2, t, a1)
    _double_and_add(asm, p3, t, z)
    asm("push", b)
    asm.note("Words 0 to 3 by words 4 to 7.")
    asm("ldm", "r7", b)
    window = [p4, p5, p6, z]
    for even, odd, carry, squared in ((a0, a1, n, a2), (a2, a3, a1, a3)):
        _zero(asm, carry)
        _row(asm, even, b, window, carry)
        _double_and_add(asm, window[0], t, squared)
        window = [*window[1:], carry]
        _zero(asm, even)
        _row(asm, odd, b, window, even)
        _zero(asm, odd)
        _double_and_add(asm, window[0], t, odd)
        window = [*window[1:], even]
    asm("push", [p4, p5, p6, z])
    asm.note("Words 4 to 7 among themselves.")
    _zero(asm, p4)
    _row(asm, b[0], b[1:], window[1:], p4)
    _zero(asm, p5)
    _row(asm, b[1], b[2:], [window[3], p4], p5)
    _zero(asm, p6)
    asm("umaal", p5, p6, b[2], b[3])
    high = [*window, p4, p5, p6]
    for index, word in enumerate(high):
        _double_and_add(asm, word, t, a3 if index % 2 else b[index // 2])
    asm("adc", z, a3, t)
    _reduce(asm, [*high, z], (16, 0), ["r0", "r1", "r2", "r12", SQUARED_AT, t], 32)
    asm("add", "sp", "sp", 36)


def add(asm):
    """The top words go first, as in a product's remainder; then each word, the other's and the carry in one UMAAL."""
    a = ["r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"]
    asm("ldm", "r7", a)
    asm("ldr", "lr", "r2", 28)
    asm("mov", "r3", 0)
    asm("mov", "r12", 19)
    asm("adds", a[7], a[7], "lr")
    asm("adc", "r3", "r3", "r3")
    asm("adds", a[7], a[7], a[7])
    asm("adc", "r3", "r3", "r3")
    asm("mov", a[7], a[7], ("lsr", 1))
    carry = "r3"
    for index in range(0, 7):
        if index % 2 == 0:
            pair = [each for each in ("r1", "r3", "lr") if each != carry][:2]
            if index < 6:
                asm("ldrd", *pair, "r2", 4 * index)
            else:
                asm("ldr", pair[0], "r2", 24)
        word = pair[index % 2]
        asm("umaal", a[index], word, carry, "r12")
        if not index:
            asm("mov", "r12", 1)
        carry = word
    asm("add", a[7], a[7], carry)
    asm("stm", "r0", a)


def subtract(asm):
    """What is borrowed from 2^256 is 38 too much; taking that off may borrow once more, from a small number then."""
    a = ["r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"]
    b = ["r1", "r3", "r12", "lr"]
    asm("ldm", "r7", a)
    asm("ldm", "r2!", b)
    for index, word in enumerate(a):
        if index == 4:
            asm("ldm", "r2", b)
        asm("sbcs" if index else "subs", word, word, b[index % 4])
    asm("sbc", "r1", "r1", "r1")
    asm("and", "r1", "r1", 38)
    asm("mov", "r3", 0)
    asm("subs", a[0], a[0], "r1")
    for word in a[1:]:
        asm("sbcs", word, word, "r3")
    asm("sbc", "r1", "r1", "r1")
    asm("and", "r1", "r1", 38)
    asm("sub", a[0], a[0], "r1")
    asm("stm", "r0", a)
