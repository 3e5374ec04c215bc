"""A TOML file as checked values: what is wrong is named by file, line, key and what was expected.

Decides how a fault is told, and nothing about any file's contents: those are types, and a function that finds what
types cannot say.
"""

import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from fieldpost.toml_lines import Where, line_at, lines_of

Fault = tuple[Where, str, str]  # where a value of the right type is still wrong, its key, what was expected
T = TypeVar("T")


class ConfigError(ValueError):
    """`file:line: key: expected ...`"""


def read(path: Path, kind: type[T], faults: Callable[[T], Iterable[Fault]]) -> T:
    """The file as a `kind`; ConfigError with its first fault, or OSError where it cannot be read."""
    text = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        cause, _, position = str(error).partition(" (at line ")
        line = position.split(",")[0] or text.count("\n") + 1
        raise ConfigError(f"{path}:{line}: TOML: expected well-formed TOML; {cause}") from None
    try:
        value = msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(_located(path, text, str(error))) from None
    for where, key, expected in faults(value):
        raise ConfigError(f"{path}:{line_at(lines_of(text), where)}: {key}: expected {expected}")
    return value


def _located(path: Path, text: str, message: str) -> str:
    """msgspec's `... - at `$.link[1].baud`` as `file:line: link[1].baud: ...`."""
    said, _, at = message.partition(" - at `$")
    key = at.rstrip("`").lstrip(".")
    where: list[str | int] = []
    for part in re.findall(r"[A-Za-z_]+|\[\d+\]", key):
        where.append(int(part[1:-1]) if part.startswith("[") else part)
    unknown = re.search(r"unknown field `(\w+)`", said)
    if unknown:
        where.append(unknown.group(1))
    return f"{path}:{line_at(lines_of(text), tuple(where))}: {key or 'file'}: {said[0].lower()}{said[1:]}"
