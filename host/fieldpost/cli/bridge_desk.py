"""The desk of a bridge whose store a command writes to: an input like any other, kept over restarts.

Decides which key is the bridge's own; refuses to write with another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import keyfile
from fieldpost.cli import output
from fieldpost.cli.store_file import reading
from fieldpost.desk import Desk
from fieldpost.pipeline import Bridge
from fieldpost.reading import profile_of
from fieldpost.signing import Signer
from fieldpost.store import Store, StoreError

KeyPath = Annotated[
    Path | None,
    typer.Option("--key", metavar="PATH", help="The bridge's key; by default bridge.key beside the store."),
]


@contextmanager
def bridge_desk(store: Path, key: Path | None) -> Iterator[Desk]:
    """The desk over a store. Ends the command: 2 for another bridge's key, 3 when nothing can be written."""
    path = key or store.parent / "bridge.key"
    with reading(store) as held:
        _, thumbprint, _ = profile_of(held)
    try:
        desk = desk_at(store, keyfile.signer(path))
        if desk.thumbprint != thumbprint:
            output.stop(output.USAGE, f"{path}: is not this bridge's key", "name it with --key")
        yield desk
    except keyfile.KeyFileError as error:
        output.stop(output.CANNOT, str(error))
    except StoreError as error:
        output.stop(output.CANNOT, f"{store}: cannot be written: {error.cause}", error.remedy)


def desk_at(path: Path, signer: Signer) -> Desk:
    """The bridge's desk; its time is that of the last thing the bridge noted, for only the bridge has its clock."""
    store = Store(path)
    rows = store.query("SELECT boot, ms FROM input ORDER BY n DESC LIMIT 1")
    at = rows[0] if rows else (0, 0)
    return Desk(store, Bridge(), signer, lambda: (at[0], at[1]))
