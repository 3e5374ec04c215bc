"""What one mesh lets another know of it: id, root key, authorities and the thumbprints of their keys.

Decides whether a passport file is whole and agrees with itself. Refuses to decide whether it is genuine: two
people compare the mesh id, which is the thumbprint of the root key.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fieldwire import keys
from fieldwire.observation import is_path


class PassportError(ValueError):
    """The file is no passport; the message names it, the key and what was expected."""


class _Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: str
    mesh: str
    root: str
    authorities: dict[str, str]


@dataclass(frozen=True)
class Passport:
    """`authorities`: path -> thumbprint of the key that holds it."""

    name: str
    mesh: bytes
    root: bytes
    authorities: dict[str, bytes]


def load(path: Path) -> Passport:
    """The passport in a file made by `fieldpost mesh show --out`. PassportError, or OSError."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Document)
    except msgspec.MsgspecError as error:
        raise PassportError(
            f"{path}: no passport: {error}; make one with `fieldpost mesh show --out`"
        ) from None
    mesh, root = _id(path, "mesh", found.mesh), _id(path, "root", found.root)
    if keys.thumbprint(root) != mesh:
        raise PassportError(f"{path}: mesh: expected the thumbprint of root; ask the other side for it again")
    authorities = {
        _path(path, one): _id(path, f"authorities.{one}", thumbprint)
        for one, thumbprint in found.authorities.items()
    }
    return Passport(found.name, mesh, root, authorities)


def _id(path: Path, key: str, text: str) -> bytes:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise PassportError(f"{path}: {key}: expected 64 lower-case hexadecimal digits")
    return bytes.fromhex(text)


def _path(path: Path, text: str) -> str:
    if not is_path(text):
        raise PassportError(f"{path}: authorities: expected authority paths, found {text!r}")
    return text
