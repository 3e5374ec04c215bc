"""Discovery: which bridges were heard, and why each does or does not talk.

Decides what is worth a record: the first word of a peer and every change. Refuses to believe what a stranger
says of itself: until it has proved its key, it is listed by its address alone. SPEC 10.6
"""

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


def is_news(state: State, heard: Heard) -> bool:
    """True when the listing would change by it."""
    known = state.heard.get(heard.key)
    if known is None:
        return len(state.heard) < HEARD_MAX
    if heard.thumbprint is None:
        return False
    return replace(known, address=heard.address, reason=heard.reason) != heard


def met(state: State, data: bytes) -> None:
    """The pipeline's input `met`: list it and record it."""
    address, thumbprint, meshes, version, code, reason = cbor.decode(data)
    heard = Heard(address, thumbprint, tuple(meshes), version, code, reason)
    state.heard[heard.key] = heard
    named = [*meshes] if thumbprint is None else [thumbprint, *meshes]
    state.record("discover", named, code, address=address, version=version, reason=reason)


def listing(state: State) -> list[Heard]:
    """Everyone heard, those who proved themselves first."""
    return sorted(state.heard.values(), key=lambda one: (one.thumbprint is None, one.address, one.key))
