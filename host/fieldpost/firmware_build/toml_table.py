"""Reads one table of a TOML file key by key, so that each fault names the file, the key and what was expected.

Decides nothing about what keys mean. A key that nobody asked for is a fault, too: it may be a misspelt one.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fieldpost.firmware_build.errors import BuildError


class Table:
    """`take` and its kin return a value once; `end` refuses what is left. All raise BuildError."""

    def __init__(self, path: Path, content: Mapping[str, Any], name: str = "") -> None:
        self._path = path
        self._name = name
        self._left = dict(content)

    def text(self, key: str, default: str | None = None) -> str:
        return self._take(key, default, "a text", lambda one: isinstance(one, str) and bool(one))

    def number(self, key: str, least: int = 0, default: int | None = None) -> int:
        wanted = f"an integer of at least {least}"
        return self._take(key, default, wanted, lambda one: type(one) is int and one >= least)

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        return self._take(key, None, f"one of {', '.join(allowed)}", lambda one: one in allowed)

    def some_of(self, key: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        def fits(found: Any) -> bool:
            return isinstance(found, list) and all(one in allowed for one in found)

        return tuple(self._take(key, [], f"a list of {', '.join(allowed)}", fits))

    def table(self, key: str, default: Mapping[str, Any] | None = None) -> "Table":
        content = self._take(key, default, "a table", lambda one: isinstance(one, dict))
        return Table(self._path, content, f"{self._name}{key}.")

    def names(self) -> tuple[str, ...]:
        """The keys that were not taken yet."""
        return tuple(self._left)

    def any(self, key: str) -> str | int:
        wanted = "a text or an integer"
        return self._take(key, None, wanted, lambda one: isinstance(one, str) or type(one) is int)

    def end(self) -> None:
        for key in self._left:
            raise BuildError(f"{self._path}: key {self._name}{key} is unknown; correct its name or remove it")

    def _take(self, key: str, default: Any, wanted: str, fits: Callable[[Any], bool]) -> Any:
        full = self._name + key
        if key not in self._left:
            if default is None:
                raise BuildError(
                    f"{self._path}: key {full} is missing; add {wanted}, as other boards have it"
                )
            return default
        found = self._left.pop(key)
        if not fits(found):
            raise BuildError(f"{self._path}: {full} is {found!r}, {wanted} is expected; correct it")
        return found
