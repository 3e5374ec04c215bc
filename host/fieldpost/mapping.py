"""From held tokens to the taxonomy's values, and one observation's translation.

Decides which credential speaks for an authority (the one that may delegate, latest first). Refuses to judge
equivalences itself: `taxonomy` does, over what is built here. SPEC 12
"""

from fieldpost.codes import refuse
from fieldpost.model import Authority, Refusal, Verified
from fieldpost.state import State
from fieldpost.taxonomy import Authority as Holder
from fieldpost.taxonomy import Equivalence, Query, Revocation, Taxonomy, taxonomy_of
from fieldpost.trust import Trust
from fieldwire import keys, tokens
from fieldwire import observation as obs

GIGA = 10**9


def taxonomy_from(trust: Trust) -> Taxonomy:
    """The taxonomy that the held tokens make."""
    holders: dict[tuple[bytes, str], tuple[tuple[int, bytes], Holder]] = {}
    for identity, token in trust.credentials.items():
        claims = token.claims
        if claims[tokens.DEPTH] == 0:
            continue
        node = (claims[tokens.MESH], claims[tokens.AUTHORITY])
        subjects, formats = _scope(claims[tokens.SCOPE])
        holder = Holder(
            *node, keys.thumbprint(token.public), frozenset(claims[tokens.RIGHTS]), subjects, formats
        )
        rank = (claims[tokens.NBF], identity)
        if node not in holders or holders[node][0] < rank:
            holders[node] = (rank, holder)
    equivalences = [equivalence_of(trust, token) for token in trust.equivalences.values()]
    revocations = [
        Revocation(token.claims[tokens.TARGET], _node(trust, token.claims[tokens.ISSUER]))
        for token in trust.revocations.values()
    ]
    return taxonomy_of([holder for _, holder in holders.values()], trust.roots, equivalences, revocations)


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
    profile = state.profile
    if profile is None:
        return refuse("mesh-unknown", "this bridge has no mesh yet")
    claims = state.trust.credentials[entry.credential].claims
    subjects, formats = _scope(claims[tokens.SCOPE])
    lo, hi = state.utc.get(entry.id) or (None, None)
    at = (None if lo is None else lo // GIGA, None if hi is None else -(-hi // GIGA))
    observation = entry.observation
    query = Query(
        (entry.mesh, entry.authority),
        profile.mesh,
        observation[obs.SUBJECT],
        observation[obs.FORMAT],
        at,
        subjects,
        formats,
    )
    if state.trust.taxonomy is None:
        state.trust.taxonomy = taxonomy_from(state.trust)
    answer = state.trust.taxonomy.paths(query)
    if answer.paths:
        used = tuple(bytes(one) for one in answer.paths[0] if isinstance(one, bytes))
        local = state.trust.equivalences[used[-1]].claims[tokens.LOCAL]
        return (local[0], local[1]), used
    why = answer.refused_because[0]
    named = (
        why.at.hex() if isinstance(why.at, bytes) else f"{entry.authority} of mesh {entry.mesh.hex()[:16]}"
    )
    if why.code == "unproven-time":
        return refuse("unproven-time", f"equivalence {named} is not proved valid over its whole interval")
    if why.code == "denied":
        return refuse("denied", f"statement {named} denies it")
    return refuse(
        "unmapped",
        f"no path of equivalences from {entry.authority} of mesh {entry.mesh.hex()[:16]}: {why.code} at {named}",
    )
