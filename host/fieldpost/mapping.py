"""From held tokens to the taxonomy's values, and one observation's translation.

Decides which credential speaks for an authority (of those that may issue the one nearest to the root, then the
latest), and what a statement's own issuer had the power to state. Refuses to judge equivalences itself:
`taxonomy` does, over what is built here. SPEC 12
"""

from dataclasses import dataclass, replace

from fieldpost.accession import accessions
from fieldpost.codes import refuse
from fieldpost.model import Authority, Refusal, Verified
from fieldpost.state import State
from fieldpost.taxonomy import (
    TRANSLATE,
    Equivalence,
    Node,
    Query,
    Revocation,
    Rotation,
    Taxonomy,
    taxonomy_of,
)
from fieldpost.taxonomy import Authority as Holder
from fieldpost.trust import Trust, fallen, may_issue
from fieldpost.when import utc_of
from fieldwire import keys, tokens
from fieldwire import observation as obs

GIGA = 10**9
# Of several reasons the one is told that time may still lift, then the one that a person stated.
_WEIGHT = {"unproven-time": 0, "denied": 1}


@dataclass(frozen=True)
class Statements:
    """What held tokens say of authorities and between them."""

    authorities: list[Holder]
    equivalences: list[Equivalence]
    revocations: list[Revocation]
    rotations: list[Rotation]


def taxonomy_from(trust: Trust) -> Taxonomy:
    """The taxonomy that the held tokens make."""
    said = statements_from(trust)
    return taxonomy_of(said.authorities, trust.roots, said.equivalences, said.revocations, said.rotations)


def statements_from(trust: Trust) -> Statements:
    """The same, statement by statement; what changes nothing is left out."""
    present: dict[Node, tuple[tuple[int, int, bytes], bytes]] = {}
    rights: dict[Node, set[str]] = {}
    for identity, token in trust.credentials.items():
        if not may_issue(token):
            continue
        claims = token.claims
        node = (claims[tokens.MESH], claims[tokens.AUTHORITY])
        rank = (-len(trust.chain(identity)), claims[tokens.NBF], identity)
        present[node] = max(present.get(node, (rank, b"")), (rank, keys.thumbprint(token.public)))
        rights.setdefault(node, set()).update(claims[tokens.RIGHTS])
    # Right and scope are those of the very credential that signed a statement, and were looked at with it.
    holders = [Holder(*node, key, frozenset(rights[node])) for node, (_, key) in present.items()]
    equivalences = [
        _narrowed(trust, token) for token in trust.equivalences.values() if unsound(trust, token) is None
    ]
    revocations = [
        Revocation(token.claims[tokens.TARGET], _node(trust, token.claims[tokens.ISSUER]))
        for token in trust.revocations.values()
        if _translates(trust, token)
    ]
    rotations = [
        Rotation(node, keys.thumbprint(one.old), keys.thumbprint(one.new))
        for node, _, one in accessions(trust)
    ]
    return Statements(holders, equivalences, revocations, rotations)


def unsound(trust: Trust, token: tokens.Token) -> str | None:
    """Why a held statement changes nothing, by what its very issuer was and is, or None. SPEC 12.3, 12.6"""
    if not _translates(trust, token):
        return "equivalence-right"
    issuer = trust.credentials[token.claims[tokens.ISSUER]].claims
    if not issuer[tokens.NBF] <= token.claims[tokens.NBF] < issuer[tokens.EXP]:
        return "equivalence-issuer"
    return None if token.claims[tokens.NEGATIVE] or _stands(trust, token) else "equivalence-revoked"


def _translates(trust: Trust, token: tokens.Token) -> bool:
    """True when the very credential that signed it has the right; another one of the same name lends it nothing."""
    return TRANSLATE in trust.credentials[token.claims[tokens.ISSUER]].claims[tokens.RIGHTS]


def _stands(trust: Trust, token: tokens.Token) -> bool:
    """False when its issuer was taken back. Whether it was taken back itself, `taxonomy` says."""
    found = fallen(trust, token)
    return found is None or found.claims[tokens.TARGET] == token.id


