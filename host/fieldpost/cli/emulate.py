"""`fieldpost emulate`: a fleet of emulated boards from one file, until Ctrl-C."""

import asyncio
import json
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fieldpost.cli.output import CANNOT, NO, USAGE, shown, stop
from fieldpost.emulator import EmulatorError
from fieldpost.emulator.fleet_file import FleetFile, load
from fieldpost.emulator.fleet_run import BoardEvent, FleetRun
from fieldpost.firmware_build import BuildError
from fieldpost.toml_struct import ConfigError
from fieldwire.errors import WireError

RUNS = Path("build/fleet")

app = typer.Typer()


@app.command(epilog="Example: fieldpost emulate boards/emulated/valley.toml --for 60")
def emulate(
    fleet_file: Annotated[Path, typer.Argument(metavar="FLEET.toml", help="Boards, air and events.")],
    for_s: Annotated[
        float | None,
        typer.Option("--for", min=0, metavar="SECONDS", help="Emulated seconds; else until Ctrl-C."),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="Where ports, flash and consoles lie; build/fleet/NAME where it is not given."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all chance, instead of the file's.")] = None,
    scale: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Emulated seconds in a second, instead of the file's.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Begin with new flash; else what is there stays.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line for each event.")] = False,
) -> None:
    """Run a fleet of emulated boards and tell what befalls them, one event a line: when, which board, what.

    Each board's port is RUN/NAME.uart; with a prompt of its own RUN/NAME.usb, for mpremote connect. Exit 1 when a
    board ended that should not have.
    """
    plan = _loaded(fleet_file)
    given = {"seed": seed, "scale": scale}
    terms = {key: value for key, value in given.items() if value is not None}
    plan = msgspec.structs.replace(plan, fleet=msgspec.structs.replace(plan.fleet, **terms))
    place = run or RUNS / fleet_file.stem
    try:
        if anew:
            _clear(place)
        fleet = FleetRun(plan, fleet_file.parent, place, _tell_json if as_json else _tell)
        asyncio.run(_until_told(fleet, for_s))
    except (BuildError, EmulatorError, WireError) as error:
        stop(CANNOT, f"emulate: {error}")
    except OSError as error:
        stop(CANNOT, f"emulate: {error.filename or place}: {error.strerror}")
    if fleet.failed:
        raise typer.Exit(NO)


def _loaded(path: Path) -> FleetFile:
    try:
        return load(path)
    except ConfigError as error:
        stop(USAGE, str(error))
    except (OSError, UnicodeDecodeError) as error:
        stop(USAGE, f"{path}: cannot be read: {error}")


def _clear(place: Path) -> None:
    """What boards left there goes; nothing else is touched."""
    for image in place.glob("*/flash.img"):
        shutil.rmtree(image.parent)


async def _until_told(fleet: FleetRun, for_s: float | None) -> None:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await fleet.run(told, for_s)


def _tell(event: BoardEvent) -> None:
    words = f"{event.at_s:10.3f} s  {event.board:12} {event.event}"
    sys.stdout.write(shown(f"{words}  {event.detail}".rstrip()) + "\n")
    sys.stdout.flush()


def _tell_json(event: BoardEvent) -> None:
    sys.stdout.write(json.dumps(asdict(event), ensure_ascii=False) + "\n")
    sys.stdout.flush()
