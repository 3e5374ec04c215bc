"""Equivalences and their revocations as rows that a person reads.

Decides how a held statement stands at a moment: valid, early, expired, revoked, of a key that no
rotation leads on from, denied in its whole scope, or void and why. Refuses to
say what it admits: that depends on an observation. SPEC 12
"""

from typing import Any

from fieldpost.accession import Bound, bound
from fieldpost.mapping import equivalence_of, taxonomy_from, unsound
from fieldpost.taxonomy import Equivalence, Taxonomy, void
from fieldpost.trust import Trust
from fieldwire.observation import covers


def equivalence_rows(trust: Trust, now_s: int) -> list[dict[str, Any]]:
    """One row a held equivalence, in the order of ids. `now_s`: UTC seconds."""
    taxonomy = taxonomy_from(trust)
    rows = []
    for identity in sorted(trust.equivalences):
        token = trust.equivalences[identity]
        one, key = equivalence_of(trust, token), bound(trust, token, taxonomy)
        rows.append(
            {
                "id": identity.hex(),
                "state": _state(one, unsound(trust, token), taxonomy, now_s, key),
                "negative": one.negative,
                "foreign": _node(one.foreign),
                "local": _node(one.local),
                "issuer": _node(one.issuer),
                "subjects": None if one.subjects is None else list(one.subjects),
                "formats": None if one.formats is None else [_format(each) for each in one.formats],
                "nbf": one.nbf,
                "exp": one.exp,
                "path_length": one.path_length,
                "key": key.key.hex(),
                "present_key": None if key.present is None else key.present.hex(),
                "rotations": [each.hex() for each in key.rotations],
            }
        )
    return rows


def _state(one: Equivalence, unsound: str | None, taxonomy: Taxonomy, now_s: int, key: Bound) -> str:
    why = unsound or void(one, taxonomy.authorities)
    if why is not None:
        return f"void: {why}"
    if one.id in taxonomy.revoked:
        return "revoked"
    if not one.negative and not key.holds:
        return "other-key"
    if now_s >= one.exp:
        return "expired"
    if now_s < one.nbf:
        return "early"
    return "denied" if _is_denied(one, taxonomy, now_s) else "valid"


def _is_denied(one: Equivalence, taxonomy: Taxonomy, now_s: int) -> bool:
    """True when one denial in force covers both authorities and all that the equivalence is about. SPEC 12.5"""
    narrowed = [each for each in taxonomy.by_foreign.get(one.foreign, ()) if each.id == one.id]
    in_force = [
        each
        for each in taxonomy.negatives
        if each.id not in taxonomy.revoked
        and each.issuer[0] in taxonomy.trusted
        and each.nbf <= now_s < each.exp
    ]
    return any(_overrules(denial, each) for denial in in_force for each in narrowed)


def _overrules(denial: Equivalence, one: Equivalence) -> bool:
    for upper, node in ((denial.foreign, one.foreign), (denial.local, one.local)):
        if upper[0] != node[0] or not covers(upper[1], node[1]):
            return False
    if denial.formats is not None and not (
        one.formats is not None and set(one.formats) <= set(denial.formats)
    ):
        return False
    return denial.subjects is None or (
        one.subjects is not None
        and all(any(covers(upper, each) for upper in denial.subjects) for each in one.subjects)
    )


def _node(node: tuple[bytes | str, str]) -> list[str]:
    mesh, path = node
    return [mesh.hex() if isinstance(mesh, bytes) else mesh, path]


def _format(one: int | bytes | str) -> int | str:
    return one.hex() if isinstance(one, bytes) else one
