"""`fieldpost device flash`: give a board the MicroPython runtime that somebody names."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.device_cable import (
    BAUD,
    WAIT_S,
    Baud,
    Board,
    DryRun,
    Json,
    Wait,
    Yes,
    answering,
    at_prompt,
    check_board,
    moving,
)
from fieldpost.device.errors import DeviceError, NoPrompt, Refused
from fieldpost.device.facts import board_facts
from fieldpost.device.flashing import awaited, copy, dfu_util, esptool, mounted, volume
from fieldpost.device.listen import listen
from fieldpost.device.runtime_file import RuntimeFile, WrongFile, check
from fieldpost.emulator.runtime import interpreter
from fieldpost.firmware_build import BoardProfile, load_profile
from fieldpost.firmware_build.flash_tool import DfuTool, EspTool, HandTool, HostTool, Uf2Tool

LISTEN_S = 2.5


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(
        epilog="Example: fieldpost device flash rp2040 RPI_PICO-20260406-v1.28.0.uf2 --port /dev/ttyACM0"
    )(flash)


def flash(
    board: Board,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Its runtime, from micropython.org or your own build.")
    ],
    port: Annotated[
        str | None, typer.Option(metavar="PORT", help="Its serial port: what is there is looked at first.")
    ] = None,
    place: Annotated[
        Path | None,
        typer.Option("--volume", metavar="DIR", help="Where its boot loader's volume is mounted."),
    ] = None,
    wait_s: Wait = WAIT_S,
    baud: Baud = BAUD,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Flash a runtime that is checked against the board: its format, its part, and whether it is a MicroPython.

    Over UF2, esptool or dfu-util, as the board has it. An enrolled device may lose its key and its log by it.
    """
    check_board(board)
    with answering():
        profile = load_profile(board)
        _check_way(profile, file, port)
        found = _checked(file, profile)
        if port is not None and not isinstance(profile.flash_tool, HostTool):
            _look(port, baud, wait_s, profile, yes, dry_run)
        if not dry_run:
            _carry_out(file, profile, port, place, wait_s)
    told = {"board": board, "file": str(file), "format": found.format, "flash_bytes": found.flash_bytes}
    if json:
        output.print_json({**told, "dry_run": dry_run})
        return
    done = "fits and would be flashed" if dry_run else "is what the board runs"
    typer.echo(f"{file}: {found.format}, {found.flash_bytes} bytes for {profile.title}: {done}")


def _check_way(profile: BoardProfile, file: Path, port: str | None) -> None:
    tool = profile.flash_tool
    if isinstance(tool, HandTool):
        how = tool.how.replace("FILE", str(file))
        output.stop(output.CANNOT, f"{profile.name}: this program does not flash that board", f"run: {how}")
    if isinstance(tool, EspTool) and port is None:
        output.stop(output.USAGE, f"{profile.name} is flashed over its serial port", "name it with --port")


def _checked(file: Path, profile: BoardProfile) -> RuntimeFile:
    try:
        return check(file.read_bytes(), profile)
    except WrongFile as error:
        raise Refused(f"{file}: {error}") from None


def _look(port: str, baud: int, wait_s: float, profile: BoardProfile, yes: bool, dry_run: bool) -> None:
    """What is there already, and its boot loader's turn. Raises DeviceError for another board, Refused for a device."""
    heard = listen(port, baud, LISTEN_S, lambda one: one.is_agent)
    try:
        with at_prompt(port, baud, wait_s if heard.is_agent else 0.0) as cable:
            facts = board_facts(cable)
            if facts.kind.mcu != profile.mcu:
                raise DeviceError(
                    f"{port}: the board says that it is {facts.kind.machine}, and {profile.name} is for {profile.mcu};"
                    " name the board that is on the port"
                )
            if facts.enrolled is not None and not yes:
                who = facts.enrolled.device.hex() if facts.enrolled.device else "of an id that cannot be read"
                raise Refused(
                    f"{port}: this is the enrolled device {who}, whose key and log may not survive another runtime;"
                    " drain it first, and say --yes if that is meant"
                )
            if not dry_run and isinstance(profile.flash_tool, Uf2Tool | DfuTool):
                cable.enter_boot_loader()
    except NoPrompt as error:
        if heard.is_agent and not yes:
            raise Refused(f"{error}; or say --yes if what it holds may be lost") from None


def _carry_out(
    file: Path, profile: BoardProfile, port: str | None, place: Path | None, wait_s: float
) -> None:
    tool = profile.flash_tool
    if isinstance(tool, Uf2Tool):
        data = file.read_bytes()
        target = awaited(lambda: volume(tool, [place] if place else mounted()), wait_s if port else 0.0)
        with moving(f"{file.name} to {target}", len(data)) as moved:
            copy(file, data, target, moved)
    elif isinstance(tool, EspTool) and port is not None:
        _run(esptool(tool, file, port))
    elif isinstance(tool, DfuTool):
        _run(dfu_util(tool, file))
    elif isinstance(tool, HostTool) and file.read_bytes() != interpreter().read_bytes():
        raise Refused(
            f"{file}: emulated boards run on {interpreter()}, which is another program; nothing is flashed:"
            " install that one into this environment instead"
        )


def _run(command: list[str]) -> None:
    """The program's own progress goes to standard error."""
    done = subprocess.run(command, stdout=sys.stderr.fileno(), check=False)
    if done.returncode != 0:
        raise DeviceError(
            f"{Path(command[0]).name}: ended with exit code {done.returncode}; see what it said, and run the command"
            " again: until then the board may have no whole runtime"
        )
