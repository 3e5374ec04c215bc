# Written by firmware/kernels/make_armv7em.py: change what it reads, and run it again.
# ruff: noqa: F821 (the assembler's own names)
"""Scalars of Ed25519 modulo the base point's order L, and their digits for the comb, on cores that have UMAAL.

It decides how numbers mod L are computed, by Montgomery's products on words of 32 bits: no branch and no address
depends on a scalar. It refuses to decide what the scalars mean.
"""

from fieldwire.port import const, micropython

# 2^512 and 2^768 modulo L, 1 and 0, as 32 little-endian bytes.
_R2 = (
    b"\x01\x0f\x9c\x44\xe3\x11\x06\xa4\x47\x93\x85\x68\xa7\x1b\x0e\xd0"
    b"\x65\xbe\xf5\x17\xd2\x73\xec\xce\x3d\x9a\x30\x7c\x1b\x41\x99\x03"
)
_R3 = (
    b"\xdb\xa2\x83\x7b\x68\x49\x9e\x2a\xec\xf3\xf7\xae\xe6\x24\x83\x27"
    b"\x65\x5b\xec\x04\x6c\xdc\x65\x80\xc7\xce\x99\x35\x77\x0b\x53\x0e"
)
_ONE = b"\x01" + bytes(31)
_ZERO = bytes(32)
_NUMBER_BYTES = const(32)
_SUM_AT = const(128)
# Six numbers: two pairs of factors, the sum of their products, and the factor of that.
WORK_BYTES = const(192)


def reduce(work, out, data):
    """out = the 64 bytes of data mod L, 32 canonical bytes. work: WORK_BYTES, left with secrets in it."""
    view = memoryview(data)
    _combined(work, out, (view[32:], _R3, view[:32], _R2, _ZERO, _ONE))


def multiply_add(work, out, data, factor, addend):
    """out = (64 bytes of data * factor + addend) mod L; the factor is below 2^255, all others have 32 bytes."""
    reduce(work, out, data)
    _combined(work, out, (out, factor, addend, _ONE, _ZERO, _R2))


def wipe(buffer):
    """Set all bytes of a bytearray to zero."""
    _wipe(buffer, len(buffer))


def _combined(work, out, numbers):
    view = memoryview(work)
    at = 0
    for number in numbers:
        view[at : at + _NUMBER_BYTES] = number
        at += _NUMBER_BYTES
    _combine(work)
    memoryview(out)[:_NUMBER_BYTES] = view[_SUM_AT : _SUM_AT + _NUMBER_BYTES]


def comb_digits(digits, scalar):
    """Set the 64 bytes of digits to what SELECT takes, from the top column down, for a scalar below 2^255.

    An odd scalar k is a sum of 256 signed bits, +1 where k' = (k + 2^256 - 1) / 2 has a set bit and -1 elsewhere;
    an even one is made odd by L. Digit t of column c holds the bits c + 16 (4t + m) of k', m = 0..3.
    """
    _comb(digits, scalar)


