"""The compression function of SHA-512 (FIPS 180-4 6.4.2) for ARMv7-M: 64-bit words as pairs of registers.

Scratch, in bytes: the chaining value a to h at 0, the working variables h to a at 64, the schedule's 80 words
at 128; of each 64-bit word the upper half comes first. A round writes its new a over the word of the schedule that it
has used: the variables stay where they are while their names move down by one, and one pointer serves both.
"""

_BLOCK_AT = 128
_BLOCK_BYTES = 128
_FRAME_BYTES = 16


def _rotations(asm, target, half, other, right, shifted=0):
    """target = one half of the xor of a 64-bit word's rotations; `other` is the word's other half.

    With `shifted`, the last of the rotations is a shift: the upper half gets nothing from the lower.
    """
    parts = []
    for by in right:
        near, far = (half, other) if by < 32 else (other, half)
        parts.append((near, ("lsr", by % 32)))
        if by != shifted:
            parts.append((far, ("lsl", 32 - by % 32)))
    asm("mov", target, *parts[0])
    for part in parts[1:]:
        asm("eor", target, target, *part)


def _turn_block(asm):
    """The block's 32 words, in big-endian order where it was filled, become words 0 to 15 of the schedule."""
    words = ["r4", "r5", "r6", "r7"]
    asm.note("The full block is words 0 to 15 of the schedule, once their bytes are turned.")
    asm("add", "lr", "r0", _BLOCK_AT)
    asm("mov", "r12", "lr")
    asm("add", "r2", "lr", _BLOCK_BYTES)
    asm.own("label(turn)")
    asm("ldm", "r12", words)
    for word in words:
        asm("rev", word, word)
    asm("stm", "r12!", words)
    asm("cmp", "r12", "r2")
    asm.own("bne(turn)")


def _expand(asm):
    """r12 points behind word 15: each further word is the sum of four earlier ones, two of them turned."""
    high, low, turned = "r1", "r4", "r5"
    sum_high, sum_low = "r6", "r7"
    asm.note("Words 16 to 79 of the schedule.")
    asm("add", "r2", "r2", 512)
    asm("ldrd", "r8", "r9", "lr", 0)
    asm.own("label(expand)")
    asm.note("r8:r9 is the word 16 back; the word 15 back comes after it and takes its place.")
    asm("ldrd", sum_high, sum_low, "r12", -56)
    asm("adds", sum_low, sum_low, "r9")
    asm("adc", sum_high, sum_high, "r8")
    asm("ldrd", "r8", "r9", "r12", -120)
    _rotations(asm, turned, "r9", "r8", (1, 8, 7))
    asm("adds", sum_low, sum_low, turned)
    _rotations(asm, turned, "r8", "r9", (1, 8, 7), shifted=7)
    asm("adc", sum_high, sum_high, turned)
    asm("ldrd", high, low, "r12", -16)
    _rotations(asm, turned, low, high, (19, 61, 6))
    asm("adds", sum_low, sum_low, turned)
    _rotations(asm, turned, high, low, (19, 61, 6), shifted=6)
    asm("adc", sum_high, sum_high, turned)
    asm("strd_after", sum_high, sum_low, "r12", 8)
    asm("cmp", "r12", "r2")
    asm.own("bne(expand)")


def _working_variables(asm):
    asm.note("The working variables start as the chaining value, in the opposite order.")
    for index in range(0, 64, 8):
        asm("ldrd", "r4", "r5", "r0", index)
        asm("strd", "r4", "r5", "r0", 120 - index)


