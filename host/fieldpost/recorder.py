"""The recorder: an append-only RFC 9162 tree over reconciliation events.

Decides the form of an event and of a checkpoint. Refuses to edit: what changes later is a later event.
SPEC 15
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldwire import cbor, cose, merkle
from fieldwire.errors import WireError

ID, MANY = 32, 8  # bytes of an id; so many of them are written in one go
_ID_HEAD = b"\x58\x20"  # a byte string of 32 bytes


def event(
    kind: str,
    at: tuple[int, int],
    inputs: Sequence[bytes],
    policy: bytes | None,
    outcome: str,
    detail: Mapping[str, Any],
) -> bytes:
    """Bytes of one event: [kind, at, inputs, policy, outcome, detail]. SPEC 15.1"""
    if len(inputs) < MANY or any(len(one) != ID for one in inputs):
        return cbor.encode([kind, list(at), list(inputs), policy, outcome, dict(detail)])
    size = len(inputs)
    head = (
        bytes([0x80 + size])
        if size < 24
        else b"\x98" + bytes([size])
        if size < 256
        else b"\x99" + size.to_bytes(2, "big")
    )
    rest = [cbor.encode(one) for one in (policy, outcome, dict(detail))]
    begin = b"\x86" + cbor.encode(kind) + cbor.encode(list(at))
    return b"".join([begin, head, _ID_HEAD, _ID_HEAD.join(inputs), *rest])


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
