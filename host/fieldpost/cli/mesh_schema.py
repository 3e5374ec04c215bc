"""`fieldpost mesh schema`: sign what a payload's bytes mean."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import desk, output
from fieldpost.mesh import Mesh
from fieldwire import schema as schemas

KINDS = {
    "integer": schemas.INTEGER,
    "category": schemas.CATEGORY,
    "position": schemas.POSITION,
    "opaque": schemas.OPAQUE,
}


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(
        epilog="Example: fieldpost mesh schema desk/alpha --name air --field temp:integer:degF:-2 --authority field/air"
    )(schema)


def schema(
    folder: desk.MeshFolder,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A schema's bytes, as another mesh wrote them.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name of a new schema.")] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROPERTY:TYPE[:UNIT[:EXPONENT]]", help=f"Types: {', '.join(KINDS)}; repeatable."
        ),
    ] = None,
    issuer: Annotated[str | None, typer.Option("--authority", metavar="PATH", help="Who signs it.")] = None,
    bridge: desk.Bridges = None,
    json: desk.Json = False,
) -> None:
    """Sign a schema, new or given; prints its digest. Boards take its bytes as /schemas/DIGEST.cbor. SPEC 5.4"""
    if (file is None) == (name is None) or (file is not None and field):
        output.stop(output.USAGE, "mesh schema: expected FILE, or --name with --field", "give one of the two")
    with desk.answering():
        mesh = Mesh(folder)
        authority = desk.authority_of(mesh, issuer, "--authority")
        data = (
            file.read_bytes()
            if file is not None
            else schemas.encode(name, [_field(one) for one in field or ()])
        )
        schemas.decode(data)
        digest = schemas.digest(data).hex()
        raw = folder / "schemas" / f"{digest}.cbor"
        raw.parent.mkdir(exist_ok=True)
        raw.write_bytes(data)
        made = mesh.schema(authority, data)
        desk.tell(mesh, made, {"digest": digest, "board_file": str(raw)}, bridge, json)


def _field(text: str) -> list[str | int]:
    parts = text.split(":")
    prop, kind, unit, exponent = (
        [*parts, *["", "", "0"][len(parts) - 1 :]] if 2 <= len(parts) <= 4 else ["", "", "", ""]
    )
    try:
        return [prop, KINDS[kind], unit, int(exponent or "0")]
    except (KeyError, ValueError):
        output.stop(
            output.USAGE,
            f"--field: expected PROPERTY:TYPE[:UNIT[:EXPONENT]] with a type among {', '.join(KINDS)}, found {text!r}",
        )
