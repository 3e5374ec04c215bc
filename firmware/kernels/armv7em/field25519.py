# Written by firmware/kernels/make_armv7em.py: change what it reads, and run it again.
# ruff: noqa: F821 (the assembler's own names)
"""The field of 2^255 - 19 for cores that have UMAAL: Cortex-M4, -M7 and -M33.

A register is 8 words of 32 bits, lowest first: any number below 2^256 that is congruent to its element. It decides how
operations are carried out, in constant time; it refuses to decide what the programs compute.
A state holds three words for the kernel, four registers in which `invert` works, then those of the caller.
"""

import struct

from fieldwire.port import const, micropython

MULTIPLY = const(0)  # r[dst] = r[a] * r[b]
SQUARE = const(1)  # r[dst] = r[a] ^ (2 ^ b)
ADD = const(2)  # r[dst] = r[a] + r[b]
SUBTRACT = const(3)  # r[dst] = r[a] - r[b]
SELECT = const(4)  # r[dst], r[dst + 1], r[dst + 2] = the entry of sub-table a that the next digit names

_ELEMENT_BYTES = const(32)
_OWN_AT = const(12)
_REGISTERS_AT = const(140)

# Register 0 ^ (2^255 - 21), by the usual chain; the comments name the powers reached.
_INVERSE = (
    b"\x01\x01\x00\x01\x01\x02\x01\x02\x00\x02\x00\x02\x00\x01\x01\x02"  # 9 in 2, 11 in 1
    b"\x01\x03\x01\x01\x00\x02\x02\x03"  # 2^5 - 1 in 2
    b"\x01\x03\x02\x05\x00\x02\x02\x03"  # 2^10 - 1 in 2
    b"\x01\x03\x02\x0a\x00\x03\x03\x02"  # 2^20 - 1 in 3
    b"\x01\x00\x03\x14\x00\x03\x00\x03\x01\x03\x03\x0a\x00\x02\x03\x02"  # 2^50 - 1 in 2
    b"\x01\x03\x02\x32\x00\x03\x03\x02"  # 2^100 - 1 in 3
    b"\x01\x00\x03\x64\x00\x03\x00\x03\x01\x03\x03\x32\x00\x02\x03\x02"  # 2^250 - 1 in 2
    b"\x01\x02\x02\x05\x00\x00\x02\x01"  # 2^255 - 21 in 0
)


def new_state(registers):
    """A state of so many registers, all zero."""
    return bytearray(_REGISTERS_AT + _ELEMENT_BYTES * registers)


def load(state, register, data):
    """Set a register to 32 little-endian bytes."""
    _element(state, register)[:] = data


def store(state, register):
    """The 32 canonical little-endian bytes of a register."""
    _normalize(state, _REGISTERS_AT + _ELEMENT_BYTES * register)
    return bytes(_element(state, register))


def invert(state, dst, a):
    """Set register dst to 1 / register a; of zero, to zero."""
    own = memoryview(state)[_OWN_AT : _OWN_AT + _ELEMENT_BYTES]
    own[:] = _element(state, a)
    _start(state, _INVERSE, b"", b"", _OWN_AT)
    _element(state, dst)[:] = own


def run(state, program, table, digits):
    """Run a program of 4-byte instructions (operation, dst, a, b), again and again until `digits` are used up.

    SELECT takes a digit d of 0..15: entry d & 7 of a sub-table of 8, or for d < 8 the negative of entry ~d & 7.
    An entry is y + x, y - x and 2dxy of a point, 32 canonical bytes each.
    """
    _start(state, program, table, digits, _REGISTERS_AT)


def _start(state, program, table, digits, registers_at):
    struct.pack_into("<III", state, 0, len(program), len(digits), registers_at)
    _run(state, program, table, digits)


def _element(state, register):
    at = _REGISTERS_AT + _ELEMENT_BYTES * register
    return memoryview(state)[at : at + _ELEMENT_BYTES]


