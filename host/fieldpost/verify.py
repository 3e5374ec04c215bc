"""Verify: from bytes to observations under a signature that holds.

Decides shape, signature, seal, inclusion, and that device, credential and boot attestation belong together.
Refuses to judge time, scope or policy: those are admission's. ARCH stages verify -> place -> admit.
"""

from functools import lru_cache
from typing import Any

from fieldpost import plain_bytes
from fieldpost.codes import CODES
from fieldpost.model import Missing, Refusal, Verified
from fieldpost.signing import verify
from fieldpost.trust import Trust
from fieldwire import cbor, cose, keys, merkle, seal, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.tokens import Token

GRADE_NONE, GRADE_DEBUG, GRADE_SELF, GRADE_ENDORSED = range(4)


def open_early(data: bytes, trust: Trust) -> list[Verified] | Refusal:
    """The observation of an early copy (COSE_Sign1 bytes). WireError where the bytes are wrong."""
    plain = plain_bytes.early(data)
    message = cose.decode(data, cose.EARLY) if plain is None else plain
    if message.payload is None:
        raise WireError("cose-shape", "an early copy carries its observation")
    observation = plain_bytes.observation(message.payload) or obs.decode(message.payload)
    credential = _speaker(observation[obs.CREDENTIAL], trust)
    if isinstance(credential, Refusal):
        return credential
    device = _device(credential.public)
    if observation[obs.DEVICE] != device:
        raise WireError("device-mismatch", "the device named is not the holder of the credential")
    signed = plain is not None and plain.kid == device[:8]  # a kid is the begin of a device's id
    if plain is None or not signed or not verify(credential.public, plain.signed, plain.signature):
        cose.check(cose.decode(data, cose.EARLY), credential.public, verify)
    grade = _attested(credential, observation[obs.BOOT_ATTESTATION], observation[obs.TREF][0], trust)
    if isinstance(grade, Refusal):
        return grade
    identity = obs.observation_id(message.payload)
    return [_verified(identity, message.payload, observation, credential, grade, None, None, 0, None)]


def open_segment(data: bytes, trust: Trust) -> list[Verified] | Refusal:
    """All observations of a sealed segment, in order."""
    sealed, leaves = plain_bytes.segment(data) or seal.decode_segment(data)
    message, body = seal_of(sealed)
    credential = _speaker(body.credential, trust)
    if isinstance(credential, Refusal):
        return credential
    device = _device(credential.public)
    where = (body.incarnation, body.stream, body.segment)
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    observations = _plain_leaves(message, body, leaves, device)
    if observations is not None:
        root = merkle.root(hashes)
        cose.check(message, credential.public, verify, root)
        seal_hash = seal.seal_hash(message.protected_bytes, root)
    else:
        body, seal_hash, opened, _ = seal.open_segment(data, credential.public, device, verify)
        observations = [observation for observation, _ in opened]
    grade = _attested(credential, body.attestation, body.boot, trust)
    if isinstance(grade, Refusal):
        return grade
    return [
        _verified(hashes[index], leaf, observations[index], credential, grade, seal_hash, where, index, None)
        for index, leaf in enumerate(leaves)
    ]


def _plain_leaves(
    message: Any, body: seal.SealBody, leaves: list[bytes], device: bytes
) -> list[dict[int, Any]] | None:
    """The observations of leaves that are all plain and agree with their seal; None where one must be looked at."""
    if message.unprotected or len(leaves) != body.count:
        return None
    found = []
    stated = (device, body.incarnation, body.stream, body.boot, body.credential, body.attestation)
    for seq, leaf in enumerate(leaves, body.first):
        one = plain_bytes.observation(leaf)
        if one is None or one[3] != seq or (one[0], one[1], one[2], one[4][0], one[8], one[9]) != stated:
            return None
        found.append(one)
    return found


@lru_cache(maxsize=64)
def seal_of(data: bytes) -> tuple[Any, seal.SealBody]:
    """(Sign1, SealBody) of seal bytes, not checked against anything. WireError."""
    return seal.decode(data)


@lru_cache(maxsize=4096)
def _device(public: bytes) -> bytes:
    return keys.device_id(public)


