"""`fieldpost rebuild`: the stored inputs lead to the stored picture, or the first place where they do not."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.told import say
from fieldpost.rebuild import Rebuilt
from fieldpost.rebuild import rebuild as replay
from fieldpost.store import TEMPORARY, Store

app = typer.Typer()


@app.command(epilog="Example: fieldpost rebuild --store alpha/store.db --out again.db")
def rebuild(
    store: StorePath = DEFAULT,
    out: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Keep the rebuilt store in this new file.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Replay the stored inputs and compare events, log root, tables and decision digests, byte for byte.

    Exit 1 with the first difference when they are not identical.
    """
    if out is not None and out.exists():
        output.stop(output.USAGE, f"{out}: is there already", "name a new file with --out")
    if out is not None and not out.absolute().parent.is_dir():
        output.stop(output.USAGE, f"{out}: its folder does not exist", "make the folder first")
    with reading(store) as held:
        fresh = Store(TEMPORARY if out is None else out)
        found = replay(held, fresh)
        fresh.close()
    if json:
        output.print_json(document(found))
    else:
        say(f"{found.inputs} inputs, {found.events} events, {found.rows} rows, log root {found.root.hex()}")
        for digest in found.decision_digests:
            say(f"decisions {digest.hex()}")
        say("identical" if found.difference is None else "not identical")
    if found.difference is not None:
        output.stop(output.NO, f"{store}: {output.shown(found.difference.reason)}", found.difference.remedy)


def document(found: Rebuilt) -> dict:
    """What was compared, as JSON holds it."""
    told = found.difference
    return {
        "identical": told is None,
        "inputs": found.inputs,
        "events": found.events,
        "rows": found.rows,
        "log_root": found.root.hex(),
        "decision_digests": [one.hex() for one in found.decision_digests],
        "difference": None
        if told is None
        else {"code": told.code, "reason": told.reason, "remedy": told.remedy},
    }
