"""The kernels on words of 32 bits, played on CPython: hash, field machine and scalars."""

import hashlib
import random

import pytest
from small_words import Signed, Unsigned, installed

from fieldwire import base_table, ed25519_reference, field25519, point25519, scalar25519, sha512

P = (1 << 255) - 19
L = (1 << 252) + 27742317777372353535851937790883648493
ALL_SET = (1 << 255) - 1
SPARSE = sum(0x1FFF << 26 * place for place in range(10)) & ALL_SET
FIELD_EDGES = [0, 1, 2, 19, 1 << 254, P - 1, P, P + 1, ALL_SET, SPARSE, ALL_SET ^ SPARSE]
SCALAR_EDGES = [0, 1, L - 1, L, L + 1, 8 * L, 15 * L, 1 << 252, (1 << 252) - 1, ALL_SET, (1 << 256) - 1]


def number(data):
    return int.from_bytes(data, "little")


def packed(value, size=32):
    return value.to_bytes(size, "little")


def test_a_signed_word_wraps_and_keeps_its_sign_when_shifted():
    assert Signed(0x7FFFFFFF) + 1 == -0x80000000
    assert Signed(-4) >> 1 == -2
    assert Unsigned.wrapped(-4) >> 1 == 0x7FFFFFFE


@pytest.mark.parametrize("length", [0, 1, 111, 112, 127, 128, 200])
def test_the_hash_is_right_on_words_of_32_bits(length):
    message = bytes((index * 167 + 255) & 0xFF for index in range(length))
    with installed(sha512):
        assert sha512.sha512_kernel(message) == hashlib.sha512(message).digest()


def test_messages_of_set_bits_carry_through_every_half():
    with installed(sha512):
        assert sha512.sha512_kernel(b"\xff" * 256) == hashlib.sha512(b"\xff" * 256).digest()


def results(state, first, second):
    """Product, sum, difference and square, and the square of the difference of the sum and the product."""
    field25519.load(state, 0, packed(first))
    field25519.load(state, 1, packed(second))
    program = bytes((0, 2, 0, 1, 2, 3, 0, 1, 3, 4, 0, 1, 1, 5, 0, 1, 3, 6, 3, 2, 1, 6, 6, 1))
    field25519.run(state, program, b"", b"")
    return [number(field25519.store(state, register)) for register in range(2, 7)]


@pytest.mark.parametrize("first", FIELD_EDGES, ids=hex)
def test_field_arithmetic_is_right_at_the_edges(first):
    with installed(field25519):
        state = field25519.new_state(7)
        for second in FIELD_EDGES:
            total, product = first + second, first * second
            wanted = [product, total, first - second, first * first, (total - product) ** 2]
            assert results(state, first, second) == [value % P for value in wanted], hex(second)


def test_registers_at_the_limit_of_their_limbs_multiply_without_overflow():
    """No instruction leaves a limb above 8197, so that 20 products stay below 2^31."""
    with installed(field25519):
        state = field25519.new_state(7)
        limbs = (8197).to_bytes(2, "little") * 20
        value = sum(8197 << 13 * place for place in range(20))
        at = len(state) - 7 * 40
        state[at : at + 80] = limbs + limbs
        field25519.run(state, bytes((0, 2, 0, 1, 3, 3, 2, 0, 1, 4, 0, 3)), b"", b"")
        assert number(field25519.store(state, 2)) == value * value % P
        assert number(field25519.store(state, 3)) == (value * value - value) % P
        assert number(field25519.store(state, 4)) == pow(value, 8, P)


def test_inverses_are_right_at_the_edges_and_at_random():
    rng = random.Random(8036)
    with installed(field25519):
        state = field25519.new_state(3)
        for value in FIELD_EDGES + [rng.randrange(P) for _ in range(4)]:
            field25519.load(state, 1, packed(value))
            field25519.invert(state, 2, 1)
            assert number(field25519.store(state, 2)) == pow(value, P - 2, P), hex(value)


@pytest.mark.parametrize("skew", [0, 1, 2, 3])
def test_the_comb_finds_every_entry_wherever_the_table_lies(skew):
    with installed(field25519, skew):
        for digit in range(16):
            state = field25519.new_state(3)
            field25519.run(state, b"\x04\x00\x02\x00", base_table.TABLE, bytes([digit]))
            positive = digit & 8
            at = 96 * (16 + (digit & 7 if positive else ~digit & 7))
            plus, minus, product = (
                number(base_table.TABLE[at + 32 * n : at + 32 * n + 32]) for n in range(3)
            )
            wanted = [plus, minus, product] if positive else [minus, plus, -product % P]
            assert [number(field25519.store(state, register)) for register in range(3)] == wanted


def test_a_product_with_the_base_point_is_right_on_words_of_32_bits():
    scalar = random.Random(8037).randrange(L)
    digits = bytearray(64)
    with installed(scalar25519), installed(field25519):
        scalar25519.comb_digits(digits, packed(scalar))
        state = field25519.new_state(11)
        field25519.load(state, 1, packed(1))
        field25519.load(state, 2, packed(1))
        field25519.run(state, point25519.COLUMN, base_table.TABLE, digits)
        x, y, z = (number(field25519.store(state, register)) for register in range(3))
    wanted_x, wanted_y, wanted_z, _ = ed25519_reference._times_base(scalar)
    assert (x * wanted_z - wanted_x * z) % P == 0
    assert (y * wanted_z - wanted_y * z) % P == 0


@pytest.mark.parametrize("factor", SCALAR_EDGES, ids=hex)
def test_scalars_are_reduced_multiplied_and_added_right(factor):
    work, out = bytearray(scalar25519.WORK_BYTES), bytearray(32)
    with installed(scalar25519):
        for low, high in zip(SCALAR_EDGES, reversed(SCALAR_EDGES), strict=True):
            data = packed(low | high << 256, 64)
            scalar25519.reduce(work, out, data)
            assert number(out) == number(data) % L
            scalar25519.multiply_add(work, out, data, packed(factor), packed(high))
            assert number(out) == (number(data) * factor + high) % L


def test_comb_digits_name_the_signed_bits_of_the_scalar():
    rng = random.Random(8038)
    edges = [value for value in SCALAR_EDGES if value <= ALL_SET]
    with installed(scalar25519):
        for scalar in edges + [rng.randrange(ALL_SET) for _ in range(20)]:
            digits = bytearray(64)
            scalar25519.comb_digits(digits, packed(scalar))
            total = 0
            for place, digit in enumerate(digits):
                column, table = 15 - place // 4, place % 4
                for bit in range(4):
                    sign = 1 if digit >> bit & 1 else -1
                    total += sign << column + 16 * (4 * table + bit)
            assert total in (scalar, scalar + L)
