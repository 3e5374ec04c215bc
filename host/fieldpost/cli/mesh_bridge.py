"""`fieldpost mesh bridge`, `admit-boundary` and `hand-over`: what a mesh gives to bridges."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import passport, provision
from fieldpost.bridge_text import BridgeSetup
from fieldpost.cli import desk, output
from fieldpost.mesh import Mesh

BAUD = 115_200

BridgeFolder = Annotated[Path, typer.Argument(metavar="BRIDGEDIR", help="The bridge's folder.")]


def add_to(app: typer.Typer) -> None:
    """Put the commands of this module under an application."""
    app.command(
        epilog="Example: fieldpost mesh bridge desk/alpha alpha --authority command --peer bravo.passport.json"
        " --port /dev/ttyACM0 --listen tcp:127.0.0.1:7711"
    )(bridge)
    app.command("admit-boundary", epilog=_ADMIT_EXAMPLE)(admit_boundary)
    app.command("hand-over", epilog="Example: fieldpost mesh hand-over desk/alpha alpha")(hand_over)


_ADMIT_EXAMPLE = (
    "Example: fieldpost mesh admit-boundary desk/alpha bravo/bridge.pub --bridge alpha --out to-bravo.cwt"
)


def bridge(
    folder: desk.MeshFolder,
    target: BridgeFolder,
    issuer: Annotated[
        str | None, typer.Option("--authority", metavar="PATH", help="Who vouches for its clock and build.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="A petname; else that of its folder.")] = None,
    peer: Annotated[
        list[Path] | None,
        typer.Option(metavar="PASSPORT.json", help="A mesh that it will meet; repeatable."),
    ] = None,
    port: Annotated[
        list[str] | None, typer.Option(metavar="PORT[@BAUD]", help="A serial port to drain; repeatable.")
    ] = None,
    listen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS", help="unix:PATH, tcp:127.0.0.1:PORT or serial:PORT@BAUD; repeatable."
        ),
    ] = None,
    dial: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Another bridge's address; repeatable.")
    ] = None,
    days: desk.Days = 365,
    json: desk.Json = False,
) -> None:
    """Make a bridge of this mesh: key, boundary credential, tokens and bridge.toml, in a folder of its own."""
    with desk.answering():
        mesh = Mesh(folder)
        authority = desk.authority_of(mesh, issuer, "--authority")
        roots = tuple(passport.load(one).root for one in peer or ())
        links = tuple(_link(one) for one in port or ())
        setup = BridgeSetup(
            name or target.resolve().name, roots, links, listen=_written(listen), dial=_written(dial)
        )
        made = provision.make_bridge(mesh, target, authority, desk.validity(days), setup, os.urandom)
        for device in provision.devices(mesh):
            provision.hand_over(mesh, device, target)
    if json:
        output.print_json(
            {
                "folder": str(target),
                "config": str(target / "bridge.toml"),
                "public": made.public.hex(),
                "thumbprint": made.thumbprint.hex(),
                "device": made.device.hex(),
                "credential": made.credential.hex(),
                "endorsement": made.endorsement.hex(),
            }
        )
        return
    typer.echo(f"bridge {output.shown(setup.name)}  {made.thumbprint.hex()}")
    typer.echo(f"  public key {made.public.hex()}")
    typer.echo(f"  read {target / 'bridge.toml'}, then: fieldpost bridge run {target / 'bridge.toml'}")


def admit_boundary(
    folder: desk.MeshFolder,
    peer: Annotated[
        str, typer.Argument(metavar="PEER", help="The other mesh's bridge: 64 hex digits, or its bridge.pub.")
    ],
    days: desk.Days = 365,
    out: Annotated[
        Path | None,
        typer.Option(metavar="TOKEN.cwt", help="Write the credential to a new file, for the peer."),
    ] = None,
    bridge: desk.Bridges = None,
    json: desk.Json = False,
) -> None:
    """Let another mesh's bridge speak at our boundary: our root signs a credential for its key.

    It belongs into the tokens folders of both bridges.
    """
    with desk.answering():
        file = Path(peer)
        public = (
            provision.bridge_public(file.parent)
            if file.name == "bridge.pub"
            else desk.hexadecimal(peer, 32, "PEER")
        )
        mesh = Mesh(folder)
        made = mesh.boundary(public, desk.validity(days))
        if out is not None:
            desk.write_new(out, mesh.token(made))
        desk.tell(mesh, made, {"admits": public.hex()}, bridge, json)


def hand_over(
    folder: desk.MeshFolder,
    target: BridgeFolder,
    device: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this device; repeatable. None: all.")
    ] = None,
    json: desk.Json = False,
) -> None:
    """Give a bridge the keys by which it may free devices' journals, and all tokens of the mesh."""
    named = [desk.hexadecimal(one, 16, "--device") for one in device or ()]
    with desk.answering():
        mesh = Mesh(folder)
        files = [str(provision.hand_over(mesh, one, target)) for one in named or provision.devices(mesh)]
        count = provision.copy_tokens(mesh, target)
    if json:
        output.print_json({"links": files, "tokens": count})
        return
    typer.echo(f"{target}: {len(files)} link keys, {count} tokens")


def _written(addresses: list[str] | None) -> str | tuple[str, ...] | None:
    """One address as itself, several as a list."""
    return addresses[0] if addresses and len(addresses) == 1 else tuple(addresses or ())


def _link(text: str) -> tuple[str, int]:
    """(path from where the command runs, baud) of PORT[@BAUD]; a path in a configuration starts in its folder."""
    port, at, baud = text.partition("@")
    if at and not (baud.isdigit() and 0 < int(baud) <= 10_000_000):
        output.stop(output.USAGE, f"--port: expected PORT or PORT@BAUD, found {text!r}")
    return str(Path(port).absolute()), int(baud) if at else BAUD
