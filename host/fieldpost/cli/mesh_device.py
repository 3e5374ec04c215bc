"""`fieldpost mesh enrol`: make the device on a serial port one of the mesh."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import provision
from fieldpost.cli import desk, output
from fieldpost.mesh import Mesh
from fieldwire import limits


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(
        epilog="Example: fieldpost mesh enrol desk/alpha /dev/ttyACM0 --authority field/air"
        " --subject harbor --right observe --bridge alpha"
    )(enrol)


def enrol(
    folder: desk.MeshFolder,
    port: Annotated[str, typer.Argument(metavar="PORT", help="The serial port that the device is on.")],
    issuer: Annotated[
        str | None, typer.Option("--authority", metavar="PATH", help="Under whose authority it speaks.")
    ] = None,
    subject: Annotated[
        list[str] | None, typer.Option(help="A subject tree that it may speak of; repeatable. None: all.")
    ] = None,
    right: Annotated[
        list[str] | None, typer.Option(help="observe (if none is named) or time; repeatable.")
    ] = None,
    clock_ppm: Annotated[
        int, typer.Option(min=1, max=100_000, help="How far its clock's rate may be off.")
    ] = 200,
    measurement: Annotated[
        list[str] | None,
        typer.Option(metavar="HEX", help="A build to vouch for; repeatable. None: the one that it runs now."),
    ] = None,
    days: desk.Days = 365,
    baud: Annotated[int, typer.Option(min=300, max=10_000_000, help="The port's speed.")] = 115_200,
    bridge: Annotated[
        list[Path] | None,
        typer.Option(metavar="BRIDGEDIR", help="Hand the keys to drain it over to this bridge; repeatable."),
    ] = None,
    json: desk.Json = False,
) -> None:
    """Enrol a device over the cable: it makes its key, the authority signs its credential and endorsement."""
    rights = sorted(set(right or ("observe",)))
    if not set(rights) <= {"observe", "time"}:
        output.stop(output.USAGE, f"--right: expected observe or time, found {', '.join(rights)}")
    builds = [desk.hexadecimal(one, 32, "--measurement") for one in measurement or ()]
    if len(builds) > limits.MEASUREMENTS_MAX:
        output.stop(output.USAGE, f"--measurement: expected at most {limits.MEASUREMENTS_MAX}")
    subjects = desk.scope(subject)[0]
    with desk.answering():
        mesh = Mesh(folder)
        authority = desk.authority_of(mesh, issuer, "--authority")
        terms = provision.DeviceTerms(
            authority,
            None if subjects is None else tuple(subjects),
            tuple(rights),
            clock_ppm,
            tuple(builds) or None,
        )
        for target in bridge or ():
            provision.bridge_public(target)
        made = asyncio.run(provision.enrol(mesh, port, terms, desk.validity(days), os.urandom, baud))
        links = [str(provision.hand_over(mesh, made.device, target)) for target in bridge or ()]
    _tell(made, authority, links, json)


def _tell(made: provision.Enrolled, authority: str, links: list[str], json: bool) -> None:
    if json:
        output.print_json(
            {
                "device": made.device.hex(),
                "authority": authority,
                "public": made.public.hex(),
                "credential": made.credential.hex(),
                "endorsement": made.endorsement.hex(),
                "measurements": [one.hex() for one in made.measurements],
                "links": links,
            }
        )
        return
    typer.echo(f"device {made.device.hex()} speaks under {authority}")
    for one in made.measurements:
        typer.echo(f"  vouched for the build {one.hex()}")
    for file in links:
        typer.echo(f"  {file}")
