"""Admission: may this observation enter our picture, and under whose authority?

Decides from held trust, the reconciled interval, the agreement, equivalences and lineage. Refuses to look
at values: what they claim is for conflict and arbitration. Nothing of a verdict travels in data.
"""

from fieldpost import mapping
from fieldpost.codes import CODES, refuse
from fieldpost.model import Refusal, Verdict, Verified
from fieldpost.state import State
from fieldpost.timeline.utc import validity
from fieldpost.trust import revoked, scope_covers
from fieldwire import lineage, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

HELD = ("unproven-time", "incomplete", "scope-stopped")


def judge(state: State, entry: Verified) -> Verdict:
    """The verdict over one held observation as things stand now."""
    refusal = _standing(state, entry)
    if refusal is None and entry.observation[obs.FORMAT] in (obs.TIME_FORMAT, obs.GAP_FORMAT):
        return _verdict(state, entry, "admitted", "evidence", "time evidence or a gap record of its own log")
    refusal = refusal or _scope(state, entry) or _validity(state, entry) or _lineage(state, entry)
    if refusal is not None:
        return _refused(state, entry, refusal)
    assert state.profile is not None
    if entry.mesh == state.profile.mesh:
        reason = f"a credential of this mesh covers {entry.observation[obs.SUBJECT]}"
        return _verdict(state, entry, "admitted", "admitted", reason, (entry.mesh, entry.authority))
    return _foreign(state, entry)


def _verdict(
    state: State,
    entry: Verified,
    status: str,
    code: str,
    reason: str,
    under: tuple[bytes, str] | None = None,
    used: tuple[bytes, ...] = (),
) -> Verdict:
    relied = [one.id for one in state.trust.chain(entry.credential)] + [
        entry.observation[obs.BOOT_ATTESTATION],
        *used,
    ]
    ages = tuple((token, state.age_ms(token)) for token in relied)
    return Verdict(status, code, reason, CODES[code][2], under, used, ages)


def _refused(state: State, entry: Verified, refusal: Refusal) -> Verdict:
    status = "held" if refusal.code in HELD else "refused"
    plain = _verdict(state, entry, status, refusal.code, refusal.reason) if refusal.code in CODES else None
    return plain or Verdict(status, refusal.code, refusal.reason, refusal.remedy)


def _standing(state: State, entry: Verified) -> Refusal | None:
    """Is the device still one to listen to?"""
    device = entry.observation[obs.DEVICE]
    at = tuple(entry.observation[obs.TREF][:2])
    since = state.forks.get(device)
    if since is not None and at >= since:
        return refuse(
            "forked", f"device {device.hex()} has two histories from boot {since[0]}, {since[1]} ms on"
        )
    for target in [device, *(one.id for one in state.trust.chain(entry.credential))]:
        token = revoked(state.trust, target)
        if token is not None and not _declared_good(state, entry, token):
            return refuse("credential-revoked", f"{target.hex()} is revoked by {token.id.hex()}")
    return None


def _declared_good(state: State, entry: Verified, token: tokens.Token) -> bool:
    """True when the entry lies on the seal chain that the revocation names as good. SPEC 7.5"""
    if entry.credential in token.claims.get(tokens.STAYING, []):
        return True
    if entry.segment is None:
        return False
    device = entry.observation[obs.DEVICE]
    incarnation, stream, number = entry.segment
    for good_incarnation, good_stream, good_hash in token.claims.get(tokens.LAST_GOOD, []):
        if (good_incarnation, good_stream) == (incarnation, stream) and good_hash is not None:
            last = [
                key[3]
                for key, found in state.seals.items()
                if key[:3] == (device, incarnation, stream) and found == good_hash
            ]
            return bool(last) and number <= last[0]
    return False


def _scope(state: State, entry: Verified) -> Refusal | None:
    claims = state.trust.credentials[entry.credential].claims
    subject = entry.observation[obs.SUBJECT]
    if "observe" not in claims[tokens.RIGHTS]:
        return refuse("credential-rights", f"credential {entry.credential.hex()} lacks the right observe")
    if not scope_covers(claims[tokens.SCOPE], subject, entry.observation[obs.FORMAT]):
        return refuse("credential-scope", f"credential {entry.credential.hex()} does not cover {subject}")
    return None


def _validity(state: State, entry: Verified) -> Refusal | None:
    claims = state.trust.credentials[entry.credential].claims
    found = validity(state.utc.get(entry.id), claims[tokens.NBF], claims[tokens.EXP])
    if found == "valid":
        return None
    if found == "outside":
        return refuse("credential-expired", "its interval lies outside the credential's nbf and exp")
    return refuse("unproven-time", f"its interval against the credential's validity: {found}")


def _lineage(state: State, entry: Verified) -> Refusal | None:
    sources = entry.observation.get(obs.SOURCES)
    if sources is None:
        return None
    missing = [source[4] for source in sources if source[4] not in state.entries]
    if missing:
        return refuse(
            "incomplete",
            f"{len(missing)} of {len(sources)} sources are not held, the first {missing[0].hex()}",
        )
    held = [state.entries[source[4]].observation for source in sources]
    if any(list(obs.position(one)) != source[:4] for one, source in zip(held, sources, strict=True)):
        return Refusal(
            "derivation-false", "a source's position is not that of its id", "let the device derive anew"
        )
    try:
        lineage.check_derivation(entry.observation, held, state.trust.fields_of)
    except WireError as error:
        if error.code == "schema-unknown":
            return refuse("incomplete", error.detail)
        return Refusal(error.code, error.detail, "let the device derive anew from the sources it names")
    return None


def _foreign(state: State, entry: Verified) -> Verdict:
    assert state.profile is not None
    subject = entry.observation[obs.SUBJECT]
    agreement = state.agreement
    if agreement is None or entry.mesh not in agreement.parties:
        return _refused(
            state,
            entry,
            refuse("agreement-none", f"no agreement with mesh {entry.mesh.hex()[:16]} is in force"),
        )
    scope = agreement.scope_of(subject)
    if scope is None or not agreement.crosses(subject, entry.mesh, state.profile.mesh):
        return _refused(
            state, entry, refuse("agreement-scope", f"no scope lets {subject} cross in this direction")
        )
    answer = mapping.translate(state, entry)
    if isinstance(answer, Refusal):
        return _refused(state, entry, answer)
    if scope.subject in state.stopped and entry.id not in state.decided:
        case = state.stopped[scope.subject].hex()
        return _refused(
            state, entry, refuse("scope-stopped", f"scope {scope.subject} is stopped by case {case}")
        )
    under, used = answer
    reason = f"{entry.authority} of mesh {entry.mesh.hex()[:16]} is equivalent to {under[1]} by {len(used)} statement(s)"
    return _verdict(state, entry, "admitted", "admitted-mapped", reason, under, used)
