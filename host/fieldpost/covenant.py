"""Adopting an agreement: the highest version that carries every party's root signature.

Decides whether a proof (agreement bytes and signatures) binds us, and refuses to go back to a lower version.
Two texts under one version are a fork against the roots that signed both; where two agreements claim a scope,
neither applies there. SPEC 11
"""

import hashlib
from collections.abc import Iterable

from fieldpost.agreement import Agreement
from fieldpost.agreement_cbor import digest_of, from_cbor
from fieldpost.codes import refuse
from fieldpost.epoch import CASE_LABEL
from fieldpost.model import Refusal
from fieldpost.signing import verify
from fieldpost.state import Dispute, State
from fieldwire import cbor, cose, keys
from fieldwire.errors import WireError
from fieldwire.observation import covers

NEWER, STALE, FORK, OTHER = "newer", "stale", "fork", "other"


def proof(agreement: bytes, signatures: list[bytes]) -> bytes:
    """Bytes that carry an agreement with its signatures: [agreement, [COSE_Sign1 ...]]."""
    return cbor.encode([agreement, sorted(signatures)])


def open_proof(data: bytes, roots: dict[bytes, bytes]) -> tuple[Agreement, bytes] | Refusal:
    """(agreement, digest) if every party's root signed these very bytes; `roots` {mesh id: public}."""
    text, _ = _parts(data)
    agreement = from_cbor(text)
    signed = signers(data, roots)
    missing = [mesh.hex()[:16] for mesh in agreement.parties if mesh not in signed]
    if missing:
        return refuse(
            "agreement-unsigned", f"no signature by the root of {', '.join(missing)} over these bytes"
        )
    return agreement, digest_of(text)


def signers(data: bytes, roots: dict[bytes, bytes]) -> set[bytes]:
    """The meshes whose roots signed a proof's text. WireError where a signature by one of them does not hold."""
    text, signatures = _parts(data)
    signed = set()
    for signature in signatures:
        message = cose.decode(signature, cose.AGREEMENT)
        for mesh, public in roots.items():
            if keys.kid(public) == message.kid and message.payload == text:
                cose.check(message, public, verify)
                signed.add(mesh)
    return signed


def _parts(data: bytes) -> tuple[bytes, list[bytes]]:
    value = cbor.decode(data)
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not isinstance(value[0], bytes)
        or not isinstance(value[1], list)
        or not all(isinstance(signature, bytes) for signature in value[1])
    ):
        raise WireError("agreement-shape", "a proof is [agreement, [signature ...]]")
    return value[0], value[1]


def standing(held: Agreement, shown: Agreement, signed: Iterable[bytes]) -> str:
    """How another text stands to the agreement in force; `signed`: the meshes whose roots signed it. SPEC 11.6

    Whatever all parties of the one in force signed is a version of it; anything else is another agreement.
    """
    if not set(held.parties) <= set(signed):
        return OTHER
    if shown.version == held.version:
        return FORK
    return NEWER if shown.version > held.version else STALE


def overlaps(one: Agreement, other: Agreement) -> list[str]:
    """The scopes of the first that another agreement claims too."""
    return [
        scope.subject
        for scope in one.scopes
        if any(
            covers(scope.subject, far.subject) or covers(far.subject, scope.subject) for far in other.scopes
        )
    ]


def refusal_of(held: Agreement, shown: Agreement, how: str) -> Refusal:
    """Why a text that is not the newer one does not come into force."""
    if how == FORK:
        return refuse("forked", f"two agreements of version {shown.version}, both signed by all roots")
    if how == STALE:
        return refuse(
            "agreement-stale", f"version {shown.version} was shown, version {held.version} is in force"
        )
    twice = overlaps(held, shown)
    if twice:
        return refuse("agreement-overlap", f"another agreement claims {', '.join(twice)} too")
    return refuse("agreement-none", "another agreement than the one in force here, between other parties")


