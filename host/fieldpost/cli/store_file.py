"""The store that a command reads: which file, and how it ends when that cannot be read.

Decides whether rows that a command cannot make sense of are damage: they are when the stored inputs lead to
others. Refuses to take a mistake of this program's own for damage: that is raised as it came.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.rebuild import UNREADABLE, rebuild
from fieldpost.store import Store, StoreError
from fieldwire.errors import WireError

DEFAULT = Path("build/demo/alpha/store.db")

StorePath = Annotated[
    Path,
    typer.Option(
        "--store", metavar="PATH", help="The bridge's store; by default the last demo's first mesh."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@contextmanager
def reading(path: Path) -> Iterator[Store]:
    """The store as it is now, open for reading. Ends the command: 2 when there is none, 3 when it is damaged."""
    try:
        store = Store.read_only(path)
    except FileNotFoundError:
        output.stop(
            output.USAGE,
            f"{path}: no such store",
            "run `make demo`, or name a bridge's store with --store PATH",
        )
    except StoreError as error:
        output.stop(output.CANNOT, f"{path}: cannot be opened: {error.cause}", error.remedy)
    try:
        store.query("BEGIN")  # one snapshot, whatever a running bridge writes meanwhile
        store.query("SELECT n FROM input LIMIT 1")
        yield store
    except StoreError as error:
        output.stop(output.CANNOT, f"{path}: cannot be read: {error.cause}", error.remedy)
    except WireError as error:
        output.stop(output.CANNOT, f"{path}: damaged: {error}", "run `fieldpost rebuild` to see where")
    except UNREADABLE:
        found = rebuild(store, Store(":memory:")).difference
        if found is None:
            raise
        output.stop(output.CANNOT, f"{path}: damaged: {found.reason}", found.remedy)
    finally:
        store.close()
