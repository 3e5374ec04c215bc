"""The log as anyone may check it: every event decoded, every leaf hashed, the root computed again.

Decides whether the stored events are the tree that a root or a signed checkpoint names. Refuses to repair.
SPEC 15
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fieldpost.codes import refuse
from fieldpost.model import Refusal
from fieldpost.recorder import read_event
from fieldpost.signing import verify
from fieldpost.trust import Trust
from fieldwire import cbor, cose, keys, merkle
from fieldwire import observation as obs
from fieldwire.errors import WireError


@dataclass(frozen=True)
class Leaves:
    """All events of a log, decoded, with their leaf hashes; an event's number is its leaf's index."""

    events: list[dict[str, Any]]
    hashes: list[bytes]

    @classmethod
    def of(cls, events: Iterable[bytes]) -> "Leaves":
        """WireError where an event is none; its detail names the event."""
        read, hashes = [], []
        for index, data in enumerate(events):
            try:
                read.append(read_event(data))
            except WireError as error:
                raise WireError(error.code, f"event {index}: {error.detail}") from None
            hashes.append(merkle.leaf_hash(data))
        return cls(read, hashes)

    @property
    def size(self) -> int:
        return len(self.hashes)

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` leaves."""
        return merkle.root(self.hashes if size is None else self.hashes[:size])

    def naming(self, identity: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
        """(number, event) of every event that has `identity` among its inputs."""
        for index, event in enumerate(self.events):
            if identity in event["inputs"]:
                yield index, event


def against_root(leaves: Leaves, size: int, root: bytes | None) -> Refusal | None:
    """None if the log has `size` events and the first ones have this root, if one is named."""
    if size > leaves.size:
        reason = f"the log has {leaves.size} events, {size} are named"
        return refuse("log-root", reason)
    if root is not None and leaves.root(size) != root:
        reason = f"the root over the first {size} events is {leaves.root(size).hex()}"
        return refuse("log-root", reason)
    return None


def against_checkpoint(leaves: Leaves, data: bytes, trust: Trust) -> Refusal | None:
    """None if a signed checkpoint is of this log: made by a held key, its root that of the first events."""
    try:
        message = cose.decode(data, cose.CHECKPOINT)
        value = cbor.decode(message.payload or b"")
        if (
            not isinstance(value, list)
            or len(value) != 3
            or not obs.is_bytes(value[0], 32)
            or not obs.is_uint(value[1])
        ):
            raise WireError("cose-shape", "a checkpoint is [origin, size, root]")
        origin, size, root = value
        public = next(
            (one.public for one in trust.credentials.values() if keys.thumbprint(one.public) == origin), None
        )
        if public is None:
            return Refusal(
                "credential-unknown",
                f"no credential for key {origin.hex()} is held",
                "deliver the bridge's tokens",
            )
        cose.check(message, public, verify)
    except WireError as error:
        return Refusal(error.code, error.detail, "take the checkpoint from its maker anew")
    return against_root(leaves, size, root)
