"""`fieldpost device wipe`: make a device bare again."""

from typing import Annotated, Any

import typer

from fieldpost.cli import output
from fieldpost.cli.device_cable import BAUD, WAIT_S, Baud, DryRun, Json, Port, Wait, Yes, answering, at_prompt
from fieldpost.device.errors import Refused
from fieldpost.device.heard import Heard
from fieldpost.device.listen import listen
from fieldpost.device.wipe import Losses, look
from fieldpost.device.wipe import wipe as carry_out

LISTEN_S = 2.5


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(epilog="Example: fieldpost device wipe /dev/ttyACM0 --device 5d0c...")(wipe)


def wipe(
    port: Port,
    device: Annotated[
        str | None, typer.Option(metavar="ID", help="The device's id: only this one is wiped, unasked.")
    ] = None,
    wait_s: Wait = WAIT_S,
    baud: Baud = BAUD,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Erase a device's identity, log and configuration, once it was shown what would be lost.

    Runtime and agent stay, and await an enrolment. What its log holds and no bridge has is lost for good; its desk
    should revoke it. Cut in the middle, it is an enrolled device or a bare one; the same command then finishes.
    """
    with answering():
        heard = listen(port, baud, LISTEN_S, lambda one: one.status is not None)
        with at_prompt(port, baud, wait_s) as cable:
            cable.soft_reset()
            losses = look(cable)
            if not losses.is_bare and not dry_run:
                _check_meant(port, losses, heard, device, yes)
                carry_out(cable, losses)
            cable.restart()
    told = {**_document(losses, heard), "dry_run": dry_run}
    if json:
        output.print_json(told)
        return
    if losses.is_bare:
        typer.echo(f"{port}: the board is bare already")
        return
    typer.echo(f"{port}: {'would be lost' if dry_run else 'erased'}: {_shown(told)}")


def _check_meant(port: str, losses: Losses, heard: Heard, device: str | None, yes: bool) -> None:
    """Raises Refused unless the id was given, typed or waved through."""
    who = _document(losses, heard)["device"]
    if device is not None and device.lower() != who:
        raise Refused(f"{port}: this is device {who or 'of no id'}, not {device}; nothing was erased")
    if yes or device is not None:
        return
    what = f"{port}: this erases {_shown(_document(losses, heard))}"
    word = who or "wipe"
    if not typer.get_text_stream("stdin").isatty():
        raise Refused(f"{what}; say --yes{f', or --device {who}' if who else ''}, if that is meant")
    typer.echo(what, err=True)
    if typer.prompt(f"Type {word} to go on", err=True).strip() != word:
        raise Refused(f"{port}: that is not {word}; nothing was erased")


def _document(losses: Losses, heard: Heard) -> dict[str, Any]:
    who = losses.enrolled
    journalled = heard.count("journalled")
    waiting = None if journalled is None else max(0, journalled - (heard.count("freed") or 0))
    return {
        "enrolled": who is not None,
        "device": who.device.hex() if who and who.device else None,
        "mesh": who.mesh.hex() if who and who.mesh else None,
        "authority": who.authority if who else None,
        "observations": waiting,
        "log_bytes": losses.log_bytes,
        "log_blocks": len(losses.ring),
        "carried_bytes": losses.carried_bytes,
        "config": losses.config,
    }


def _shown(told: dict[str, Any]) -> str:
    parts = []
    if told["enrolled"]:
        parts.append(
            f"the identity of device {told['device']} ({output.shown(told['authority'])} in mesh {told['mesh']})"
            if told["device"]
            else "an identity that cannot be read"
        )
    if told["observations"]:
        parts.append(f"{told['observations']} observations that no bridge has")
    if told["log_bytes"] or told["log_blocks"]:
        size = f"{told['log_bytes']} bytes" if told["log_bytes"] else f"{told['log_blocks']} blocks"
        unsure = "" if told["observations"] is not None else ", in which observations may wait"
        parts.append(f"a log of {size}{unsure}")
    if told["carried_bytes"]:
        parts.append(f"{told['carried_bytes']} bytes that it carries for other devices")
    if told["config"]:
        parts.append("its configuration")
    return ", ".join(parts) or "what an earlier wipe left"
