"""The fast field machine for Cortex-M4, -M7 and -M33, run as machine code, against Python's integers."""

import inspect
import random
import struct

import make_armv7em
import pytest
from fast_kernels import FOLDER, imported, loaded

from fieldpost.bench.thumb import mpy
from fieldpost.bench.thumb.kernels import compiled
from fieldpost.bench.thumb.observers import Trace

P = 2**255 - 19
EDGES = (
    *(0, 1, 2, 18, 19, 20, 37, 38, 39),
    *(P - 1, P, P + 1, P + 18, P + 19, 2 * P - 1, 2 * P, 2 * P + 1, 2 * P + 37),
    *(2**255 - 1, 2**255, 2**256 - 39, 2**256 - 38, 2**256 - 1),
    *(2**224 - 1, 2**224, 2**256 - 2**224, 2**255 + 2**231, 0xFFFFFFFF, 2**192 - 2**64),
)


@pytest.fixture(scope="module")
def field():
    return loaded("field25519")


def operands():
    random_bits = random.Random(1).getrandbits
    dense = [random_bits(256) | random_bits(256) | random_bits(256) for _ in range(4)]
    return [*EDGES, *dense, *(random_bits(256) for _ in range(8))]


def stored(field25519, state, register):
    return int.from_bytes(field25519.store(state, register), "little")


def raw(field25519, state, values):
    """Sets registers to any numbers below 2^256, as earlier operations may leave them."""
    for register, value in enumerate(values):
        field25519.load(state, register, value.to_bytes(32, "little"))


@pytest.mark.parametrize("name", make_armv7em.MODULES)
def test_the_written_modules_are_what_their_generator_writes(name):
    assert (FOLDER / f"{name}.py").read_text() == make_armv7em.module_text(name)


def face(path):
    """The functions of a module with their arguments, and its integers, as far as they are public and its own."""
    module = imported(path)
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    integers = {name for name, value in public.items() if isinstance(value, int)}
    arguments = {
        name: tuple(inspect.signature(value).parameters)
        for name, value in public.items()
        if getattr(value, "__module__", "") == module.__name__
    }
    return arguments, integers


@pytest.mark.parametrize("name", make_armv7em.MODULES)
def test_a_module_has_the_public_names_and_arguments_of_the_portable_one(name):
    file = f"{name}.py"
    assert face(FOLDER / file) == face(make_armv7em.FIELDWIRE / file)


@pytest.mark.parametrize("name", make_armv7em.MODULES)
def test_a_core_without_these_instructions_is_refused_when_compiled(name):
    with pytest.raises(mpy.MpyError, match="does not compile for armv6m"):
        compiled(FOLDER / f"{name}.py", "armv6m")


def test_the_operations_are_right_for_all_pairs_of_edge_and_random_numbers(field):
    field25519, _ = field
    state = field25519.new_state(8)
    program = bytes(
        (
            *(field25519.MULTIPLY, 2, 0, 1),
            *(field25519.ADD, 3, 0, 1),
            *(field25519.SUBTRACT, 4, 0, 1),
            *(field25519.SQUARE, 5, 0, 1),
            *(field25519.SUBTRACT, 6, 4, 3),
            *(field25519.ADD, 7, 4, 6),
        )
    )
    for x in operands():
        for y in operands():
            raw(field25519, state, (x, y))
            field25519.run(state, program, b"", b"")
            found = [stored(field25519, state, register) for register in range(8)]
            wanted = (x, y, x * y, x + y, x - y, x * x, -2 * y, x - 3 * y)
            assert found == [value % P for value in wanted], (x, y)


def test_a_result_may_take_the_place_of_either_operand_or_both(field):
    field25519, _ = field
    state = field25519.new_state(2)
    operations = {
        field25519.MULTIPLY: int.__mul__,
        field25519.ADD: int.__add__,
        field25519.SUBTRACT: int.__sub__,
    }
    for operation, function in operations.items():
        for target, first, second in ((0, 0, 1), (1, 0, 1), (0, 0, 0)):
            values = [2**256 - 5, P - 7]
            raw(field25519, state, values)
            field25519.run(state, bytes((operation, target, first, second)), b"", b"")
            values[target] = function(values[first], values[second])
            assert [stored(field25519, state, register) for register in (0, 1)] == [v % P for v in values]


@pytest.mark.parametrize("times", [1, 2, 3, 100, 255])
def test_squarings_in_a_row_are_as_many_as_the_program_says(field, times):
    field25519, _ = field
    state = field25519.new_state(2)
    raw(field25519, state, (2**256 - 3, 0))
    field25519.run(state, bytes((field25519.SQUARE, 1, 0, times)), b"", b"")
    assert stored(field25519, state, 1) == pow(2**256 - 3, 2**times, P)


def test_only_the_numbers_below_p_are_stored(field):
    field25519, _ = field
    state = field25519.new_state(1)
    for value in operands():
        raw(field25519, state, (value,))
        assert stored(field25519, state, 0) == value % P


