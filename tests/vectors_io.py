"""Reads the golden vectors and states expected refusals, for test files that run on both runtimes.

Uses only what MicroPython has. Decides nothing about what a vector means.
"""

import binascii
import json

from fieldwire.errors import WireError

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."


def load_json(name):
    """The parsed contents of tests/vectors/NAME.json."""
    with open(HERE + "/vectors/" + name + ".json") as file:
        return json.load(file)


def unhex(text):
    """Bytes from hex; spaces and line ends between digits are allowed."""
    return binascii.unhexlify("".join(text.split()))


def hexed(data):
    """Lower-case hex of bytes."""
    return binascii.hexlify(data).decode()


def raises(code, function, *arguments, **named):
    """Asserts that the call refuses its input with WireError `code`; returns that error."""
    try:
        value = function(*arguments, **named)
    except WireError as error:
        assert error.code == code, "refused with %s (%s), expected %s" % (error.code, error, code)
        return error
    raise AssertionError("expected %s, got %r" % (code, value))


def fails(kind, function, *arguments, **named):
    """Asserts that the call raises an exception of `kind` (a ValueError for our own misuse); returns it."""
    try:
        value = function(*arguments, **named)
    except kind as error:
        return error
    raise AssertionError("expected %s, got %r" % (kind.__name__, value))
