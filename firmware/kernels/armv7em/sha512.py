# Written by firmware/kernels/make_armv7em.py: change what it reads, and run it again.
# ruff: noqa: F821 (the assembler's own names)
"""SHA-512 (FIPS 180-4) for ARMv7-M: hashlib where it has it, else a kernel of assembler.

Each 64-bit word is two 32-bit halves, the high one first. Its time depends on the length alone.
Message parts are hashed where they lie, so that no copy of a secret is left.
"""

import hashlib
import struct

from fieldwire.port import const, micropython

_BLOCK_BYTES = const(128)
# Scratch: the chaining value, the working variables, the 80 words of the schedule; a block fills the first 16.
SCRATCH_BYTES = const(768)

_INITIAL = (
    b"\x67\xe6\x09\x6a\x08\xc9\xbc\xf3\x85\xae\x67\xbb\x3b\xa7\xca\x84"
    b"\x72\xf3\x6e\x3c\x2b\xf8\x94\xfe\x3a\xf5\x4f\xa5\xf1\x36\x1d\x5f"
    b"\x7f\x52\x0e\x51\xd1\x82\xe6\xad\x8c\x68\x05\x9b\x1f\x6c\x3e\x2b"
    b"\xab\xd9\x83\x1f\x6b\xbd\x41\xfb\x19\xcd\xe0\x5b\x79\x21\x7e\x13"
)
_ROUND = (
    b"\x98\x2f\x8a\x42\x22\xae\x28\xd7\x91\x44\x37\x71\xcd\x65\xef\x23\xcf\xfb\xc0\xb5\x2f\x3b\x4d\xec"
    b"\xa5\xdb\xb5\xe9\xbc\xdb\x89\x81\x5b\xc2\x56\x39\x38\xb5\x48\xf3\xf1\x11\xf1\x59\x19\xd0\x05\xb6"
    b"\xa4\x82\x3f\x92\x9b\x4f\x19\xaf\xd5\x5e\x1c\xab\x18\x81\x6d\xda\x98\xaa\x07\xd8\x42\x02\x03\xa3"
    b"\x01\x5b\x83\x12\xbe\x6f\x70\x45\xbe\x85\x31\x24\x8c\xb2\xe4\x4e\xc3\x7d\x0c\x55\xe2\xb4\xff\xd5"
    b"\x74\x5d\xbe\x72\x6f\x89\x7b\xf2\xfe\xb1\xde\x80\xb1\x96\x16\x3b\xa7\x06\xdc\x9b\x35\x12\xc7\x25"
    b"\x74\xf1\x9b\xc1\x94\x26\x69\xcf\xc1\x69\x9b\xe4\xd2\x4a\xf1\x9e\x86\x47\xbe\xef\xe3\x25\x4f\x38"
    b"\xc6\x9d\xc1\x0f\xb5\xd5\x8c\x8b\xcc\xa1\x0c\x24\x65\x9c\xac\x77\x6f\x2c\xe9\x2d\x75\x02\x2b\x59"
    b"\xaa\x84\x74\x4a\x83\xe4\xa6\x6e\xdc\xa9\xb0\x5c\xd4\xfb\x41\xbd\xda\x88\xf9\x76\xb5\x53\x11\x83"
    b"\x52\x51\x3e\x98\xab\xdf\x66\xee\x6d\xc6\x31\xa8\x10\x32\xb4\x2d\xc8\x27\x03\xb0\x3f\x21\xfb\x98"
    b"\xc7\x7f\x59\xbf\xe4\x0e\xef\xbe\xf3\x0b\xe0\xc6\xc2\x8f\xa8\x3d\x47\x91\xa7\xd5\x25\xa7\x0a\x93"
    b"\x51\x63\xca\x06\x6f\x82\x03\xe0\x67\x29\x29\x14\x70\x6e\x0e\x0a\x85\x0a\xb7\x27\xfc\x2f\xd2\x46"
    b"\x38\x21\x1b\x2e\x26\xc9\x26\x5c\xfc\x6d\x2c\x4d\xed\x2a\xc4\x5a\x13\x0d\x38\x53\xdf\xb3\x95\x9d"
    b"\x54\x73\x0a\x65\xde\x63\xaf\x8b\xbb\x0a\x6a\x76\xa8\xb2\x77\x3c\x2e\xc9\xc2\x81\xe6\xae\xed\x47"
    b"\x85\x2c\x72\x92\x3b\x35\x82\x14\xa1\xe8\xbf\xa2\x64\x03\xf1\x4c\x4b\x66\x1a\xa8\x01\x30\x42\xbc"
    b"\x70\x8b\x4b\xc2\x91\x97\xf8\xd0\xa3\x51\x6c\xc7\x30\xbe\x54\x06\x19\xe8\x92\xd1\x18\x52\xef\xd6"
    b"\x24\x06\x99\xd6\x10\xa9\x65\x55\x85\x35\x0e\xf4\x2a\x20\x71\x57\x70\xa0\x6a\x10\xb8\xd1\xbb\x32"
    b"\x16\xc1\xa4\x19\xc8\xd0\xd2\xb8\x08\x6c\x37\x1e\x53\xab\x41\x51\x4c\x77\x48\x27\x99\xeb\x8e\xdf"
    b"\xb5\xbc\xb0\x34\xa8\x48\x9b\xe1\xb3\x0c\x1c\x39\x63\x5a\xc9\xc5\x4a\xaa\xd8\x4e\xcb\x8a\x41\xe3"
    b"\x4f\xca\x9c\x5b\x73\xe3\x63\x77\xf3\x6f\x2e\x68\xa3\xb8\xb2\xd6\xee\x82\x8f\x74\xfc\xb2\xef\x5d"
    b"\x6f\x63\xa5\x78\x60\x2f\x17\x43\x14\x78\xc8\x84\x72\xab\xf0\xa1\x08\x02\xc7\x8c\xec\x39\x64\x1a"
    b"\xfa\xff\xbe\x90\x28\x1e\x63\x23\xeb\x6c\x50\xa4\xe9\xbd\x82\xde\xf7\xa3\xf9\xbe\x15\x79\xc6\xb2"
    b"\xf2\x78\x71\xc6\x2b\x53\x72\xe3\xce\x3e\x27\xca\x9c\x61\x26\xea\xc7\xb8\x86\xd1\x07\xc2\xc0\x21"
    b"\xd6\x7d\xda\xea\x1e\xeb\xe0\xcd\x7f\x4f\x7d\xf5\x78\xd1\x6e\xee\xaa\x67\xf0\x06\xba\x6f\x17\x72"
    b"\xc5\x7d\x63\x0a\xa6\x98\xc8\xa2\x04\x98\x3f\x11\xae\x0d\xf9\xbe\x35\x0b\x71\x1b\x1b\x47\x1c\x13"
    b"\xf5\x77\xdb\x28\x84\x7d\x04\x23\x7b\xab\xca\x32\x93\x24\xc7\x40\x0a\xbe\x9e\x3c\xbc\xbe\xc9\x15"
    b"\xc4\x67\x1d\x43\x4c\x0d\x10\x9c\xbe\xd4\xc5\x4c\xb6\x42\x3e\xcb\x9c\x29\x7f\x59\x2a\x7e\x65\xfc"
    b"\xab\x6f\xcb\x5f\xec\xfa\xd6\x3a\x8c\x19\x44\x6c\x17\x58\x47\x4a"
)


