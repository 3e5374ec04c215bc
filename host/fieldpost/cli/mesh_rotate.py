"""`fieldpost mesh rotate`: have the device on a serial port make a new key, and let that follow the old one."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import provision, succession
from fieldpost.cli import desk, output
from fieldpost.mesh import Mesh


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(epilog="Example: fieldpost mesh rotate desk/alpha /dev/ttyACM0 --bridge alpha")(rotate)


def rotate(
    folder: desk.MeshFolder,
    port: Annotated[str, typer.Argument(metavar="PORT", help="The serial port that the device is on.")],
    days: desk.Days = 365,
    baud: Annotated[int, typer.Option(min=300, max=10_000_000, help="The port's speed.")] = 115_200,
    bridge: Annotated[
        list[Path] | None,
        typer.Option(metavar="BRIDGEDIR", help="Hand the keys to drain it over to this bridge; repeatable."),
    ] = None,
    json: desk.Json = False,
) -> None:
    """Rotate a device's key: the old key, the new one and the authority sign that one device follows the other."""
    with desk.answering():
        mesh = Mesh(folder)
        for target in bridge or ():
            provision.bridge_public(target)
        made = asyncio.run(succession.rotate(mesh, port, desk.validity(days), os.urandom, baud))
        links = [str(provision.hand_over(mesh, made.now.device, target)) for target in bridge or ()]
    _tell(made, links, json)


def _tell(made: succession.Rotated, links: list[str], json: bool) -> None:
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
