"""The part of MicroPython's runtime that kernels call: conversions, globals, and calls from kernel to kernel.

It decides which words stand for which Python values, as in MicroPython's object representation A: a small int
is shifted left with a 1 below, and anything else is a handle. It refuses all other functions, by name.
Source: MicroPython's py/nativeglue.h and py/nativeglue.c.
"""

from collections.abc import Callable

# The runtime's table, by position; kernels reach nothing else of the interpreter.
ENTRIES = (
    *(
        "none",
        "false",
        "true",
        "native_from_obj",
        "native_to_obj",
        "swap_globals",
        "load_name",
        "load_global",
    ),
    *("load_build_class", "load_attr", "load_method", "load_super_method", "store_name", "store_global"),
    *(
        "store_attr",
        "obj_subscr",
        "obj_is_true",
        "unary_op",
        "binary_op",
        "new_tuple",
        "new_list",
        "new_dict",
    ),
    *("new_set", "set_store", "list_append", "dict_store", "make_function", "call_function_n_kw"),
    *("call_method_n_kw", "call_method_n_kw_var", "getiter", "iternext", "nlr_push", "nlr_pop", "raise"),
    *("import_name", "import_from", "import_all", "new_slice", "unpack_sequence", "unpack_ex", "delete_name"),
    *("delete_global", "new_closure", "arg_check_num_sig", "setup_code_state", "small_int_floor_divide"),
    *("small_int_modulo", "yield_from", "setjmp"),
)
OBJECT, BOOL, INT, UINT, POINTER = range(5)  # viper's types; pointers have this number and higher ones
HANDLES, HANDLE_STEP = 0xC000_0000, 8
CONSTANTS = (None, False, True)
Buffer = bytes | bytearray | memoryview


class RuntimeMissing(Exception):
    """A kernel called a function of the runtime that is not served here, or with what it does not take."""


class Objects:
    """Words for Python values during one call; `place` gives a buffer's address."""

    def __init__(self, place: Callable[[Buffer], int]):
        self._place = place
        self._values: list[object] = list(CONSTANTS)

    def clear(self) -> None:
        del self._values[len(CONSTANTS) :]

    def word(self, value: object) -> int:
        """The object word of value: a small int, or a handle that the same object keeps."""
        if type(value) is int and -(1 << 30) <= value < 1 << 30:
            return (value << 1 | 1) & 0xFFFF_FFFF
        for index, known in enumerate(self._values):
            if known is value:
                return HANDLES + HANDLE_STEP * index
        self._values.append(value)
        return HANDLES + HANDLE_STEP * (len(self._values) - 1)

    def value(self, word: int) -> object:
        """The Python value of an object word."""
        if word & 1:
            return signed(word) >> 1
        index, rest = divmod(word - HANDLES, HANDLE_STEP)
        if rest or not 0 <= index < len(self._values):
            raise RuntimeMissing(f"{word:#x} is no object that the kernel was given")
        return self._values[index]

    def native(self, word: int, kind: int) -> int:
        """convert_obj_to_native: the machine word of an object word, by viper's type."""
        kind &= 0xF
        if kind == OBJECT:
            return word
        value = self.value(word)
        if kind == BOOL:
            return int(bool(value))
        if isinstance(value, int):
            return int(value) & 0xFFFF_FFFF
        if kind >= POINTER and isinstance(value, Buffer):
            return self._place(value)
        raise RuntimeMissing(f"native_from_obj: a {type(value).__name__} as viper type {kind}")

    def boxed(self, word: int, kind: int) -> int:
        """convert_native_to_obj: the object word of a machine word, by viper's type."""
        kind &= 0xF
        if kind == OBJECT:
            return word
        if kind == BOOL:
            return self.word(bool(word))
        return self.word(signed(word) if kind == INT else word)


def signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word
