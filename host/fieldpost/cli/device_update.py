"""`fieldpost device update`: a newer agent for a board, such that a power cut at any point leaves it one that runs."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import keyfile, provision
from fieldpost.cli import desk, output
from fieldpost.cli.device_cable import (
    WAIT_S,
    Built,
    Wait,
    Yes,
    answering,
    at_prompt,
    built,
    check_board,
    moving,
)
from fieldpost.cli.device_desk import BAUD, Baud, DryRun, Port, waiting
from fieldpost.device.cable import Cable
from fieldpost.device.errors import DeviceError, Refused
from fieldpost.device.facts import Enrolled, Installed, board_facts
from fieldpost.device.files import Files
from fieldpost.device.install import Installation, carry_out, look
from fieldpost.device.port import open_to_listen
from fieldpost.device.update import FOLDERS, PROGRAMS, measurement, misplaced, of_agent
from fieldpost.enrol import SETTLED, Known
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.build import Build, build
from fieldpost.firmware_build.folder import read
from fieldpost.links import enrol_port
from fieldpost.links.enrol_port import PortError
from fieldpost.mesh import Mesh as Desk
from fieldpost.rotate import prompt_order
from fieldwire import frame

ORDERS, ORDER_S = 2, 0.2


@dataclass(frozen=True)
class Ahead:
    """What an update would do: `attested` is the measurement that the board will state, `warning` what is lost."""

    installation: Installation
    build: Build
    former: Installed
    attested: bytes
    who: Enrolled | None
    warning: str | None


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(epilog="Example: fieldpost device update /dev/ttyACM0 --mesh desk/alpha --bridge alpha")(
        update
    )


def update(
    port: Port,
    board: Annotated[
        str | None,
        typer.Argument(metavar="BOARD", help="What the board is; None: what it was installed as."),
    ] = None,
    mesh: Annotated[
        Path | None,
        typer.Option("--mesh", metavar="DIR", help="Its mesh's desk, which vouches for the new build."),
    ] = None,
    bridge: Annotated[
        list[Path] | None,
        typer.Option(
            "--bridge", metavar="BRIDGEDIR", help="Give this bridge the new endorsement; repeatable."
        ),
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(metavar="PORT", help="Where its frames are, if its prompt has a port of its own."),
    ] = None,
    days: desk.Days = 365,
    folder: Built = None,
    wait_s: Wait = WAIT_S,
    baud: Baud = BAUD,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: desk.Json = False,
) -> None:
    """Put a newer agent into the slot that does not run, have the board try it, and wait until it stays.

    Over the cable only. Unplugged or without power in the middle, the board runs its old agent or the new one; the
    same command then finishes. With --mesh the authority vouches for the new build. Exit 1 where the board went back.
    """
    if board is not None:
        check_board(board)
    if bridge and mesh is None:
        output.stop(output.USAGE, "--bridge: whose endorsement? name the mesh's desk with --mesh")
    with desk.answering(), answering():
        home = None if mesh is None else Desk(mesh)
        for target in bridge or ():
            provision.bridge_public(target)
        made = _named(board, folder)  # before the agent is stopped
        came = None
        with _prompt(home, port, link or port, baud, wait_s) as cable:
            cable.soft_reset()
            ahead = _ahead(home, cable, made)
            refused = ahead.warning is not None and not yes and not dry_run
            endorsement = None
            if not dry_run and not refused:
                endorsement = _vouched(home, ahead, bridge or [], days)
                _carry_out(cable, ahead.installation)
            cable.restart()
        if refused:
            raise Refused(f"{port}: {ahead.warning}; say --yes if that is meant")
        if not dry_run:
            with waiting(f"{port}: the new agent is on trial"):
                came = asyncio.run(enrol_port.stays(link or port, baud, ahead.attested, os.urandom(32)))
    _tell(ahead, endorsement, came, json)
    if came not in (None, "stays"):
        raise typer.Exit(output.NO)


def _named(board: str | None, folder: Path | None) -> Build | None:
    """The build that is asked for, None for one of what the board was installed as."""
    if board is None:
        return None if folder is None else read(folder)
    return built(board, folder)


@contextmanager
def _prompt(home: Desk | None, port: str, link: str, baud: int, wait_s: float) -> Iterator[Cable]:
    """The board at its prompt: by its desk's order where it is given, else by a reset."""
    if home is not None:
        try:
            with waiting(f"{link}: who is there"):
                found = asyncio.run(enrol_port.meet(link, baud, os.urandom(32)))
            if isinstance(found, Known) and provision.standing(home, link, found) == "key":
                k_dev = keyfile.read(home.folder / "devices" / f"{found.device.hex()}.key")
                _order(link, baud, prompt_order(k_dev, found.device, os.urandom(32)))
        except PortError:
            pass  # it is at its prompt, or a reset brings it there
    with at_prompt(port, baud, wait_s) as cable:
        yield cable


