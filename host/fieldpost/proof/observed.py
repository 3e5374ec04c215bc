"""One observation under a signature that the proof itself lets anyone check: an early copy, or a leaf of a seal.

Decides that leaf, seal and device belong together. Refuses to ask for a boot attestation: who signed is proved
without one. SPEC 5.7, 6.2, 10.3
"""

from dataclasses import dataclass
from typing import Any

from fieldpost.proof.form import bad
from fieldpost.proof.holders import Holder, Holders
from fieldpost.signing import verify
from fieldwire import cose, keys, seal
from fieldwire import observation as obs
from fieldwire.errors import WireError


@dataclass(frozen=True)
class Observed:
    """`seal_hash`, `segment` (incarnation, stream, number) and `previous` are None for an early copy."""

    holder: Holder
    id: bytes
    observation: dict[int, Any]
    seal_hash: bytes | None = None
    segment: tuple[bytes, int, int] | None = None
    previous: bytes | None = None

    @property
    def device(self) -> bytes:
        return self.observation[obs.DEVICE]

    def place(self) -> str:
        """Its position, for a person."""
        _, incarnation, stream, seq = obs.position(self.observation)
        return f"incarnation {incarnation.hex()}, stream {stream}, seq {seq}"


def early(data: bytes, holders: Holders) -> Observed:
    """What an early copy shows."""
    message = cose.decode(data, cose.EARLY)
    observation = obs.decode(message.payload or b"")
    holder = _device(observation, holders)
    cose.check(message, holder.public, verify)
    return Observed(holder, obs.observation_id(message.payload), observation)


def sealed(parts: list[Any], holders: Holders) -> Observed:
    """What `[seal, leaf, index, path]` shows."""
    seal_bytes, leaf, index, path = parts
    if not isinstance(seal_bytes, bytes) or not isinstance(leaf, bytes):
        raise bad("seal and leaf are byte strings")
    holder = _device(obs.decode(leaf), holders)
    device = keys.device_id(holder.public)
    body, seal_hash, observation = seal.open_item(
        seal_bytes, leaf, index, path, holder.public, device, verify
    )
    return _under(holder, leaf, body, seal_hash, observation)


def receipted(receipt: bytes, leaf: bytes, holders: Holders) -> Observed:
    """What an RFC 9942 receipt and its leaf show; a seal of one leaf is its own receipt. SPEC 6.3"""
    holder = _device(obs.decode(leaf), holders)
    device = keys.device_id(holder.public)
    message, body = seal.decode(receipt)
    if body.count == 1 and not message.unprotected:
        return sealed([receipt, leaf, 0, []], holders)
    body, seal_hash, observation = seal.open_receipt(receipt, leaf, holder.public, device, verify)
    return _under(holder, leaf, body, seal_hash, observation)


def _under(holder: Holder, leaf: bytes, body: seal.SealBody, seal_hash: bytes, observation: dict) -> Observed:
    segment = (body.incarnation, body.stream, body.segment)
    return Observed(holder, obs.observation_id(leaf), observation, seal_hash, segment, body.previous)


def _device(observation: dict[int, Any], holders: Holders) -> Holder:
    holder = holders.speaker(observation[obs.CREDENTIAL])
    if keys.device_id(holder.public) != observation[obs.DEVICE]:
        raise WireError("device-mismatch", "the credential named is another device's")
    return holder
