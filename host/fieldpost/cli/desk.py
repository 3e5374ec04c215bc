"""What the commands of an authority's desk share: its folder, arguments in hexadecimal, errors as exit codes.

Decides nothing that is signed.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import provision
from fieldpost.cli import output
from fieldpost.keyfile import KeyFileError
from fieldpost.links.enrol_port import PortError
from fieldpost.mesh import Mesh, Validity
from fieldpost.passport import PassportError
from fieldpost.provision import ProvisionError
from fieldwire.errors import WireError
from fieldwire.observation import is_path

MeshFolder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The mesh's folder, at the authority's desk.")
]
Days = Annotated[int, typer.Option(min=1, max=36_500, help="Days that it is valid.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def bridge_folders(folders: list[Path] | None) -> list[Path] | None:
    """Of an option that names bridges: a folder that is none is refused before anything is signed."""
    for folder in folders or ():
        if not (folder / "tokens").is_dir():
            output.stop(
                output.USAGE,
                f"--bridge {folder}: is no bridge's folder: it has no folder `tokens`; nothing was done",
                "name one that `fieldpost mesh bridge` made",
            )
    return folders


Bridges = Annotated[
    list[Path] | None,
    typer.Option(
        "--bridge",
        metavar="BRIDGEDIR",
        help="Lay it into this bridge's tokens folder too; repeatable.",
        callback=bridge_folders,
    ),
]


@contextmanager
def answering() -> Iterator[None]:
    """Errors of the desk as exit codes, each told in one line."""
    try:
        yield
    except ProvisionError as error:
        output.stop(output.NO, str(error))
    except PassportError as error:
        output.stop(output.USAGE, str(error))
    except WireError as error:
        output.stop(output.USAGE, f"{error.detail} ({error.code})", "correct what was given")
    except (KeyFileError, PortError) as error:
        output.stop(output.CANNOT, str(error))
    except OSError as error:
        if error.filename is None:
            output.stop(output.CANNOT, str(error))
        output.stop(
            output.CANNOT, f"{error.filename}: {error.strerror}", "check the path and its permissions"
        )


def validity(days: int) -> Validity:
    return Validity.days(int(time.time()), days)


def hexadecimal(text: str, size: int, what: str) -> bytes:
    """Bytes of an argument; a usage error that names it otherwise."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != size:
        output.stop(output.USAGE, f"{what}: expected {2 * size} hexadecimal digits, found {text!r}")
    return value


def path_of(text: str, what: str) -> str:
    """An authority path or a subject; a usage error otherwise."""
    if not is_path(text):
        output.stop(
            output.USAGE, f"{what}: expected up to 8 segments of [a-z0-9._-] joined by /, found {text!r}"
        )
    return text


def scope(subjects: Sequence[str] | None, formats: Sequence[str] | None = None) -> list[list | None]:
    """A scope as it is signed: sorted subjects and formats, nil for all. SPEC 7.1"""
    named = sorted({path_of(one, "--subject") for one in subjects or ()})
    numbers = sorted({int(one) for one in formats or () if one.isdigit() and len(one) < 8})
    digests = sorted(
        {hexadecimal(one, 16, "--format") for one in formats or () if not (one.isdigit() and len(one) < 8)}
    )
    return [named or None, [*numbers, *digests] or None]


def authority_of(mesh: Mesh, named: str | None, option: str) -> str:
    """The authority named, or the only one there is."""
    if named is not None:
        mesh.authority(named)
        return named
    if len(mesh.authorities) != 1:
        known = ", ".join(sorted(mesh.authorities)) or "none; make one with `fieldpost mesh authority`"
        output.stop(output.USAGE, f"{option}: which of the mesh's authorities? there are: {known}")
    return next(iter(mesh.authorities))


def tell(
    mesh: Mesh, made: bytes, about: dict[str, str], bridges: Sequence[Path] | None, as_json: bool
) -> None:
    """Lay a token into bridges' folders, and say its id, what it is about, and the files it stands in."""
    files = [str(mesh.folder / "tokens" / f"{made.hex()}.cwt")]
    files += [str(provision.put_token(folder, mesh.token(made))) for folder in bridges or ()]
    if as_json:
        output.print_json({"id": made.hex(), **about, "files": files})
        return
    typer.echo(f"{made.hex()}  " + "  ".join(f"{key} {value}" for key, value in about.items()))
    for file in files:
        typer.echo(f"  {file}")


def write_new(path: Path, data: bytes) -> None:
    """Write a new file; nothing that is there is written over."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        output.stop(output.CANNOT, f"{path}: is there already", "remove it by hand or name another file")