@micropython.asm_thumb
def _run(r0, r1, r2, r3):
    # State, program, table, digits.
    push({r8, r9, r10, r11})
    data(2, 0xF1AD, 0x0D28, 0xE9D0, 0x4500)  # sub sp, sp, #40; ldrd r4, r5, [r0, #0]
    data(2, 0x6886, 0x1980, 0x1864)  # ldr r6, [r0, #8]; adds r0, r0, r6; adds r4, r4, r1
    data(2, 0x18ED, 0x9001, 0xE9CD, 0x4102)  # adds r5, r5, r3; str r0, [sp, #4]; strd r4, r1, [sp, #8]
    data(2, 0xE9CD, 0x2304, 0x9506)  # strd r2, r3, [sp, #16]; str r5, [sp, #24]
    label(again)
    data(2, 0x9100)  # str r1, [sp, #0]
    label(next)
    # An instruction is op, result, first, second. Programs are public: branching on them tells nothing.
    data(2, 0xE89D, 0x100A, 0x4561)  # ldm sp, {r1, r3, r12}; cmp r1, r12
    beq_w(passed)
    data(2, 0xF851, 0x4B04, 0x9100, 0xF3C4, 0x2007)  # ldr r4, [r1], #4; str r1, [sp, #0]; ubfx r0, r4, #8, #8
    data(2, 0xF3C4, 0x4707, 0x0E22)  # ubfx r7, r4, #16, #8; movs r2, r4, lsr #24
    data(2, 0xEB03, 0x1040, 0xEB03, 0x1747)  # add r0, r3, r0, lsl #5; add r7, r3, r7, lsl #5
    data(2, 0xEB03, 0x1242, 0xF014, 0x05FF)  # add r2, r3, r2, lsl #5; ands r5, r4, #255
    beq_w(multiply)
    data(2, 0x2D02)  # cmp r5, #2
    beq_w(add)
    bcc_w(square)
    data(2, 0x2D03)  # cmp r5, #3
    beq_w(subtract)
    # SELECT
    # Bit 3 of the digit: take the entry as it is. Bits 0 to 2, turned over otherwise: its number.
    data(2, 0xE9DD, 0x1304, 0xF3C4, 0x4407)  # ldrd r1, r3, [sp, #16]; ubfx r4, r4, #16, #8
    data(2, 0xF44F, 0x7540, 0xFB04, 0x1105)  # mov r5, #768; mla r1, r4, r5, r1
    data(2, 0xF813, 0x2B01, 0x9305, 0x08D3)  # ldrb r2, [r3], #1; str r3, [sp, #20]; movs r3, r2, lsr #3
    data(2, 0x3B01, 0x405A, 0xF002, 0x0207)  # subs r3, r3, #1; eors r2, r2, r3; and r2, r2, #7
    data(2, 0x1949, 0xF100, 0x0C60)  # adds r1, r1, r5; add r12, r0, #96
    data(2, 0xE9CD, 0x1C07, 0x9309, 0x1B49)  # strd r1, r12, [sp, #28]; str r3, [sp, #36]; subs r1, r1, r5
    label(coordinate)
    data(2, 0xF04F, 0x0400, 0xF04F, 0x0500, 0xF04F, 0x0600)  # mov r4, #0; mov r5, #0; mov r6, #0
    data(2, 0xF04F, 0x0700, 0xF04F, 0x0800, 0xF04F, 0x0900)  # mov r7, #0; mov r8, #0; mov r9, #0
    data(2, 0xF04F, 0x0A00, 0xF04F, 0x0B00)  # mov r10, #0; mov r11, #0
    label(entry)
    # r3 becomes 1 at the entry that r2, counting down, is 0 at.
    data(2, 0xFAB2, 0xF382, 0x095B, 0x3A01)  # clz r3, r2; movs r3, r3, lsr #5; subs r2, r2, #1
    data(2, 0xF8D1, 0xC000, 0xFB0C, 0x4403)  # ldr r12, [r1, #0]; mla r4, r12, r3, r4
    data(2, 0xF8D1, 0xE004, 0xFB0E, 0x5503)  # ldr lr, [r1, #4]; mla r5, lr, r3, r5
    data(2, 0xF8D1, 0xC008, 0xFB0C, 0x6603)  # ldr r12, [r1, #8]; mla r6, r12, r3, r6
    data(2, 0xF8D1, 0xE00C, 0xFB0E, 0x7703)  # ldr lr, [r1, #12]; mla r7, lr, r3, r7
    data(2, 0xF8D1, 0xC010, 0xFB0C, 0x8803)  # ldr r12, [r1, #16]; mla r8, r12, r3, r8
    data(2, 0xF8D1, 0xE014, 0xFB0E, 0x9903)  # ldr lr, [r1, #20]; mla r9, lr, r3, r9
    data(2, 0xF8D1, 0xC018, 0xFB0C, 0xAA03)  # ldr r12, [r1, #24]; mla r10, r12, r3, r10
    data(2, 0xF8D1, 0xE01C, 0xFB0E, 0xBB03)  # ldr lr, [r1, #28]; mla r11, lr, r3, r11
    data(2, 0xF8DD, 0xC01C, 0x3160, 0x4561)  # ldr r12, [sp, #28]; adds r1, r1, #96; cmp r1, r12
    bcc(entry)
    data(2, 0xE8A0, 0x0FF0, 0xF8DD, 0xC020)  # stm r0!, {r4, r5, r6, r7, r8, r9, r10, r11}; ldr r12, [sp, #32]
    data(2, 0xF5A1, 0x7138, 0x3208, 0x4560)  # sub r1, r1, #736; adds r2, r2, #8; cmp r0, r12
    bne(coordinate)
    # r3 is all ones for a negative: exchange the first two results under that mask.
    data(2, 0x9B09, 0xF1A0, 0x0E20, 0xF1AE, 0x0120)  # ldr r3, [sp, #36]; sub lr, r0, #32; sub r1, lr, #32
    data(2, 0xF1B1, 0x0020)  # subs r0, r1, #32
    label(exchange)
    data(2, 0xE890, 0x0030, 0xE891, 0x00C0)  # ldm r0, {r4, r5}; ldm r1, {r6, r7}
    data(2, 0xEA84, 0x0C06, 0xEA0C, 0x0C03)  # eor r12, r4, r6; and r12, r12, r3
    data(2, 0xEA84, 0x040C, 0xEA86, 0x060C)  # eor r4, r4, r12; eor r6, r6, r12
    data(2, 0xEA85, 0x0C07, 0xEA0C, 0x0C03)  # eor r12, r5, r7; and r12, r12, r3
    data(2, 0xEA85, 0x050C, 0xEA87, 0x070C, 0xC030)  # eor r5, r5, r12; eor r7, r7, r12; stm r0!, {r4, r5}
    data(2, 0xC1C0, 0x4571)  # stm r1!, {r6, r7}; cmp r1, lr
    bne(exchange)
    # The third is below p: turned over it is 2^256 - 1 less itself, 37 more than its negative.
    data(2, 0xE891, 0x0FF0, 0xEA84, 0x0403)  # ldm r1, {r4, r5, r6, r7, r8, r9, r10, r11}; eor r4, r4, r3
    data(2, 0xEA85, 0x0503, 0xEA86, 0x0603, 0xEA87, 0x0703)  # eor r5, r5, r3; eor r6, r6, r3; eor r7, r7, r3
    data(2, 0xEA88, 0x0803, 0xEA89, 0x0903)  # eor r8, r8, r3; eor r9, r9, r3
    data(2, 0xEA8A, 0x0A03, 0xEA8B, 0x0B03, 0xF04F, 0x0200)  # eor r10, r10, r3; eor r11, r11, r3; mov r2, #0
    data(2, 0xF003, 0x0325, 0x1AE4, 0x4195)  # and r3, r3, #37; subs r4, r4, r3; sbcs r5, r5, r2
    data(2, 0x4196, 0x4197, 0xEB78, 0x0802)  # sbcs r6, r6, r2; sbcs r7, r7, r2; sbcs r8, r8, r2
    data(2, 0xEB79, 0x0902, 0xEB7A, 0x0A02)  # sbcs r9, r9, r2; sbcs r10, r10, r2
    data(2, 0xEB7B, 0x0B02, 0xE881, 0x0FF0)  # sbcs r11, r11, r2; stm r1, {r4, r5, r6, r7, r8, r9, r10, r11}
    b(next)
    label(multiply)
    data(2, 0xB405, 0xE892, 0x4007)  # push {r0, r2}; ldm r2, {r0, r1, r2, lr}
    data(2, 0xE8B7, 0x0170)  # ldm r7!, {r4, r5, r6, r8}
    # Rows 0 to 3 of the lower half; the first has nothing to add to.
    data(2, 0xFBA4, 0x9300, 0xF04F, 0x0A00, 0xF04F, 0x0B00)  # umull r9, r3, r4, r0; mov r10, #0; mov r11, #0
    data(2, 0xF04F, 0x0C00, 0xFBE4, 0xA361)  # mov r12, #0; umaal r10, r3, r4, r1
    data(2, 0xFBE4, 0xB362, 0xFBE4, 0xC36E)  # umaal r11, r3, r4, r2; umaal r12, r3, r4, lr
    data(2, 0xF04F, 0x0400, 0xFBE5, 0xA460)  # mov r4, #0; umaal r10, r4, r5, r0
    data(2, 0xFBE5, 0xB461, 0xFBE5, 0xC462)  # umaal r11, r4, r5, r1; umaal r12, r4, r5, r2
    data(2, 0xFBE5, 0x346E, 0xF04F, 0x0500)  # umaal r3, r4, r5, lr; mov r5, #0
    data(2, 0xFBE6, 0xB560, 0xFBE6, 0xC561)  # umaal r11, r5, r6, r0; umaal r12, r5, r6, r1
    data(2, 0xFBE6, 0x3562, 0xFBE6, 0x456E)  # umaal r3, r5, r6, r2; umaal r4, r5, r6, lr
    data(2, 0xF04F, 0x0600, 0xFBE8, 0xC660)  # mov r6, #0; umaal r12, r6, r8, r0
    data(2, 0xFBE8, 0x3661, 0xFBE8, 0x4662)  # umaal r3, r6, r8, r1; umaal r4, r6, r8, r2
    data(2, 0xFBE8, 0x566E, 0xE92D, 0x1E00)  # umaal r5, r6, r8, lr; push {r9, r10, r11, r12}
    # Rows 4 to 7 of the lower half.
    data(2, 0xE897, 0x1E00, 0xF04F, 0x0800)  # ldm r7, {r9, r10, r11, r12}; mov r8, #0
    data(2, 0xFBE9, 0x3860, 0xFBE9, 0x4861)  # umaal r3, r8, r9, r0; umaal r4, r8, r9, r1
    data(2, 0xFBE9, 0x5862, 0xFBE9, 0x686E)  # umaal r5, r8, r9, r2; umaal r6, r8, r9, lr
    data(2, 0xF04F, 0x0900, 0xFBEA, 0x4960)  # mov r9, #0; umaal r4, r9, r10, r0
    data(2, 0xFBEA, 0x5961, 0xFBEA, 0x6962)  # umaal r5, r9, r10, r1; umaal r6, r9, r10, r2
    data(2, 0xFBEA, 0x896E, 0xF04F, 0x0A00)  # umaal r8, r9, r10, lr; mov r10, #0
    data(2, 0xFBEB, 0x5A60, 0xFBEB, 0x6A61)  # umaal r5, r10, r11, r0; umaal r6, r10, r11, r1
    data(2, 0xFBEB, 0x8A62, 0xFBEB, 0x9A6E)  # umaal r8, r10, r11, r2; umaal r9, r10, r11, lr
    data(2, 0xF04F, 0x0B00, 0xFBEC, 0x6B60)  # mov r11, #0; umaal r6, r11, r12, r0
    data(2, 0xFBEC, 0x8B61, 0xFBEC, 0x9B62)  # umaal r8, r11, r12, r1; umaal r9, r11, r12, r2
    data(2, 0xFBEC, 0xAB6E, 0xE92D, 0x0F00)  # umaal r10, r11, r12, lr; push {r8, r9, r10, r11}
    # Rows 0 to 3 of the upper half, on top of words 4 to 7.
    data(2, 0xF8DD, 0xC024, 0xE9DC, 0x0104)  # ldr r12, [sp, #36]; ldrd r0, r1, [r12, #16]
    data(2, 0xE9DC, 0x2E06, 0xF1A7, 0x0710)  # ldrd r2, lr, [r12, #24]; sub r7, r7, #16
    data(2, 0xE8B7, 0x1E00, 0xF04F, 0x0800)  # ldm r7!, {r9, r10, r11, r12}; mov r8, #0
    data(2, 0xFBE9, 0x3860, 0xFBE9, 0x4861)  # umaal r3, r8, r9, r0; umaal r4, r8, r9, r1
    data(2, 0xFBE9, 0x5862, 0xFBE9, 0x686E)  # umaal r5, r8, r9, r2; umaal r6, r8, r9, lr
    data(2, 0xF04F, 0x0900, 0xFBEA, 0x4960)  # mov r9, #0; umaal r4, r9, r10, r0
    data(2, 0xFBEA, 0x5961, 0xFBEA, 0x6962)  # umaal r5, r9, r10, r1; umaal r6, r9, r10, r2
    data(2, 0xFBEA, 0x896E, 0xF04F, 0x0A00)  # umaal r8, r9, r10, lr; mov r10, #0
    data(2, 0xFBEB, 0x5A60, 0xFBEB, 0x6A61)  # umaal r5, r10, r11, r0; umaal r6, r10, r11, r1
    data(2, 0xFBEB, 0x8A62, 0xFBEB, 0x9A6E)  # umaal r8, r10, r11, r2; umaal r9, r10, r11, lr
    data(2, 0xF04F, 0x0B00, 0xFBEC, 0x6B60)  # mov r11, #0; umaal r6, r11, r12, r0
    data(2, 0xFBEC, 0x8B61, 0xFBEC, 0x9B62)  # umaal r8, r11, r12, r1; umaal r9, r11, r12, r2
    data(2, 0xFBEC, 0xAB6E, 0xB478)  # umaal r10, r11, r12, lr; push {r3, r4, r5, r6}
    # Rows 4 to 7 of the upper half; words 8 to 11 of the lower half enter as carries.
    data(2, 0xE897, 0x0078, 0xF8DD, 0xC010)  # ldm r7, {r3, r4, r5, r6}; ldr r12, [sp, #16]
    data(2, 0xFBE3, 0x8C60, 0xFBE3, 0x9C61)  # umaal r8, r12, r3, r0; umaal r9, r12, r3, r1
    data(2, 0xFBE3, 0xAC62, 0xFBE3, 0xBC6E)  # umaal r10, r12, r3, r2; umaal r11, r12, r3, lr
    data(2, 0x9B05, 0xFBE4, 0x9360)  # ldr r3, [sp, #20]; umaal r9, r3, r4, r0
    data(2, 0xFBE4, 0xA361, 0xFBE4, 0xB362)  # umaal r10, r3, r4, r1; umaal r11, r3, r4, r2
    data(2, 0xFBE4, 0xC36E, 0x9C06)  # umaal r12, r3, r4, lr; ldr r4, [sp, #24]
    data(2, 0xFBE5, 0xA460, 0xFBE5, 0xB461)  # umaal r10, r4, r5, r0; umaal r11, r4, r5, r1
    data(2, 0xFBE5, 0xC462, 0xFBE5, 0x346E)  # umaal r12, r4, r5, r2; umaal r3, r4, r5, lr
    data(2, 0x9D07, 0xFBE6, 0xB560)  # ldr r5, [sp, #28]; umaal r11, r5, r6, r0
    data(2, 0xFBE6, 0xC561, 0xFBE6, 0x3562)  # umaal r12, r5, r6, r1; umaal r3, r5, r6, r2
    data(2, 0xFBE6, 0x456E)  # umaal r4, r5, r6, lr
    # 2^256 = 38. Word 15 goes first: what then exceeds 2^255 enters at word 0 as 19 times itself.
    data(2, 0xF04F, 0x0626, 0xF8DD, 0xE00C, 0xF04F, 0x0700)  # mov r6, #38; ldr lr, [sp, #12]; mov r7, #0
    data(2, 0xFBE5, 0xE766, 0xF04F, 0x0513)  # umaal lr, r7, r5, r6; mov r5, #19
    data(2, 0xEB1E, 0x0E0E, 0xEB47, 0x0707)  # adds lr, lr, lr; adc r7, r7, r7
    data(2, 0xEA4F, 0x0E5E, 0xFB07, 0xF705)  # mov lr, lr, lsr #1; mul r7, r7, r5
    data(2, 0xE9DD, 0x0108, 0xFBE8, 0x0766)  # ldrd r0, r1, [sp, #32]; umaal r0, r7, r8, r6
    data(2, 0xFBE9, 0x1766, 0xE9DD, 0x250A)  # umaal r1, r7, r9, r6; ldrd r2, r5, [sp, #40]
    data(2, 0xFBEA, 0x2766, 0xFBEB, 0x5766)  # umaal r2, r7, r10, r6; umaal r5, r7, r11, r6
    data(2, 0xE9DD, 0x8900, 0xFBEC, 0x8766)  # ldrd r8, r9, [sp, #0]; umaal r8, r7, r12, r6
    data(2, 0xFBE3, 0x9766, 0xF8DD, 0xA008)  # umaal r9, r7, r3, r6; ldr r10, [sp, #8]
    data(2, 0xFBE4, 0xA766, 0x44BE, 0x9E0C)  # umaal r10, r7, r4, r6; add lr, lr, r7; ldr r6, [sp, #48]
    data(2, 0xE886, 0x4727, 0xF10D, 0x0D38)  # stm r6, {r0, r1, r2, r5, r8, r9, r10, lr}; add sp, sp, #56
    b(next)
    label(add)
    data(2, 0xE897, 0x0FF0, 0xF8D2, 0xE01C)  # ldm r7, {r4, r5, r6, r7, r8, r9, r10, r11}; ldr lr, [r2, #28]
    data(2, 0xF04F, 0x0300, 0xF04F, 0x0C13, 0xEB1B, 0x0B0E)  # mov r3, #0; mov r12, #19; adds r11, r11, lr
    data(2, 0xEB43, 0x0303, 0xEB1B, 0x0B0B)  # adc r3, r3, r3; adds r11, r11, r11
    data(2, 0xEB43, 0x0303, 0xEA4F, 0x0B5B)  # adc r3, r3, r3; mov r11, r11, lsr #1
    data(2, 0xE9D2, 0x1E00, 0xFBE3, 0x416C)  # ldrd r1, lr, [r2, #0]; umaal r4, r1, r3, r12
    data(2, 0xF04F, 0x0C01, 0xFBE1, 0x5E6C)  # mov r12, #1; umaal r5, lr, r1, r12
    data(2, 0xE9D2, 0x1302, 0xFBEE, 0x616C)  # ldrd r1, r3, [r2, #8]; umaal r6, r1, lr, r12
    data(2, 0xFBE1, 0x736C, 0xE9D2, 0x1E04)  # umaal r7, r3, r1, r12; ldrd r1, lr, [r2, #16]
    data(2, 0xFBE3, 0x816C, 0xFBE1, 0x9E6C)  # umaal r8, r1, r3, r12; umaal r9, lr, r1, r12
    data(2, 0x6991, 0xFBEE, 0xA16C, 0x448B)  # ldr r1, [r2, #24]; umaal r10, r1, lr, r12; add r11, r11, r1
    data(2, 0xE880, 0x0FF0)  # stm r0, {r4, r5, r6, r7, r8, r9, r10, r11}
    b(next)
    label(subtract)
    data(2, 0xE897, 0x0FF0)  # ldm r7, {r4, r5, r6, r7, r8, r9, r10, r11}
    data(2, 0xE8B2, 0x500A, 0x1A64, 0x419D)  # ldm r2!, {r1, r3, r12, lr}; subs r4, r4, r1; sbcs r5, r5, r3
    data(2, 0xEB76, 0x060C, 0xEB77, 0x070E)  # sbcs r6, r6, r12; sbcs r7, r7, lr
    data(2, 0xE892, 0x500A, 0xEB78, 0x0801)  # ldm r2, {r1, r3, r12, lr}; sbcs r8, r8, r1
    data(2, 0xEB79, 0x0903, 0xEB7A, 0x0A0C)  # sbcs r9, r9, r3; sbcs r10, r10, r12
    data(2, 0xEB7B, 0x0B0E, 0xEB61, 0x0101)  # sbcs r11, r11, lr; sbc r1, r1, r1
    data(2, 0xF001, 0x0126, 0xF04F, 0x0300, 0x1A64)  # and r1, r1, #38; mov r3, #0; subs r4, r4, r1
    data(2, 0x419D, 0x419E, 0x419F)  # sbcs r5, r5, r3; sbcs r6, r6, r3; sbcs r7, r7, r3
    data(2, 0xEB78, 0x0803, 0xEB79, 0x0903)  # sbcs r8, r8, r3; sbcs r9, r9, r3
    data(2, 0xEB7A, 0x0A03, 0xEB7B, 0x0B03)  # sbcs r10, r10, r3; sbcs r11, r11, r3
    data(2, 0xEB61, 0x0101, 0xF001, 0x0126, 0xEBA4, 0x0401)  # sbc r1, r1, r1; and r1, r1, #38; sub r4, r4, r1
    data(2, 0xE880, 0x0FF0)  # stm r0, {r4, r5, r6, r7, r8, r9, r10, r11}
    b(next)
    label(square)
    data(2, 0x0E24)  # movs r4, r4, lsr #24
    label(squaring)
    data(2, 0x9407, 0xB401, 0xE8B7, 0x0F00)  # str r4, [sp, #28]; push {r0}; ldm r7!, {r8, r9, r10, r11}
    # Words 0 to 3 of the operand among themselves.
    data(2, 0xFBA8, 0x1209, 0xF04F, 0x0C00)  # umull r1, r2, r8, r9; mov r12, #0
    data(2, 0xFBE8, 0x2C6A, 0xF04F, 0x0300)  # umaal r2, r12, r8, r10; mov r3, #0
    data(2, 0xFBE8, 0xC36B, 0xF04F, 0x0400)  # umaal r12, r3, r8, r11; mov r4, #0
    data(2, 0xFBE9, 0xC46A, 0xFBE9, 0x346B)  # umaal r12, r4, r9, r10; umaal r3, r4, r9, r11
    data(2, 0xF04F, 0x0500, 0xFBEA, 0x456B)  # mov r5, #0; umaal r4, r5, r10, r11
    data(2, 0xFBA8, 0x0E08, 0xF04F, 0x0600, 0x1849)  # umull r0, lr, r8, r8; mov r6, #0; adds r1, r1, r1
    data(2, 0xFBE6, 0x1E66, 0x4152)  # umaal r1, lr, r6, r6; adcs r2, r2, r2
    data(2, 0xFBE9, 0x2E69, 0xEB5C, 0x0C0C)  # umaal r2, lr, r9, r9; adcs r12, r12, r12
    data(2, 0xFBE6, 0xCE66, 0xE92D, 0x1007)  # umaal r12, lr, r6, r6; push {r0, r1, r2, r12}
    # Words 0 to 3 by words 4 to 7.
    data(2, 0xE897, 0x1007, 0xF04F, 0x0700)  # ldm r7, {r0, r1, r2, r12}; mov r7, #0
    data(2, 0xFBE8, 0x3760, 0xFBE8, 0x4761)  # umaal r3, r7, r8, r0; umaal r4, r7, r8, r1
    data(2, 0xFBE8, 0x5762, 0xFBE8, 0x676C)  # umaal r5, r7, r8, r2; umaal r6, r7, r8, r12
    data(2, 0x415B, 0xFBEA, 0x3E6A, 0xF04F, 0x0800)  # adcs r3, r3, r3; umaal r3, lr, r10, r10; mov r8, #0
    data(2, 0xFBE9, 0x4860, 0xFBE9, 0x5861)  # umaal r4, r8, r9, r0; umaal r5, r8, r9, r1
    data(2, 0xFBE9, 0x6862, 0xFBE9, 0x786C)  # umaal r6, r8, r9, r2; umaal r7, r8, r9, r12
    data(2, 0xF04F, 0x0900, 0x4164, 0xFBE9, 0x4E69)  # mov r9, #0; adcs r4, r4, r4; umaal r4, lr, r9, r9
    data(2, 0xF04F, 0x0900, 0xFBEA, 0x5960)  # mov r9, #0; umaal r5, r9, r10, r0
    data(2, 0xFBEA, 0x6961, 0xFBEA, 0x7962)  # umaal r6, r9, r10, r1; umaal r7, r9, r10, r2
    data(2, 0xFBEA, 0x896C, 0x416D)  # umaal r8, r9, r10, r12; adcs r5, r5, r5
    data(2, 0xFBEB, 0x5E6B, 0xF04F, 0x0A00)  # umaal r5, lr, r11, r11; mov r10, #0
    data(2, 0xFBEB, 0x6A60, 0xFBEB, 0x7A61)  # umaal r6, r10, r11, r0; umaal r7, r10, r11, r1
    data(2, 0xFBEB, 0x8A62, 0xFBEB, 0x9A6C)  # umaal r8, r10, r11, r2; umaal r9, r10, r11, r12
    data(2, 0xF04F, 0x0B00, 0x4176, 0xFBEB, 0x6E6B)  # mov r11, #0; adcs r6, r6, r6; umaal r6, lr, r11, r11
    data(2, 0xB478)  # push {r3, r4, r5, r6}
    # Words 4 to 7 among themselves.
    data(2, 0xF04F, 0x0300, 0xFBE0, 0x8361)  # mov r3, #0; umaal r8, r3, r0, r1
    data(2, 0xFBE0, 0x9362, 0xFBE0, 0xA36C)  # umaal r9, r3, r0, r2; umaal r10, r3, r0, r12
    data(2, 0xF04F, 0x0400, 0xFBE1, 0xA462)  # mov r4, #0; umaal r10, r4, r1, r2
    data(2, 0xFBE1, 0x346C, 0xF04F, 0x0500)  # umaal r3, r4, r1, r12; mov r5, #0
    data(2, 0xFBE2, 0x456C, 0x417F)  # umaal r4, r5, r2, r12; adcs r7, r7, r7
    data(2, 0xFBE0, 0x7E60, 0xEB58, 0x0808)  # umaal r7, lr, r0, r0; adcs r8, r8, r8
    data(2, 0xFBEB, 0x8E6B, 0xEB59, 0x0909)  # umaal r8, lr, r11, r11; adcs r9, r9, r9
    data(2, 0xFBE1, 0x9E61, 0xEB5A, 0x0A0A)  # umaal r9, lr, r1, r1; adcs r10, r10, r10
    data(2, 0xFBEB, 0xAE6B, 0x415B)  # umaal r10, lr, r11, r11; adcs r3, r3, r3
    data(2, 0xFBE2, 0x3E62, 0x4164)  # umaal r3, lr, r2, r2; adcs r4, r4, r4
    data(2, 0xFBEB, 0x4E6B, 0x416D)  # umaal r4, lr, r11, r11; adcs r5, r5, r5
    data(2, 0xFBEC, 0x5E6C, 0xEB4B, 0x060E)  # umaal r5, lr, r12, r12; adc r6, r11, lr
    # 2^256 = 38. Word 15 goes first: what then exceeds 2^255 enters at word 0 as 19 times itself.
    data(2, 0xF04F, 0x0B26, 0xF8DD, 0xC00C, 0xF04F, 0x0E00)  # mov r11, #38; ldr r12, [sp, #12]; mov lr, #0
    data(2, 0xFBE6, 0xCE6B, 0xF04F, 0x0613)  # umaal r12, lr, r6, r11; mov r6, #19
    data(2, 0xEB1C, 0x0C0C, 0xEB4E, 0x0E0E)  # adds r12, r12, r12; adc lr, lr, lr
    data(2, 0xEA4F, 0x0C5C, 0xFB0E, 0xFE06)  # mov r12, r12, lsr #1; mul lr, lr, r6
    data(2, 0xE9DD, 0x0104, 0xFBE7, 0x0E6B)  # ldrd r0, r1, [sp, #16]; umaal r0, lr, r7, r11
    data(2, 0xFBE8, 0x1E6B, 0xE9DD, 0x2606)  # umaal r1, lr, r8, r11; ldrd r2, r6, [sp, #24]
    data(2, 0xFBE9, 0x2E6B, 0xFBEA, 0x6E6B)  # umaal r2, lr, r9, r11; umaal r6, lr, r10, r11
    data(2, 0xE9DD, 0x7800, 0xFBE3, 0x7E6B)  # ldrd r7, r8, [sp, #0]; umaal r7, lr, r3, r11
    data(2, 0xFBE4, 0x8E6B, 0xF8DD, 0x9008)  # umaal r8, lr, r4, r11; ldr r9, [sp, #8]
    data(2, 0xFBE5, 0x9E6B, 0x44F4)  # umaal r9, lr, r5, r11; add r12, r12, lr
    data(2, 0xF8DD, 0xB020, 0xE88B, 0x13C7)  # ldr r11, [sp, #32]; stm r11, {r0, r1, r2, r6, r7, r8, r9, r12}
    data(2, 0xF10D, 0x0D24, 0x9C07, 0x4658)  # add sp, sp, #36; ldr r4, [sp, #28]; mov r0, r11
    data(2, 0x465F, 0x3C01)  # mov r7, r11; subs r4, r4, #1
    bne_w(squaring)
    b(next)
    label(passed)
    # Again from the program's start while there are digits.
    data(2, 0xE9DD, 0x1203, 0xE9DD, 0x2305)  # ldrd r1, r2, [sp, #12]; ldrd r2, r3, [sp, #20]
    data(2, 0x429A)  # cmp r2, r3
    bne_w(again)
    data(2, 0xF10D, 0x0D28, 0x2000)  # add sp, sp, #40; movs r0, #0
    pop({r8, r9, r10, r11})


