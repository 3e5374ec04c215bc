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
    ptr8 = ptr16 = ptr32 = uint = None  # pyright: ignore
else:
    import ctypes
    from collections import deque

    # Of what is read-only and is no bytes: kernels go on with the bare address, so these outlive their pointers.
    _COPIES = deque(maxlen=64)

    def const(value):
        return value

    def uint(value):
        return value & 0xFFFFFFFF

    class ptr8:
        """Bytes at a buffer or at an address; a store keeps the low bits, as the machine's store does."""

        _UNIT = ctypes.c_uint8

        def __init__(self, place):
            if not isinstance(place, (int, bytes)) and memoryview(place).readonly:
                place = bytes(place)
                _COPIES.append(place)
            self._address = place if isinstance(place, int) else _address(place)
            self._place = place  # lives as long as the pointer

        def __getitem__(self, index):
            return self._UNIT.from_address(self._address + ctypes.sizeof(self._UNIT) * index).value

        def __setitem__(self, index, value):
            self._UNIT.from_address(self._address + ctypes.sizeof(self._UNIT) * index).value = value

        def __int__(self):
            return self._address

    class ptr16(ptr8):
        _UNIT = ctypes.c_uint16

    class ptr32(ptr8):
        _UNIT = ctypes.c_uint32

    def _address(buffer):
        if isinstance(buffer, bytes):
            return ctypes.cast(buffer, ctypes.c_void_p).value
        return ctypes.addressof(ctypes.c_char.from_buffer(buffer))

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