@micropython.asm_thumb
def _combine(r0):
    # Six numbers a to f, e being 0: e = (a * b + c * d) * f / 2^512 mod L.
    push({r8, r9, r10, r11})
    data(2, 0xF1AD, 0x0D10, 0x9002)  # sub sp, sp, #16; str r0, [sp, #8]
    label(product)
    data(2, 0xF100, 0x0120, 0xE9CD, 0x0100)  # add r1, r0, #32; strd r0, r1, [sp, #0]
    data(2, 0xF04F, 0x0400, 0xF04F, 0x0500, 0xF04F, 0x0600)  # mov r4, #0; mov r5, #0; mov r6, #0
    data(2, 0xF04F, 0x0700, 0xF04F, 0x0800, 0xF04F, 0x0900)  # mov r7, #0; mov r8, #0; mov r9, #0
    data(2, 0xF04F, 0x0A00, 0xF04F, 0x0B00)  # mov r10, #0; mov r11, #0
    # One word of a each turn, in r2; r3 is the multiple of L that clears the lowest word.
    label(word)
    data(2, 0x9800, 0xF850, 0x2B04, 0x9000)  # ldr r0, [sp, #0]; ldr r2, [r0], #4; str r0, [sp, #0]
    data(2, 0xF04F, 0x0C00, 0xF04F, 0x0E00, 0x6808)  # mov r12, #0; mov lr, #0; ldr r0, [r1, #0]
    data(2, 0xFBE2, 0x4C60)  # umaal r4, r12, r2, r0
    movw(r0, 32283)
    movt(r0, 4692)
    data(2, 0xFB04, 0xF300)  # mul r3, r4, r0
    movw(r0, 54253)
    movt(r0, 23797)
    data(2, 0xFBE3, 0x4E60, 0x6848)  # umaal r4, lr, r3, r0; ldr r0, [r1, #4]
    data(2, 0xFBE2, 0x5C60)  # umaal r5, r12, r2, r0
    movw(r0, 25370)
    movt(r0, 22546)
    data(2, 0xFBE3, 0x5E60, 0x462C, 0x6888)  # umaal r5, lr, r3, r0; mov r4, r5; ldr r0, [r1, #8]
    data(2, 0xFBE2, 0x6C60)  # umaal r6, r12, r2, r0
    movw(r0, 40150)
    movt(r0, 41719)
    data(2, 0xFBE3, 0x6E60, 0x4635, 0x68C8)  # umaal r6, lr, r3, r0; mov r5, r6; ldr r0, [r1, #12]
    data(2, 0xFBE2, 0x7C60)  # umaal r7, r12, r2, r0
    movw(r0, 63966)
    movt(r0, 5342)
    data(2, 0xFBE3, 0x7E60, 0x463E, 0x6908)  # umaal r7, lr, r3, r0; mov r6, r7; ldr r0, [r1, #16]
    data(2, 0xFBE2, 0x8C60, 0xF04F, 0x0000)  # umaal r8, r12, r2, r0; mov r0, #0
    data(2, 0xFBE3, 0x8E60, 0x4647, 0x6948)  # umaal r8, lr, r3, r0; mov r7, r8; ldr r0, [r1, #20]
    data(2, 0xFBE2, 0x9C60, 0xF04F, 0x0000)  # umaal r9, r12, r2, r0; mov r0, #0
    data(2, 0xFBE3, 0x9E60, 0x46C8, 0x6988)  # umaal r9, lr, r3, r0; mov r8, r9; ldr r0, [r1, #24]
    data(2, 0xFBE2, 0xAC60, 0xF04F, 0x0000)  # umaal r10, r12, r2, r0; mov r0, #0
    data(2, 0xFBE3, 0xAE60, 0x46D1, 0x69C8)  # umaal r10, lr, r3, r0; mov r9, r10; ldr r0, [r1, #28]
    data(2, 0xFBE2, 0xBC60, 0xF04F, 0x5080)  # umaal r11, r12, r2, r0; mov r0, #268435456
    data(2, 0xFBE3, 0xBE60, 0x46DA, 0xEB0C, 0x0B0E)  # umaal r11, lr, r3, r0; mov r10, r11; add r11, r12, lr
    data(2, 0xE9DD, 0x0300, 0x4298)  # ldrd r0, r3, [sp, #0]; cmp r0, r3
    bne(word)
    # r1 is b: the sum goes to e as long as there is another product to add, then to the last one.
    data(2, 0x9802, 0xF100, 0x02A0, 0xF100, 0x0080)  # ldr r0, [sp, #8]; add r2, r0, #160; add r0, r0, #128
    data(2, 0x4291)  # cmp r1, r2
    beq(last)
    data(2, 0xF101, 0x0C20, 0x6803, 0x18E4)  # add r12, r1, #32; ldr r3, [r0, #0]; adds r4, r4, r3
    data(2, 0x6843, 0x415D, 0x6883)  # ldr r3, [r0, #4]; adcs r5, r5, r3; ldr r3, [r0, #8]
    data(2, 0x415E, 0x68C3, 0x415F)  # adcs r6, r6, r3; ldr r3, [r0, #12]; adcs r7, r7, r3
    data(2, 0x6903, 0xEB58, 0x0803, 0x6943)  # ldr r3, [r0, #16]; adcs r8, r8, r3; ldr r3, [r0, #20]
    data(2, 0xEB59, 0x0903, 0x6983, 0xEB5A, 0x0A03)  # adcs r9, r9, r3; ldr r3, [r0, #24]; adcs r10, r10, r3
    data(2, 0x69C3, 0xEB5B, 0x0B03)  # ldr r3, [r0, #28]; adcs r11, r11, r3
    data(2, 0xE880, 0x0FF0, 0x4660)  # stm r0, {r4, r5, r6, r7, r8, r9, r10, r11}; mov r0, r12
    b(product)
    label(last)
    # Take L off, and put it back under the mask of what was borrowed.
    movw(r3, 54253)
    movt(r3, 23797)
    data(2, 0x1AE4)  # subs r4, r4, r3
    movw(r3, 25370)
    movt(r3, 22546)
    data(2, 0x419D)  # sbcs r5, r5, r3
    movw(r3, 40150)
    movt(r3, 41719)
    data(2, 0x419E)  # sbcs r6, r6, r3
    movw(r3, 63966)
    movt(r3, 5342)
    data(2, 0x419F, 0xF04F, 0x0300, 0xEB78, 0x0803)  # sbcs r7, r7, r3; mov r3, #0; sbcs r8, r8, r3
    data(2, 0xF04F, 0x0300, 0xEB79, 0x0903, 0xF04F, 0x0300)  # mov r3, #0; sbcs r9, r9, r3; mov r3, #0
    data(2, 0xEB7A, 0x0A03, 0xF04F, 0x5380)  # sbcs r10, r10, r3; mov r3, #268435456
    data(2, 0xEB7B, 0x0B03, 0xEB62, 0x0202)  # sbcs r11, r11, r3; sbc r2, r2, r2
    movw(r3, 54253)
    movt(r3, 23797)
    data(2, 0xEA03, 0x0302, 0x18E4)  # and r3, r3, r2; adds r4, r4, r3
    movw(r3, 25370)
    movt(r3, 22546)
    data(2, 0xEA03, 0x0302, 0x415D)  # and r3, r3, r2; adcs r5, r5, r3
    movw(r3, 40150)
    movt(r3, 41719)
    data(2, 0xEA03, 0x0302, 0x415E)  # and r3, r3, r2; adcs r6, r6, r3
    movw(r3, 63966)
    movt(r3, 5342)
    data(2, 0xEA03, 0x0302, 0x415F, 0xF04F, 0x0300)  # and r3, r3, r2; adcs r7, r7, r3; mov r3, #0
    data(2, 0xEA03, 0x0302, 0xEB58, 0x0803, 0xF04F, 0x0300)  # and r3, r3, r2; adcs r8, r8, r3; mov r3, #0
    data(2, 0xEA03, 0x0302, 0xEB59, 0x0903, 0xF04F, 0x0300)  # and r3, r3, r2; adcs r9, r9, r3; mov r3, #0
    data(2, 0xEA03, 0x0302, 0xEB5A, 0x0A03)  # and r3, r3, r2; adcs r10, r10, r3
    data(2, 0xF04F, 0x5380, 0xEA03, 0x0302)  # mov r3, #268435456; and r3, r3, r2
    data(2, 0xEB5B, 0x0B03, 0xE880, 0x0FF0)  # adcs r11, r11, r3; stm r0, {r4, r5, r6, r7, r8, r9, r10, r11}
    data(2, 0xF10D, 0x0D10, 0x2000)  # add sp, sp, #16; movs r0, #0
    pop({r8, r9, r10, r11})


