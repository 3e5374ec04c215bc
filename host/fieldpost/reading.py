"""What the commands that read a store ask of it.

Decides how a thing is found by the start of its id and how trust is rebuilt from the stored tokens. Refuses
to write, and to believe a derived row where the stored bytes can be asked instead.
"""

import re
from collections.abc import Iterator
from typing import Any, Protocol

from fieldpost.gaps import Dropped, told
from fieldpost.model import Input
from fieldpost.recorder import read_event
from fieldpost.trust import Trust
from fieldwire import cbor
from fieldwire import observation as obs

PREFIX_MIN = 4  # digits of an id below which a match is luck
_PREFIX = re.compile(r"[0-9a-f]{4,64}")


class Rows(Protocol):
    """An open store, as far as reading needs it."""

    def query(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]: ...

    def events(self) -> Iterator[bytes]: ...

    def inputs(self, after: int = 0) -> Iterator[Input]: ...


class IdError(ValueError):
    """What was given is no id, or names several things; the message says which."""


def stored(data: bytes) -> Any:
    """A value in a row of a store, however many claims met in it: the store bounds its rows itself. WireError."""
    return cbor.decode(data, size_max=len(data))


def profile_of(store: Rows) -> tuple[bytes, bytes, str]:
    """(mesh id, key thumbprint, petname) of the bridge that the store belongs to."""
    found = store.query("SELECT data FROM input WHERE kind = 'config' ORDER BY n DESC LIMIT 1")
    if not found:
        return b"", b"", "unnamed"
    mesh, thumbprint, name, _ = cbor.decode(found[0][0])
    return mesh, thumbprint, name


def trust_of(store: Rows) -> Trust:
    """The pool of roots and tokens, each token's signature and chain checked anew."""
    trust = Trust()
    for (public,) in store.query("SELECT public FROM root ORDER BY mesh"):
        trust.add_root(public)
    for (data,) in store.query("SELECT data FROM token ORDER BY id"):
        trust.add(data)
    trust.retry()
    return trust


def observations_named(store: Rows, prefix: str) -> list[bytes]:
    """Ids of observations that start so, at most two. IdError where `prefix` is no id."""
    return _named(store, "SELECT id FROM observation WHERE id BETWEEN ? AND ? LIMIT 2", prefix)


def met_named(store: Rows, prefix: str) -> list[bytes]:
    """The same over all that the bridge has met or was told of: held, refused, or kept back by the other side."""
    found: set[bytes] = set()
    for table, column in (
        ("observation", "id"),
        ("envelope", "hash"),
        ("token", "id"),
        ("refusal", "what"),
        ("one_sided", "id"),
        ("edge", "parent"),
    ):
        found.update(
            _named(
                store, f"SELECT DISTINCT {column} FROM {table} WHERE {column} BETWEEN ? AND ? LIMIT 2", prefix
            )
        )
    if not found:
        named = _waiting(store) | _dropped(store)
        found.update(one for one in named if one.hex().startswith(prefix.lower()))
    return sorted(found)


def _waiting(store: Rows) -> set[bytes]:
    """Tokens that wait for their issuer: they are in the log alone."""
    events = (read_event(data) for data in store.events())
    return {one for event in events if event["kind"] == "token" for one in event["inputs"]}


def _dropped(store: Rows) -> set[bytes]:
    """Seal hashes that gap records name: of segments that nobody can bring any more."""
    rows = store.query("SELECT leaf FROM observation WHERE format = ?", str(obs.GAP_FORMAT))
    runs = (run for (leaf,) in rows for run in told(obs.decode(leaf)))
    return {run.seal_hash for run in runs if isinstance(run, Dropped) and run.seal_hash is not None}


def only(found: list[bytes], prefix: str) -> bytes | None:
    """The one thing found or None; IdError when there are several."""
    if len(found) > 1:
        raise IdError(f"{prefix} begins several ids; give more digits")
    return found[0] if found else None


def _named(store: Rows, sql: str, prefix: str) -> list[bytes]:
    text = prefix.lower()
    if not _PREFIX.fullmatch(text):
        raise IdError(f"{prefix!r} is no id; give {PREFIX_MIN} to 64 hexadecimal digits")
    low, high = bytes.fromhex(text.ljust(64, "0")), bytes.fromhex(text.ljust(64, "f"))
    if len(text) % 2 == 0:
        low = bytes.fromhex(text)  # so that an id of fewer bytes is found by all its digits
    return [row[0] for row in store.query(sql, low, high)]
