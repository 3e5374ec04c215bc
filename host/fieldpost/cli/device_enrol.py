"""`fieldpost device enrol`: make the device on a serial port one of the mesh."""

import asyncio
import os
from typing import Annotated

import typer

from fieldpost import provision
from fieldpost.cli import desk, output
from fieldpost.cli.device_desk import BAUD, Baud, Drained, DryRun, Mesh, Port, waiting
from fieldpost.enrol import Request
from fieldpost.links import enrol_port
from fieldpost.mesh import Mesh as Desk
from fieldwire import limits


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(
        epilog="Example: fieldpost device enrol /dev/ttyACM0 --mesh desk/alpha --authority field/air"
        " --subject harbor --right observe --bridge alpha"
    )(enrol)


def enrol(
    port: Port,
    mesh: Mesh,
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
    baud: Baud = BAUD,
    bridge: Drained = None,
    dry_run: DryRun = False,
    json: desk.Json = False,
) -> None:
    """Enrol a device over the cable: it makes its key, the authority signs its credential and endorsement.

    The device's private key stays on it. One that is enrolled on these terms stays as it is; an enrolment that broke
    off is finished.
    """
    rights = sorted(set(right or ("observe",)))
    if not set(rights) <= {"observe", "time"}:
        output.stop(output.USAGE, f"--right: expected observe or time, found {', '.join(rights)}")
    builds = [desk.hexadecimal(one, 32, "--measurement") for one in measurement or ()]
    if len(builds) > limits.MEASUREMENTS_MAX:
        output.stop(output.USAGE, f"--measurement: expected at most {limits.MEASUREMENTS_MAX}")
    subjects = desk.scope(subject)[0]
    with desk.answering():
        home = Desk(mesh)
        terms = provision.DeviceTerms(
            desk.authority_of(home, issuer, "--authority"),
            None if subjects is None else tuple(subjects),
            tuple(rights),
            clock_ppm,
            tuple(builds) or None,
        )
        for target in bridge or ():
            provision.bridge_public(target)
        if dry_run:
            _tell_plan(_plan(home, port, baud, terms), json)
            return
        with waiting(f"{port}: the device makes its key"):
            made = asyncio.run(provision.enrol(home, port, terms, desk.validity(days), os.urandom, baud))
        links = [str(provision.hand_over(home, made.device, target)) for target in bridge or ()]
    _tell(home, made, terms.authority, links, json)


def _plan(home: Desk, port: str, baud: int, terms: provision.DeviceTerms) -> dict[str, object]:
    """What an enrolment would do with the device that is there."""
    with waiting(f"{port}: who is there"):
        found = asyncio.run(enrol_port.meet(port, baud, os.urandom(32)))
    if isinstance(found, Request):
        vouched = [one.hex() for one in provision.builds(found, terms)]
        about = {
            "device": found.device.hex(),
            "hardware_id": found.hardware_id.hex(),
            "model": found.hwmodel.decode(errors="replace"),
            "measurements": vouched,
        }
        return {**about, "mesh": home.id.hex(), "authority": terms.authority, "before": False}
    if provision.standing(home, port, found) == "key":
        provision.check_terms(home, found.device, terms)
    return {
        "device": found.device.hex(),
        "measurements": [found.measurement.hex()],
        "mesh": found.mesh.hex(),
        "authority": terms.authority,
        "before": True,
    }


def _tell_plan(plan: dict[str, object], json: bool) -> None:
    if json:
        output.print_json({"dry_run": True, **plan})
        return
    is_new = "is enrolled and would stay" if plan["before"] else "would be enrolled"
    typer.echo(f"device {plan['device']} {is_new} under {plan['authority']}; nothing was changed")
    if not plan["before"]:
        typer.echo(f"  {output.shown(str(plan['model']))}, hardware id {plan['hardware_id']}")
        typer.echo("  a device that starts anew before it is enrolled makes another key, and has another id")


def _tell(home: Desk, made: provision.Enrolled, authority: str, links: list[str], json: bool) -> None:
    if json:
        output.print_json(
            {
                "device": made.device.hex(),
                "mesh": home.id.hex(),
                "authority": authority,
                "before": made.before,
                "public": made.public.hex(),
                "credential": made.credential.hex(),
                "endorsement": made.endorsement.hex(),
                "measurements": [one.hex() for one in made.measurements],
                "links": links,
            }
        )
        return
    was = " already" if made.before else ""
    typer.echo(f"device {made.device.hex()} speaks{was} under {authority}")
    for one in made.measurements:
        typer.echo(f"  vouched for the build {one.hex()}")
    for file in links:
        typer.echo(f"  {file}")
