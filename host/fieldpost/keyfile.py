"""Key files: 32-byte secrets in files that only their owner reads.

Shell. Refuses to read a key that others could have read, and to write over one that is there.
"""

import os
import stat
from pathlib import Path

from fieldpost.signing import Signer

TEXT_MAX = 128  # a key file has 65 bytes


class KeyFileError(Exception):
    """A key file is missing, readable by others, or holds something else; the message names the remedy."""


def create(path: Path, secret: bytes) -> None:
    """Write 32 secret bytes to a new file of mode 0600: all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret.hex().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise KeyFileError(
            f"{path}: there is a key already; remove it by hand if it is to be replaced"
        ) from None
    finally:
        fresh.unlink()


def read(path: Path, maker: str = "fieldpost mesh init") -> bytes:
    """The 32 bytes of a key file. `maker`: the command that makes such a key."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(TEXT_MAX)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror}); make it with `{maker}`") from None
    if mode & 0o077:
        raise KeyFileError(
            f"{path}: others may read it (mode {mode:04o}); run chmod 600 and consider it leaked"
        )
    secret = digits(data)
    if secret is None:
        raise KeyFileError(f"{path}: expected 64 hexadecimal digits")
    return secret


def digits(data: bytes) -> bytes | None:
    """The 32 bytes that a key file's text spells; None for any other text."""
    try:
        secret = bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return None
    return secret if len(secret) == 32 else None


def signer(path: Path, maker: str = "fieldpost mesh init") -> Signer:
    return Signer(read(path, maker))
