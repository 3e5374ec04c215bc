"""`fieldpost demo`: the whole product on this machine, in less than a minute."""

import asyncio
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fieldpost.cli.output import CANNOT, NO, print_json, stop
from fieldpost.demo.play import DemoError, Play
from fieldpost.demo.report import document, text
from fieldpost.emulator import EmulatorError
from fieldpost.firmware_build import BuildError
from fieldpost.keyfile import KeyFileError
from fieldpost.links.enrol_port import PortError
from fieldpost.provision import ProvisionError

FAILURES = (BuildError, DemoError, EmulatorError, KeyFileError, PortError, ProvisionError)

FOLDER = Path("build/demo")

app = typer.Typer()


@app.command(epilog="Example: fieldpost demo --json > demo.json")
def demo(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
    folder: Annotated[Path, typer.Option(help="Where meshes, bridges and boards are made anew.")] = FOLDER,
) -> None:
    """Two meshes, six emulated boards on a real MicroPython, two bridges, one joint picture."""
    started = time.monotonic()
    console = Console(stderr=True)
    watched = sys.stderr.isatty()

    def say(words: str) -> None:
        if watched:
            console.print(f"{time.monotonic() - started:4.0f} s  {words}", highlight=False)

    with console.status("working") if watched else nullcontext():
        play = Play(folder, say)
        try:
            asyncio.run(play.run())
        except FAILURES as error:
            stop(CANNOT, f"demo: {error}", f"see the logs below {folder} and run it again")
        except OSError as error:
            stop(
                CANNOT,
                f"demo: {error.filename or folder}: {error.strerror}",
                "name a folder that can be written",
            )
        except asyncio.CancelledError:
            stop(CANNOT, "demo: told to end before it was done", "run it again")
    found = document(play, play.setup_s, time.monotonic() - started)
    if as_json:
        print_json(found)
    else:
        typer.echo(text(found, folder))
    if len(set(found["decision_digests"].values())) != 1:
        raise typer.Exit(NO)