def _narrowed(trust: Trust, token: tokens.Token) -> Equivalence:
    """The statement within the scope of the very credential that signed it."""
    one = equivalence_of(trust, token)
    claims = trust.credentials[token.claims[tokens.ISSUER]].claims
    subjects, formats = _scope(claims[tokens.SCOPE])
    if subjects is not None and one.subjects is not None:
        pairs = [(mine, theirs) for mine in one.subjects for theirs in subjects]
        kept = [mine if obs.covers(theirs, mine) else theirs for mine, theirs in pairs if _meet(mine, theirs)]
        subjects = tuple(dict.fromkeys(kept))
    if formats is not None and one.formats is not None:
        formats = tuple(found for found in one.formats if found in formats)
    return replace(
        one,
        subjects=one.subjects if subjects is None else subjects,
        formats=one.formats if formats is None else formats,
    )


def _meet(one: str, other: str) -> bool:
    return obs.covers(one, other) or obs.covers(other, one)


def _scope(scope: list) -> tuple[tuple[str, ...] | None, tuple[int | bytes, ...] | None]:
    subjects, formats = scope
    return (None if subjects is None else tuple(subjects)), (None if formats is None else tuple(formats))


def _node(trust: Trust, credential: bytes) -> tuple[bytes, str]:
    claims = trust.credentials[credential].claims
    return claims[tokens.MESH], claims[tokens.AUTHORITY]


def equivalence_of(trust: Trust, token: tokens.Token) -> Equivalence:
    """The statement that an equivalence token makes."""
    claims = token.claims
    subjects, formats = _scope(claims[tokens.SCOPE])
    mesh, path, key = claims[tokens.FOREIGN]
    return Equivalence(
        token.id,
        _node(trust, claims[tokens.ISSUER]),
        (mesh, path),
        (claims[tokens.LOCAL][0], claims[tokens.LOCAL][1]),
        subjects,
        formats,
        claims[tokens.NBF],
        claims[tokens.EXP],
        claims[tokens.PATH_LENGTH],
        claims[tokens.NEGATIVE],
        key,
    )


def translate(state: State, entry: Verified) -> tuple[Authority, tuple[bytes, ...]] | Refusal:
    """(local authority, equivalence ids) by the shortest path, or why there is none."""
    claims = state.trust.credentials[entry.credential].claims
    subjects, formats = _scope(claims[tokens.SCOPE])
    lo, hi = utc_of(state, entry) or (None, None)
    at = (None if lo is None else lo // GIGA, None if hi is None else -(-hi // GIGA))
    observation = entry.observation
    query = Query(
        (entry.mesh, entry.authority),
        state.own().mesh,
        observation[obs.SUBJECT],
        observation[obs.FORMAT],
        at,
        subjects,
        formats,
        state.agreement.time.unproven,
    )
    if state.trust.taxonomy is None:
        state.trust.taxonomy = taxonomy_from(state.trust)
    answer = state.trust.taxonomy.paths(query)
    if answer.paths:
        used = tuple(bytes(one) for one in answer.paths[0] if isinstance(one, bytes))
        local = state.trust.equivalences[used[-1]].claims[tokens.LOCAL]
        return (local[0], local[1]), used
    why = min(answer.refused_because, key=lambda one: _WEIGHT.get(one.code, len(_WEIGHT)))
    named = (
        why.at.hex() if isinstance(why.at, bytes) else f"{entry.authority} of mesh {entry.mesh.hex()[:16]}"
    )
    met = (why.at,) if isinstance(why.at, bytes) and why.at in state.trust.equivalences else ()
    if why.code == "unproven-time":
        reason = f"equivalence {named} is not proved valid over its whole interval"
        return refuse("unproven-time", reason, *met)
    if why.code == "denied":
        return refuse("denied", f"statement {named} denies it", *met)
    reason = f"no path of equivalences from {entry.authority} of mesh {entry.mesh.hex()[:16]}: {why.code} at {named}"
    if why.code == "equivalence-key":
        reason += ", whose key is not the present one, and no rotation shown leads from one to the other"
    return refuse("unmapped", reason, *met)
