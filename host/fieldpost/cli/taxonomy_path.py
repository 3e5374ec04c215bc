"""`fieldpost taxonomy path`: along which equivalences one mesh's authority may stand for another's."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.text_file import text_of
from fieldpost.json_lines import LineError
from fieldpost.taxonomy_cases import answers

EPILOG = "Example: fieldpost taxonomy path cases.jsonl"


def path(
    cases: Annotated[Path, typer.Argument(metavar="CASES.jsonl", help="Statements and queries (SPEC 12.8).")],
) -> None:
    """Answer each query with all paths of equivalences, or why there is none. Exit 1 when one has none."""
    try:
        found = answers(text_of(cases))
    except LineError as error:
        output.stop(output.USAGE, f"{cases}: {error}")
    output.print_json_lines(found)
    if not all(answer["paths"] for answer in found):
        raise typer.Exit(output.NO)
