"""Where each key of a TOML text stands, so that an error can point at its line.

Decides nothing about TOML: the text has already been accepted by `tomllib`. It follows table headers, keys
and multi-line values, and refuses to look inside inline tables: their keys have the line of the key they
belong to.
"""

import re
import tomllib

Where = tuple[str | int, ...]
# Python turns no longer text into an integer, and its own calls in one another end somewhere above this depth.
DIGITS_MAX, DEPTH_MAX = 4_300, 100

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*(\.?)""")
# One item of a value: strings first, so that brackets and hashes inside them do not count.
_ITEM = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]|\n|.', re.DOTALL
)


def lines_of(text: str) -> dict[Where, int]:
    """Line (from 1) of every header and key: a path of keys, and of positions in arrays of tables."""
    found: dict[Where, int] = {}
    counts: dict[Where, int] = {}
    table: Where = ()
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        content = text[at:end].strip()
        if content.startswith("["):
            table = _header(content, counts)
            found.setdefault(table, line)
        elif content and not content.startswith("#"):
            path, value_at = _key_path(text, at)
            found.setdefault(table + path, line)
            end = _value_end(text, value_at)
        line += text.count("\n", at, end) + 1
        at = end + 1
    return found


def line_at(lines: dict[Where, int], where: Where) -> int:
    """The line of `where`, or of the first key in it, or of the nearest around it; 1 when there is none."""
    while where:
        within = [line for path, line in lines.items() if path[: len(where)] == where]
        if within:
            return lines.get(where, min(within))
        where = where[:-1]
    return 1


def line_too_far(text: str) -> int:
    """The line of a text that takes TOML's reader too far: by the length of a number, or by brackets in brackets."""
    number = re.search(rf"[0-9_]{{{DIGITS_MAX}}}", text)
    depth = 0
    for match in _ITEM.finditer(text, number.start() if number else 0):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if number or depth == DEPTH_MAX:
            return text.count("\n", 0, match.start()) + 1
    return 1


def _header(content: str, counts: dict[Where, int]) -> Where:
    double = content.startswith("[[")
    path, _ = _key_path(content, 2 if double else 1)
    where: Where = ()
    for depth, key in enumerate(path):
        where = (*where, key)
        if double and depth == len(path) - 1:
            counts[where] = counts.get(where, -1) + 1
        if where in counts:
            where = (*where, counts[where])
    return where


def _key_path(text: str, at: int) -> tuple[Where, int]:
    """The dotted key at `at`, and where it ends."""
    keys: list[str | int] = []
    more = "."
    while more:
        match = _KEY.match(text, at)
        if match is None:
            break
        quoted, more = match.groups()
        keys.append(quoted if quoted[0] not in "\"'" else tomllib.loads(f"v = {quoted}")["v"])
        at = match.end()
    return tuple(keys), at


def _value_end(text: str, at: int) -> int:
    """The end of the line on which the value that starts after `at` ends."""
    depth = 0
    for match in _ITEM.finditer(text, at):
        item = match.group()
        if item in ("[", "{"):
            depth += 1
        elif item in ("]", "}"):
            depth -= 1
        elif item == "\n" and depth == 0:
            return match.start()
    return len(text)
