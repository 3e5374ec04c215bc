"""Verify: from bytes to observations under a signature that holds.

Decides shape, signature, seal, inclusion, and that device, credential and boot attestation belong together.
Refuses to judge time, scope or policy: those are admission's. ARCH stages verify -> place -> admit.
"""

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
    message = cose.decode(data, cose.EARLY)
    if message.payload is None:
        raise WireError("cose-shape", "an early copy carries its observation")
    observation = obs.decode(message.payload)
    found = _speaker(observation[obs.CREDENTIAL], observation[obs.BOOT_ATTESTATION], trust)
    if isinstance(found, Refusal):
        return found
    credential, grade = found
    _own_device(observation[obs.DEVICE], credential)
    _same_boot(observation[obs.TREF][0], trust.boots[observation[obs.BOOT_ATTESTATION]])
    cose.check(message, credential.public, verify)
    return [_verified(message.payload, observation, credential, grade, None, None, 0, None)]


def open_segment(data: bytes, trust: Trust) -> list[Verified] | Refusal:
    """All observations of a sealed segment, in order."""
    _, body = seal.decode(seal.decode_segment(data)[0])
    found = _speaker(body.credential, body.attestation, trust)
    if isinstance(found, Refusal):
        return found
    credential, grade = found
    _same_boot(body.boot, trust.boots[body.attestation])
    device = keys.device_id(credential.public)
    body, seal_hash, opened, _ = seal.open_segment(data, credential.public, device, verify)
    where = (body.incarnation, body.stream, body.segment)
    return [
        _verified(leaf, observation, credential, grade, seal_hash, where, index, None)
        for index, (observation, leaf) in enumerate(opened)
    ]


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
    found = _speaker(body.credential, body.attestation, trust)
    if isinstance(found, Refusal):
        return found
    credential, grade = found
    _same_boot(body.boot, trust.boots[body.attestation])
    device = keys.device_id(credential.public)
    body, seal_hash, observation = seal.open_item(
        item[1], item[2], item[3], item[4], credential.public, device, verify
    )
    where = (body.incarnation, body.stream, body.segment)
    return [_verified(item[2], observation, credential, grade, seal_hash, where, item[3], tuple(item[4]))]


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


def _speaker(credential_id: bytes, attestation_id: bytes, trust: Trust) -> tuple[Token, int] | Refusal:
    credential = trust.credentials.get(credential_id)
    if credential is None:
        return _missing("credential-unknown", f"credential {credential_id.hex()} is not held", credential_id)
    attestation = trust.boots.get(attestation_id)
    if attestation is None:
        reason = f"boot attestation {attestation_id.hex()} is not held"
        return _missing("attestation-unknown", reason, attestation_id)
    if credential.public not in trust.boot_keys[attestation_id]:  # a kid proves nothing (SPEC 4.1)
        raise WireError("token-chain", "the boot attestation is another device's")
    return credential, grade(credential, attestation, trust)


def _missing(code: str, reason: str, what: bytes) -> Missing:
    return Missing(code, reason, CODES[code][2], what)


def grade(credential: Token, attestation: Token, trust: Trust) -> int:
    """Attestation grade 0 to 3. SPEC 7.3"""
    claims = attestation.claims
    device, mesh = keys.device_id(credential.public), credential.claims[tokens.MESH]
    endorsed = [
        one.claims
        for one in trust.endorsements_of(device, mesh)
        if one.claims[tokens.UEID] == claims[tokens.UEID]
    ]
    if not endorsed:
        return GRADE_NONE
    if claims[tokens.DBGSTAT] == 0:
        return GRADE_DEBUG
    listed = any(claims[tokens.MEASUREMENT] in one[tokens.MEASUREMENTS] for one in endorsed)
    return GRADE_ENDORSED if listed else GRADE_SELF


def _own_device(device: bytes, credential: Token) -> None:
    if device != keys.device_id(credential.public):
        raise WireError("device-mismatch", "the device named is not the holder of the credential")


def _same_boot(boot: int, attestation: Token) -> None:
    if attestation.claims[tokens.BOOTCOUNT] != boot:
        raise WireError("token-chain", "the boot attestation is another boot's")


def _verified(
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
    identity = obs.observation_id(leaf)
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