def _carry_out(cable: Cable, found: Installation) -> None:
    with moving(f"to slot {found.wanted.name}", found.copy_bytes) as moved:
        carry_out(cable, found, moved)


def _order(port: str, baud: int, order: bytes) -> None:
    with open_to_listen(port, baud, 0) as line:
        for _ in range(ORDERS):
            line.write(frame.encode(order))
            line.flush()
            time.sleep(ORDER_S)


def _ahead(home: Desk | None, cable: Cable, made: Build | None) -> Ahead:
    """Raises DeviceError where the board takes no update, ProvisionError where the device is not the desk's."""
    facts = board_facts(cable)
    if made is None:
        if not facts.slots:
            raise DeviceError(
                f"{cable.path}: there is no agent on it to update; run `fieldpost device install`"
            )
        made = build(load_profile(next(iter(facts.slots.values())).board))
    found = look(cable, made)
    wrong = misplaced(found, made.profile)
    if wrong is not None:
        raise DeviceError(f"{cable.path}: {wrong}")
    who = facts.enrolled
    if home is not None and who is not None and who.device is not None and who.mesh is not None:
        provision.standing(home, cable.path, Known(who.device, who.mesh, bytes(32), SETTLED))
    former = facts.slots[found.record.slot]
    attested = measurement(_outside(Files(cable)), made)
    warning = None
    if former.board != made.profile.name:
        warning = (
            f"it was installed as a board {former.board}, not as {made.profile.name}: their pins may differ"
        )
    elif who is not None and home is None:
        warning = (
            "no desk vouches for the new build, so that what it observes is graded lower; name it with --mesh"
        )
    return Ahead(of_agent(found), made, former, attested, who, warning)


def _outside(files: Files) -> dict[str, bytes]:
    """Digests of what is measured beside the slots, by the names that the device gives it. SPEC 7.3"""
    found = {}
    for name, is_folder in files.names("").items():
        held = None if is_folder or not name.endswith(PROGRAMS) else files.held(f"/{name}")
        if held is not None:
            found[name] = held.digest
    for folder in FOLDERS:
        found |= {path.lstrip("/"): one.digest for path, one in files.tree(f"/{folder}").items()}
    return found


def _vouched(home: Desk | None, ahead: Ahead, bridges: list[Path], days: int) -> bytes | None:
    """The endorsement for what the board will run, with the bridges before the board runs it; None without a desk."""
    if home is None or ahead.who is None or ahead.who.device is None:
        return None
    endorsement = provision.vouch(home, ahead.who.device, ahead.attested, desk.validity(days))
    for target in bridges:
        provision.hand_over(home, ahead.who.device, target)
    return endorsement


TOLD = {
    None: "would be updated; nothing was changed",
    "stays": "runs it, and keeps it",
    "back": "went back to its former agent: the new one did not stay up (`fieldpost device logs` says why)",
    "safe": "runs it in safe mode, with its link and status alone (`fieldpost device logs` says why)",
}


def _tell(ahead: Ahead, endorsement: bytes | None, came: str | None, json: bool) -> None:
    plan, device = ahead.installation, ahead.who.device if ahead.who else None
    if json:
        output.print_json(
            {
                "board": ahead.build.profile.name,
                "device": device.hex() if device else None,
                "slot": plan.wanted.name,
                "former": {
                    "version": ahead.former.version,
                    "measurement": ahead.former.measurement.hex(),
                },
                "version": ahead.build.version,
                "measurement": ahead.attested.hex(),
                "copy": list(plan.slot.copy),
                "bytes": plan.slot.copy_bytes,
                "endorsement": endorsement.hex() if endorsement else None,
                "outcome": came,
                "dry_run": came is None,
                "warning": ahead.warning,
            }
        )
        return
    typer.echo(f"{ahead.build.profile.name}, slot {plan.wanted.name}: {TOLD[came]}")
    typer.echo(f"  {len(plan.slot.copy)} files, {plan.slot.copy_bytes} bytes")
    typer.echo(f"  before {output.shown(ahead.former.version)}  {ahead.former.measurement.hex()}")
    typer.echo(f"  after  {ahead.build.version}  {ahead.attested.hex()}")
    if endorsement is not None:
        typer.echo(f"  vouched for by {endorsement.hex()}")
    if came is None and ahead.warning is not None:
        typer.echo(output.shown(f"  without --yes this is refused: {ahead.warning}"))
