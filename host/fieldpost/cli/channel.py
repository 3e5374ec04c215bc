"""`fieldpost channel`: open, close and narrow what leads to other meshes."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import keyfile
from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.cli.told import say
from fieldpost.desk import Desk
from fieldpost.pipeline import Bridge
from fieldpost.reading import Rows, profile_of
from fieldpost.signing import Signer
from fieldpost.store import Store, StoreError
from fieldwire import cbor
from fieldwire.observation import is_path

app = typer.Typer(no_args_is_help=True)

COLUMNS = ("channel", "mode", "withheld")


class ModeName(StrEnum):
    open = "open"
    partitioned = "partitioned"
    one_way_in = "one-way-in"
    one_way_out = "one-way-out"


@app.callback()
def channel() -> None:
    """Open, close and narrow the channels to other meshes."""


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
    key: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The bridge's key; by default bridge.key beside the store."),
    ] = None,
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
    with reading(store) as held:
        _, thumbprint, _ = profile_of(held)
    try:
        signer = keyfile.signer(key or store.parent / "bridge.key")
        desk = desk_at(store, signer)
        if desk.thumbprint != thumbprint:
            output.stop(
                output.USAGE,
                f"{key or store.parent / 'bridge.key'}: is not this bridge's key",
                "name it with --key",
            )
        desk.submit("mode", cbor.encode([name, mode.value, sorted(set(withhold or []))]))
    except keyfile.KeyFileError as error:
        output.stop(output.CANNOT, str(error))
    except StoreError as error:
        output.stop(output.CANNOT, f"{store}: cannot be written: {error.cause}", error.remedy)
    say(
        f"channel {name} is {mode.value}"
        + (f", withholding {', '.join(sorted(set(withhold)))}" if withhold else "")
    )


def desk_at(path: Path, signer: Signer) -> Desk:
    """The bridge's desk; its time is that of the last thing the bridge noted, for only the bridge has its clock."""
    store = Store(path)
    rows = store.query("SELECT boot, ms FROM input ORDER BY n DESC LIMIT 1")
    at = rows[0] if rows else (0, 0)
    return Desk(store, Bridge(), signer, lambda: (at[0], at[1]))
