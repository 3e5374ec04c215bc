"""The field machine for cores that have UMAAL: one function runs a whole program of field operations.

Frame, in bytes from sp: the next instruction at 0, register 0 at 4, the program's end at 8, its start at 12, the
table at 16, the next digit at 20, the digits' end at 24; from 28 on three words that the operation under way owns.
Which programs there are, and what their registers mean, is decided in fieldwire.
"""

import field_kernels

_NEXT, _END, _START, _TABLE, _DIGIT, _DIGITS_END = 0, 8, 12, 16, 20, 24
_COUNT = 28  # SQUARE: squarings left
_ENTRIES_END, _RESULT_END, _NEGATIVE = 28, 32, 36  # SELECT
_FRAME_BYTES = 40
_ELEMENT = ["r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"]
_ENTRY_BYTES = 96
_ENTRIES = 8


def run(asm):
    """r0: state, r1: program, r2: table, r3: digits.

    The state starts with three words: the bytes of program and digits, and where in it register 0 lies.
    """
    asm.own("push({r8, r9, r10, r11})")
    asm("sub", "sp", "sp", _FRAME_BYTES)
    asm("ldrd", "r4", "r5", "r0", 0)
    asm("ldr", "r6", "r0", 8)
    asm("adds", "r0", "r0", "r6")
    asm("adds", "r4", "r4", "r1")
    asm("adds", "r5", "r5", "r3")
    asm("str", "r0", "sp", 4)
    asm("strd", "r4", "r1", "sp", _END)
    asm("strd", "r2", "r3", "sp", _TABLE)
    asm("str", "r5", "sp", _DIGITS_END)
    asm.own("label(again)")
    asm("str", "r1", "sp", _NEXT)
    _fetch(asm)
    _select(asm)
    asm.own("b(next)")
    for name, operation in (
        ("multiply", field_kernels.multiply),
        ("add", field_kernels.add),
        ("subtract", field_kernels.subtract),
        ("square", _square),
    ):
        asm.own("label({})".format(name))
        operation(asm)
        asm.own("b(next)")
    asm.own("label(passed)")
    asm.note("Again from the program's start while there are digits.")
    asm("ldrd", "r1", "r2", "sp", _START)
    asm("ldrd", "r2", "r3", "sp", _DIGIT)
    asm("cmp", "r2", "r3")
    asm.own("bne_w(again)")
    asm("add", "sp", "sp", _FRAME_BYTES)
    asm("movs", "r0", 0)
    asm.own("pop({r8, r9, r10, r11})")


def _fetch(asm):
    """Gives an operation r0, r7 and r2: the addresses of its result and operands; r4: the whole instruction."""
    asm.own("label(next)")
    asm.note(
        "An instruction is op, result, first, second. Programs are public: branching on them tells nothing."
    )
    asm("ldm", "sp", ["r1", "r3", "r12"])
    asm("cmp", "r1", "r12")
    asm.own("beq_w(passed)")
    asm("ldr_after", "r4", "r1", 4)
    asm("str", "r1", "sp", _NEXT)
    asm("ubfx", "r0", "r4", 8, 8)
    asm("ubfx", "r7", "r4", 16, 8)
    asm("movs", "r2", "r4", ("lsr", 24))
    for place in ("r0", "r7", "r2"):
        asm("add", place, "r3", place, ("lsl", 5))
    asm("ands", "r5", "r4", 255)
    asm.own("beq_w(multiply)")
    asm("cmp", "r5", 2)
    asm.own("beq_w(add)")
    asm.own("bcc_w(square)")
    asm("cmp", "r5", 3)
    asm.own("beq_w(subtract)")
    asm.note("SELECT")


def _square(asm):
    """The second operand's number says how often."""
    asm("movs", "r4", "r4", ("lsr", 24))
    asm.own("label(squaring)")
    asm("str", "r4", "sp", _COUNT)
    field_kernels.square(asm)
    asm("ldr", "r4", "sp", _COUNT)
    asm("mov", "r0", field_kernels.SQUARED_AT)
    asm("mov", "r7", field_kernels.SQUARED_AT)
    asm("subs", "r4", "r4", 1)
    asm.own("bne_w(squaring)")


