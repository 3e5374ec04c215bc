"""A small assembler for Thumb-2: gives each instruction its halfwords and its name.

It knows the instructions that the kernels of this folder use and refuses all others. An instruction is the
narrow one where operands and flags allow it. Branches and labels are left to MicroPython's own assembler, which
lays out the code. What the kernels compute is decided in the modules beside this one.
Encodings: ARMv7-M Architecture Reference Manual (DDI 0403), A7.7.
"""

_REGISTERS = {**{"r%d" % i: i for i in range(13)}, "sp": 13, "lr": 14, "pc": 15}
_SHIFTS = {"lsl": 0, "lsr": 1, "asr": 2, "ror": 3}
# Data processing: the operation's number in the wide forms; that of the narrow two-register form.
_PROCESSING = {
    "and": 0,
    "bic": 1,
    "orr": 2,
    "orn": 3,
    "eor": 4,
    "add": 8,
    "adc": 10,
    "sbc": 11,
    "sub": 13,
    "rsb": 14,
}
_NARROW = {"ands": 0, "eors": 1, "adcs": 5, "sbcs": 6, "orrs": 12, "bics": 14}
_LONG = {"umull": (0xFBA0, 0), "umlal": (0xFBE0, 0), "umaal": (0xFBE0, 6)}
_ACCUMULATE = {"mla": 0, "mls": 1}
_SINGLE = {"ldr": 0xF8D0, "str": 0xF8C0, "ldrb": 0xF890, "strb": 0xF880}
_ONE_SOURCE = {"clz": (0xFAB0, 0xF080), "rev": (0xFA90, 0xF080)}


class Unknown(ValueError):
    """No such instruction here, or not with these operands."""


def register(name):
    """The number of a register."""
    if name not in _REGISTERS:
        raise Unknown("no register {}".format(name))
    return _REGISTERS[name]


def modified_immediate(value):
    """The 12 bits that stand for a constant in wide data processing: i, imm3 and imm8."""
    if 0 <= value < 256:
        return value
    for turn in range(8, 32):
        rotated = (value << turn | value >> (32 - turn)) & 0xFFFFFFFF
        if 128 <= rotated < 256:
            return turn << 7 | rotated & 127
    raise Unknown("{:#x} is no 8 bits turned".format(value))


def _low(*names):
    return all(register(name) < 8 for name in names)


def _processing(name, target, first, second, shift=("lsl", 0)):
    """add, adcs, eor ...: target = first op second; a register may be shifted; an s at the end sets the flags."""
    flags = name.endswith("s") and name not in _PROCESSING
    number = _PROCESSING[name[:-1] if flags else name]
    d, n = register(target), register(first)
    if isinstance(second, int):
        if name in ("adds", "subs") and _low(target) and target == first and 0 <= second < 256:
            return ((0x3000 if name == "adds" else 0x3800) | d << 8 | second,)
        bits = modified_immediate(second)
        high = 0xF000 | (bits >> 11) << 10 | number << 5 | flags << 4 | n
        return high, (bits >> 8 & 7) << 12 | d << 8 | bits & 255
    m = register(second)
    kind, by = shift
    if not by:
        if name in ("adds", "subs") and _low(target, first, second):
            return ((0x1800 if name == "adds" else 0x1A00) | m << 6 | n << 3 | d,)
        if name in _NARROW and target == first and _low(target, second):
            return (0x4000 | _NARROW[name] << 6 | m << 3 | d,)
        if name == "add" and target == first:
            return (0x4400 | (d >> 3) << 7 | m << 3 | d & 7,)
    high = 0xEA00 | number << 5 | flags << 4 | n
    return high, (by >> 2) << 12 | d << 8 | (by & 3) << 6 | _SHIFTS[kind] << 4 | m


def _move(name, target, source, shift=("lsl", 0)):
    d = register(target)
    if isinstance(source, int):
        if name == "movs" and _low(target) and source < 256:
            return (0x2000 | d << 8 | source,)
        bits = modified_immediate(source)
        return 0xF04F | (bits >> 11) << 10 | (name == "movs") << 4, (
            bits >> 8 & 7
        ) << 12 | d << 8 | bits & 255
    kind, by = shift
    if name == "mov" and not by:
        return (0x4600 | (d >> 3) << 7 | register(source) << 3 | d & 7,)
    if name == "movs" and kind != "ror" and by and _low(target, source):
        return (_SHIFTS[kind] << 11 | by << 6 | register(source) << 3 | d,)
    low = (by >> 2) << 12 | d << 8 | (by & 3) << 6 | _SHIFTS[kind] << 4 | register(source)
    return 0xEA4F | (name == "movs") << 4, low


def _complement(name, target, source):
    if name == "mvns" and _low(target, source):
        return (0x43C0 | register(source) << 3 | register(target),)
    return 0xEA6F | (name == "mvns") << 4, register(target) << 8 | register(source)


def _compare(name, first, second):
    if isinstance(second, int):
        if not _low(first) or not 0 <= second < 256:
            bits = modified_immediate(second)
            return 0xF1B0 | (bits >> 11) << 10 | register(first), (bits >> 8 & 7) << 12 | 0x0F00 | bits & 255
        return (0x2800 | register(first) << 8 | second,)
    if _low(first, second):
        return (0x4280 | register(second) << 3 | register(first),)
    n = register(first)
    return (0x4500 | (n >> 3) << 7 | register(second) << 3 | n & 7,)


