"""`fieldpost taxonomy`: which foreign authorities stand for which of ours, stated and taken back by a signature."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldpost import passport, provision
from fieldpost.cli import desk, output, taxonomy_path, taxonomy_proposals
from fieldpost.equivalence_rows import equivalence_rows
from fieldpost.mesh import Mesh
from fieldpost.reading import trust_of
from fieldpost.store import Store, StoreError
from fieldpost.trust import Trust
from fieldwire.observation import covers

app = typer.Typer(pretty_exceptions_enable=False, no_args_is_help=True)
app.command(name="path", epilog=taxonomy_path.EPILOG)(taxonomy_path.path)
app.command(name="proposals", epilog=taxonomy_proposals.EPILOG)(taxonomy_proposals.proposals)

As = Annotated[str, typer.Option("--as", metavar="AUTHORITY", help="Our authority that signs it.")]
Foreign = Annotated[
    str,
    typer.Option(
        metavar="PASSPORT.json:PATH",
        help="The other mesh's passport, and the authority there; with --proposal MESH:PATH, as listed.",
    ),
]
Proposal = Annotated[
    Path | None,
    typer.Option(metavar="STORE", help="Answer a proposal of this bridge's store, instead of a passport."),
]
Local = Annotated[str, typer.Option(metavar="PATH", help="Our authority: the signing one or one below it.")]
Subjects = Annotated[
    list[str] | None, typer.Option("--subject", help="Only this subject tree; repeatable. None: all.")
]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="Only this content format or schema digest; repeatable. None: all."),
]


@app.callback()
def group() -> None:
    """State, deny, revoke and list equivalences between authorities."""


@app.command(
    epilog="Example: fieldpost taxonomy attest desk/bravo --as survey/air"
    " --foreign alpha.passport.json:field/air --local survey/air --subject harbor --bridge bravo"
)
def attest(
    folder: desk.MeshFolder,
    issuer: As,
    foreign: Foreign,
    local: Local,
    subject: Subjects = None,
    content_format: Formats = None,
    days: desk.Days = 90,
    path_length: Annotated[
        int, typer.Option(min=0, max=16, help="Further equivalences allowed before this one in a path.")
    ] = 0,
    proposal: Proposal = None,
    bridge: desk.Bridges = None,
    json: desk.Json = False,
) -> None:
    """State that a foreign authority stands for one of ours, in one direction, within a scope and a time."""
    other = _foreign(foreign, proposal)
    stated = _Statement(folder, issuer, other, local, subject, content_format, days, path_length, False)
    _state(stated, bridge, json)


@app.command(
    epilog="Example: fieldpost taxonomy deny desk/bravo --as survey/air"
    " --foreign alpha.passport.json:field/night --local survey/air --bridge bravo"
)
def deny(
    folder: desk.MeshFolder,
    issuer: As,
    foreign: Foreign,
    local: Local,
    subject: Subjects = None,
    content_format: Formats = None,
    days: desk.Days = 90,
    proposal: Proposal = None,
    bridge: desk.Bridges = None,
    json: desk.Json = False,
) -> None:
    """State that a foreign authority, and all below it, never stands for ours or for what lies below it."""
    other = _foreign(foreign, proposal)
    stated = _Statement(folder, issuer, other, local, subject, content_format, days, 0, True)
    _state(stated, bridge, json)


@app.command(epilog="Example: fieldpost taxonomy revoke desk/bravo 3f9a4c... --as survey/air --bridge bravo")
def revoke(
    folder: desk.MeshFolder,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The equivalence's id, 32 hex digits.")],
    issuer: As,
    days: desk.Days = 3650,
    bridge: desk.Bridges = None,
    json: desk.Json = False,
) -> None:
    """Take an equivalence or a denial back; it supports nothing from then on, whatever time is asked about."""
    target = desk.hexadecimal(identity, 16, "ID")
    with desk.answering():
        mesh = Mesh(folder)
        made = provision.revoke(mesh, target, desk.validity(days), desk.authority_of(mesh, issuer, "--as"))
        desk.tell(mesh, made, {"revokes": identity}, bridge, json)


@app.command(
    "list", epilog="Example: fieldpost taxonomy list desk/bravo, or: fieldpost taxonomy list --store store.db"
)
def list_(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A mesh's folder.")] = None,
    store: Annotated[Path | None, typer.Option(help="A bridge's store instead: what it holds.")] = None,
    json: desk.Json = False,
) -> None:
    """Equivalences that a mesh has signed or a bridge holds, and how each stands at this moment."""
    if (folder is None) == (store is None):
        output.stop(output.USAGE, "taxonomy list: expected a mesh's folder or --store", "give one of the two")
    with desk.answering():
        trust = _signed(Mesh(folder)) if folder is not None else _held(store)
    rows = equivalence_rows(trust, int(time.time()))
    if json:
        output.print_json(rows)
        return
    for row in rows:
        typer.echo(_words(row))
    if not rows:
        typer.echo("no equivalence; state one with `fieldpost taxonomy attest`")


class _Statement:
    """The arguments of attest and deny, checked."""

    def __init__(
        self,
        folder: Path,
        issuer: str,
        foreign: tuple[bytes, str, bytes],
        local: str,
        subjects: Any,
        formats: Any,
        days: int,
        length: int,
        negative: bool,
    ) -> None:
        with desk.answering():
            self.mesh = Mesh(folder)
            self.issuer = desk.authority_of(self.mesh, issuer, "--as")
        self.foreign = foreign
        self.local = desk.path_of(local, "--local")
        self.scope = desk.scope(subjects, formats)
        self.days, self.length, self.negative = days, length, negative
        if not covers(self.issuer, self.local):
            output.stop(
                output.USAGE,
                f"--local: {self.local} is neither {self.issuer} nor below it",
                f"sign as an authority that holds {self.local}",
            )
        if self.foreign[0] == self.mesh.id:
            output.stop(output.USAGE, "--foreign: this is our own mesh's passport", "give the other mesh's")

    def sign(self) -> bytes:
        return self.mesh.equivalence(
            self.issuer,
            desk.validity(self.days),
            self.foreign,
            self.local,
            self.scope,
            self.length,
            self.negative,
        )


def _foreign(text: str, store: Path | None) -> tuple[bytes, str, bytes]:
    """(mesh id, path, thumbprint of the key that holds it) of `PASSPORT.json:PATH`, or of a store's `MESH:PATH`."""
    file, colon, path = text.rpartition(":")
    if not colon or not file:
        expected = "PASSPORT.json:PATH" if store is None else "MESH:PATH"
        output.stop(output.USAGE, f"--foreign: expected {expected}, found {text!r}")
    if store is not None:
        return taxonomy_proposals.named(store, file, path)
    with desk.answering():
        found = passport.load(Path(file))
    if path not in found.authorities:
        known = ", ".join(sorted(found.authorities)) or "none"
        output.stop(output.USAGE, f"--foreign: {file} names no authority {path!r}", f"there are: {known}")
    return found.mesh, path, found.authorities[path]