def _select(asm):
    """r0: the first of three results. Every entry of the sub-table is read and multiplied by 1 or 0."""
    asm.note("Bit 3 of the digit: take the entry as it is. Bits 0 to 2, turned over otherwise: its number.")
    asm("ldrd", "r1", "r3", "sp", _TABLE)
    asm("ubfx", "r4", "r4", 16, 8)
    asm("mov", "r5", _ENTRIES * _ENTRY_BYTES)
    asm("mla", "r1", "r4", "r5", "r1")
    asm("ldrb_after", "r2", "r3", 1)
    asm("str", "r3", "sp", _DIGIT)
    asm("movs", "r3", "r2", ("lsr", 3))
    asm("subs", "r3", "r3", 1)
    asm("eors", "r2", "r2", "r3")
    asm("and", "r2", "r2", 7)
    asm("adds", "r1", "r1", "r5")
    asm("add", "r12", "r0", 3 * field_kernels.ELEMENT_BYTES)
    asm("strd", "r1", "r12", "sp", _ENTRIES_END)
    asm("str", "r3", "sp", _NEGATIVE)
    asm("subs", "r1", "r1", "r5")
    asm.own("label(coordinate)")
    for word in _ELEMENT:
        asm("mov", word, 0)
    asm.own("label(entry)")
    asm.note("r3 becomes 1 at the entry that r2, counting down, is 0 at.")
    asm("clz", "r3", "r2")
    asm("movs", "r3", "r3", ("lsr", 5))
    asm("subs", "r2", "r2", 1)
    for index, word in enumerate(_ELEMENT):
        taken = "lr" if index % 2 else "r12"
        asm("ldr", taken, "r1", 4 * index)
        asm("mla", word, taken, "r3", word)
    asm("ldr", "r12", "sp", _ENTRIES_END)
    asm("adds", "r1", "r1", _ENTRY_BYTES)
    asm("cmp", "r1", "r12")
    asm.own("bcc(entry)")
    asm("stm", "r0!", _ELEMENT)
    asm("ldr", "r12", "sp", _RESULT_END)
    asm("sub", "r1", "r1", _ENTRIES * _ENTRY_BYTES - field_kernels.ELEMENT_BYTES)
    asm("adds", "r2", "r2", _ENTRIES)
    asm("cmp", "r0", "r12")
    asm.own("bne(coordinate)")
    _negate(asm)


def _negate(asm):
    """A negative entry has its first two coordinates exchanged and the third negated."""
    asm.note("r3 is all ones for a negative: exchange the first two results under that mask.")
    asm("ldr", "r3", "sp", _NEGATIVE)
    asm("sub", "lr", "r0", field_kernels.ELEMENT_BYTES)
    asm("sub", "r1", "lr", field_kernels.ELEMENT_BYTES)
    asm("subs", "r0", "r1", field_kernels.ELEMENT_BYTES)
    asm.own("label(exchange)")
    asm("ldm", "r0", ["r4", "r5"])
    asm("ldm", "r1", ["r6", "r7"])
    for first, second in (("r4", "r6"), ("r5", "r7")):
        asm("eor", "r12", first, second)
        asm("and", "r12", "r12", "r3")
        asm("eor", first, first, "r12")
        asm("eor", second, second, "r12")
    asm("stm", "r0!", ["r4", "r5"])
    asm("stm", "r1!", ["r6", "r7"])
    asm("cmp", "r1", "lr")
    asm.own("bne(exchange)")
    asm.note("The third is below p: turned over it is 2^256 - 1 less itself, 37 more than its negative.")
    asm("ldm", "r1", _ELEMENT)
    for word in _ELEMENT:
        asm("eor", word, word, "r3")
    asm("mov", "r2", 0)
    asm("and", "r3", "r3", 37)
    asm("subs", _ELEMENT[0], _ELEMENT[0], "r3")
    for word in _ELEMENT[1:]:
        asm("sbcs", word, word, "r2")
    asm("stm", "r1", _ELEMENT)


def normalize(asm):
    """r0 + r1: the address of an element, of which the one number below p is left there."""
    words = _ELEMENT[:7]
    top = _ELEMENT[7]
    asm.own("push({r8, r9, r10, r11})")
    asm("adds", "r0", "r0", "r1")
    asm("ldm", "r0", _ELEMENT)
    asm("movs", "r1", 19)
    asm("movs", "r2", 0)
    asm.note("What exceeds 2^255 enters at word 0 as 19; what is left is below 2^255 + 19.")
    asm("mov", "r3", top, ("lsr", 31))
    asm("bic", top, top, 0x80000000)
    _add_nineteens(asm, words, "r3")
    asm("add", top, top, "r3")
    asm.note("From p on, 19 more reach 2^255: then those 19 stay and 2^255 goes.")
    asm("adds", "r3", words[0], "r1")
    for word in words[1:]:
        asm("adcs", "r3", word, "r2")
    asm("adcs", "r3", top, "r2")
    asm("mov", "r3", "r3", ("lsr", 31))
    _add_nineteens(asm, words, "r3")
    asm("add", top, top, "r3")
    asm("bic", top, top, 0x80000000)
    asm("stm", "r0", _ELEMENT)
    asm("movs", "r0", 0)
    asm.own("pop({r8, r9, r10, r11})")


def _add_nineteens(asm, words, times):
    """words += 19 * times; what is carried out replaces times. r1 is 19, r2 is 0."""
    asm("mul", times, times, "r1")
    for word in words:
        asm("umaal", word, times, "r2", "r2")
