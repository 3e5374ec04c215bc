"""`fieldpost resolve`: decide between claims under an agreement, from two files and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost.agreement_cbor import agreement_digest
from fieldpost.agreement_toml import AgreementError, parse_toml
from fieldpost.claims_json import claims_of, resolution_json
from fieldpost.cli import output
from fieldpost.cli.text_file import text_of
from fieldpost.json_lines import LineError
from fieldpost.resolution import COMPARISONS_MAX, crowd, resolve

app = typer.Typer()


@app.command(epilog="Example: fieldpost resolve agreement.toml claims.jsonl")
def command(
    agreement_file: Annotated[Path, typer.Argument(metavar="AGREEMENT.toml", help="The terms (SPEC 11.2).")],
    claims_file: Annotated[Path, typer.Argument(metavar="CLAIMS.jsonl", help="A claim a line (SPEC 14.8).")],
) -> None:
    """Decide between rival claims under an agreement; one JSON document. Exit 1 when a gate stops a scope."""
    try:
        agreement = parse_toml(text_of(agreement_file), str(agreement_file))
    except AgreementError as error:
        output.stop(output.USAGE, str(error))
    try:
        claims = claims_of(text_of(claims_file))
    except LineError as error:
        output.stop(output.USAGE, f"{claims_file}: {error}")
    crowded = crowd(claims, agreement)
    if crowded is not None:
        subject, name, pairs = crowded
        output.stop(
            output.CANNOT,
            f"{claims_file}: {pairs} pairs of claims about {name} of {subject} may be rivals, and at most"
            f" {COMPARISONS_MAX} are compared in all",
            "give fewer subjects, or claims of a shorter time, at once",
        )
    resolution = resolve(claims, agreement)
    output.print_json(resolution_json(resolution, agreement_digest(agreement)))
    if any(one.verdict == "stop" for one in resolution.divergence):
        raise typer.Exit(output.NO)