def _single(name, value, base, offset=0):
    """ldr, str, ldrb, strb: one word or byte at base + offset bytes."""
    t, n = register(value), register(base)
    if name in ("ldr", "str") and offset % 4 == 0:
        if base == "sp" and _low(value) and offset < 1024:
            return ((0x9800 if name == "ldr" else 0x9000) | t << 8 | offset >> 2,)
        if _low(value, base) and offset < 128:
            return ((0x6800 if name == "ldr" else 0x6000) | offset >> 2 << 6 | n << 3 | t,)
    if name == "ldrb" and _low(value, base) and offset < 32:
        return (0x7800 | offset << 6 | n << 3 | t,)
    if not 0 <= offset < 4096:
        raise Unknown("offset {} of {}".format(offset, name))
    return _SINGLE[name] | n, t << 12 | offset


def _after(name, value, base, step):
    """ldr_after, strb_after ...: one word or byte at base, which then moves by step bytes."""
    high = _SINGLE[name[: -len("_after")]] & 0xFF7F
    return high | register(base), register(value) << 12 | 0x0900 | (step > 0) << 9 | abs(step)


def _double(name, low, high, base, offset=0):
    """ldrd, strd: two words at base + offset; _after: at base, which then moves by offset; _before: it moves first."""
    if offset % 4 or abs(offset) > 1020:
        raise Unknown("offset {} of {}".format(offset, name))
    move = name.endswith(("_after", "_before"))
    word = 0xE840 if name.endswith("_after") else 0xE940
    word |= (offset >= 0) << 7 | move << 5 | name.startswith("ldrd") << 4
    return word | register(base), register(low) << 12 | register(high) << 8 | abs(offset) >> 2


def _many(name, base, registers):
    """ldm, stm: words at base and up; a base with ! moves behind them. push and pop have no base."""
    bits = sum(1 << register(each) for each in registers)
    if list(registers) != sorted(registers, key=register):
        raise Unknown("{} takes registers in order, not {}".format(name, registers))
    back = base.endswith("!")
    n = register(base.rstrip("!"))
    load = name == "ldm"
    if bits < 256 and n < 8 and (back or (load and bits >> n & 1)):
        return ((0xC800 if load else 0xC000) | n << 8 | bits,)
    return (0xE890 if load else 0xE880) | back << 5 | n, bits


def _stack(name, registers):
    bits = sum(1 << register(each) for each in registers)
    if bits < 256:
        return ((0xB400 if name == "push" else 0xBC00) | bits,)
    return 0xE92D if name == "push" else 0xE8BD, bits


def _long(name, low, high, first, second):
    opcode, bits = _LONG[name]
    return opcode | register(first), register(low) << 12 | register(high) << 8 | bits << 4 | register(second)


def _accumulate(name, target, first, second, addend):
    low = register(addend) << 12 | register(target) << 8 | _ACCUMULATE[name] << 4 | register(second)
    return 0xFB00 | register(first), low


def _multiply(name, target, first, second):
    return 0xFB00 | register(first), 0xF000 | register(target) << 8 | register(second)


def _one_source(name, target, source):
    high, low = _ONE_SOURCE[name]
    if name == "rev" and _low(target, source):
        return (0xBA00 | register(source) << 3 | register(target),)
    return high | register(source), low | register(target) << 8 | register(source)


def _bits(name, target, source, first, count):
    """ubfx: count bits of source from bit first."""
    return 0xF3C0 | register(source), (first >> 2) << 12 | register(target) << 8 | (
        first & 3
    ) << 6 | count - 1


def _forms():
    forms = {"cmp": _compare, "mul": _multiply, "ubfx": _bits, "push": _stack, "pop": _stack}
    for name in _PROCESSING:
        forms[name] = forms[name + "s"] = _processing
    for names, form in (
        (("mov", "movs"), _move),
        (("mvn", "mvns"), _complement),
        (_SINGLE, _single),
        ([name + "_after" for name in _SINGLE], _after),
        (("ldrd", "strd", "ldrd_after", "strd_after", "strd_before"), _double),
        (("ldm", "stm"), _many),
        (_LONG, _long),
        (_ACCUMULATE, _accumulate),
        (_ONE_SOURCE, _one_source),
    ):
        forms.update((name, form) for name in names)
    return forms


_FORMS = _forms()


def encode(name, *operands):
    """The one or two halfwords of an instruction. Raises Unknown."""
    if name not in _FORMS:
        raise Unknown("no instruction {}".format(name))
    return _FORMS[name](name, *operands)


def spelled(name, *operands):
    """The instruction as a manual writes it, for the comment beside its halfwords."""
    words = []
    for operand in operands:
        if isinstance(operand, int):
            words.append("#{}".format(operand))
        elif isinstance(operand, tuple):
            words.append("{} #{}".format(*operand))
        elif isinstance(operand, list):
            words.append("{{{}}}".format(", ".join(operand)))
        else:
            words.append(operand)
    base = name.partition("_")[0]
    if base in _SINGLE or base in ("ldrd", "strd"):
        values = 1 if base in _SINGLE else 2
        place = words[values:]
        if name.endswith("_after"):
            words[values:] = ["[{}], {}".format(*place)]
        else:
            words[values:] = ["[{}]{}".format(", ".join(place), "!" if name.endswith("_before") else "")]
    return "{} {}".format(base, ", ".join(words))
