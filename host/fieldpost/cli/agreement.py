"""`fieldpost agreement`: check a text, read it aloud, sign it with a mesh's root, bind it with all signatures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import covenant, passport
from fieldpost.agreement import Agreement
from fieldpost.agreement_cbor import digest_of, from_cbor, to_cbor
from fieldpost.agreement_draft import draft
from fieldpost.agreement_toml import AgreementError, parse_toml, petnames
from fieldpost.agreement_words import difference, sentences
from fieldpost.cli import desk, output
from fieldpost.cli.text_file import text_of
from fieldpost.mesh import Mesh
from fieldpost.model import Refusal
from fieldwire import cose
from fieldwire.errors import WireError

app = typer.Typer(pretty_exceptions_enable=False, no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="AGREEMENT.toml, or its canonical bytes as .cbor.")
]


@app.callback()
def group() -> None:
    """Write, check, sign and adopt agreements between meshes."""


@dataclass(frozen=True)
class _Read:
    """A sound agreement as it was read: `names` are the petnames of its text."""

    agreement: Agreement
    data: bytes
    digest: bytes
    names: dict[str, bytes]


@app.command(epilog="Example: fieldpost agreement check agreement.toml")
def check(file: File, json: desk.Json = False) -> None:
    """Say whether a text is a sound agreement, and its digest. Exit 2 names line, key and expectation."""
    read = _read(file)
    if json:
        output.print_json(
            {
                "version": read.agreement.version,
                "digest": read.digest.hex(),
                "parties": [mesh.hex() for mesh in read.agreement.parties],
                "scopes": [scope.subject for scope in read.agreement.scopes],
                "bytes": len(read.data),
            }
        )
        return
    typer.echo(f"{file}: sound, version {read.agreement.version}, digest {read.digest.hex()}")


@app.command(epilog="Example: fieldpost agreement show agreement.toml")
def show(file: File, json: desk.Json = False) -> None:
    """Say an agreement's terms in sentences, to be read aloud to the other side; the digest comes last."""
    read = _read(file)
    lines = sentences(read.agreement, read.names, read.digest)
    if json:
        told = [line.strip() for line in lines if line]
        output.print_json({"version": read.agreement.version, "digest": read.digest.hex(), "sentences": told})
        return
    for line in lines:
        typer.echo(output.shown(line))


@app.command(
    epilog="Example: fieldpost agreement new alpha.passport.json bravo.passport.json --scope harbor/water"
    " --out agreement.toml"
)
def new(
    passports: Annotated[
        list[Path],
        typer.Argument(metavar="PASSPORT...", help="The passport of each mesh that is to be a party."),
    ],
    scope: Annotated[
        list[str], typer.Option(metavar="SUBJECT", help="A subject tree that is to cross; repeatable.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The new text.")],
    version: Annotated[int, typer.Option(min=1, max=2**32 - 1, help="Its version.")] = 1,
    json: desk.Json = False,
) -> None:
    """Write a first text between meshes, with a comment at each term. It is sound as it is, and binds nobody."""
    with desk.answering():
        known = [passport.load(path) for path in passports]
        if len(known) < 2:
            output.stop(
                output.USAGE, "one passport: an agreement is between at least two meshes", "name another"
            )
        text = draft(known, [desk.path_of(one, "--scope") for one in scope], version)
        try:
            data = to_cbor(parse_toml(text, str(out)))
        except AgreementError as error:
            output.stop(output.USAGE, str(error), "give each mesh's passport once, and scopes apart")
        desk.write_new(out, text.encode())
    if json:
        output.print_json({"file": str(out), "version": version, "digest": digest_of(data).hex()})
        return
    typer.echo(f"{out}: version {version}; edit it, then run `fieldpost agreement check {out}`")


@app.command(epilog="Example: fieldpost agreement diff agreement.toml agreement-2.toml")
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="One version, as text or bytes.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The other one.")],
    json: desk.Json = False,
) -> None:
    """Say in words what differs between two agreements. Exit 0 when their terms are the same, 1 when not."""
    one, other = _read(old), _read(new)
    found = difference(one.agreement, other.agreement, one.names | other.names)
    if json:
        output.print_json(
            {
                "old": one.digest.hex(),
                "new": other.digest.hex(),
                "differences": [
                    {"section": where, "side": side, "words": words} for where, side, words in found
                ],
            }
        )
    else:
        _tell(found)
    if found:
        raise typer.Exit(output.NO)


def _tell(found: list[tuple[str, str, str]]) -> None:
    if not found:
        typer.echo("the terms are the same")
    for section in dict.fromkeys(where for where, _, _ in found):
        typer.echo(output.shown(f"{section}:"))
        for where, side, words in found:
            if where == section:
                typer.echo(output.shown(f"  {'no longer' if side == 'was' else 'now'}: {words}"))