def table_of_random_numbers():
    rng = random.Random(2)
    return b"".join(rng.randrange(P).to_bytes(32, "little") for _ in range(4 * 8 * 3))


TABLE = table_of_random_numbers()


@pytest.mark.parametrize("subtable", range(4))
def test_every_digit_selects_its_entry_or_its_negative_from_a_table_at_any_address(field, subtable):
    field25519, _ = field
    for digit in range(16):
        state = field25519.new_state(5)
        raw(field25519, state, (7, 0, 0, 0, 9))
        program = bytes((field25519.SELECT, 1, subtable, 0))
        field25519.run(state, program, TABLE, bytes((digit,)))
        entry = TABLE[(8 * subtable + (digit if digit & 8 else ~digit) % 8) * 96 :][:96]
        plus, minus, product = (int.from_bytes(entry[at : at + 32], "little") for at in (0, 32, 64))
        wanted = [plus, minus, product] if digit & 8 else [minus, plus, -product % P]
        assert [stored(field25519, state, register) for register in range(5)] == [7, *wanted, 9]


def test_the_negative_of_an_entry_of_zero_or_p_less_one_is_right(field):
    field25519, _ = field
    for value in (0, 1, P - 1):
        table = value.to_bytes(32, "little") * 96
        state = field25519.new_state(3)
        field25519.run(state, bytes((field25519.SELECT, 0, 0, 0)), table, b"\0")
        assert stored(field25519, state, 2) == -value % P


def test_a_program_runs_again_until_its_digits_are_used_up(field):
    field25519, kernels = field
    state = field25519.new_state(4)
    raw(field25519, state, (1, 0, 0, 0))
    kernels.notes.clear()
    program = bytes((field25519.SELECT, 1, 3, 0, field25519.ADD, 0, 0, 0))
    field25519.run(state, program, TABLE, bytes(range(10)))
    assert stored(field25519, state, 0) == 2**10
    assert [name for name, _ in kernels.notes] == ["_run", "_normalize"]


def test_new_registers_are_zero_and_a_state_is_32_bytes_a_register(field):
    field25519, _ = field
    state = field25519.new_state(13)
    assert len(state) == len(field25519.new_state(0)) + 13 * 32
    assert [stored(field25519, state, register) for register in range(13)] == [0] * 13


COSTS = {"MULTIPLY": 145, "SQUARE": 130, "ADD": 50, "SUBTRACT": 50, "SELECT": 715}


@pytest.mark.parametrize("operation", COSTS)
def test_no_operation_takes_more_instructions_than_it_did(field, operation):
    field25519, kernels = field
    counts = []
    for repeats in (1, 2):
        kernels.notes.clear()
        program = bytes((getattr(field25519, operation), 0, 0, 1)) * repeats
        digits = bytes(repeats) if operation == "SELECT" else b""
        field25519.run(field25519.new_state(4), program, TABLE, digits)
        counts.append(kernels.notes[0][1])
    assert counts[1] - counts[0] <= COSTS[operation]


def test_traces_of_operations_and_selections_do_not_depend_on_numbers_or_digits():
    field25519, kernels = loaded("field25519", Trace())
    program = bytes(
        (
            *(field25519.SELECT, 2, 0, 0),
            *(field25519.MULTIPLY, 5, 0, 1),
            *(field25519.SQUARE, 6, 5, 3),
            *(field25519.ADD, 0, 6, 2),
            *(field25519.SUBTRACT, 1, 0, 3),
        )
    )
    rng = random.Random(4)
    for x in operands():
        state = field25519.new_state(7)
        raw(field25519, state, (x, rng.getrandbits(256)))
        field25519.run(state, program, TABLE, rng.randbytes(4).translate(bytes(i & 15 for i in range(256))))
        field25519.store(state, 1)
    assert len({note for name, note in kernels.notes if name == "_run"}) == 1
    assert len({note for name, note in kernels.notes if name == "_normalize"}) == 1


def test_inverting_gives_the_inverse_in_any_register_and_zero_of_zero(field):
    field25519, _ = field
    state = field25519.new_state(3)
    for value in operands():
        raw(field25519, state, (value, 5, 6))
        field25519.invert(state, 2, 0)
        found = [stored(field25519, state, register) for register in range(3)]
        assert found == [value % P, 5, pow(value, P - 2, P)]
    field25519.invert(state, 1, 1)
    assert stored(field25519, state, 1) == pow(5, P - 2, P)


def test_a_run_writes_no_register_that_its_program_does_not_name(field):
    field25519, _ = field
    state = field25519.new_state(3)
    raw(field25519, state, (2**256 - 1, 2**256 - 2, 2**256 - 3))
    before = bytes(state)
    field25519.run(state, bytes((field25519.MULTIPLY, 1, 0, 2)), b"", b"")
    assert struct.unpack_from("<II", state) == (4, 0)
    assert state[12:-64] == before[12:-64]
    assert state[-32:] == before[-32:]
