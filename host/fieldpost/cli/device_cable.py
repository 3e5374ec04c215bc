"""What the commands that take a board's prompt share: options, progress on a terminal, errors as exit codes.

Decides nothing about a board.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from fieldpost.cli import output
from fieldpost.device.cable import Cable, connect
from fieldpost.device.errors import DeviceError, Refused
from fieldpost.firmware_build import BuildError, known_boards, load_profile
from fieldpost.firmware_build.build import Build, build
from fieldpost.firmware_build.folder import read

BAUD = 115_200
Port = Annotated[str, typer.Argument(metavar="PORT", help="The serial port that the board is on.")]
Board = Annotated[
    str, typer.Argument(metavar="BOARD", help="What the board is: a name of `fieldpost firmware boards`.")
]
Baud = Annotated[int, typer.Option(min=300, max=10_000_000, help="The port's speed.")]
Wait = Annotated[
    float,
    typer.Option(
        "--wait", min=0, max=3600, metavar="SECONDS", help="How long to wait for a reset where an agent runs."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
Built = Annotated[
    Path | None,
    typer.Option(
        "--build", metavar="DIR", help="A build of `fieldpost firmware build`; else one is made now."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it, whatever is lost by it.")]
WAIT_S = 30.0
_YES_OR_NO = msgspec.json.Decoder(bool)


@contextmanager
def answering() -> Iterator[None]:
    """Errors of a board, a build or a file as exit codes, each told in one line."""
    try:
        yield
    except Refused as error:
        output.stop(output.NO, str(error))
    except (DeviceError, BuildError) as error:
        output.stop(output.CANNOT, str(error))
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        output.stop(output.CANNOT, what, "check the path and its permissions")


@contextmanager
def at_prompt(port: str, baud: int, wait_s: float) -> Iterator[Cable]:
    """The board at its prompt; who waits for a reset is told so, with the time that is left. Raises DeviceError.

    An agent that gave way starts again in the end.
    """
    with Console(stderr=True).status(f"{port}: asking for the prompt") as status:
        asked = False

        def tell(left_s: float, what: str) -> None:
            nonlocal asked
            status.update(f"{port}: {what} within {left_s:.0f} s")
            if not asked and not status.console.is_terminal:
                status.console.print(f"{port}: {what} within {left_s:.0f} s", soft_wrap=True, markup=False)
            asked = True

        cable = connect(port, baud, wait_s, tell)
    with cable:
        gave_way = cable.value("'fieldagent' in __import__('sys').modules", _YES_OR_NO.decode)
        try:
            yield cable
        finally:
            if gave_way and not cable.is_closed:
                cable.restart()


def check_board(board: str) -> None:
    """Ends the command where no board has that name."""
    if board not in known_boards():
        known = ", ".join(known_boards())
        output.stop(output.USAGE, f"{board}: no board has that name", f"name one of {known}")


def built(board: str, folder: Path | None) -> Build:
    """The build for a board: the one that lies in a folder, else one that is made now. Raises BuildError."""
    if folder is None:
        return build(load_profile(board))
    made = read(folder)
    if made.profile.name != board:
        raise BuildError(
            f"{folder}: is a build for {made.profile.name}, not for {board}; name the one that is meant"
        )
    return made


@contextmanager
def moving(what: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; gives what is called with the bytes that went over."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total_bytes)
        yield lambda count: bar.advance(task, count)
