"""Checkpoint proofs and receipts of events: what a bridge signed of its append-only log.

Decides that a signed size and root are the bridge's own word, that an earlier checkpoint is a prefix of a later one,
and that an event lies under a root. Refuses to say what the events that are not shown contain. SPEC 15.2, 15.3, 15.4
"""

from dataclasses import dataclass
from typing import Any

from fieldpost.proof.form import bad, false, is_digest
from fieldpost.proof.holders import Holder, Holders, one_bytes
from fieldpost.recorder import read_event
from fieldwire import cbor, cose, limits, merkle
from fieldwire import observation as obs

Facts = dict[str, Any]


@dataclass(frozen=True)
class Signed:
    """A bridge's word about its log."""

    holder: Holder
    size: int
    root: bytes


def read(data: bytes, holders: Holders) -> Signed:
    """A checkpoint that its origin signed."""
    message = cose.decode(data, cose.CHECKPOINT)
    value = cbor.decode(message.payload or b"")
    if not isinstance(value, list) or len(value) != 3 or not is_digest(value[0]) or not is_digest(value[2]):
        raise bad("a checkpoint is [origin, size, root]")
    if not obs.is_uint(value[1]):
        raise bad("a checkpoint's size is an unsigned integer")
    origin, size, root = value
    return Signed(holders.signer(message, lambda one: one.thumbprint == origin), size, root)


def prove(evidence: list[Any], holders: Holders) -> tuple[str, Facts]:
    """(what is proved, in words; the same as values): [checkpoint, nil or [earlier checkpoint, path]]."""
    if len(evidence) != 2:
        raise bad("a checkpoint proof is [checkpoint, nil or [earlier one, path]]")
    found = read(one_bytes(evidence[0], "a checkpoint"), holders)
    words = f"bridge {found.holder.thumbprint.hex()} signed: its log has {found.size} events, root {found.root.hex()}"
    facts: Facts = {"origin": found.holder.thumbprint.hex(), "size": found.size, "root": found.root.hex()}
    if evidence[1] is None:
        return words, facts
    if not isinstance(evidence[1], list) or len(evidence[1]) != 2 or not _path(evidence[1][1]):
        raise bad("an earlier checkpoint comes with a path of hashes")
    earlier = read(one_bytes(evidence[1][0], "an earlier checkpoint"), holders)
    if earlier.holder.public != found.holder.public or earlier.size > found.size:
        raise false("the other checkpoint is not an earlier one of this log")
    if not merkle.verify_consistency(earlier.size, found.size, evidence[1][1], earlier.root, found.root):
        raise false(f"the first {earlier.size} events are not those that the earlier checkpoint names")
    words += f"; its first {earlier.size} events are those of the checkpoint with root {earlier.root.hex()}"
    return words, facts | {"earlier": {"size": earlier.size, "root": earlier.root.hex()}}


def prove_event(evidence: list[Any], holders: Holders) -> tuple[str, Facts]:
    """The same for [checkpoint, event, index, path]."""
    checkpoint, event, index, path = evidence
    found = read(one_bytes(checkpoint, "a checkpoint"), holders)
    told = read_event(one_bytes(event, "an event"))
    if not obs.is_uint(index) or not _path(path):
        raise bad("an event has an index and a path of hashes")
    if not merkle.verify_inclusion(merkle.leaf_hash(event), index, found.size, path, found.root):
        raise false(f"event {index} with these bytes is not under the root that the checkpoint names")
    words = (
        f"bridge {found.holder.thumbprint.hex()} recorded as event {index} of {found.size}:"
        f" {told['kind']} {told['outcome']}"
    )
    facts: Facts = {"origin": found.holder.thumbprint.hex(), "size": found.size, "root": found.root.hex()}
    facts |= {"event": index, "kind": told["kind"], "outcome": told["outcome"]}
    return words, facts


def _path(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= limits.MERKLE_PATH_MAX * 2 and all(map(is_digest, value))