@micropython.asm_thumb
def _absorb(r0, r1, r2, r3):
    # Scratch, data, the bytes of data times 128 plus those that wait in the block, the rounds' constants.
    push({r8, r9, r10, r11})
    data(2, 0xF1AD, 0x0D10, 0xE9CD, 0x0300)  # sub sp, sp, #16; strd r0, r3, [sp, #0]
    data(2, 0xF012, 0x057F, 0x09D4)  # ands r5, r2, #127; movs r4, r2, lsr #7
    label(take)
    # r5 bytes wait in the block, r4 are left: take all of these, or as many as the block has room for.
    data(2, 0xF1C5, 0x0680, 0x42B4)  # rsb r6, r5, #128; cmp r4, r6
    bcs(fits)
    data(2, 0x4626)  # mov r6, r4
    label(fits)
    data(2, 0x1BA4, 0x19AD, 0xF100, 0x0C80)  # subs r4, r4, r6; adds r5, r5, r6; add r12, r0, #128
    data(2, 0x44AC, 0xEBBC, 0x0206)  # add r12, r12, r5; subs r2, r12, r6
    b(bytes)
    label(byte)
    data(2, 0xF811, 0x7B01, 0xF802, 0x7B01)  # ldrb r7, [r1], #1; strb r7, [r2], #1
    label(bytes)
    data(2, 0x4562)  # cmp r2, r12
    bne(byte)
    data(2, 0x2D80)  # cmp r5, #128
    bne_w(done)
    data(2, 0xE9CD, 0x1402)  # strd r1, r4, [sp, #8]
    # The full block is words 0 to 15 of the schedule, once their bytes are turned.
    data(2, 0xF100, 0x0E80, 0x46F4, 0xF10E, 0x0280)  # add lr, r0, #128; mov r12, lr; add r2, lr, #128
    label(turn)
    data(2, 0xE89C, 0x00F0, 0xBA24, 0xBA2D)  # ldm r12, {r4, r5, r6, r7}; rev r4, r4; rev r5, r5
    data(2, 0xBA36, 0xBA3F, 0xE8AC, 0x00F0)  # rev r6, r6; rev r7, r7; stm r12!, {r4, r5, r6, r7}
    data(2, 0x4594)  # cmp r12, r2
    bne(turn)
    # Words 16 to 79 of the schedule.
    data(2, 0xF502, 0x7200, 0xE9DE, 0x8900)  # add r2, r2, #512; ldrd r8, r9, [lr, #0]
    label(expand)
    # r8:r9 is the word 16 back; the word 15 back comes after it and takes its place.
    data(2, 0xE95C, 0x670E, 0xEB17, 0x0709)  # ldrd r6, r7, [r12, #-56]; adds r7, r7, r9
    data(2, 0xEB46, 0x0608, 0xE95C, 0x891E)  # adc r6, r6, r8; ldrd r8, r9, [r12, #-120]
    data(2, 0xEA4F, 0x0559, 0xEA85, 0x75C8)  # mov r5, r9, lsr #1; eor r5, r5, r8, lsl #31
    data(2, 0xEA85, 0x2519, 0xEA85, 0x6508)  # eor r5, r5, r9, lsr #8; eor r5, r5, r8, lsl #24
    data(2, 0xEA85, 0x15D9, 0xEA85, 0x6548)  # eor r5, r5, r9, lsr #7; eor r5, r5, r8, lsl #25
    data(2, 0x197F, 0xEA4F, 0x0558)  # adds r7, r7, r5; mov r5, r8, lsr #1
    data(2, 0xEA85, 0x75C9, 0xEA85, 0x2518)  # eor r5, r5, r9, lsl #31; eor r5, r5, r8, lsr #8
    data(2, 0xEA85, 0x6509, 0xEA85, 0x15D8)  # eor r5, r5, r9, lsl #24; eor r5, r5, r8, lsr #7
    data(2, 0xEB46, 0x0605, 0xE95C, 0x1404)  # adc r6, r6, r5; ldrd r1, r4, [r12, #-16]
    data(2, 0xEA4F, 0x45D4, 0xEA85, 0x3541)  # mov r5, r4, lsr #19; eor r5, r5, r1, lsl #13
    data(2, 0xEA85, 0x7551, 0xEA85, 0x05C4)  # eor r5, r5, r1, lsr #29; eor r5, r5, r4, lsl #3
    data(2, 0xEA85, 0x1594, 0xEA85, 0x6581)  # eor r5, r5, r4, lsr #6; eor r5, r5, r1, lsl #26
    data(2, 0x197F, 0xEA4F, 0x45D1)  # adds r7, r7, r5; mov r5, r1, lsr #19
    data(2, 0xEA85, 0x3544, 0xEA85, 0x7554)  # eor r5, r5, r4, lsl #13; eor r5, r5, r4, lsr #29
    data(2, 0xEA85, 0x05C1, 0xEA85, 0x1591)  # eor r5, r5, r1, lsl #3; eor r5, r5, r1, lsr #6
    data(2, 0xEB46, 0x0605, 0xE8EC, 0x6702, 0x4594)  # adc r6, r6, r5; strd r6, r7, [r12], #8; cmp r12, r2
    bne(expand)
    # The working variables start as the chaining value, in the opposite order.
    data(2, 0xE9D0, 0x4500, 0xE9C0, 0x451E)  # ldrd r4, r5, [r0, #0]; strd r4, r5, [r0, #120]
    data(2, 0xE9D0, 0x4502, 0xE9C0, 0x451C)  # ldrd r4, r5, [r0, #8]; strd r4, r5, [r0, #112]
    data(2, 0xE9D0, 0x4504, 0xE9C0, 0x451A)  # ldrd r4, r5, [r0, #16]; strd r4, r5, [r0, #104]
    data(2, 0xE9D0, 0x4506, 0xE9C0, 0x4518)  # ldrd r4, r5, [r0, #24]; strd r4, r5, [r0, #96]
    data(2, 0xE9D0, 0x4508, 0xE9C0, 0x4516)  # ldrd r4, r5, [r0, #32]; strd r4, r5, [r0, #88]
    data(2, 0xE9D0, 0x450A, 0xE9C0, 0x4514)  # ldrd r4, r5, [r0, #40]; strd r4, r5, [r0, #80]
    data(2, 0xE9D0, 0x450C, 0xE9C0, 0x4512)  # ldrd r4, r5, [r0, #48]; strd r4, r5, [r0, #72]
    data(2, 0xE9D0, 0x450E, 0xE9C0, 0x4510)  # ldrd r4, r5, [r0, #56]; strd r4, r5, [r0, #64]
    # 80 rounds. r4:r5 is a, r6:r7 is e, r8:r9 is b xor c; r10:r11 gathers the sums.
    data(2, 0xF100, 0x0078, 0xE950, 0x1C02)  # add r0, r0, #120; ldrd r1, r12, [r0, #-8]
    data(2, 0xE950, 0x8904, 0xEA88, 0x0801)  # ldrd r8, r9, [r0, #-16]; eor r8, r8, r1
    data(2, 0xEA89, 0x090C, 0xE9D0, 0x4500)  # eor r9, r9, r12; ldrd r4, r5, [r0, #0]
    data(2, 0xE950, 0x6708, 0xF1A2, 0x0208)  # ldrd r6, r7, [r0, #-32]; sub r2, r2, #8
    label(round)
    # T1 = h + Ch(e, f, g) + K + W + the turned e.
    data(2, 0xE950, 0x1C0A, 0xE950, 0xAB0C)  # ldrd r1, r12, [r0, #-40]; ldrd r10, r11, [r0, #-48]
    data(2, 0xEA81, 0x010A, 0xEA01, 0x0106)  # eor r1, r1, r10; and r1, r1, r6
    data(2, 0xEA8A, 0x0A01, 0xEA8C, 0x0C0B)  # eor r10, r10, r1; eor r12, r12, r11
    data(2, 0xEA0C, 0x0C07, 0xEA8B, 0x0B0C)  # and r12, r12, r7; eor r11, r11, r12
    data(2, 0xE950, 0x1C0E, 0xEB1B, 0x0B0C)  # ldrd r1, r12, [r0, #-56]; adds r11, r11, r12
    data(2, 0xEB4A, 0x0A01, 0xE9D0, 0x1C02)  # adc r10, r10, r1; ldrd r1, r12, [r0, #8]
    data(2, 0xEB1B, 0x0B0C, 0xEB4A, 0x0A01)  # adds r11, r11, r12; adc r10, r10, r1
    data(2, 0xF853, 0x1B04, 0xF853, 0xCB04)  # ldr r1, [r3], #4; ldr r12, [r3], #4
    data(2, 0xEB1B, 0x0B0C, 0xEB4A, 0x0A01)  # adds r11, r11, r12; adc r10, r10, r1
    data(2, 0xEA4F, 0x3C97, 0xEA8C, 0x4C86)  # mov r12, r7, lsr #14; eor r12, r12, r6, lsl #18
    data(2, 0xEA8C, 0x4C97, 0xEA8C, 0x3C86)  # eor r12, r12, r7, lsr #18; eor r12, r12, r6, lsl #14
    data(2, 0xEA8C, 0x2C56, 0xEA8C, 0x5CC7)  # eor r12, r12, r6, lsr #9; eor r12, r12, r7, lsl #23
    data(2, 0xEB1B, 0x0B0C, 0xEA4F, 0x3196)  # adds r11, r11, r12; mov r1, r6, lsr #14
    data(2, 0xEA81, 0x4187, 0xEA81, 0x4196)  # eor r1, r1, r7, lsl #18; eor r1, r1, r6, lsr #18
    data(2, 0xEA81, 0x3187, 0xEA81, 0x2157)  # eor r1, r1, r7, lsl #14; eor r1, r1, r7, lsr #9
    data(2, 0xEA81, 0x51C6, 0xEB4A, 0x0A01)  # eor r1, r1, r6, lsl #23; adc r10, r10, r1
    # d + T1 is the next e.
    data(2, 0xE950, 0x1C06, 0xEB1B, 0x070C)  # ldrd r1, r12, [r0, #-24]; adds r7, r11, r12
    data(2, 0xEB4A, 0x0601, 0xE940, 0x6706)  # adc r6, r10, r1; strd r6, r7, [r0, #-24]
    # T1 + the turned a + Maj(a, b, c) is the next a; a xor b is the next b xor c.
    data(2, 0xEA4F, 0x7C15, 0xEA8C, 0x1C04)  # mov r12, r5, lsr #28; eor r12, r12, r4, lsl #4
    data(2, 0xEA8C, 0x0C94, 0xEA8C, 0x7C85)  # eor r12, r12, r4, lsr #2; eor r12, r12, r5, lsl #30
    data(2, 0xEA8C, 0x1CD4, 0xEA8C, 0x6C45)  # eor r12, r12, r4, lsr #7; eor r12, r12, r5, lsl #25
    data(2, 0xEB1B, 0x0B0C, 0xEA4F, 0x7114)  # adds r11, r11, r12; mov r1, r4, lsr #28
    data(2, 0xEA81, 0x1105, 0xEA81, 0x0195)  # eor r1, r1, r5, lsl #4; eor r1, r1, r5, lsr #2
    data(2, 0xEA81, 0x7184, 0xEA81, 0x11D5)  # eor r1, r1, r4, lsl #30; eor r1, r1, r5, lsr #7
    data(2, 0xEA81, 0x6144, 0xEB4A, 0x0A01)  # eor r1, r1, r4, lsl #25; adc r10, r10, r1
    data(2, 0xE950, 0x1C02, 0xEA85, 0x0E0C)  # ldrd r1, r12, [r0, #-8]; eor lr, r5, r12
    data(2, 0xEA09, 0x090E, 0xEA8C, 0x0C09, 0x46F1)  # and r9, r9, lr; eor r12, r12, r9; mov r9, lr
    data(2, 0xEA84, 0x0E01, 0xEA08, 0x080E, 0xEA81, 0x0108)  # eor lr, r4, r1; and r8, r8, lr; eor r1, r1, r8
    data(2, 0x46F0, 0xEB1B, 0x050C, 0xEB4A, 0x0401)  # mov r8, lr; adds r5, r11, r12; adc r4, r10, r1
    data(2, 0xE9E0, 0x4502, 0x4290)  # strd r4, r5, [r0, #8]!; cmp r0, r2
    bne(round)
    # Add the variables to the chaining value.
    data(2, 0xF5A0, 0x713E, 0xF101, 0x0240)  # sub r1, r0, #760; add r2, r1, #64
    label(chain)
    data(2, 0xE870, 0x4502, 0xE9D1, 0x6700)  # ldrd r4, r5, [r0], #-8; ldrd r6, r7, [r1, #0]
    data(2, 0x19ED, 0xEB44, 0x0406, 0xE8E1, 0x4502)  # adds r5, r5, r7; adc r4, r4, r6; strd r4, r5, [r1], #8
    data(2, 0x4291)  # cmp r1, r2
    bne(chain)
    data(2, 0xE89D, 0x0069, 0x4629, 0x4634)  # ldm sp, {r0, r3, r5, r6}; mov r1, r5; mov r4, r6
    data(2, 0x2500)  # movs r5, #0
    b(take)
    label(done)
    data(2, 0xF10D, 0x0D10, 0x2000)  # add sp, sp, #16; movs r0, #0
    pop({r8, r9, r10, r11})


