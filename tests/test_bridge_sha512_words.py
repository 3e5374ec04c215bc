"""The SHA-512 kernels on 32-bit words, played on CPython: what the unix port, of 64 bits, cannot show."""

import hashlib
import operator

import pytest

from fieldwire import sha512

OPERATIONS = ("add", "sub", "mul", "and_", "or_", "xor", "lshift", "rshift")


class Signed(int):
    """viper's int on a 32-bit board: wraps, and shifts right with its sign."""

    @classmethod
    def wrapped(cls, value):
        return cls((value + (1 << 31)) % (1 << 32) - (1 << 31))


class Unsigned(int):
    """viper's uint on a 32-bit board."""

    @classmethod
    def wrapped(cls, value):
        return cls(value % (1 << 32))


def wrapping(kind, operation):
    """The result has the type of the left operand, as in viper."""
    return lambda left, right: kind.wrapped(operation(int(left), int(right)))


def reflected(operation):
    return lambda right, left: Signed.wrapped(operation(int(left), int(right)))


for word in (Signed, Unsigned):
    for operation_name in OPERATIONS:
        function = getattr(operator, operation_name)
        method = operation_name.rstrip("_")
        setattr(word, f"__{method}__", wrapping(word, function))
        setattr(word, f"__r{method}__", reflected(function))


class Words:
    """ptr32 on a 32-bit board: a load gives a signed word."""

    def __init__(self, buffer):
        self._words = memoryview(buffer).cast("B").cast("i")

    def __getitem__(self, index):
        return Signed(self._words[index])

    def __setitem__(self, index, value):
        self._words[index] = Signed.wrapped(int(value))


class Bytes:
    def __init__(self, buffer):
        self._bytes = memoryview(buffer).cast("B")

    def __getitem__(self, index):
        return Signed(self._bytes[index])


@pytest.fixture
def small_words(monkeypatch):
    monkeypatch.setattr(
        sha512, "ptr32", lambda buffer: Words(bytearray(buffer) if isinstance(buffer, bytes) else buffer)
    )
    monkeypatch.setattr(sha512, "ptr8", Bytes)
    monkeypatch.setattr(sha512, "uint", Unsigned.wrapped)


def test_a_signed_word_wraps_and_keeps_its_sign_when_shifted():
    assert Signed(0x7FFFFFFF) + 1 == -0x80000000
    assert Signed(-4) >> 1 == -2
    assert Unsigned.wrapped(-4) >> 1 == 0x7FFFFFFE


@pytest.mark.parametrize("length", [0, 1, 111, 112, 127, 128, 200])
def test_the_kernels_are_right_on_words_of_32_bits(small_words, length):
    message = bytes((index * 167 + 255) & 0xFF for index in range(length))
    assert sha512.sha512_kernel(message) == hashlib.sha512(message).digest()


def test_messages_of_set_bits_carry_through_every_half(small_words):
    message = b"\xff" * 256
    assert sha512.sha512_kernel(message) == hashlib.sha512(message).digest()
