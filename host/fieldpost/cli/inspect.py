"""`fieldpost inspect`: what a file of ours says."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fieldpost import keyfile
from fieldpost.cli import output
from fieldpost.cli.store_file import AsJson
from fieldpost.cli.told import say
from fieldpost.inspect import inspect

app = typer.Typer()

SIZE_MAX = 16 << 20  # the largest file of ours is a segment's leaves


@app.command(epilog="Example: fieldpost inspect out/early/8bea76e4.cose")
def command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Any object that a device, a bridge or an export wrote.")
    ],
    json: AsJson = False,
) -> None:
    """Show a file field by field; no signature is checked. Exit 1 when a rule of its shape is broken."""
    try:
        with file.open("rb") as opened:
            data = opened.read(SIZE_MAX + 1)
    except OSError as error:
        output.stop(output.CANNOT, f"{file}: {error.strerror}", "give a file that can be read")
    if len(data) > SIZE_MAX:
        output.stop(output.USAGE, f"{file}: more than {SIZE_MAX} bytes", "give one object, not an archive")
    if keyfile.digits(data) is not None:
        output.stop(
            output.USAGE,
            f"{file}: a key file; a secret is not shown",
            "name a file of tokens, copies or segments",
        )
    found = inspect(data)
    if json:
        output.print_json(found)
    else:
        say(f"{found['kind']}, {found['size']} bytes, id {found['id']}")
        show(found["tree"], 1)
        say(f"{found['outcome']}: {found['reason']}")
    if found["outcome"] != "well-formed":
        output.stop(output.NO, f"{file}: {found['code']}: {output.shown(found['reason'])}", found["remedy"])


def show(value: dict[str, Any], depth: int) -> None:
    """A tree as indented lines."""
    for name, one in value.items():
        pad = "  " * depth
        if isinstance(one, dict):
            say(f"{pad}{name}:")
            show(one, depth + 1)
        elif isinstance(one, list) and any(isinstance(part, dict) for part in one):
            for index, part in enumerate(one):
                say(f"{pad}{name} {index}:")
                show(part if isinstance(part, dict) else {"": part}, depth + 1)
        elif name == "diagnostic":
            for line in str(one).splitlines():
                say(f"{pad}{line}")
        else:
            say(f"{pad}{name}: {words(one)}")


def words(value: Any) -> str:
    """A value without a name inside, as one line."""
    if isinstance(value, list):
        return (
            ", ".join(f"[{words(one)}]" if isinstance(one, list) else words(one) for one in value) or "none"
        )
    return "nil" if value is None else str(value)
