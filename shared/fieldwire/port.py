"""What differs between the two runtimes, so that every other file can be the same on both.

On MicroPython `const` and the `viper` and `native` decorators are known to the compiler by their spelling:
use them as `const(...)`, `@micropython.viper`, `@micropython.native` with the names imported from here.
On CPython they return what they are given, and `ptr8`, `ptr32` and `uint` act as viper's do on 32-bit words;
a function of assembler can be imported there, not called.
"""

import sys

MICROPYTHON = sys.implementation.name == "micropython"

if MICROPYTHON:
    import micropython  # pyright: ignore
    from micropython import const  # pyright: ignore

    # Never called: viper compiles these names as casts.
    ptr8 = ptr32 = uint = None  # pyright: ignore
else:

    def const(value):
        return value

    def uint(value):
        return value & 0xFFFFFFFF

    def ptr8(buffer):
        return memoryview(buffer).cast("B")

    class ptr32:
        """32-bit words of a buffer; a store keeps the low 32 bits, as the machine's store does."""

        def __init__(self, buffer):
            self._words = memoryview(buffer).cast("B").cast("I")

        def __getitem__(self, index):
            return self._words[index]

        def __setitem__(self, index, value):
            self._words[index] = value & 0xFFFFFFFF

    class micropython:
        """Stands in for the module of this name: its decorators change nothing here."""

        @staticmethod
        def viper(function):
            return function

        @staticmethod
        def native(function):
            return function

        @staticmethod
        def asm_thumb(function):
            return function
