"""`fieldpost mesh rotate-key`: another key for an authority, which follows the first by the root's signature."""

import os
import time
from typing import Annotated

import typer

from fieldpost import provision
from fieldpost.cli import desk, output
from fieldpost.mesh import Mesh
from fieldwire import keys, tokens


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(
        "rotate-key", epilog="Example: fieldpost mesh rotate-key desk/alpha field/air --bridge alpha"
    )(rotate_key)


def rotate_key(
    folder: desk.MeshFolder,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The authority whose key it is.")],
    days: desk.Days = 365,
    bridge: desk.Bridges = None,
    json: desk.Json = False,
) -> None:
    """Rotate an authority's key: the former key, the next one and the root sign that one follows the other.

    What the former key issued stays, and so do other meshes' equivalences that bind it. A device's key: `fieldpost
    device rotate-key`. The root's own does not rotate: a new root is a new mesh.
    """
    desk.path_of(path, "PATH")
    with desk.answering():
        mesh = Mesh(folder)
        mesh.authority(path)
        former = tokens.decode(mesh.token(mesh.authorities[path]))
        credential, rotation = mesh.rotate_authority(path, desk.validity(days), os.urandom)
        made = [mesh.token(one) for one in (credential, rotation)]
        files = [str(folder / "tokens" / f"{one.hex()}.cwt") for one in (credential, rotation)]
        files += [str(provision.put_token(target, data)) for target in bridge or () for data in made]
    told = {
        "authority": path,
        "credential": credential.hex(),
        "rotation": rotation.hex(),
        "key": keys.thumbprint(tokens.decode(made[0]).public).hex(),
        "former_credential": former.id.hex(),
        "former_key": keys.thumbprint(former.public).hex(),
        "former_until": former.claims[tokens.EXP],
        "files": files,
    }
    if json:
        output.print_json(told)
        return
    until = time.strftime("%Y-%m-%d", time.gmtime(former.claims[tokens.EXP]))
    typer.echo(f"{path}: key {told['key'][:16]} follows {told['former_key'][:16]}")
    typer.echo(f"  what the former key signed counts until {until} at the latest; its file is gone")
    for file in files:
        typer.echo(f"  {file}")
    if not bridge:
        typer.echo(f"hand both to this mesh's bridges: fieldpost mesh hand-over {folder} BRIDGEDIR")
    typer.echo("other meshes' bridges are shown both when they meet these; their desks need a new passport")
