"""Kernels run as Cortex-M code: right results, exact counts, and every misuse of the machine stops them."""

import hashlib
import struct
from pathlib import Path

import pytest

from fieldpost.bench.device.board_code import BoardCode
from fieldpost.bench.thumb import mpy
from fieldpost.bench.thumb.instructions import is_beyond_armv6m
from fieldpost.bench.thumb.kernels import KernelFault, Kernels
from fieldpost.bench.thumb.observers import Count, Trace, unaligned_multiples
from fieldpost.bench.thumb.runtime import RuntimeMissing
from fieldwire import sha512

CORES = ("armv6m", "armv7em", "armv7emsp")


@pytest.fixture
def kernels(tmp_path):
    """Kernels of a source text."""

    def made(source, core="armv6m", observer=None, **namespace):
        path = tmp_path / "kernels.py"
        path.write_text("import micropython\n" + source)
        return Kernels.from_source(path, core, observer or Count(), namespace)

    return made


SUM = """
@micropython.viper
def total(data: ptr8, size: int) -> int:
    s = 0
    for i in range(size):
        s += data[i]
    return s
"""


@pytest.mark.parametrize("core", CORES)
def test_a_kernel_gives_the_result_that_its_source_says(kernels, core):
    assert kernels(SUM, core).call("total", bytes(range(100)), 100) == sum(range(100))


def test_a_kernel_writes_into_the_callers_buffer(kernels):
    source = "@micropython.viper\ndef fill(a):\n    p = ptr32(a)\n    p[1] = p[0] + 7\n"
    buffer = bytearray(struct.pack("<2I", 35, 0))
    assert kernels(source).call("fill", buffer) is None
    assert struct.unpack("<2I", buffer) == (35, 42)


@pytest.mark.parametrize(
    "value", [0, -1, 1, (1 << 30) - 1, -(1 << 30), (1 << 31) - 1, -(1 << 31)], ids=lambda value: str(value)
)
def test_words_of_every_size_come_and_go_unchanged(kernels, value):
    assert (
        kernels("@micropython.viper\ndef same(a: int) -> int:\n    return a\n").call("same", value) == value
    )


def test_the_count_is_that_of_the_instructions_one_by_one(kernels):
    source = "@micropython.asm_thumb\ndef three(r0):\n    add(r0, 1)\n    add(r0, 2)\n    add(r0, 3)\n"
    made = kernels(source)
    assert made.call("three", 10) == 16
    # push, the three, pop
    assert made.notes == [("three", 5)]


def test_an_instruction_of_four_bytes_counts_as_one(kernels):
    source = "@micropython.asm_thumb\ndef shifted(r0, r1):\n    sdiv(r0, r0, r1)\n"
    made = kernels(source, "armv7em")
    assert made.call("shifted", 84, 2) == 42
    assert made.notes == [("shifted", 3)]


def test_a_longer_loop_counts_by_its_passes(kernels):
    made = kernels(SUM)
    for size in (1, 2, 3):
        made.call("total", bytes(3), size)
    first, second, third = [count for _, count in made.notes]
    assert second - first == third - second > 0


def test_an_unaligned_word_stops_a_cortex_m0_and_names_the_kernel(kernels):
    source = (
        "@micropython.viper\ndef odd(a, at: int) -> int:\n    p = ptr32(int(ptr8(a)) + at)\n    return p[0]\n"
    )
    made = kernels(source)
    assert made.call("odd", bytearray(range(8)), 4) == 0x07060504
    with pytest.raises(KernelFault, match=r"odd: .* at odd\+0x"):
        made.call("odd", bytearray(8), 1)
    assert kernels(source, "armv7em").call("odd", bytearray(range(8)), 1) == 0x04030201


def test_pairs_of_words_that_are_not_aligned_are_found_and_single_words_are_allowed(kernels):
    source = (
        "@micropython.asm_thumb\ndef pair(r0):\n    data(2, 0xE9D0, 0x0100)\n"  # ldrd r0, r1, [r0]
        "@micropython.asm_thumb\ndef single(r0):\n    ldr(r0, [r0, 0])\n"
    )
    made = kernels(source, "armv7em", unaligned_multiples())
    for name, data, suspects in (
        ("pair", bytearray([7, *bytes(7)]), 0),
        ("single", bytes([7, *bytes(7)]), 0),
        ("pair", bytes([7, *bytes(7)]), 1),
    ):
        assert made.call(name, data) == 7
        assert len(made.notes[-1][1]) == suspects


def test_constant_bytes_cannot_be_read_by_words_on_a_cortex_m0(kernels):
    made = kernels("@micropython.viper\ndef first(a) -> int:\n    p = ptr32(a)\n    return p[0]\n")
    assert made.call("first", bytearray(b"\1\0\0\0")) == 1
    with pytest.raises(KernelFault):
        made.call("first", b"\1\0\0\0")


def test_constant_bytes_cannot_be_written(kernels):
    made = kernels("@micropython.viper\ndef store(a):\n    p = ptr8(a)\n    p[0] = 1\n")
    with pytest.raises(KernelFault):
        made.call("store", b"\0")


