"""Walks a module's bytecode for the names under which it stores its functions.

Machine code bears no name; the module that defines it makes a function of it and stores that under one.
Source of the encoding: MicroPython's py/bc0.h and py/bc.h.
"""

STORE_NAME = 0x16
MAKE_FUNCTION = 0x32
# The operand's form by the operation's high four bits; none elsewhere.
NAME, NUMBER, OFFSET = 1, 2, 3
FORMS = {1: NAME, 2: NUMBER, 3: NUMBER, 4: OFFSET}


def function_names(code: bytes, names: tuple[str, ...]) -> dict[int, str]:
    """The name of each child function, by the child's index."""
    at = after_prelude(code)
    found: dict[int, str] = {}
    made = None
    while at < len(code):
        operation, operand, at = decoded(code, at)
        if operation == STORE_NAME and made is not None:
            found[made] = names[operand]
        made = operand if operation == MAKE_FUNCTION else None
    return found


def decoded(code: bytes, at: int) -> tuple[int, int, int]:
    """The operation at `at`, its operand (0 where it has none), and where the next one begins."""
    operation = code[at]
    form = FORMS.get(operation >> 4)
    operand, at = 0, at + 1
    if form in (NAME, NUMBER):
        operand, at = number(code, at)
    elif form == OFFSET:
        at += 2 if code[at] & 0x80 else 1
    if form != NAME and operation & 0x9E == 0:
        at += 1
    return operation, operand, at


def after_prelude(code: bytes) -> int:
    """Where the operations begin: behind the signature, the sizes and the names and lines they count."""
    at = 0
    while code[at] & 0x80:
        at += 1
    at += 1
    info = cells = place = 0
    while True:
        byte = code[at]
        cells |= (byte & 1) << place
        info |= (byte >> 1 & 0x3F) << 6 * place
        place += 1
        at += 1
        if not byte & 0x80:
            return at + info + cells


def number(code: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        byte = code[at]
        value = value << 7 | byte & 0x7F
        at += 1
        if not byte & 0x80:
            return value, at
