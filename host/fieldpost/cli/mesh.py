"""`fieldpost mesh`: found a mesh, name its authorities, and show what another mesh may know of it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import provision
from fieldpost.cli import desk, mesh_bridge, mesh_key, mesh_schema, output
from fieldpost.mesh import Mesh

NAME_MAX = 64

app = typer.Typer(pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def group() -> None:
    """Found a mesh, and sign what its keys sign. Its folder stays at the authority's desk."""


@app.command(epilog="Example: fieldpost mesh init alpha desk/alpha --authority command --authority field/air")
def init(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A petname; the mesh's id is that of its root key.")
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder for its keys, which never goes to a bridge.")
    ],
    authority: Annotated[
        list[str],
        typer.Option("--authority", metavar="PATH", help="An authority of its taxonomy; repeatable."),
    ],
    days: desk.Days = 365,
    json: desk.Json = False,
) -> None:
    """Found a mesh: its root key, and a key and credential for each authority."""
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable() or set(name) & set(":>"):
        output.stop(
            output.USAGE, f"NAME: expected 1 to {NAME_MAX} characters without : and >, found {name!r}"
        )
    paths = list(dict.fromkeys(desk.path_of(one, "--authority") for one in authority))
    with desk.answering():
        mesh = Mesh.found(folder, name, paths, desk.validity(days), os.urandom)
        if json:
            output.print_json(mesh.passport())
            return
        _show(mesh)
        typer.echo(f"keep {folder / 'root.key'} where no bridge runs; whoever has it is the mesh")


@app.command(epilog="Example: fieldpost mesh show desk/alpha --out alpha.passport.json")
def show(
    folder: desk.MeshFolder,
    out: Annotated[
        Path | None,
        typer.Option(metavar="PASSPORT.json", help="Write what another mesh may know to a new file."),
    ] = None,
    json: desk.Json = False,
) -> None:
    """Show a mesh's passport: id, root public key, authorities and who holds them. Nothing in it is secret."""
    with desk.answering():
        mesh = Mesh(folder)
        if out is not None:
            desk.write_new(out, output.json_text(mesh.passport()).encode())
        if json:
            output.print_json(mesh.passport())
            return
        _show(mesh)


@app.command(epilog="Example: fieldpost mesh authority desk/alpha field/night")
def authority(
    folder: desk.MeshFolder,
    path: Annotated[str, typer.Argument(metavar="PATH", help="Its place in the mesh's taxonomy.")],
    days: desk.Days = 365,
    bridge: desk.Bridges = None,
    json: desk.Json = False,
) -> None:
    """Add an authority: the root signs a credential for a new key."""
    desk.path_of(path, "PATH")
    with desk.answering():
        mesh = Mesh(folder)
        made = mesh.add_authority(path, desk.validity(days), os.urandom)
        desk.tell(mesh, made, {"authority": path}, bridge, json)


@app.command(epilog="Example: fieldpost mesh revoke desk/alpha 5d0c... --bridge alpha")
def revoke(
    folder: desk.MeshFolder,
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="Id of a token or of a bridge's key, 32 hex digits.")
    ],
    issuer: Annotated[
        str | None,
        typer.Option("--as", metavar="AUTHORITY", help="An authority above the one that signed it."),
    ] = None,
    days: desk.Days = 3650,
    bridge: desk.Bridges = None,
    json: desk.Json = False,
) -> None:
    """Take back what an authority of this mesh signed. A whole device: `fieldpost device revoke`."""
    identity = desk.hexadecimal(target, 16, "TARGET")
    with desk.answering():
        mesh = Mesh(folder)
        if identity in provision.devices(mesh):
            output.stop(
                output.USAGE,
                f"TARGET: {target} is a device",
                f"run `fieldpost device revoke {target} --mesh {folder}`",
            )
        made = provision.revoke(mesh, identity, desk.validity(days), issuer)
        desk.tell(mesh, made, {"revokes": target}, bridge, json)


def _show(mesh: Mesh) -> None:
    passport = mesh.passport()
    typer.echo(f"mesh {output.shown(mesh.name)}  {passport['mesh']}")
    for path, thumbprint in passport["authorities"].items():
        typer.echo(f"  {path}  held by {thumbprint[:16]}")


for part in (mesh_bridge, mesh_key, mesh_schema):
    part.add_to(app)