def test_a_view_may_begin_anywhere_and_is_read_alone(kernels):
    source = (
        "@micropython.viper\ndef third(a) -> int:\n    p = ptr8(a)\n    return p[3]\n"
        "@micropython.viper\ndef store(a):\n    p = ptr8(a)\n    p[0] = 1\n"
    )
    made = kernels(source)
    assert made.call("third", memoryview(bytes(range(9)))[4:]) == 7
    with pytest.raises(KernelFault):
        made.call("store", memoryview(bytearray(4))[1:])


def test_umaal_is_known_to_a_cortex_m4_alone(kernels):
    source = "@micropython.asm_thumb\ndef wide(r0, r1, r2, r3):\n    data(2, 0xFBE2, 0x0163)\n"
    # r1:r0 = r2 * r3 + r0 + r1
    assert kernels(source, "armv7em").call("wide", 5, 6, 7, 8) == 7 * 8 + 5 + 6
    with pytest.raises(KernelFault):
        kernels(source).call("wide", 5, 6, 7, 8)


def test_what_armv6m_lacks_and_the_emulator_executes_is_seen(kernels):
    source = "@micropython.asm_thumb\ndef leap(r0):\n    data(2, {})\n    mov(r0, r0)\n    mov(r0, r0)\n"
    for halfword, lacking in (
        (0xB100, True),
        (0xB900, True),
        (0xBF08, True),
        (0xBF00, False),
        (0x2000, False),
    ):
        observer = Count()
        kernels(source.format(halfword), "armv6m", observer).call("leap", 0)
        assert any(map(is_beyond_armv6m, observer.executed)) == lacking


def test_the_portable_kernels_execute_nothing_that_armv6m_lacks():
    observers = []

    def observer():
        observers.append(Count())
        return observers[-1]

    BoardCode("armv6m", observer).signer(bytes(32)).sign(b"")
    executed = set().union(*(each.executed for each in observers))
    assert len(executed) > 100 and not any(map(is_beyond_armv6m, executed))


def test_a_function_of_the_runtime_that_is_not_served_is_named(kernels):
    made = kernels("@micropython.viper\ndef attribute(a):\n    return a.real\n")
    with pytest.raises(RuntimeMissing, match="load_attr"):
        made.call("attribute", 5)


def test_too_many_arguments_are_not_served(kernels):
    with pytest.raises(RuntimeMissing, match="arg_check_num_sig"):
        kernels(SUM).call("total", 1, 2, 3)


def test_a_kernel_calls_a_kernel_and_both_count(kernels):
    source = SUM + "@micropython.viper\ndef twice(a, n: int) -> int:\n    return 2 * int(total(a, n))\n"
    made = kernels(source)
    assert made.call("twice", bytes([1, 2, 3]), 3) == 12
    made.call("total", bytes([1, 2, 3]), 3)
    (_, both), (_, inner) = made.notes
    assert both > inner + 20


def test_a_kernel_reads_the_globals_it_is_given_and_no_others(kernels):
    source = "@micropython.viper\ndef look() -> int:\n    p = ptr8(TABLE)\n    return p[2]\n"
    assert kernels(source, TABLE=b"\5\6\7").call("look") == 7
    with pytest.raises(RuntimeMissing, match="TABLE"):
        kernels(source).call("look")


def test_a_buffer_given_twice_is_one_buffer(kernels):
    source = "@micropython.viper\ndef alias(a: ptr8, b: ptr8) -> int:\n    a[0] = 9\n    return b[0]\n"
    buffer = bytearray(1)
    assert kernels(source).call("alias", buffer, buffer) == 9


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("secret", [0, 1])
def test_traces_show_a_branch_and_hide_arithmetic(kernels, core, secret):
    source = (
        "@micropython.viper\ndef masked(a: int) -> int:\n    return (0 - a) & 77\n"
        "@micropython.viper\ndef branching(a: int) -> int:\n    if a:\n        return 77\n    return 0\n"
    )
    made = kernels(source, core, Trace())
    for value in (secret, 1 - secret):
        assert made.call("masked", value) == made.call("branching", value) == 77 * value
    (_, masked), (_, branching), (_, masked_again), (_, branching_again) = made.notes
    assert masked == masked_again and branching != branching_again


def test_a_trace_shows_the_index_of_a_table(kernels):
    made = kernels(
        "@micropython.viper\ndef look(a: ptr8, i: int) -> int:\n    return a[i]\n", "armv6m", Trace()
    )
    for index in (1, 2, 1):
        made.call("look", b"\0\1\2", index)
    assert made.notes[0] == made.notes[2] != made.notes[1]


def test_a_file_of_another_version_or_machine_is_refused():
    with pytest.raises(mpy.MpyError, match="version 5"):
        mpy.parse(b"M\x05\x13\x1f")
    with pytest.raises(mpy.MpyError, match="Cortex-M"):
        mpy.parse(b"M\x06\x0b\x1f")
    with pytest.raises(mpy.MpyError, match="ends at byte 3"):
        mpy.parse(b"M\x06\x13")


@pytest.mark.parametrize("core", CORES)
def test_the_sha_512_kernels_hash_as_hashlib_does(monkeypatch, core):
    monkeypatch.setattr(sha512, "_ROUND", bytearray(sha512._ROUND))  # made at import: it lies in the heap
    made = Kernels.from_source(Path(sha512.__file__), core, Count())
    with made.installed_in(sha512):
        for message in (b"", b"abc", bytes(range(200))):
            assert sha512.sha512_kernel(message) == hashlib.sha512(message).digest()
