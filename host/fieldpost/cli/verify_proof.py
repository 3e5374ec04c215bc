"""`fieldpost verify-proof`: whether a portable proof holds, from its bytes alone."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.store_file import AsJson
from fieldpost.cli.told import say
from fieldpost.proof.check import check
from fieldwire import limits

app = typer.Typer()


@app.command(epilog="Example: fieldpost verify-proof fork.proof --json")
def command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A proof, as `fieldpost export proof` writes it.")
    ],
    mesh: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="A mesh id that you know; a proof under another root is refused. Repeatable."
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Check a fork, an epoch, a checkpoint, a receipt or an event without a store. Exit 1 when it does not hold.

    An event is proved as a receipt of a checkpoint, and is told as one.
    """
    known = [_mesh(one) for one in mesh or []]
    try:
        with file.open("rb") as opened:
            data = opened.read(limits.CBOR_MAX + 1)
    except OSError as error:
        output.stop(output.CANNOT, f"{file}: {error.strerror}", "give a file that can be read")
    found = check(data, known)
    if json:
        output.print_json(found)
    else:
        say(f"{found['kind']} proof {found['id']}")
        say(
            f"{found['outcome']}: {found['reason']}"
            if found["outcome"] == "proved"
            else f"{found['outcome']}: {found['code']}"
        )
        for one in found["keys"]:
            who = (
                f"{one['authority']} in mesh {one['mesh']}"
                if one["chain"]
                else f"the root of mesh {one['mesh']}"
            )
            say(f"  key {one['thumbprint']}: {who}")
    if found["outcome"] != "proved":
        output.stop(output.NO, f"{file}: {found['code']}: {output.shown(found['reason'])}", found["remedy"])


def _mesh(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        output.stop(
            output.USAGE,
            f"--mesh {text!r} is no mesh id",
            "give 64 hexadecimal digits, as `fieldpost mesh show` prints",
        )
    return found
