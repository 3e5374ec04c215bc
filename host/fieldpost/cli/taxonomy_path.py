"""`fieldpost taxonomy path`: along which equivalences one mesh's authority may stand for another's."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost import attestations
from fieldpost.cli import output
from fieldpost.cli.text_file import text_of
from fieldpost.json_lines import LineError
from fieldpost.mapping import Statements, statements_from
from fieldpost.taxonomy_cases import answers

EPILOG = (
    "Example: fieldpost taxonomy path cases.jsonl,"
    " or: fieldpost taxonomy path cases.jsonl --attestations desk/bravo"
)


def path(
    cases: Annotated[Path, typer.Argument(metavar="CASES.jsonl", help="Statements and queries (SPEC 12.8).")],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--attestations",
            metavar="DIR",
            help="Signed statements count too: tokens and root keys below this folder, a desk's or an export.",
        ),
    ] = None,
) -> None:
    """Answer each query with all paths of equivalences, or why there is none. Exit 1 when one has none."""
    signed = None if folder is None else _signed(folder)
    try:
        found = answers(text_of(cases), signed)
    except LineError as error:
        output.stop(output.USAGE, f"{cases}: {error}")
    output.print_json_lines(found)
    if not all(answer["paths"] for answer in found):
        raise typer.Exit(output.NO)


def _signed(folder: Path) -> Statements:
    try:
        found = attestations.read(folder)
    except OSError as error:
        output.stop(output.CANNOT, f"{error.filename or folder}: {error.strerror}", "name a folder of tokens")
    for file, code, reason in found.left_out:
        typer.echo(f"{file}: {code}: {output.shown(reason)}; it changes nothing", err=True)
    return statements_from(found.trust)
