"""Signed statements in a folder, as a desk keeps them and as an export writes them.

Shell over files. Decides which keys in the folder are roots: those whose thumbprint a root's credential names as its
mesh. Refuses to count what is forged or whose chain is not there; it says which files these are. SPEC 12.8
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fieldpost.model import Refusal
from fieldpost.trust import Trust
from fieldwire import cbor, cose, keys, limits, tokens
from fieldwire.errors import WireError

KEY_FILE_MAX = 64 * 1024


@dataclass
class Attestations:
    """`trust` holds what counts; `left_out` [(file, code, reason)] is what does not."""

    trust: Trust = field(default_factory=Trust)
    left_out: list[tuple[Path, str, str]] = field(default_factory=list)


def read(folder: Path) -> Attestations:
    """All tokens (`*.cwt`) and root keys (`*.cosekey`, `*.json` with a `root`) below a folder. OSError."""
    found, files = Attestations(), {}
    for path in sorted(_files(folder, ".cwt")):
        data = path.read_bytes()[: limits.TOKEN_MAX + 1]
        files[tokens.token_id(data)] = path
    roots = set(_roots(folder))
    held = {identity: files[identity].read_bytes() for identity in files}
    meshes = {mesh for data in held.values() for mesh in _mesh_of(data)}
    for public in sorted(roots):
        if keys.thumbprint(public) in meshes:
            found.trust.add_root(public)
    for identity, data in held.items():
        said = found.trust.add(data)
        if isinstance(said, Refusal) and identity not in found.trust.waiting:
            found.left_out.append((files[identity], said.code, said.reason))
    for identity, said in found.trust.retry()[1]:
        found.left_out.append((files[identity], said.code, said.reason))
    for identity in found.trust.waiting:
        found.left_out.append(
            (files[identity], "token-issuer-unknown", "its issuer or root is not in the folder")
        )
    return found


def _files(folder: Path, suffix: str) -> Iterator[Path]:
    """OSError where the folder cannot be listed; `rglob` alone would find nothing."""
    next(folder.iterdir(), None)
    return (path for path in folder.rglob(f"*{suffix}") if path.is_file())


def _mesh_of(data: bytes) -> list[bytes]:
    """The mesh of a credential that names no issuer."""
    try:
        claims = tokens.decode(data, cose.CREDENTIAL).claims
    except WireError:
        return []
    return [] if tokens.ISSUER in claims else [claims[tokens.MESH]]


def _roots(folder: Path) -> Iterator[bytes]:
    """Public keys that may be roots: no secret is among these files."""
    for path in _files(folder, ".cosekey"):
        try:
            yield keys.public_of(cbor.decode(path.read_bytes()[:KEY_FILE_MAX]))
        except WireError:
            continue
    for path in _files(folder, ".json"):
        public = _root_in(path)
        if public is not None:
            yield public


def _root_in(path: Path) -> bytes | None:
    """The root key that a passport or a mesh's own `mesh.json` gives."""
    try:
        value = json.loads(path.read_bytes()[:KEY_FILE_MAX])
        public = bytes.fromhex(value["root"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return public if len(public) == 32 else None
