"""The expression subset: what it refuses when checked, and what it yields as CEL would."""

import random

import cel
import pytest

from fieldpost.expression import DEPTH_MAX, INT_MAX, INT_MIN, NODES_MAX, ExpressionError, evaluate, parse

VARIABLES = {"a": "int", "b": "int", "p": "bool"}


def value_of(text, **values):
    return evaluate(parse(text, VARIABLES), values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "1.5",
        "1u",
        "0x10",
        "007",
        "'a'",
        '"a"',
        "[1]",
        "[1, 2].size()",
        "a.b",
        "size(a)",
        "has(a)",
        "a.matches('x')",
        "timestamp(a)",
        "{'a': 1}",
        "c",
        "null",
        "a // note",
        "a b",
        "(a",
        "a)",
        "--a",
        "1 == true",
        "true < false",
        "!1",
        "-p",
        "a && p",
        "p ? 1 : true",
        "a ? 1 : 2",
        "a = 1",
        "9223372036854775808",
        "1\u00a0+ 1",
        "\u0661",
    ],
)
def test_what_is_outside_the_subset_is_refused_when_checked(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text, VARIABLES)
    assert caught.value.column >= 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("7 / -2", -3),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("7 % -2", 1),
        ("2 + 3 * 4 - 1", 13),
        ("10 - 4 - 3", 3),
        ("-9223372036854775808", INT_MIN),
        ("p ? a : b ", 5),
        ("!p || a > b", True),
        ("a < b == p", False),
        ("1 < 2 ? 1 : 1 < 2 ? 2 : 3", 1),
    ],
)
def test_arithmetic_and_logic_are_those_of_cel(text, wanted):
    found = value_of(text, a=5, b=2, p=True)
    assert found == wanted and type(found) is type(wanted)


@pytest.mark.parametrize(
    "text", ["a + 1", "a * 2", "-b", "b - 1", "1 / 0", "1 % 0", "b / -1", "b % -1", "0 - b"]
)
def test_overflow_and_division_by_zero_abstain(text):
    assert value_of(text, a=INT_MAX, b=INT_MIN) is None


def test_an_absent_variable_abstains_only_where_it_is_used():
    assert value_of("a + 1", a=None) is None
    assert value_of("p ? 1 : a", a=None, p=True) == 1


def test_logic_absorbs_an_abstention_that_the_other_side_decides():
    assert value_of("1 / 0 == 1 || p", p=True) is True
    assert value_of("p && 1 / 0 == 1", p=False) is False
    assert value_of("1 / 0 == 1 && p", p=True) is None


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("p ? 1 : ", "")], ids=["bracket", "else"])
def test_as_many_levels_are_taken_as_the_limit_says(opening, closing):
    assert parse(opening * DEPTH_MAX + "1" + closing * DEPTH_MAX, VARIABLES)
    with pytest.raises(ExpressionError, match="deeper"):
        parse(opening * (DEPTH_MAX + 1) + "1" + closing * (DEPTH_MAX + 1), VARIABLES)


def test_size_and_depth_are_bounded():
    assert parse("+".join(["1"] * (NODES_MAX // 2)), VARIABLES)
    with pytest.raises(ExpressionError, match="nodes"):
        parse("+".join(["1"] * (NODES_MAX // 2 + 1)), VARIABLES)
    with pytest.raises(ExpressionError, match="deeper"):
        parse("(" * 5_00 + "1" + ")" * 5_00, VARIABLES)
    with pytest.raises(ExpressionError, match="longer"):
        parse(" " * 4_000 + "1", VARIABLES)


def test_an_independent_implementation_of_cel_yields_the_same():
    """The texts never negate a variable: the library wraps on the least integer, where CEL raises."""
    seeded = random.Random(7)
    for _ in range(3_000):
        text = integer(seeded, 3) if seeded.random() < 0.6 else logic(seeded, 3)
        values = {"a": seeded.choice([0, 1, -1, INT_MAX, INT_MIN]), "b": seeded.randrange(-9, 9), "p": True}
        try:
            theirs = cel.evaluate(text, values)
        except (OverflowError, ZeroDivisionError, ValueError, RuntimeError, TypeError):
            theirs = None
        ours = value_of(text, **values)
        assert ours == theirs and type(ours) is type(theirs), (text, values)


def integer(seeded, depth):
    if depth == 0 or seeded.random() < 0.2:
        return seeded.choice(["a", "b", "0", "-1", "7", str(INT_MAX), str(INT_MIN)])
    left, right = integer(seeded, depth - 1), integer(seeded, depth - 1)
    if seeded.random() < 0.2:
        return f"({logic(seeded, depth - 1)} ? {left} : {right})"
    return f"({left}) {seeded.choice('+-*/%')} {right}"


def logic(seeded, depth):
    if depth == 0:
        return seeded.choice(["p", "true", "false", "a < b"])
    if seeded.random() < 0.4:
        relation = seeded.choice(["<", "<=", ">", ">=", "==", "!="])
        return f"{integer(seeded, depth - 1)} {relation} {integer(seeded, depth - 1)}"
    if seeded.random() < 0.2:
        return f"!({logic(seeded, depth - 1)})"
    return f"{logic(seeded, depth - 1)} {seeded.choice(['&&', '||'])} {logic(seeded, depth - 1)}"
