"""Admission: may this observation enter our picture, and under whose authority?

Decides from held trust, the reconciled interval, the agreement, equivalences and lineage. Refuses to look
at values: what they claim is for conflict and arbitration. Nothing of a verdict travels in data.
"""

from fieldpost import forks, gaps, mapping
from fieldpost.codes import CODES, refuse, refuse_wire
from fieldpost.model import Authority, Refusal, Verdict, Verified
from fieldpost.state import State
from fieldpost.trust import scope_covers, stays
from fieldpost.verify import endorsements
from fieldpost.when import utc_validity
from fieldwire import lineage, rotation, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.tokens import Token

HELD = ("unproven-time", "incomplete", "scope-stopped")
EVIDENCE = (obs.TIME_FORMAT, obs.GAP_FORMAT)


def judge(state: State, entry: Verified) -> Verdict:
    """The verdict over one held observation as things stand now."""
    refusal = standing(state, entry) or _right(state, entry) or _terms(state, entry)
    if refusal is None and entry.observation[obs.FORMAT] in EVIDENCE:
        return _verdict(state, entry, "admitted", "evidence", "time evidence or a gap record of its own log")
    refusal = refusal or _scope(state, entry) or _direction(state, entry)
    unproven = None if refusal else _validity(state, entry)
    if unproven is not None and not (unproven.code == "unproven-time" and _lets_unproven_in(state, entry)):
        refusal = unproven
    refusal = refusal or _lineage(state, entry)
    if refusal is not None:
        return _refused(state, entry, refusal)
    if entry.mesh == state.own().mesh:
        reason = f"a credential of this mesh covers {entry.observation[obs.SUBJECT]}"
        return _verdict(state, entry, "admitted", "admitted", reason, (entry.mesh, entry.authority))
    return _mapped(state, entry, unproven)


def _verdict(
    state: State,
    entry: Verified,
    status: str,
    code: str,
    reason: str,
    under: Authority | None = None,
    used: tuple[bytes, ...] = (),
) -> Verdict:
    return Verdict(status, code, reason, CODES[code][2], under, used, _ages(state, entry, used))


def _refused(state: State, entry: Verified, refusal: Refusal) -> Verdict:
    status = "held" if refusal.code in HELD else "refused"
    ages = _ages(state, entry, refusal.rests_on)
    return Verdict(status, refusal.code, refusal.reason, refusal.remedy, ages_ms=ages)


def _ages(state: State, entry: Verified, met: tuple[bytes, ...]) -> tuple[tuple[bytes, int], ...]:
    """(id, age in ms) of all trust that a verdict rests on. SPEC 7.8

    The chain, the boot attestation, what endorses it, for a foreign word the agreement, and the statements, revocations
    or rotations `met`, each with its issuer's chain.
    """
    trust, attestation = state.trust, entry.observation[obs.BOOT_ATTESTATION]
    chain = [one.id for one in trust.chain(entry.credential)]
    vouching = [
        one.id for one in endorsements(trust.credentials[entry.credential], trust.boots[attestation], trust)
    ]
    agreed = [] if entry.mesh == state.own().mesh else [state.agreement_digest]
    behind = [one for token in met for one in (token, *_issuers(state, token))]
    relied = dict.fromkeys(
        one for one in (*chain, attestation, *vouching, *agreed, *behind) if one is not None
    )
    return tuple((token, state.age_ms(token)) for token in relied)


def _issuers(state: State, identity: bytes) -> list[bytes]:
    trust = state.trust
    token = trust.equivalences.get(identity) or trust.revocations.get(identity) or trust.rotation(identity)
    if token is None or tokens.ISSUER not in token.claims:
        return []
    return [one.id for one in trust.chain(token.claims[tokens.ISSUER])]


def standing(state: State, entry: Verified) -> Refusal | None:
    """Why its device is not one to listen to: two histories, handed over, or taken back. No time is asked about."""
    device = entry.observation[obs.DEVICE]
    since = state.forks.get(device)
    if since is not None and forks.stamp_of(entry) >= since:
        return refuse(
            "forked", f"device {device.hex()} has two histories from boot {since[0]}, {since[1]} ms on"
        )
    return _beyond_its_log(state, entry, device) or _revoked(state, entry, device)


def _beyond_its_log(state: State, entry: Verified, device: bytes) -> Refusal | None:
    """Refused when its device had handed over before it: that log is closed, whoever holds the old key. SPEC 7.6"""
    for token, statement in state.trust.handovers_of(device):
        if entry.segment is None or not statement.covers(*entry.segment):
            heir = rotation.devices(statement)[1].hex()
            reason = f"device {device.hex()} handed over to {heir} before it, says {token.id.hex()}"
            return refuse("credential-rotated", reason, token.id)
    return None


def _revoked(state: State, entry: Verified, device: bytes) -> Refusal | None:
    if not state.trust.revocations:
        return None
    below: list[bytes] = []
    leaf = state.trust.credentials[entry.credential]
    found = _taken_back(state, entry, leaf, device, [leaf.id])
    for one in reversed(state.trust.chain(entry.credential)):
        found = found or _taken_back(state, entry, one, one.id, below)
        below.append(one.id)
    return found


