"""`fieldpost timeline`: each device's place on the mesh timeline, as a table and as a picture."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.placed import home_timeline
from fieldpost.plot.drawn import Drawn, Row, drawn
from fieldpost.plot.svg import svg_text
from fieldpost.timeline.decimals import seconds
from fieldpost.timeline.evidence import Anchor, Device
from fieldpost.timeline.isolate import Graphs
from fieldpost.timeline.jsonl import DEVICES_RESILIENT_MAX, LineError, lines_of, parse
from fieldpost.timeline.place import place_on, same
from fieldpost.timeline.words import device_words

app = typer.Typer()

COLUMNS = ("device", "standing", "observations", "without a place", "exchanges", "from (s)", "to (s)")


@app.command(epilog="Example: fieldpost timeline EVIDENCE.jsonl --svg timeline.svg")
def timeline(
    evidence: Annotated[
        Path | None,
        typer.Argument(
            metavar="EVIDENCE.jsonl", help="An evidence file instead of a store.", show_default=False
        ),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="OUT", help="Write the picture here.", show_default=False)
    ] = None,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Show where each device's observations stand: intervals, exchanges, and who is suspected.

    From an evidence file (as `place` reads it), else from a store. Exit 1 when the evidence contradicts itself.
    """
    picture = of_store(store) if evidence is None else of_file(evidence)
    if svg is not None:
        write(svg, svg_text(picture))
    rows = [told(row) for row in picture.rows]
    if json:
        output.print_json(
            {"anchor": picture.anchor, "devices": rows, "svg": None if svg is None else str(svg)}
        )
    else:
        print_table(COLUMNS, [["-" if cell is None else cell for cell in row.values()] for row in rows])
    if any(row.standing != "honest" for row in picture.rows):
        raise typer.Exit(output.NO)


def of_file(path: Path) -> Drawn:
    """What an evidence file asks to place."""
    try:
        with path.open("rb") as file:
            request = parse(lines_of(file), DEVICES_RESILIENT_MAX)
    except OSError as error:
        output.stop(output.CANNOT, f"{path}: {error.strerror}", "give a file that can be read")
    except LineError as error:
        output.stop(output.USAGE, f"{path}: {error}")
    graphs = Graphs(request.evidence, same)
    named = {stamp: name for name, stamp in request.stamp_of.items()}
    found = place_on(graphs, Anchor(request.anchor), named)
    return drawn(f"Timeline of {path.name}", graphs, found, named)


def of_store(path: Path) -> Drawn:
    """What a bridge's store holds of its own mesh."""
    with reading(path) as held:
        home = home_timeline(held)
    if home is None:
        output.stop(
            output.NO, f"{path}: no exchange joins two clocks yet", "wait for a drain, or let devices meet"
        )
    return drawn(f"Timeline of mesh {home.mesh}", home.solved.graphs, home.timeline, home.named, short)


def short(device: Device) -> str:
    return device_words(device)[:12]


def write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        output.stop(output.CANNOT, f"{path}: {error.strerror}", "name a file that can be written with --svg")


def told(row: Row) -> dict[str, str | int | None]:
    """A device as a row of the table; times are seconds since the anchor."""
    points = [bar.point_ns for bar in row.bars if bar.point_ns is not None]
    return {
        "device": row.name,
        "standing": row.standing,
        "observations": len(row.bars),
        "unplaced": sum(bar.status in ("unplaced", "quarantined") for bar in row.bars),
        "exchanges": len(row.met_ns),
        "from": seconds(min(points, default=None)),
        "to": seconds(max(points, default=None)),
    }