@micropython.asm_thumb
def _comb(r0, r1):
    # Digits, scalar.
    push({r8, r9, r10, r11})
    data(2, 0x680C, 0x684D, 0x688E)  # ldr r4, [r1, #0]; ldr r5, [r1, #4]; ldr r6, [r1, #8]
    data(2, 0x68CF, 0xF8D1, 0x8010, 0xF8D1, 0x9014)  # ldr r7, [r1, #12]; ldr r8, [r1, #16]; ldr r9, [r1, #20]
    data(2, 0xF8D1, 0xA018, 0xF8D1, 0xB01C)  # ldr r10, [r1, #24]; ldr r11, [r1, #28]
    # Add L where the scalar is even.
    data(2, 0xF004, 0x0201, 0x3A01)  # and r2, r4, #1; subs r2, r2, #1
    movw(r3, 54253)
    movt(r3, 23797)
    data(2, 0xEA03, 0x0302, 0x18E4)  # and r3, r3, r2; adds r4, r4, r3
    movw(r3, 25370)
    movt(r3, 22546)
    data(2, 0xEA03, 0x0302, 0x415D)  # and r3, r3, r2; adcs r5, r5, r3
    movw(r3, 40150)
    movt(r3, 41719)
    data(2, 0xEA03, 0x0302, 0x415E)  # and r3, r3, r2; adcs r6, r6, r3
    movw(r3, 63966)
    movt(r3, 5342)
    data(2, 0xEA03, 0x0302, 0x415F, 0xF04F, 0x0300)  # and r3, r3, r2; adcs r7, r7, r3; mov r3, #0
    data(2, 0xEA03, 0x0302, 0xEB58, 0x0803, 0xF04F, 0x0300)  # and r3, r3, r2; adcs r8, r8, r3; mov r3, #0
    data(2, 0xEA03, 0x0302, 0xEB59, 0x0903, 0xF04F, 0x0300)  # and r3, r3, r2; adcs r9, r9, r3; mov r3, #0
    data(2, 0xEA03, 0x0302, 0xEB5A, 0x0A03)  # and r3, r3, r2; adcs r10, r10, r3
    data(2, 0xF04F, 0x5380, 0xEA03, 0x0302)  # mov r3, #268435456; and r3, r3, r2
    data(2, 0xEB5B, 0x0B03)  # adcs r11, r11, r3
    # Half of it, and the highest bit on top.
    data(2, 0xEA4F, 0x0454, 0xEA44, 0x74C5)  # mov r4, r4, lsr #1; orr r4, r4, r5, lsl #31
    data(2, 0xEA4F, 0x0555, 0xEA45, 0x75C6)  # mov r5, r5, lsr #1; orr r5, r5, r6, lsl #31
    data(2, 0xEA4F, 0x0656, 0xEA46, 0x76C7)  # mov r6, r6, lsr #1; orr r6, r6, r7, lsl #31
    data(2, 0xEA4F, 0x0757, 0xEA47, 0x77C8)  # mov r7, r7, lsr #1; orr r7, r7, r8, lsl #31
    data(2, 0xEA4F, 0x0858, 0xEA48, 0x78C9)  # mov r8, r8, lsr #1; orr r8, r8, r9, lsl #31
    data(2, 0xEA4F, 0x0959, 0xEA49, 0x79CA)  # mov r9, r9, lsr #1; orr r9, r9, r10, lsl #31
    data(2, 0xEA4F, 0x0A5A, 0xEA4A, 0x7ACB)  # mov r10, r10, lsr #1; orr r10, r10, r11, lsl #31
    data(2, 0xEA4F, 0x0B5B, 0xF04B, 0x4B00)  # mov r11, r11, lsr #1; orr r11, r11, #2147483648
    # Bits 15 and 31 of each word go into the column's digits; then the words move up by one.
    data(2, 0xF04F, 0x0110)  # mov r1, #16
    label(column)
    data(2, 0xF3C4, 0x32C0, 0xEA4F, 0x73D4)  # ubfx r2, r4, #15, #1; mov r3, r4, lsr #31
    data(2, 0xEA42, 0x0243, 0xF3C5, 0x33C0)  # orr r2, r2, r3, lsl #1; ubfx r3, r5, #15, #1
    data(2, 0xEA42, 0x0283, 0xEA4F, 0x73D5)  # orr r2, r2, r3, lsl #2; mov r3, r5, lsr #31
    data(2, 0xEA42, 0x02C3, 0xF800, 0x2B01)  # orr r2, r2, r3, lsl #3; strb r2, [r0], #1
    data(2, 0xEA4F, 0x0444, 0xEA4F, 0x0545)  # mov r4, r4, lsl #1; mov r5, r5, lsl #1
    data(2, 0xF3C6, 0x32C0, 0xEA4F, 0x73D6)  # ubfx r2, r6, #15, #1; mov r3, r6, lsr #31
    data(2, 0xEA42, 0x0243, 0xF3C7, 0x33C0)  # orr r2, r2, r3, lsl #1; ubfx r3, r7, #15, #1
    data(2, 0xEA42, 0x0283, 0xEA4F, 0x73D7)  # orr r2, r2, r3, lsl #2; mov r3, r7, lsr #31
    data(2, 0xEA42, 0x02C3, 0xF800, 0x2B01)  # orr r2, r2, r3, lsl #3; strb r2, [r0], #1
    data(2, 0xEA4F, 0x0646, 0xEA4F, 0x0747)  # mov r6, r6, lsl #1; mov r7, r7, lsl #1
    data(2, 0xF3C8, 0x32C0, 0xEA4F, 0x73D8)  # ubfx r2, r8, #15, #1; mov r3, r8, lsr #31
    data(2, 0xEA42, 0x0243, 0xF3C9, 0x33C0)  # orr r2, r2, r3, lsl #1; ubfx r3, r9, #15, #1
    data(2, 0xEA42, 0x0283, 0xEA4F, 0x73D9)  # orr r2, r2, r3, lsl #2; mov r3, r9, lsr #31
    data(2, 0xEA42, 0x02C3, 0xF800, 0x2B01)  # orr r2, r2, r3, lsl #3; strb r2, [r0], #1
    data(2, 0xEA4F, 0x0848, 0xEA4F, 0x0949)  # mov r8, r8, lsl #1; mov r9, r9, lsl #1
    data(2, 0xF3CA, 0x32C0, 0xEA4F, 0x73DA)  # ubfx r2, r10, #15, #1; mov r3, r10, lsr #31
    data(2, 0xEA42, 0x0243, 0xF3CB, 0x33C0)  # orr r2, r2, r3, lsl #1; ubfx r3, r11, #15, #1
    data(2, 0xEA42, 0x0283, 0xEA4F, 0x73DB)  # orr r2, r2, r3, lsl #2; mov r3, r11, lsr #31
    data(2, 0xEA42, 0x02C3, 0xF800, 0x2B01)  # orr r2, r2, r3, lsl #3; strb r2, [r0], #1
    data(2, 0xEA4F, 0x0A4A, 0xEA4F, 0x0B4B)  # mov r10, r10, lsl #1; mov r11, r11, lsl #1
    data(2, 0x3901)  # subs r1, r1, #1
    bne(column)
    data(2, 0x2000)  # movs r0, #0
    pop({r8, r9, r10, r11})


@micropython.asm_thumb
def _wipe(r0, r1):
    # Buffer, its bytes.
    data(2, 0x2400, 0x2500, 0x2600, 0x2700)  # movs r4, #0; movs r5, #0; movs r6, #0; movs r7, #0
    label(sixteen)
    data(2, 0x3910)  # subs r1, r1, #16
    bcc(rest)
    data(2, 0xC0F0)  # stm r0!, {r4, r5, r6, r7}
    b(sixteen)
    label(rest)
    data(2, 0x3110)  # adds r1, r1, #16
    b(bytes)
    label(byte)
    data(2, 0xF800, 0x4B01, 0x3901)  # strb r4, [r0], #1; subs r1, r1, #1
    label(bytes)
    data(2, 0x2900)  # cmp r1, #0
    bne(byte)
    data(2, 0x2000)  # movs r0, #0
