"""Discovery: which bridges were heard, and why each does or does not talk.

Decides what is worth a record: the first word of a peer and every change. Refuses to believe what a stranger
says of itself: until it has proved its key, it is listed by its address alone. SPEC 10.6
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fieldpost.state import State
from fieldwire import cbor

TALKS = "talks"
HEARD_MAX = 256  # listings kept; a stranger beyond them is refused all the same, and not listed


@dataclass(frozen=True)
class Heard:
    """One peer: `thumbprint` and `version` only once proved. `code` is `talks` or that of a refusal."""

    address: str
    thumbprint: bytes | None
    meshes: tuple[bytes, ...]
    version: int | None
    code: str
    reason: str

    def to_cbor(self) -> bytes:
        return cbor.encode(
            [self.address, self.thumbprint, list(self.meshes), self.version, self.code, self.reason]
        )

    @property
    def key(self) -> bytes:
        """A proved peer is one whatever its address; strangers of one address are one, a refusal each."""
        return self.thumbprint or f"{self.address} {self.code}".encode()


def read(data: bytes) -> Heard:
    """A listing as it was written."""
    address, thumbprint, meshes, version, code, reason = cbor.decode(data)
    return Heard(address, thumbprint, tuple(meshes), version, code, reason)


def is_news(state: State, heard: Heard) -> bool:
    """True when the listing would change by it: for one that talks, what could not be proved of it is part of that."""
    known = state.heard.get(heard.key)
    if known is None:
        return len(state.heard) < HEARD_MAX
    if heard.thumbprint is None:
        return False
    reason = known.reason if heard.code == TALKS else heard.reason
    return replace(known, address=heard.address, reason=reason) != heard


def met(state: State, data: bytes) -> None:
    """The pipeline's input `met`: list it and record it."""
    heard = read(data)
    state.heard[heard.key] = heard
    named = [*heard.meshes] if heard.thumbprint is None else [heard.thumbprint, *heard.meshes]
    state.record(
        "discover", named, heard.code, address=heard.address, version=heard.version, reason=heard.reason
    )


def listing(state: State) -> list[Heard]:
    """Everyone heard, those who proved themselves first."""
    return in_order(state.heard.values())


def in_order(heard: Iterable[Heard]) -> list[Heard]:
    return sorted(heard, key=lambda one: (one.thumbprint is None, one.address, one.key))
