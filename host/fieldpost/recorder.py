"""The recorder: an append-only RFC 9162 tree over reconciliation events.

Decides the form of an event and of a checkpoint. Refuses to edit: what changes later is a later event.
SPEC 15
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldwire import cbor, cose, merkle
from fieldwire.errors import WireError


def event(
    kind: str,
    at: tuple[int, int],
    inputs: Sequence[bytes],
    policy: bytes | None,
    outcome: str,
    detail: Mapping[str, Any],
) -> bytes:
    """Bytes of one event: [kind, at, inputs, policy, outcome, detail]. SPEC 15.1"""
    return cbor.encode([kind, list(at), list(inputs), policy, outcome, dict(detail)])


def read_event(data: bytes) -> dict[str, Any]:
    """The same as a mapping of names; WireError("event-shape") where it is none."""
    value = cbor.decode(data)
    if not isinstance(value, list) or len(value) != 6 or not isinstance(value[0], str):
        raise WireError("event-shape", "an event is [kind, at, inputs, policy, outcome, detail]")
    return dict(zip(("kind", "at", "inputs", "policy", "outcome", "detail"), value, strict=True))


class Log:
    """The tree's growing end: `append` returns the leaf's index; `root()` is the tree's root so far."""

    def __init__(self) -> None:
        self._tree = merkle.Tree()

    @property
    def size(self) -> int:
        return self._tree.size

    def append(self, data: bytes) -> int:
        self._tree.add(merkle.leaf_hash(data))
        return self._tree.size - 1

    def root(self) -> bytes:
        return self._tree.root()


def checkpoint(origin: bytes, size: int, root: bytes, signer: Any) -> bytes:
    """A signed checkpoint of the log. SPEC 15.3"""
    return cose.sign(cose.CHECKPOINT, cbor.encode([origin, size, root]), signer)
