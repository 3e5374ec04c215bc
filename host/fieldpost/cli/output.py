"""How commands speak: one JSON document or plain text on standard output, what went wrong on standard error.

Decides the exit codes (0 yes, 1 no, 2 usage, 3 cannot) and how foreign text is shown; no command's contents.
"""

import json
import sys
from typing import Any, NoReturn

import typer

NO = 1
USAGE = 2
CANNOT = 3


def print_json(document: Any) -> None:
    """One JSON document on standard output; ids and digests in it are lower-case hex already."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def json_text(document: Any) -> str:
    """The text of one JSON document, as commands print and write it."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def print_json_lines(rows: list[Any]) -> None:
    """One compact JSON document a line."""
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def shown(text: str) -> str:
    """Text from the wire made safe for a terminal: what is not printable is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def stop(code: int, what: str, remedy: str = "") -> NoReturn:
    """Ends the command with an exit code, naming the thing and the cause, and the remedy if there is one."""
    told = what + (f"; {remedy}" if remedy else "")
    typer.echo("\n".join(map(shown, told.split("\n"))), err=True)
    raise typer.Exit(code)