def _rounds(asm):
    """a at r0, b below it, ... h 56 below; the round's word of the schedule 8 above; constants at r3."""
    a_high, a_low, e_high, e_low, x_high, x_low = "r4", "r5", "r6", "r7", "r8", "r9"
    t_high, t_low, high, low, last = "r10", "r11", "r1", "r12", "lr"
    asm.note("80 rounds. r4:r5 is a, r6:r7 is e, r8:r9 is b xor c; r10:r11 gathers the sums.")
    asm("add", "r0", "r0", 120)
    asm("ldrd", high, low, "r0", -8)
    asm("ldrd", x_high, x_low, "r0", -16)
    asm("eor", x_high, x_high, high)
    asm("eor", x_low, x_low, low)
    asm("ldrd", a_high, a_low, "r0", 0)
    asm("ldrd", e_high, e_low, "r0", -32)
    asm("sub", "r2", "r2", 8)
    asm.own("label(round)")
    asm.note("T1 = h + Ch(e, f, g) + K + W + the turned e.")
    asm("ldrd", high, low, "r0", -40)
    asm("ldrd", t_high, t_low, "r0", -48)
    for f, g, e in ((high, t_high, e_high), (low, t_low, e_low)):
        asm("eor", f, f, g)
        asm("and", f, f, e)
        asm("eor", g, g, f)
    for at in (-56, 8):
        asm("ldrd", high, low, "r0", at)
        asm("adds", t_low, t_low, low)
        asm("adc", t_high, t_high, high)
    asm("ldr_after", high, "r3", 4)
    asm("ldr_after", low, "r3", 4)
    asm("adds", t_low, t_low, low)
    asm("adc", t_high, t_high, high)
    _rotations(asm, low, e_low, e_high, (14, 18, 41))
    asm("adds", t_low, t_low, low)
    _rotations(asm, high, e_high, e_low, (14, 18, 41))
    asm("adc", t_high, t_high, high)
    asm.note("d + T1 is the next e.")
    asm("ldrd", high, low, "r0", -24)
    asm("adds", e_low, t_low, low)
    asm("adc", e_high, t_high, high)
    asm("strd", e_high, e_low, "r0", -24)
    asm.note("T1 + the turned a + Maj(a, b, c) is the next a; a xor b is the next b xor c.")
    _rotations(asm, low, a_low, a_high, (28, 34, 39))
    asm("adds", t_low, t_low, low)
    _rotations(asm, high, a_high, a_low, (28, 34, 39))
    asm("adc", t_high, t_high, high)
    asm("ldrd", high, low, "r0", -8)
    for a, b, x in ((a_low, low, x_low), (a_high, high, x_high)):
        asm("eor", last, a, b)
        asm("and", x, x, last)
        asm("eor", b, b, x)
        asm("mov", x, last)
    asm("adds", a_low, t_low, low)
    asm("adc", a_high, t_high, high)
    asm("strd_before", a_high, a_low, "r0", 8)
    asm("cmp", "r0", "r2")
    asm.own("bne(round)")


def _chain(asm):
    """The variables, a last, at r0 and below, are added to the chaining value, which starts 760 below r0."""
    asm.note("Add the variables to the chaining value.")
    asm("sub", "r1", "r0", 760)
    asm("add", "r2", "r1", 64)
    asm.own("label(chain)")
    asm("ldrd_after", "r4", "r5", "r0", -8)
    asm("ldrd", "r6", "r7", "r1", 0)
    asm("adds", "r5", "r5", "r7")
    asm("adc", "r4", "r4", "r6")
    asm("strd_after", "r4", "r5", "r1", 8)
    asm("cmp", "r1", "r2")
    asm.own("bne(chain)")


def _fold(asm):
    """The full block in the scratch at r0, with the 80 constants at r3, goes into the chaining value."""
    _turn_block(asm)
    _expand(asm)
    _working_variables(asm)
    _rounds(asm)
    _chain(asm)


def absorb(asm):
    """r0: scratch, r1: data, r2: its bytes times 128 plus the bytes that wait in the block, r3: the 80 constants.

    Upper halves of constants come first. Frame: scratch at 0, constants at 4, next byte at 8, bytes left at 12.
    """
    asm.own("push({r8, r9, r10, r11})")
    asm("sub", "sp", "sp", _FRAME_BYTES)
    asm("strd", "r0", "r3", "sp", 0)
    asm("ands", "r5", "r2", _BLOCK_BYTES - 1)
    asm("movs", "r4", "r2", ("lsr", 7))
    asm.own("label(take)")
    asm.note(
        "r5 bytes wait in the block, r4 are left: take all of these, or as many as the block has room for."
    )
    asm("rsb", "r6", "r5", _BLOCK_BYTES)
    asm("cmp", "r4", "r6")
    asm.own("bcs(fits)")
    asm("mov", "r6", "r4")
    asm.own("label(fits)")
    asm("subs", "r4", "r4", "r6")
    asm("adds", "r5", "r5", "r6")
    asm("add", "r12", "r0", _BLOCK_AT)
    asm("add", "r12", "r12", "r5")
    asm("subs", "r2", "r12", "r6")
    asm.own("b(bytes)")
    asm.own("label(byte)")
    asm("ldrb_after", "r7", "r1", 1)
    asm("strb_after", "r7", "r2", 1)
    asm.own("label(bytes)")
    asm("cmp", "r2", "r12")
    asm.own("bne(byte)")
    asm("cmp", "r5", _BLOCK_BYTES)
    asm.own("bne_w(done)")
    asm("strd", "r1", "r4", "sp", 8)
    _fold(asm)
    asm("ldm", "sp", ["r0", "r3", "r5", "r6"])
    asm("mov", "r1", "r5")
    asm("mov", "r4", "r6")
    asm("movs", "r5", 0)
    asm.own("b(take)")
    asm.own("label(done)")
    asm("add", "sp", "sp", _FRAME_BYTES)
    asm("movs", "r0", 0)
    asm.own("pop({r8, r9, r10, r11})")


def digest(asm):
    """r0: scratch, r1: where the 64 bytes of the chaining value go, in big-endian order."""
    asm("add", "r2", "r0", 64)
    asm.own("label(word)")
    asm("ldr_after", "r3", "r0", 4)
    asm("rev", "r3", "r3")
    asm("str_after", "r3", "r1", 4)
    asm("cmp", "r0", "r2")
    asm.own("bne(word)")
    asm("movs", "r0", 0)
