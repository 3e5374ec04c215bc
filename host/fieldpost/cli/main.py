"""Decides which module answers which command; holds no command itself.

The command `why-not` lives in `fieldpost/cli/why_not.py`, which defines `app`, a Typer application. One with
a single command is called directly (`fieldpost why-not ID`); one with a callback keeps its sub-commands even
when there is only one (`fieldpost bridge run CONFIG`). A module is imported when its command is called: the
list of commands costs one line here and no import.
"""

import errno
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from fieldpost import __version__

COMMANDS = {
    "demo": "Two meshes, six emulated boards, one joint picture.",
    "mesh": "Found a mesh and show who belongs to it.",
    "taxonomy": "State, deny, revoke and list equivalences between authorities.",
    "agreement": "Write, check, sign and adopt agreements between meshes.",
    "bridge": "Run the bridge of one mesh.",
    "channel": "Open, close and narrow the channels to other meshes.",
    "device": "A board on a cable: enrol it, update it, give it another key.",
    "emulate": "Run a fleet of emulated boards from one file.",
    "picture": "What each subject is now, by whose word.",
    "why": "Each step that led to an observation's place in the picture.",
    "why-not": "Why an observation is not in the picture, and the remedy.",
    "cases": "Open divergence cases and their reports.",
    "timeline": "Where each device stands in time, as a table and as a picture.",
    "place": "Place events on the mesh timeline from recorded evidence.",
    "simulate": "Write time evidence of a simulated fleet, and its truth.",
    "resolve": "Decide between rival claims under an agreement.",
    "log": "Check the append-only log of a store.",
    "verify-proof": "Check a fork, epoch, checkpoint, receipt or event from its bytes alone.",
    "rebuild": "Recompute picture and decisions from the stored bytes.",
    "inspect": "Show what a signed file says, field by field.",
    "firmware": "Build what lies on a board.",
    "export": "Write every stored envelope as it was received.",
}


def module_name(command: str) -> str:
    """The module that answers a command."""
    return "fieldpost.cli." + command.replace("-", "_")


class LazyGroup(TyperGroup):
    """Lists commands from the table above and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in COMMANDS if find_spec(module_name(name)) is not None]

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and name is not None:
            command = load(name)
        return name, command, rest


def load(name: str):
    """The Click command of one module of this package."""
    command = typer.main.get_command(import_module(module_name(name)).app)
    command.name = name
    return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Reconcile what disconnected field devices signed, between meshes that share no controller.",
    epilog="Exit codes: 0 yes or valid, 1 no or invalid, 2 usage, 3 cannot (input, output or peer).",
)


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fieldpost {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Options before the command."""


def run() -> None:
    """The entry point of the `fieldpost` script. Output that cannot be written ends it with 3."""
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the end would flush it once more
        sys.stderr.write(f"standard output: {error.strerror}; make room where it goes\n")
        sys.exit(3)
