"""`fieldpost channel`: open, close and narrow what leads to other meshes."""

from enum import StrEnum
from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.bridge_desk import KeyPath, bridge_desk
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.cli.told import say
from fieldpost.heard_rows import heard_rows
from fieldpost.reading import Rows
from fieldwire import cbor
from fieldwire.observation import is_path

app = typer.Typer(no_args_is_help=True)

COLUMNS = ("channel", "mode", "withheld")
HEARD = ("address", "bridge", "meshes", "agreement", "outcome", "reason")


class ModeName(StrEnum):
    open = "open"
    partitioned = "partitioned"
    one_way_in = "one-way-in"
    one_way_out = "one-way-out"


@app.callback()
def channel() -> None:
    """Open, close and narrow the channels to other meshes; list who was heard on them."""


@app.command("list", epilog="Example: fieldpost channel list --store alpha/store.db")
def list_channels(store: StorePath = DEFAULT, json: AsJson = False) -> None:
    """List channels whose mode was ever set; any other is open and withholds nothing."""
    with reading(store) as held:
        rows = channel_rows(held)
        table = [(row["channel"], row["mode"], ", ".join(row["withheld"]) or "nothing") for row in rows]
    if json:
        output.print_json({"channels": rows})
    else:
        print_table(COLUMNS, table)


def channel_rows(store: Rows) -> list[dict]:
    """[{"channel", "mode", "withheld": [subject ...]}]"""
    return [
        {"channel": name, "mode": mode, "withheld": cbor.decode(withheld)}
        for name, mode, withheld in store.query("SELECT channel, mode, withheld FROM mode ORDER BY channel")
    ]


@app.command("heard", epilog="Example: fieldpost channel heard --store alpha/store.db")
def list_heard(store: StorePath = DEFAULT, json: AsJson = False) -> None:
    """List the bridges that were heard, why each does or does not talk, and what is missing on either side."""
    with reading(store) as held:
        found = heard_rows(held)
    if json:
        output.print_json(found)
        return
    print_table(HEARD, [_heard_cells(row) for row in found["heard"]])
    for row in found["heard"]:
        who = f"{row['address']} {(row['id'] or '')[:16]}".strip()
        if row["outcome"] == "refused":
            say(f"{who}: {row['remedy']}")
        for one in row["missing"]:
            say(f"{who} lacks {one['count']} by {one['code']}: {one['remedy']}")
    for one in found["here"]:
        say(f"here {one['count']} by {one['code']}: {one['remedy']}")


def _heard_cells(row: dict) -> tuple[str, ...]:
    meshes = ", ".join(mesh[:16] for mesh in row["meshes"])
    version = row["agreement_version"]
    return (
        row["address"], (row["id"] or "not proved")[:16], meshes, "" if version is None else str(version),
        row["code"], row["reason"],
    )  # fmt: skip


@app.command("set", epilog="Example: fieldpost channel set boundary partitioned --withhold harbor/private")
def set_channel(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The channel; `boundary` is the whole crossing.")
    ],
    mode: Annotated[ModeName, typer.Argument(help="What may cross from now on.")],
    withhold: Annotated[
        list[str] | None,
        typer.Option(metavar="SUBJECT", help="Keep back this subject and its subtree; repeatable."),
    ] = None,
    store: StorePath = DEFAULT,
    key: KeyPath = None,
) -> None:
    """Set a channel's mode and what it withholds: an input and an event of the bridge, kept over restarts.

    What is not named with --withhold is no longer withheld. A running bridge takes it up with its next input.
    """
    for subject in withhold or []:
        if not is_path(subject):
            output.stop(
                output.USAGE, f"--withhold {subject!r} is no subject", "write it like harbor/air/north"
            )
    if not is_path(name):
        output.stop(output.USAGE, f"channel {name!r} is no name", "write it like boundary or field/east")
    with bridge_desk(store, key) as desk:
        desk.submit("mode", cbor.encode([name, mode.value, sorted(set(withhold or []))]))
    say(
        f"channel {name} is {mode.value}"
        + (f", withholding {', '.join(sorted(set(withhold)))}" if withhold else "")
    )
