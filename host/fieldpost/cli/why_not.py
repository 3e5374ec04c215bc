"""`fieldpost why-not`: what keeps something out of the picture, and the remedy."""

from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.cli.told import tell
from fieldpost.explain import kept_out, why_not
from fieldpost.explain.story import KEPT_OUT
from fieldpost.folded import folded, path_told
from fieldpost.reading import IdError, met_named, only

app = typer.Typer()


@app.command(epilog="Example: fieldpost why-not 8bea76e4")
def command(
    identity: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="Id of an observation or token, SHA-256 of an envelope, or how it begins; all when left out.",
        ),
    ] = None,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Tell why something is not in the picture, and what would let it in. Exit 1 when nothing keeps it out."""
    with reading(store) as held:
        if identity is None:
            show_all(kept_out(held), json)
            return
        try:
            found = only(met_named(held, identity), identity)
        except IdError as error:
            output.stop(output.USAGE, str(error))
        story = None if found is None else why_not(held, found, path_told(folded(held), found))
    if story is None:
        output.stop(
            output.NO,
            f"{store}: has never met {identity}",
            "let it cross, or name another store with --store",
        )
    if json:
        output.print_json(story)
    else:
        tell(story)
    if story["outcome"] not in KEPT_OUT:
        raise typer.Exit(output.NO)


def show_all(steps: list[dict], json: bool) -> None:
    """Everything that was kept out, a line each."""
    columns = ("id", "outcome", "code", "reason", "remedy")
    if json:
        output.print_json(steps)
    else:
        print_table(columns, [[one[column] for column in columns] for one in steps])