def open_item(data: bytes, trust: Trust) -> list[Verified] | Refusal:
    """The observation of a crossing item. SPEC 10.3"""
    item = cbor.decode(data)
    if not isinstance(item, list) or not item or not obs.is_uint(item[0]):
        raise WireError("item-shape", "a crossing item is a list that begins with 0 or 1")
    parts = [isinstance(one, bytes) for one in item[1:3]]
    if item[0] == 0 and len(item) == 2 and all(parts):
        return open_early(item[1], trust)
    if item[0] != 1 or len(item) != 5 or not all(parts):
        raise WireError("item-shape", "a crossing item is [0, early copy] or [1, seal, leaf, index, path]")
    _, body = seal.decode(item[1])
    credential = _speaker(body.credential, trust)
    if isinstance(credential, Refusal):
        return credential
    device = _device(credential.public)
    body, seal_hash, observation = seal.open_item(
        item[1], item[2], item[3], item[4], credential.public, device, verify
    )
    grade = _attested(credential, body.attestation, body.boot, trust)
    if isinstance(grade, Refusal):
        return grade
    where = (body.incarnation, body.stream, body.segment)
    identity, path = obs.observation_id(item[2]), tuple(item[4])
    return [_verified(identity, item[2], observation, credential, grade, seal_hash, where, item[3], path)]


OPENERS = {"early": open_early, "segment": open_segment, "item": open_item}


def item_of(kind: str, envelope: bytes, index: int) -> bytes:
    """The crossing item for leaf `index` of a stored envelope of that kind. SPEC 10.3"""
    if kind == "item":
        return envelope
    if kind == "early":
        return cbor.encode([0, envelope])
    seal_bytes, leaves = seal.decode_segment(envelope)
    path = merkle.inclusion_path([merkle.leaf_hash(leaf) for leaf in leaves], index)
    return cbor.encode([1, seal_bytes, leaves[index], index, list(path)])


def _speaker(credential_id: bytes, trust: Trust) -> Token | Missing:
    credential = trust.credentials.get(credential_id)
    if credential is not None:
        return credential
    reason = f"credential {credential_id.hex()} is not held"
    return Missing("credential-unknown", reason, CODES["credential-unknown"][2], credential_id)


def _attested(credential: Token, attestation_id: bytes, boot: int, trust: Trust) -> int | Missing:
    """The grade, once the signature holds: what still waits for its boot attestation is that authority's word."""
    attestation = trust.boots.get(attestation_id)
    if attestation is None:
        whose = credential.claims[tokens.MESH], credential.claims[tokens.AUTHORITY]
        reason = f"boot attestation {attestation_id.hex()} is not held"
        return Missing("attestation-unknown", reason, CODES["attestation-unknown"][2], attestation_id, whose)
    if credential.public not in trust.boot_keys[attestation_id]:  # a kid proves nothing (SPEC 4.1)
        raise WireError("token-chain", "the boot attestation is another device's")
    if attestation.claims[tokens.BOOTCOUNT] != boot:
        raise WireError("token-chain", "the boot attestation is another boot's")
    found = trust.grades.get((credential.id, attestation_id))
    if found is None:
        found = trust.grades[credential.id, attestation_id] = grade(credential, attestation, trust)
    return found


def endorsements(credential: Token, attestation: Token, trust: Trust) -> list[Token]:
    """Those that count for a boot attestation under a credential. SPEC 7.3"""
    held = trust.endorsements_of(_device(credential.public), credential.claims[tokens.MESH])
    return [one for one in held if one.claims[tokens.UEID] == attestation.claims[tokens.UEID]]


def grade(credential: Token, attestation: Token, trust: Trust) -> int:
    """Attestation grade 0 to 3. SPEC 7.3"""
    claims = attestation.claims
    endorsed = [one.claims for one in endorsements(credential, attestation, trust)]
    if not endorsed:
        return GRADE_NONE
    if claims[tokens.DBGSTAT] == 0:
        return GRADE_DEBUG
    listed = any(claims[tokens.MEASUREMENT] in one[tokens.MEASUREMENTS] for one in endorsed)
    return GRADE_ENDORSED if listed else GRADE_SELF


def _verified(
    identity: bytes,
    leaf: bytes,
    observation: dict,
    credential: Token,
    found_grade: int,
    seal_hash: bytes | None,
    segment: tuple[bytes, int, int] | None,
    index: int,
    path: tuple[bytes, ...] | None,
) -> Verified:
    claims = credential.claims
    mesh, authority = claims[tokens.MESH], claims[tokens.AUTHORITY]
    return Verified(
        identity,
        leaf,
        observation,
        mesh,
        authority,
        credential.id,
        found_grade,
        seal_hash,
        segment,
        index,
        path,
    )
