"""Proposals: foreign authorities whose word came and that no equivalence maps. A person accepts or denies them.

Decides when one opens, and that it closes when a statement maps or denies the authority. Refuses to propose under
which local authority: that is the person's to say, with a signature. SPEC 12.10
"""

from typing import Any

from fieldpost.mapping import taxonomy_from
from fieldpost.model import Verdict, Verified
from fieldpost.reading import Rows
from fieldpost.state import State
from fieldpost.trust import Trust
from fieldwire import observation as obs

OPENED, ACCEPTED, DENIED = "opened", "accepted", "denied"


def note(state: State, entry: Verified, verdict: Verdict) -> None:
    """What a new verdict over an observation means for its authority's proposal; changes are events."""
    node = (entry.mesh, entry.authority)
    inputs = [entry.mesh, entry.id]
    if verdict.code == "unmapped" and node not in state.proposals:
        state.proposals.add(node)
        subject = entry.observation[obs.SUBJECT]
        state.record("proposal", inputs, OPENED, authority=entry.authority, subject=subject)
    elif node in state.proposals and (verdict.equivalences or verdict.code == "denied"):
        state.proposals.remove(node)
        outcome = ACCEPTED if verdict.equivalences else DENIED
        state.record("proposal", [*inputs, *verdict.equivalences], outcome, authority=entry.authority)


def open_in(store: Rows, trust: Trust) -> list[dict[str, Any]]:
    """One row an authority that has unmapped observations in a store, by mesh and path.

    "mesh", "authority", "key" (thumbprint of its present key, or None), "subjects", "formats", "observations", "first".
    """
    rows = store.query(
        "SELECT o.mesh, o.authority, o.subject, o.format, o.id FROM verdict v JOIN observation o ON o.id = v.id"
        " WHERE v.code = 'unmapped' ORDER BY o.mesh, o.authority, o.id"
    )
    holders = taxonomy_from(trust).authorities
    found: dict[tuple[bytes, str], dict[str, Any]] = {}
    for mesh, authority, subject, content_format, identity in rows:
        holder = holders.get((mesh, authority))
        key = holder.key.hex() if holder and isinstance(holder.key, bytes) else None
        one = found.setdefault((mesh, authority), {
            "mesh": mesh.hex(), "authority": authority, "key": key,
            "subjects": set(), "formats": set(), "observations": 0, "first": identity.hex(),
        })  # fmt: skip
        one["subjects"].add(subject)
        one["formats"].add(content_format)
        one["observations"] += 1
    return [
        {**one, "subjects": sorted(one["subjects"]), "formats": sorted(one["formats"])}
        for one in found.values()
    ]
