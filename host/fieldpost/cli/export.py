"""`fieldpost export`: the store's contents for others' tools."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import export_proof, output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.told import say
from fieldpost.export.cose import INDEX, write_cose

app = typer.Typer(no_args_is_help=True)
app.add_typer(export_proof.commands, name="proof")


@app.callback()
def export() -> None:
    """Write every stored envelope as it was received, or a proof of one thing."""


@app.command(epilog="Example: fieldpost export cose out/")
def cose(
    folder: Annotated[Path, typer.Argument(metavar="OUT/", help="Where to write; made if it is not there.")],
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Write early copies, seals with leaves, receipts, keys and tokens, which any COSE library can check.

    COSE is tag 18 with empty external_aad. SHA-256 over a zero byte and a leaf file is the observation's id.
    """
    with reading(store) as held:
        try:
            counts = write_cose(held, folder)
        except OSError as error:
            output.stop(
                output.CANNOT,
                f"{error.filename or folder}: {error.strerror}",
                "name a folder that can be written",
            )
    if json:
        output.print_json({"folder": str(folder), "index": str(folder / INDEX), **counts})
    else:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        say(f"{folder / INDEX}: {told or 'nothing is stored yet'}")