@app.command(epilog="Example: fieldpost agreement sign agreement.toml desk/alpha --out alpha.sig")
def sign(
    file: File,
    folder: Annotated[
        Path, typer.Argument(metavar="MESHDIR", help="The folder of the mesh whose root signs.")
    ],
    out: Annotated[Path, typer.Option(metavar="SIG", help="The signature's new file.")],
    json: desk.Json = False,
) -> None:
    """Sign an agreement with a mesh's root key. The signature carries the very bytes it is over."""
    read = _read(file)
    with desk.answering():
        mesh = Mesh(folder)
        if mesh.id not in read.agreement.parties:
            output.stop(
                output.NO, f"{file}: {mesh.name} ({mesh.id.hex()}) is no party", "add it to [parties] first"
            )
        desk.write_new(out, mesh.sign_agreement(read.data))
    if json:
        output.print_json({"digest": read.digest.hex(), "mesh": mesh.id.hex(), "signature": str(out)})
        return
    typer.echo(f"{out}: {mesh.name} signs version {read.agreement.version}, digest {read.digest.hex()}")


@app.command(
    epilog="Example: fieldpost agreement bind agreement.toml alpha.sig bravo.sig --out agreement.proof"
    " --passport alpha.passport.json --passport bravo.passport.json"
)
def bind(
    file: File,
    signatures: Annotated[list[Path], typer.Argument(metavar="SIG...", help="One signature of each party.")],
    out: Annotated[
        Path, typer.Option(metavar="PROOF", help="The new file, for each bridge's agreement.proof.")
    ],
    passports: Annotated[
        list[Path] | None,
        typer.Option(
            "--passport", metavar="PASSPORT.json", help="Verify under this mesh's root key; repeatable."
        ),
    ] = None,
    json: desk.Json = False,
) -> None:
    """Bind an agreement with its signatures into one file. With each party's passport, verify them as well.

    A bridge verifies them again under the roots that it knows.
    """
    read = _read(file)
    with desk.answering():
        found = [_signature(path, read) for path in signatures]
        missing = [mesh for mesh in read.agreement.parties if mesh not in {mesh for mesh, _ in found}]
        if missing:
            output.stop(
                output.NO, f"{out}: no signature of {_named(missing, read)}", "have each party sign this text"
            )
        proof = covenant.proof(read.data, [data for _, data in found])
        if passports:
            _verify(proof, [passport.load(path) for path in passports])
        desk.write_new(out, proof)
    if json:
        output.print_json({"digest": read.digest.hex(), "proof": str(out), "verified": bool(passports)})
        return
    how = "verified" if passports else "not verified here: give each party's --passport"
    typer.echo(f"{out}: version {read.agreement.version}, digest {read.digest.hex()}, signatures {how}")


def _read(file: Path) -> _Read:
    """The agreement of a file; ends the command where there is none."""
    if file.suffix in (".toml", ".txt"):
        text = text_of(file)
        try:
            agreement = parse_toml(text, str(file))
        except AgreementError as error:
            output.stop(output.USAGE, str(error))
        data = to_cbor(agreement)
        return _Read(agreement, data, digest_of(data), petnames(text))
    try:
        data = file.read_bytes()
        return _Read(from_cbor(data), data, digest_of(data), {})
    except OSError as error:
        output.stop(output.CANNOT, f"{file}: {error.strerror}", "give a file that can be read")
    except WireError as error:
        output.stop(
            output.USAGE, f"{file}: {error.detail} ({error.code})", "have it written anew; texts end in .toml"
        )


def _signature(path: Path, read: _Read) -> tuple[bytes, bytes]:
    """(mesh, bytes) of a signature file that is over this agreement and names a party's key."""
    data = path.read_bytes()
    try:
        message = cose.decode(data, cose.AGREEMENT)
    except WireError as error:
        output.stop(output.NO, f"{path}: no signature of an agreement: {error.detail}", "have it signed anew")
    if message.payload != read.data:
        output.stop(
            output.NO, f"{path}: signs another text than this one", "have the same text signed by both"
        )
    signer = next((mesh for mesh in read.agreement.parties if mesh.startswith(message.kid)), None)
    if signer is None:
        output.stop(output.NO, f"{path}: signed by the key {message.kid.hex()}, which is no party's root")
    return signer, data


def _verify(proof: bytes, known: list[passport.Passport]) -> None:
    outcome = covenant.open_proof(proof, {one.mesh: one.root for one in known})
    if isinstance(outcome, Refusal):
        output.stop(output.NO, outcome.reason, outcome.remedy)


def _named(meshes: list[bytes], read: _Read) -> str:
    names = {mesh: name for name, mesh in read.names.items()}
    return ", ".join(names.get(mesh, mesh.hex()[:16]) for mesh in meshes)