@micropython.asm_thumb
def _digest(r0, r1):
    # Scratch, and where its chaining value's bytes go, in the order of the digest.
    data(2, 0xF100, 0x0240)  # add r2, r0, #64
    label(word)
    data(2, 0xF850, 0x3B04, 0xBA1B, 0xF841, 0x3B04)  # ldr r3, [r0], #4; rev r3, r3; str r3, [r1], #4
    data(2, 0x4290)  # cmp r0, r2
    bne(word)
    data(2, 0x2000)  # movs r0, #0


def digest_into(scratch, out, parts):
    """Set the 64 bytes of out to the digest of all parts, one after the other.

    scratch: SCRATCH_BYTES, left with what the parts leave in it.
    """
    scratch[: len(_INITIAL)] = _INITIAL
    size = 0
    for part in parts:
        _absorb(scratch, part, len(part) * _BLOCK_BYTES + size % _BLOCK_BYTES, _ROUND)
        size += len(part)
    held = size % _BLOCK_BYTES
    zeros = (239 if held > 111 else 111) - held
    tail = b"\x80" + bytes(zeros) + struct.pack(">QQ", 0, size * 8)
    _absorb(scratch, tail, len(tail) * _BLOCK_BYTES + held, _ROUND)
    _digest(scratch, out)


def sha512_kernel(data):
    """The 64-byte digest of data, by the kernels above."""
    out = bytearray(64)
    digest_into(bytearray(SCRATCH_BYTES), out, (data,))
    return bytes(out)


def _sha512_hashlib(data):
    return hashlib.sha512(data).digest()


# sha512(data) -> the 64-byte digest of data, the fastest way this runtime has.
sha512 = _sha512_hashlib if hasattr(hashlib, "sha512") else sha512_kernel
