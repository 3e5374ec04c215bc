"""`fieldpost why`: each step that led to where an observation stands."""

from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.told import tell
from fieldpost.explain import explain
from fieldpost.reading import IdError, observations_named, only
from fieldpost.timeline.words import ENDS

app = typer.Typer()


@app.command(epilog="Example: fieldpost why 8bea76e4")
def why(
    identity: Annotated[str, typer.Argument(metavar="ID", help="An observation's id, or how it begins.")],
    every: Annotated[bool, typer.Option("--all", help="Tell every step of what bounds it in time.")] = False,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Tell who said it, under whose authority, through which equivalences, when, and what decided."""
    with reading(store) as held:
        try:
            found = only(observations_named(held, identity), identity)
        except IdError as error:
            output.stop(output.USAGE, str(error))
        ends = None if every else ENDS
        story = None if found is None else explain(held, found, ends)
    if story is None:
        output.stop(
            output.NO, f"{store}: holds no observation {identity}", f"try `fieldpost why-not {identity}`"
        )
    if json:
        output.print_json(story)
    else:
        tell(story)
