"""An epoch proof: two bridges signed one body, so both decided alike over one joint set.

Decides that both signatures are over the same words and each by a boundary agent that the words name. Refuses to
recompute decisions: the digests bind them, the data is elsewhere. SPEC 10.5, 15.4
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from fieldpost.proof.form import bad, false, is_digest
from fieldpost.proof.holders import Holder, Holders, one_bytes
from fieldwire import cbor, cose
from fieldwire import observation as obs

Facts = dict[str, Any]
LABEL = b"fieldpost/epoch/1"


@dataclass(frozen=True)
class Signed:
    """One bridge's signature over an epoch."""

    holder: Holder
    body: bytes
    number: int
    digests: dict[str, bytes]  # agreement, joint_root, evidence, decisions
    verdicts: tuple[tuple[str, str], ...]
    bridges: tuple[bytes, bytes]

    @property
    def digest(self) -> bytes:
        """The name that a divergence report gives the epoch. SPEC 13.4"""
        return hashlib.sha256(LABEL + self.body).digest()


def read(data: bytes, holders: Holders) -> Signed:
    """A signed epoch of which the signer is one bridge."""
    message = cose.decode(data, cose.EPOCH)
    body = message.payload or b""
    value = cbor.decode(body)
    if not isinstance(value, list) or len(value) != 7 or not obs.is_uint(value[0]):
        raise bad("an epoch is [number, four digests, verdicts, bridges]")
    if not all(map(is_digest, value[1:5])) or not _pairs(value[5]) or not _bridges(value[6]):
        raise bad("an epoch names four digests, [[scope, verdict] ...] and its two bridges, sorted")
    first, second = value[6]
    holder = holders.signer(
        message, lambda one: one.thumbprint in (first, second) and "boundary" in one.rights
    )
    names = ("agreement", "joint_root", "evidence", "decisions")
    digests: dict[str, bytes] = dict(zip(names, value[1:5], strict=True))
    verdicts = tuple((scope, verdict) for scope, verdict in value[5])
    return Signed(holder, body, value[0], digests, verdicts, (first, second))


def prove(evidence: list[Any], holders: Holders) -> tuple[str, Facts]:
    """(what is proved, in words; the same as values). WireError where it is not."""
    if len(evidence) != 2:
        raise bad("an epoch proof shows the epoch under each of two signatures")
    one, other = (read(one_bytes(data, "a signed epoch"), holders) for data in evidence)
    if (one.holder.thumbprint, other.holder.thumbprint) != one.bridges:
        raise bad("the signatures are those of the two bridges, in their order")
    if one.body != other.body:
        raise false("the two signatures are over different words")
    scopes = ", ".join(f"{scope} {verdict}" for scope, verdict in one.verdicts) or "none"
    words = (
        f"bridges {one.bridges[0].hex()} and {one.bridges[1].hex()} both signed epoch {one.number}:"
        f" decisions {one.digests['decisions'].hex()} over joint set {one.digests['joint_root'].hex()}"
        f" under agreement {one.digests['agreement'].hex()}; scopes: {scopes}"
    )
    facts: Facts = {"number": one.number, **{name: digest.hex() for name, digest in one.digests.items()}}
    facts["verdicts"] = [list(pair) for pair in one.verdicts]
    facts["bridges"] = [bridge.hex() for bridge in one.bridges]
    return words, facts


def _pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)
        for one in value
    )


def _bridges(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(map(is_digest, value)) and value == sorted(value)
    )
