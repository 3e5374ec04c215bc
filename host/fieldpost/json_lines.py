"""JSON Lines from outside, field by field: what is wrong is named by line and key.

Decides whether a line is an object and its fields have the types asked for. It refuses to guess: floats,
repeated keys and booleans in the place of integers are errors. What the fields mean is decided by those who
ask.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
REQUIRED: Any = object()
DIGITS_MAX = 200


class LineError(ValueError):
    """`line N: key: expected ...`."""

    def __init__(self, line: int, key: str, expected: str):
        super().__init__(f"line {line}: {key}: {expected}" if key else f"line {line}: {expected}")
        self.line, self.key, self.expected = line, key, expected


class Line:
    """One object of the file. Each getter takes a key and, for a key that may be absent, its default."""

    def __init__(self, number: int, fields: dict[str, Any]):
        self.number = number
        self._fields = fields

    def wrong(self, key: str, expected: str) -> NoReturn:
        raise LineError(self.number, key, expected)

    def has(self, key: str) -> bool:
        return key in self._fields

    def integer(self, key: str, default: Any = REQUIRED) -> int:
        return self._get(key, default, _integer, "expected a 64-bit integer")

    def integer_or_null(self, key: str) -> int | None:
        return self._get(key, REQUIRED, _or_null(_integer), "expected a 64-bit integer or null")

    def text(self, key: str, default: Any = REQUIRED) -> str:
        return self._get(key, default, _text, "expected text")

    def boolean(self, key: str, default: Any = REQUIRED) -> bool:
        return self._get(key, default, _boolean, "expected true or false")

    def hex(self, key: str) -> bytes:
        return self._get(key, REQUIRED, _hex, "expected lower-case hex")

    def hexes(self, key: str) -> tuple[bytes, ...]:
        return self._get(key, REQUIRED, _each(_hex), "expected a list of lower-case hex")

    def texts_or_null(self, key: str, default: Any = REQUIRED) -> tuple[str, ...] | None:
        return self._get(key, default, _or_null(_each(_text)), "expected a list of texts or null")

    def interval(self, key: str) -> tuple[int | None, int | None]:
        return self._get(key, REQUIRED, _interval, "expected [lo, hi] of integers or null, lo <= hi")

    def read(self, key: str, default: Any, reader: Callable[[Any], T], expected: str) -> T:
        """A field by a reader that raises ValueError for what it cannot take."""
        return self._get(key, default, reader, expected)

    def _get(self, key: str, default: Any, reader: Callable[[Any], T], expected: str) -> T:
        if key not in self._fields:
            if default is REQUIRED:
                self.wrong(key, expected + "; it is missing")
            return default
        try:
            return reader(self._fields[key])
        except ValueError:
            self.wrong(key, expected)


def lines(text: str) -> Iterator[Line]:
    """The objects of a text, with their line numbers; blank lines are skipped. Raises LineError."""
    for number, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            fields = json.loads(
                content, object_pairs_hook=once, parse_int=whole, parse_float=_refuse, parse_constant=_refuse
            )
        except (ValueError, RecursionError) as error:
            raise LineError(number, "", f"expected a JSON object; {why_none(error)}") from None
        if not isinstance(fields, dict):
            raise LineError(number, "", "expected a JSON object")
        yield Line(number, fields)


def why_none(error: ValueError | RecursionError) -> str:
    """Why a text was no JSON for us, told to whoever wrote the text."""
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON from column {error.colno} on: {error.msg.removesuffix(' starting at').lower()}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8; save the file as UTF-8"
    return "brackets are nested too deep" if isinstance(error, RecursionError) else str(error)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's fields, each key once; else ValueError."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return fields


def whole(digits: str) -> int:
    """An integer of a length that a file may sensibly hold; else ValueError."""
    if len(digits) > DIGITS_MAX:
        raise ValueError(f"a number of {len(digits)} digits, at most {DIGITS_MAX} are read")
    return int(digits)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no integer")


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    value.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _hex(value: Any) -> bytes:
    text = _text(value)
    if not 2 <= len(text) <= 128 or len(text) % 2 or text.strip("0123456789abcdef"):
        raise ValueError
    return bytes.fromhex(text)


def _or_null(reader: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else reader(value)


def _each(reader: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    def read(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise ValueError
        return tuple(map(reader, value))

    return read


def _interval(value: Any) -> tuple[int | None, int | None]:
    low, high = _each(_or_null(_integer))(value)
    if low is not None and high is not None and low > high:
        raise ValueError
    return low, high