@micropython.asm_thumb
def _normalize(r0, r1):
    # State, and where in it an element lies, of which the number below p is left.
    push({r8, r9, r10, r11})
    data(2, 0x1840, 0xE890, 0x0FF0)  # adds r0, r0, r1; ldm r0, {r4, r5, r6, r7, r8, r9, r10, r11}
    data(2, 0x2113, 0x2200)  # movs r1, #19; movs r2, #0
    # What exceeds 2^255 enters at word 0 as 19; what is left is below 2^255 + 19.
    data(2, 0xEA4F, 0x73DB, 0xF02B, 0x4B00)  # mov r3, r11, lsr #31; bic r11, r11, #2147483648
    data(2, 0xFB03, 0xF301, 0xFBE2, 0x4362)  # mul r3, r3, r1; umaal r4, r3, r2, r2
    data(2, 0xFBE2, 0x5362, 0xFBE2, 0x6362)  # umaal r5, r3, r2, r2; umaal r6, r3, r2, r2
    data(2, 0xFBE2, 0x7362, 0xFBE2, 0x8362)  # umaal r7, r3, r2, r2; umaal r8, r3, r2, r2
    data(2, 0xFBE2, 0x9362, 0xFBE2, 0xA362)  # umaal r9, r3, r2, r2; umaal r10, r3, r2, r2
    data(2, 0x449B)  # add r11, r11, r3
    # From p on, 19 more reach 2^255: then those 19 stay and 2^255 goes.
    data(2, 0x1863, 0xEB55, 0x0302, 0xEB56, 0x0302)  # adds r3, r4, r1; adcs r3, r5, r2; adcs r3, r6, r2
    data(2, 0xEB57, 0x0302, 0xEB58, 0x0302)  # adcs r3, r7, r2; adcs r3, r8, r2
    data(2, 0xEB59, 0x0302, 0xEB5A, 0x0302)  # adcs r3, r9, r2; adcs r3, r10, r2
    data(2, 0xEB5B, 0x0302, 0xEA4F, 0x73D3)  # adcs r3, r11, r2; mov r3, r3, lsr #31
    data(2, 0xFB03, 0xF301, 0xFBE2, 0x4362)  # mul r3, r3, r1; umaal r4, r3, r2, r2
    data(2, 0xFBE2, 0x5362, 0xFBE2, 0x6362)  # umaal r5, r3, r2, r2; umaal r6, r3, r2, r2
    data(2, 0xFBE2, 0x7362, 0xFBE2, 0x8362)  # umaal r7, r3, r2, r2; umaal r8, r3, r2, r2
    data(2, 0xFBE2, 0x9362, 0xFBE2, 0xA362)  # umaal r9, r3, r2, r2; umaal r10, r3, r2, r2
    data(2, 0x449B, 0xF02B, 0x4B00)  # add r11, r11, r3; bic r11, r11, #2147483648
    data(2, 0xE880, 0x0FF0, 0x2000)  # stm r0, {r4, r5, r6, r7, r8, r9, r10, r11}; movs r0, #0
    pop({r8, r9, r10, r11})