def _taken_back(
    state: State, entry: Verified, token: Token, target: bytes, below: list[bytes]
) -> Refusal | None:
    for revocation in state.trust.revocations_of(target, token):
        if not stays(revocation, below) and not _on_good_chain(state, entry, revocation):
            reason = f"{target.hex()} is revoked by {revocation.id.hex()}"
            return refuse("credential-revoked", reason, revocation.id)
    return None


def _on_good_chain(state: State, entry: Verified, revocation: Token) -> bool:
    """True when its seal lies on a chain that the revocation names as good, no link of it missing. SPEC 7.5"""
    if entry.segment is None or entry.seal_hash is None:
        return False
    ends = {
        (incarnation, stream): good
        for incarnation, stream, good in revocation.claims.get(tokens.LAST_GOOD, [])
        if good is not None
    }
    if entry.segment[:2] not in ends:
        return False
    return entry.seal_hash in gaps.good_seals(state, entry.observation[obs.DEVICE], ends.values())


def _right(state: State, entry: Verified) -> Refusal | None:
    if "observe" in state.trust.credentials[entry.credential].claims[tokens.RIGHTS]:
        return None
    return refuse("credential-rights", f"credential {entry.credential.hex()} lacks the right observe")


def _terms(state: State, entry: Verified) -> Refusal | None:
    """A foreign word counts only under an agreement with its mesh, time evidence too."""
    if entry.mesh == state.own().mesh:
        return None
    if state.agreement is None or entry.mesh not in state.agreement.parties:
        return refuse("agreement-none", f"no agreement with mesh {entry.mesh.hex()[:16]} is in force")
    return None


def _scope(state: State, entry: Verified) -> Refusal | None:
    claims = state.trust.credentials[entry.credential].claims
    subject = entry.observation[obs.SUBJECT]
    if scope_covers(claims[tokens.SCOPE], subject, entry.observation[obs.FORMAT]):
        return None
    return refuse("credential-scope", f"credential {entry.credential.hex()} does not cover {subject}")


def _direction(state: State, entry: Verified) -> Refusal | None:
    own, subject = state.own().mesh, entry.observation[obs.SUBJECT]
    if entry.mesh == own:
        return None
    scope = state.agreement.scope_of(subject)
    if scope is None or not state.agreement.crosses(subject, entry.mesh, own):
        return refuse("agreement-scope", f"no scope lets {subject} cross in this direction")
    return None


def _validity(state: State, entry: Verified) -> Refusal | None:
    found = utc_validity(state, entry)
    if found == "valid":
        return None
    if found == "outside":
        return refuse("credential-expired", "its interval lies outside the credential's nbf and exp")
    return refuse("unproven-time", f"its interval against the credential's validity: {found}")


def _lets_unproven_in(state: State, entry: Verified) -> bool:
    """True for a foreign observation where the agreement says so; our own mesh's own word is not waived."""
    return entry.mesh != state.own().mesh and state.agreement.time.unproven == "admit"


def _lineage(state: State, entry: Verified) -> Refusal | None:
    sources = entry.observation.get(obs.SOURCES)
    if sources is None:
        return None
    source = state.ancestry.lacks(entry.id)
    if source is not None:
        how = "lacks a source itself" if source in state.entries else "is not held"
        return refuse("incomplete", f"source {source.hex()} of its lineage {how}")
    held = [state.entries[source[4]].observation for source in sources]
    if any(list(obs.position(one)) != source[:4] for one, source in zip(held, sources, strict=True)):
        return refuse_wire(WireError("derivation-false", "a source's position is not that of its id"))
    try:
        lineage.check_derivation(entry.observation, held, state.trust.fields_of)
    except WireError as error:
        return refuse("incomplete", error.detail) if error.code == "schema-unknown" else refuse_wire(error)
    return None


def _mapped(state: State, entry: Verified, unproven: Refusal | None) -> Verdict:
    answer = mapping.translate(state, entry)
    if isinstance(answer, Refusal):
        return _refused(state, entry, answer)
    scope = state.agreement.scope_of(entry.observation[obs.SUBJECT])
    if scope.subject in state.stopped and entry.id not in state.decided:
        case = state.stopped[scope.subject].hex()
        reason = f"scope {scope.subject} is stopped by case {case}"
        return _refused(state, entry, refuse("scope-stopped", reason))
    under, used = answer
    reason = (
        f"{entry.authority} of mesh {entry.mesh.hex()[:16]} is equivalent to {under[1]}"
        f" by {len(used)} statement(s)"
    )
    if unproven is not None:
        reason = f"{reason}; {unproven.reason}, which the agreement lets in"
    code = "admitted-mapped" if unproven is None else "admitted-unproven"
    return _verdict(state, entry, "admitted", code, reason, under, used)