def adopt(state: State, data: bytes) -> None:
    """Adopt, or record why not."""
    roots = state.trust.roots
    try:
        found = open_proof(data, roots)
        signed = signers(data, roots)
    except WireError as error:
        found, signed = Refusal(error.code, error.detail, "have the agreement checked and signed anew"), set()
    if isinstance(found, Refusal):
        state.refuse(hashlib.sha256(data).digest(), found.code, found.reason, found.remedy)
        return
    agreement, digest = found
    if digest == state.agreement_digest:
        return
    held = state.agreement
    how = NEWER if held is None else standing(held, agreement, signed)
    if held is None or how == NEWER:
        _adopted(state, agreement, digest, data)
        return
    why = refusal_of(held, agreement, how)
    if how == FORK:
        both = signed & signers(state.agreement_proof, roots)
        _forked(state, agreement, digest, data, both)
    elif how == OTHER and why.code == "agreement-overlap":
        state.beside[digest] = (agreement, data)
        state.record("agreement", [digest], why.code, version=agreement.version)
        _compare(state)
    else:
        state.refuse(digest, why.code, why.reason, why.remedy)


def _adopted(state: State, agreement: Agreement, digest: bytes, data: bytes) -> None:
    """A higher version ends what the one before it was disputed for."""
    state.agreement, state.agreement_digest, state.agreement_proof = agreement, digest, data
    state.agreed_at = state.at
    state.record("agreement", [digest], "adopted", version=agreement.version)
    state.row("agreement", digest, agreement.version, data)
    for identity, dispute in sorted(state.disputes.items()):
        if state.stopped.get(dispute.scope) == identity:
            del state.stopped[dispute.scope]
        state.record("case", [identity, digest], "settled", scope=dispute.scope, version=agreement.version)
        _write(state, identity, dispute, "settled")
    state.disputes.clear()
    _compare(state)
    state.stopped.update(
        {one.scope: one.id for one in state.cases.values() if one.stops and one.scope not in state.stopped}
    )
    state.unsettle()


def _compare(state: State) -> None:
    """Stop each scope of the agreement in force that one held beside it claims too."""
    for digest, (other, data) in sorted(state.beside.items()):
        for scope in overlaps(state.agreement, other):
            reason = f"two agreements claim it, {_short(state.agreement_digest)} and {_short(digest)}; neither applies"
            _dispute(state, scope, "agreement-overlap", reason, (digest, data))


def _forked(state: State, agreement: Agreement, digest: bytes, data: bytes, both: set[bytes]) -> None:
    """All scopes stop; the two proofs side by side convict the roots that signed both."""
    named = sorted(both)
    state.record("fork", [digest, state.agreement_digest or b"", *named], "forked", version=agreement.version)
    told = ", ".join(mesh.hex()[:16] for mesh in named)
    for scope in state.agreement.scopes:
        reason = f"the roots of {told} signed two texts of version {agreement.version}"
        _dispute(state, scope.subject, "forked", reason, (digest, data))


def _dispute(state: State, scope: str, code: str, reason: str, rival: tuple[bytes, bytes]) -> None:
    """Open the case of a scope that two agreements claim: its report is both proofs."""
    pair = sorted([rival, (state.agreement_digest or b"", state.agreement_proof)])
    named = cbor.encode([scope, *(digest for digest, _ in pair)])
    identity = hashlib.sha256(CASE_LABEL + named).digest()[:16]
    if identity in state.disputes:
        return
    dispute = Dispute(scope, code, reason, cbor.encode([data for _, data in pair]))
    state.disputes[identity] = dispute
    state.stopped[scope] = identity
    state.record("case", [identity, *(digest for digest, _ in pair)], "opened", scope=scope, code=code)
    _write(state, identity, dispute, "open")
    state.unsettle()


def _write(state: State, identity: bytes, dispute: Dispute, shown: str) -> None:
    nothing = cbor.encode({})
    state.row("case", identity, dispute.scope, shown, nothing, nothing, dispute.report)
    state.row("merge", identity, None, 0, b"", dispute.code, dispute.reason)


def _short(digest: bytes | None) -> str:
    return (digest or b"").hex()[:16]
