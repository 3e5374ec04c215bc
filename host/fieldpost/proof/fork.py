"""A fork proof: two statements under one key that cannot both be of one history.

Decides by content alone which pairs are a fork: observations at one position, seals at one place, a seal that names
another one before it, agreements, epochs or checkpoints under one number. Refuses to say which side is true, or
which came first. SPEC 6.5, 11.1, 15.4
"""

from collections.abc import Callable
from typing import Any

from fieldpost.agreement_cbor import digest_of, from_cbor
from fieldpost.proof import epoch, log
from fieldpost.proof.form import bad, false
from fieldpost.proof.holders import Holder, Holders
from fieldpost.proof.observed import Observed, early, sealed
from fieldpost.signing import verify
from fieldwire import cbor, cose
from fieldwire import observation as obs

Facts = dict[str, Any]
Numbered = tuple[Holder, str, tuple, bytes, str]  # who, kind, number, content's digest, words for the number


def prove(evidence: list[Any], holders: Holders) -> tuple[str, Facts]:
    """(what is proved, in words; the same as values). WireError where it is not."""
    if len(evidence) != 2 or not all(isinstance(one, list) and one for one in evidence):
        raise bad("a fork proof shows two statements")
    if cbor.encode(evidence[0]) >= cbor.encode(evidence[1]):
        raise bad("the two statements differ and are sorted bytewise")
    one, other = (_statement(value, holders) for value in evidence)
    if isinstance(one, Observed) and isinstance(other, Observed):
        return _of_a_device(one, other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return _under_one_number(one, other)
    raise false("an observation and another thing contradict nothing")


def _statement(value: list[Any], holders: Holders) -> Observed | Numbered:
    number, *parts = value
    if number == 0 and not isinstance(number, bool) and len(parts) == 1 and isinstance(parts[0], bytes):
        return early(parts[0], holders)
    if number == 1 and not isinstance(number, bool) and len(parts) == 4:
        return sealed(parts, holders)
    if number == 2 and len(parts) == 1 and isinstance(parts[0], bytes):
        return _numbered(parts[0], holders)
    raise bad("a statement is [0, early copy], [1, seal, leaf, index, path] or [2, signed object]")


def _of_a_device(one: Observed, other: Observed) -> tuple[str, Facts]:
    if one.holder.public != other.holder.public:
        raise false("the two observations are of different devices")
    who = f"device {one.device.hex()}"
    facts: Facts = {"device": one.device.hex()}
    if obs.position(one.observation) == obs.position(other.observation) and one.id != other.id:
        ids = sorted((one.id.hex(), other.id.hex()))
        words = f"{who} signed two observations at {one.place()}: {ids[0]} and {ids[1]}"
        return words, facts | {"rule": "position", "ids": ids, "position": one.place()}
    if one.segment is None or other.segment is None or one.seal_hash is None or other.seal_hash is None:
        raise false("the two observations fit into one log")
    first, second = sorted((one, other), key=lambda found: found.segment or (b"", 0, 0))
    hashes = [(first.seal_hash or b"").hex(), (second.seal_hash or b"").hex()]
    incarnation, stream, number = one.segment if first is one else other.segment
    place = f"incarnation {incarnation.hex()}, stream {stream}, segment {number}"
    facts |= {"seals": hashes, "place": place}
    if one.segment == other.segment and hashes[0] != hashes[1]:
        words = f"{who} sealed {place} twice: {hashes[0]} and {hashes[1]}"
        return words, facts | {"rule": "seal"}
    if second.segment == (incarnation, stream, number + 1) and second.previous != first.seal_hash:
        told = (second.previous or b"").hex()
        words = f"{who} sealed {place} as {hashes[0]}, and the segment after it names {told} before it"
        return words, facts | {"rule": "previous"}
    raise false("the two seals fit into one log")


def _numbered(data: bytes, holders: Holders) -> Numbered:
    typ = cose.decode(data).typ
    if typ not in _READERS:
        raise bad("a signed object in a fork proof is an agreement, an epoch or a checkpoint")
    return _READERS[typ](data, holders)


def _agreement(data: bytes, holders: Holders) -> Numbered:
    message = cose.decode(data, cose.AGREEMENT)
    root = holders.root(message.kid)
    cose.check(message, root.public, verify)
    text = message.payload or b""
    found = from_cbor(text)
    if root.mesh not in found.parties:
        raise false(f"mesh {root.mesh.hex()} is no party of the agreement that it signed")
    return root, "agreement", (found.version, found.parties), digest_of(text), f"version {found.version}"


def _epoch(data: bytes, holders: Holders) -> Numbered:
    found = epoch.read(data, holders)
    pair = " and ".join(one.hex()[:16] for one in found.bridges)
    number = (found.number, found.bridges)
    return found.holder, "epoch", number, found.digest, f"number {found.number} of bridges {pair}"


def _checkpoint(data: bytes, holders: Holders) -> Numbered:
    found = log.read(data, holders)
    return found.holder, "checkpoint", (found.size,), found.root, f"size {found.size}"


def _under_one_number(one: Numbered, other: Numbered) -> tuple[str, Facts]:
    holder, kind, number, content, words = one
    if (holder.public, kind, number) != (other[0].public, other[1], other[2]):
        raise false("the two are not of one kind, key and number")
    if content == other[3]:
        raise false(f"both say the same under {words}")
    digests = sorted((content.hex(), other[3].hex()))
    told = f"{holder.words()} signed two {kind}s under {words}: {digests[0]} and {digests[1]}"
    return told, {"rule": kind, "number": number[0], "digests": digests}


_READERS: dict[int, Callable[[bytes, Holders], Numbered]] = {
    cose.AGREEMENT: _agreement,
    cose.EPOCH: _epoch,
    cose.CHECKPOINT: _checkpoint,
}
