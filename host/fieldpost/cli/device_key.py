"""`fieldpost device rotate-key` and `revoke`: another key for a device, and the end of its word."""

import asyncio
import os
import re
from typing import Annotated

import typer

from fieldpost import provision, succession
from fieldpost.cli import desk, output
from fieldpost.cli.device_desk import BAUD, Baud, Drained, DryRun, Mesh, Port, waiting
from fieldpost.enrol import Request
from fieldpost.links import enrol_port
from fieldpost.links.enrol_port import PortError
from fieldpost.mesh import Mesh as Desk


def add_to(app: typer.Typer) -> None:
    """Put the commands of this module under an application."""
    app.command(
        "rotate-key",
        epilog="Example: fieldpost device rotate-key /dev/ttyACM0 --mesh desk/alpha --bridge alpha",
    )(rotate_key)
    app.command(epilog="Example: fieldpost device revoke 5d0c... --mesh desk/alpha --bridge alpha")(revoke)


def rotate_key(
    port: Port,
    mesh: Mesh,
    days: desk.Days = 365,
    baud: Baud = BAUD,
    bridge: Drained = None,
    dry_run: DryRun = False,
    json: desk.Json = False,
) -> None:
    """Rotate a device's key: the old key, the new one and the authority sign that one device follows the other.

    What the device observed before stays its former id's. A rotation that broke off is finished.
    """
    with desk.answering():
        home = Desk(mesh)
        for target in bridge or ():
            provision.bridge_public(target)
        if dry_run:
            device = _on(home, port, baud)
            _tell_plan(device, "would make a new key and be followed by the device of that", {}, json)
            return
        with waiting(f"{port}: the device makes its next key"):
            made = asyncio.run(succession.rotate(home, port, desk.validity(days), os.urandom, baud))
        links = [str(provision.hand_over(home, made.now.device, target)) for target in bridge or ()]
    if json:
        output.print_json(
            {
                "former": made.former.hex(),
                "device": made.now.device.hex(),
                "public": made.now.public.hex(),
                "credential": made.now.credential.hex(),
                "endorsement": made.now.endorsement.hex(),
                "rotation": made.rotation.hex(),
                "links": links,
            }
        )
        return
    typer.echo(f"device {made.now.device.hex()} follows {made.former.hex()}")
    typer.echo(
        "  what waits in its log under the former id is drained by the bridges that hold its former key"
    )
    for file in links:
        typer.echo(f"  {file}")


def revoke(
    target: Annotated[
        str, typer.Argument(metavar="DEVICE", help="A device's id, 32 hex digits, or the port that it is on.")
    ],
    mesh: Mesh,
    issuer: Annotated[
        str | None,
        typer.Option("--as", metavar="AUTHORITY", help="An authority above the one that signed for it."),
    ] = None,
    days: desk.Days = 3650,
    baud: Baud = BAUD,
    bridge: desk.Bridges = None,
    dry_run: DryRun = False,
    json: desk.Json = False,
) -> None:
    """Take back all that the mesh has signed for a device: bridges that learn of it refuse what it says.

    The device need not be there. A single token is taken back by `fieldpost mesh revoke`.
    """
    with desk.answering():
        home = Desk(mesh)
        named = re.fullmatch("[0-9a-fA-F]{32}", target)
        device = bytes.fromhex(target) if named else _on(home, target, baud)
        provision.check_device(home, device)
        authority = provision.revoker(home, device, issuer)
        if dry_run:
            _tell_plan(device, f"would be revoked by {authority}", {"authority": authority}, json)
            return
        made = provision.revoke(home, device, desk.validity(days), issuer)
        desk.tell(home, made, {"revokes": device.hex(), "authority": authority}, bridge, json)


def _on(home: Desk, port: str, baud: int) -> bytes:
    """The id of the device of this mesh that is on a port."""
    with waiting(f"{port}: who is there"):
        found = asyncio.run(enrol_port.meet(port, baud, os.urandom(32)))
    if isinstance(found, Request):
        raise PortError(f"{port}: this device was never enrolled; run `fieldpost device enrol {port}`")
    provision.standing(home, port, found)
    return found.device


def _tell_plan(device: bytes, what: str, more: dict[str, str], json: bool) -> None:
    if json:
        output.print_json({"dry_run": True, "device": device.hex(), **more})
        return
    typer.echo(f"device {device.hex()} {what}; nothing was changed")
