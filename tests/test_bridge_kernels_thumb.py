"""The kernels' small assembler: each form it knows against what GNU-style assemblers make of it."""

import re
import struct

import pytest
import thumb
from listing import Listing

# Halfwords in memory order, from another assembler; then the instruction as the kernels write it.
ENCODED = (
    ("e2fb6e4c", ("umaal", "r4", "r12", "r2", "lr")),
    ("a4fb0093", ("umull", "r9", "r3", "r4", "r0")),
    ("e3fb0412", ("umlal", "r1", "r2", "r3", "r4")),
    ("0cfb0344", ("mla", "r4", "r12", "r3", "r4")),
    ("0cfb1344", ("mls", "r4", "r12", "r3", "r4")),
    ("0cfb03fc", ("mul", "r12", "r12", "r3")),
    ("6419", ("adds", "r4", "r4", "r5")),
    ("c831", ("adds", "r1", "r1", 200)),
    ("18eb0508", ("adds", "r8", "r8", "r5")),
    ("7541", ("adcs", "r5", "r5", "r6")),
    ("5beb060b", ("adcs", "r11", "r11", "r6")),
    ("43eb0303", ("adc", "r3", "r3", "r3")),
    ("9741", ("sbcs", "r7", "r7", "r2")),
    ("61eb0101", ("sbc", "r1", "r1", "r1")),
    ("013c", ("subs", "r4", "r4", 1)),
    ("b4eb0904", ("subs", "r4", "r4", "r9")),
    ("a1f53871", ("sub", "r1", "r1", 736)),
    ("c1f10001", ("rsb", "r1", "r1", 0)),
    ("03eb4010", ("add", "r0", "r3", "r0", ("lsl", 5))),
    ("9a44", ("add", "r10", "r10", "r3")),
    ("0cea030c", ("and", "r12", "r12", "r3")),
    ("15f0ff05", ("ands", "r5", "r5", 255)),
    ("2bf0004b", ("bic", "r11", "r11", 2147483648)),
    ("43ead473", ("orr", "r3", "r3", "r4", ("lsr", 31))),
    ("63ea0403", ("orn", "r3", "r3", "r4")),
    ("85eac875", ("eor", "r5", "r5", "r8", ("lsl", 31))),
    ("85eaf815", ("eor", "r5", "r5", "r8", ("ror", 7))),
    ("5a40", ("eors", "r2", "r2", "r3")),
    ("4ff0000b", ("mov", "r11", 0)),
    ("9646", ("mov", "lr", "r2")),
    ("1322", ("movs", "r2", 19)),
    ("220e", ("movs", "r2", "r4", ("lsr", 24))),
    ("4feadb73", ("mov", "r3", "r11", ("lsr", 31))),
    ("6fea0908", ("mvn", "r8", "r9")),
    ("d143", ("mvns", "r1", "r2")),
    ("6145", ("cmp", "r1", "r12")),
    ("b542", ("cmp", "r5", "r6")),
    ("022d", ("cmp", "r5", 2)),
    ("b2fa82f3", ("clz", "r3", "r2")),
    ("24ba", ("rev", "r4", "r4")),
    ("94fa84f9", ("rev", "r9", "r4")),
    ("c4f30720", ("ubfx", "r0", "r4", 8, 8)),
    ("d2f81ce0", ("ldr", "lr", "r2", 28)),
    ("089b", ("ldr", "r3", "sp", 32)),
    ("0b6a", ("ldr", "r3", "r1", 32)),
    ("cdf81880", ("str", "r8", "sp", 24)),
    ("5a79", ("ldrb", "r2", "r3", 5)),
    ("13f8012b", ("ldrb_after", "r2", "r3", 1)),
    ("53f804cb", ("ldr_after", "r12", "r3", 4)),
    ("53f804c9", ("ldr_after", "r12", "r3", -4)),
    ("50e90e1c", ("ldrd", "r1", "r12", "r0", -56)),
    ("dde90413", ("ldrd", "r1", "r3", "sp", 16)),
    ("c0e90676", ("strd", "r7", "r6", "r0", 24)),
    ("ece80267", ("strd_after", "r6", "r7", "r12", 8)),
    ("70e80245", ("ldrd_after", "r4", "r5", "r0", -8)),
    ("e0e90245", ("strd_before", "r4", "r5", "r0", 8)),
    ("b7e83001", ("ldm", "r7!", ["r4", "r5", "r8"])),
    ("30c9", ("ldm", "r1!", ["r4", "r5"])),
    ("9de80a10", ("ldm", "sp", ["r1", "r3", "r12"])),
    ("30c0", ("stm", "r0!", ["r4", "r5"])),
    ("80e83008", ("stm", "r0", ["r4", "r5", "r11"])),
    ("05b4", ("push", ["r0", "r2"])),
    ("2de90801", ("push", ["r3", "r8"])),
    ("bde80801", ("pop", ["r3", "r8"])),
)


@pytest.mark.parametrize(
    ("halfwords", "instruction"), ENCODED, ids=[thumb.spelled(*each[1]) for each in ENCODED]
)
def test_an_instruction_is_encoded_as_the_manual_says(halfwords, instruction):
    words = thumb.encode(*instruction)
    assert struct.pack(f"<{len(words)}H", *words).hex() == halfwords


@pytest.mark.parametrize(
    ("instruction", "reason"),
    [
        (("vadd", "r0", "r1", "r2"), "no instruction vadd"),
        (("add", "r0", "r1", "r16"), "no register r16"),
        (("mov", "r0", 0x1234), "no 8 bits turned"),
        (("ldr", "r0", "r1", 4096), "offset 4096"),
        (("ldrd", "r0", "r1", "r2", 2), "offset 2"),
        (("ldm", "r0", ["r5", "r4"]), "in order"),
    ],
)
def test_what_the_assembler_cannot_encode_is_refused_by_name(instruction, reason):
    with pytest.raises(thumb.Unknown, match=re.escape(reason)):
        thumb.encode(*instruction)


def test_a_listing_has_each_instruction_beside_its_halfwords_and_keeps_lines_short():
    asm = Listing()
    asm.note("A note.")
    asm("umaal", "r4", "r12", "r2", "lr")
    asm("movs", "r2", 19)
    asm.own("b(next)")
    assert asm.lines == [
        "    # A note.",
        "    data(2, 0xFBE2, 0x4C6E, 0x2213)  # umaal r4, r12, r2, lr; movs r2, #19",
        "    b(next)",
    ]
    for _ in range(9):
        asm("umaal", "r4", "r12", "r2", "lr")
    assert max(map(len, asm.lines)) <= 110
