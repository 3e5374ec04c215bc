"""What the commands of a device that need its mesh's desk share: options, and how waiting is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Port = Annotated[str, typer.Argument(metavar="PORT", help="The serial port that the device is on.")]
Mesh = Annotated[
    Path, typer.Option("--mesh", metavar="DIR", help="Its mesh's folder, at the authority's desk.")
]
Baud = Annotated[int, typer.Option(min=300, max=10_000_000, help="The port's speed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
Drained = Annotated[
    list[Path] | None,
    typer.Option(
        "--bridge", metavar="BRIDGEDIR", help="Hand the keys to drain it over to this bridge; repeatable."
    ),
]
BAUD = 115_200


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Shows on a terminal what is waited for."""
    with Console(stderr=True).status(what):
        yield