def _state(stated: _Statement, bridges: list[Path] | None, json: bool) -> None:
    about = {
        "sense": "never-equivalent" if stated.negative else "equivalent",
        "foreign": f"{stated.foreign[0].hex()}:{stated.foreign[1]}",
        "local": stated.local,
    }
    with desk.answering():
        desk.tell(stated.mesh, stated.sign(), about, bridges, json)


def _signed(mesh: Mesh) -> Trust:
    trust = Trust()
    trust.add_root(mesh.root_public)
    for data in mesh.tokens():
        trust.add(data)
    trust.retry()
    return trust


def _held(path: Path | None) -> Trust:
    try:
        store = Store.read_only(path or "")
        try:
            return trust_of(store)
        finally:
            store.close()
    except StoreError as error:
        output.stop(output.CANNOT, f"{error.file}: {error.cause}", error.remedy)


def _words(row: dict[str, Any]) -> str:
    def node(one: list[str]) -> str:
        return f"{one[1]} of {one[0][:16]}"

    sense = "never stands for" if row["negative"] else "stands for"
    scope = "all subjects" if row["subjects"] is None else ", ".join(row["subjects"])
    until = time.strftime("%Y-%m-%d", time.gmtime(row["exp"]))
    known = f"{row['id']}  {row['state']:8} {node(row['foreign'])} {sense} {node(row['local'])}; {scope}; until {until}"
    if row["state"] == "other-key":
        return f"{known}; another key holds {row['foreign'][1]} now, and no rotation shown leads to it"
    times = len(row["rotations"])
    return known + (f"; its key was rotated since ({times})" if times else "")
