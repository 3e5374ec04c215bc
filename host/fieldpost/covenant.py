"""Adopting an agreement: the highest version that carries every party's root signature.

Decides whether a proof (agreement bytes and signatures) binds us, and refuses to go back to a lower version.
Two texts under one version are a fork against the roots that signed both. SPEC 11
"""

import hashlib

from fieldpost.agreement import Agreement
from fieldpost.agreement_cbor import digest_of, from_cbor
from fieldpost.codes import refuse
from fieldpost.model import Refusal
from fieldpost.signing import verify
from fieldpost.state import State
from fieldwire import cbor, cose, keys
from fieldwire.errors import WireError


def proof(agreement: bytes, signatures: list[bytes]) -> bytes:
    """Bytes that carry an agreement with its signatures: [agreement, [COSE_Sign1 ...]]."""
    return cbor.encode([agreement, sorted(signatures)])


def open_proof(data: bytes, roots: dict[bytes, bytes]) -> tuple[Agreement, bytes] | Refusal:
    """(agreement, digest) if every party's root signed these very bytes; `roots` {mesh id: public}."""
    value = cbor.decode(data)
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not isinstance(value[0], bytes)
        or not isinstance(value[1], list)
        or not all(isinstance(signature, bytes) for signature in value[1])
    ):
        raise WireError("agreement-shape", "a proof is [agreement, [signature ...]]")
    agreement = from_cbor(value[0])
    signed = set()
    for signature in value[1]:
        message = cose.decode(signature, cose.AGREEMENT)
        for mesh in agreement.parties:
            public = roots.get(mesh)
            if public is not None and keys.kid(public) == message.kid and message.payload == value[0]:
                cose.check(message, public, verify)
                signed.add(mesh)
    missing = [mesh.hex()[:16] for mesh in agreement.parties if mesh not in signed]
    if missing:
        return refuse(
            "agreement-unsigned", f"no signature by the root of {', '.join(missing)} over these bytes"
        )
    return agreement, digest_of(value[0])


def adopt(state: State, data: bytes) -> None:
    """Adopt, or record why not."""
    try:
        found = open_proof(data, state.trust.roots)
    except WireError as error:
        found = Refusal(error.code, error.detail, "have the agreement checked and signed anew")
    if isinstance(found, Refusal):
        state.refuse(hashlib.sha256(data).digest(), found.code, found.reason, found.remedy)
        return
    agreement, digest = found
    held = state.agreement
    if held is not None and agreement.version < held.version:
        reason = f"version {agreement.version} was shown, version {held.version} is in force"
        stale = refuse("agreement-stale", reason)
        state.refuse(digest, stale.code, stale.reason, stale.remedy)
    elif held is not None and agreement.version == held.version and digest != state.agreement_digest:
        state.stopped.update({scope.subject: digest[:16] for scope in held.scopes})
        state.docket.everyone = True
        state.record("fork", [digest, state.agreement_digest or b""], "forked", version=agreement.version)
    elif digest != state.agreement_digest:
        state.agreement, state.agreement_digest, state.agreement_proof = agreement, digest, data
        state.agreed_at = state.at
        state.record("agreement", [digest], "adopted", version=agreement.version)
        state.row("agreement", digest, agreement.version, data)
        state.unsettle()
