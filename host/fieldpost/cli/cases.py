"""`fieldpost cases`: scopes that the divergence gate stopped."""

from typing import Annotated

import typer

from fieldpost.case_rows import case_rows
from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.cli.told import say

app = typer.Typer()


@app.command(epilog="Example: fieldpost cases 3f0a --json")
def cases(
    identity: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A case's id, or how it begins.")
    ] = None,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """List divergence cases; with an ID, its report: each measured term beside its threshold."""
    with reading(store) as held:
        rows = case_rows(held)
    if identity is not None:
        rows = [row for row in rows if row["id"].startswith(identity.lower())]
        if len(rows) != 1:
            output.stop(
                output.USAGE if rows else output.NO,
                f"{store}: {len(rows) or 'no'} cases begin with {identity}",
                "list them with `fieldpost cases`",
            )
    if json:
        output.print_json({"cases": rows} if identity is None else rows[0])
    elif identity is None:
        print_table(
            ("case", "scope", "state", "reason"),
            [(row["id"], row["scope"], row["state"], row["reason"]) for row in rows],
        )
    else:
        show(rows[0])


def show(case: dict) -> None:
    """One case and its report."""
    say(f"case {case['id']}: scope {case['scope']} is {case['state']}")
    say(f"{case['reason']}; remedy: {case['remedy']}")
    print_table(
        ("term", "measured", "threshold"),
        [
            (name, value, case["thresholds"].get(name, "none"))
            for name, value in sorted(case["terms"].items())
        ],
    )
    say(f"report: {case['report']}")
