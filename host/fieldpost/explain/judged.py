"""When it was, whether it was admitted and through what, and where it came from.

Decides nothing: placement and verdict are retold as they were recorded, with the evidence and the statements
that each rests on. SPEC 9, 12
"""

import re
from typing import Any

from fieldpost.accession import bound
from fieldpost.claims import widened
from fieldpost.explain.gone import position_gone
from fieldpost.explain.held import Held, Shelf, Step, short, step
from fieldpost.explain.said import scope_words, validity_words
from fieldpost.mapping import taxonomy_from
from fieldpost.picture_rows import interval_words
from fieldpost.placed import placed
from fieldpost.timeline.words import ENDS, steps_words
from fieldwire import cbor, tokens
from fieldwire import observation as obs

_LONG_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")
LINEAGE_MAX = 256  # ancestors told of; a longer story is not read by anyone


def place_step(shelf: Shelf, held: Held, ends: int | None = ENDS) -> Step:
    """The interval and the evidence that bounds it: `ends` steps at either end of each path, None for all."""
    found = placed(shelf.store, [held.id]).get(held.id)
    if found is None:
        reason = "no exchange joins its device's clock to the mesh timeline yet"
        return step("place", [], "unplaced", reason, held.id, "unproven-time")
    solved, placement = found
    zero = solved.anchor.at
    device, boot, t_ns = zero.device, zero.boot, zero.t_ns
    words = [
        f"{interval_words(*widened(placement.resilient))} on the timeline of {shelf.mesh_words(shelf.mesh)},"
        f" whose zero is device {_unit_words(device)}, boot {boot}, {t_ns // 1_000_000} ms"
    ]
    path = solved.timeline([placement.at]).path(placement.at)
    for title, side in zip(("not earlier, because ", "not later, because "), path, strict=True):
        if side:
            links = steps_words(side, ends)
            words.append(title + ", and ".join(_LONG_ID.sub(r"\1", link) for link in links))
    needed = [_unit_words(one) for one in placement.depends_on]
    if needed:
        words.append(f"a side of it rests on {', '.join(needed)} alone")
    named = [device] if isinstance(device, bytes) else []
    return step("place", named, placement.status, "; ".join(words), held.id)


def _unit_words(unit: Any) -> str:
    if isinstance(unit, (list, tuple)):
        return "/".join(_unit_words(one) for one in unit)
    return short(unit) if isinstance(unit, bytes) else unit


def admit_steps(shelf: Shelf, held: Held) -> list[Step]:
    """The verdict, and a step for each equivalence it went through."""
    rows = shelf.store.query(
        "SELECT state, code, reason, remedy, mesh, authority, equivalences, ages FROM verdict WHERE id = ?",
        held.id,
    )
    if not rows:
        reason = "it has not been judged since it came; it will be at the next reconciliation"
        return [step("admit", [], "held", reason, held.id, "unproven-time")]
    state, code, reason, remedy, mesh, authority, used, ages = rows[0]
    words = [reason]
    if authority is not None:
        words.append(f"admitted under {authority} of {shelf.mesh_words(mesh)}")
    relied = cbor.decode(ages)
    if relied:
        token, age_ms = max(relied, key=lambda one: one[1])
        words.append(
            f"the oldest trust it rests on, {short(token)}, was learned {age_ms / 1000:.1f} s before"
        )
    equivalences = cbor.decode(used)
    found = step("admit", [one[0] for one in relied], state, "; ".join(words), held.id, code, remedy)
    found["ages_ms"] = {token.hex(): age_ms for token, age_ms in relied}
    return [*(_equivalence_step(shelf, one) for one in equivalences), found]


def _equivalence_step(shelf: Shelf, identity: bytes) -> Step:
    token = shelf.trust.equivalences.get(identity)
    if token is None:
        return step(
            "translate", [identity], "not-held", "the statement is no longer held", identity, "not-held"
        )
    claims = token.claims
    foreign_mesh, foreign, _ = claims[tokens.FOREIGN]
    local_mesh, local = claims[tokens.LOCAL]
    issuer = shelf.trust.credentials[claims[tokens.ISSUER]].claims
    reason = (
        f"{foreign} of {shelf.mesh_words(foreign_mesh)} stands for {local} of {shelf.mesh_words(local_mesh)}:"
        f" stated by {issuer[tokens.AUTHORITY]} of {shelf.mesh_words(issuer[tokens.MESH])},"
        f" {scope_words(claims[tokens.SCOPE])}, {validity_words(token)},"
        f" path length {claims[tokens.PATH_LENGTH]}"
    )
    turned = bound(shelf.trust, token, taxonomy_from(shelf.trust)).rotations
    if turned:
        named = ", ".join(map(short, turned))
        reason += f"; the key that it binds handed over to the one that holds {foreign} now, by {named}"
    return step("translate", [identity, claims[tokens.ISSUER], *turned], "mapped", reason, identity)


def lineage_steps(shelf: Shelf, held: Held) -> list[Step]:
    """A step for each ancestor, over both meshes, nearest first; none for an original observation."""
    found: list[Step] = []
    seen = {held.id}
    front = [held]
    while front and len(found) < LINEAGE_MAX:
        child = front.pop(0)
        for source in child.observation.get(obs.SOURCES, []):
            parent = shelf.held(source[4])
            found.append(_lineage_step(shelf, child, source, parent))
            if parent is not None and parent.id not in seen:
                seen.add(parent.id)
                front.append(parent)
    return found


def _lineage_step(shelf: Shelf, child: Held, source: list, parent: Held | None) -> Step:
    function, parameters, _ = child.observation[obs.DERIVATION]
    how = f"{short(child.id)} is {function}({', '.join(map(str, parameters))}) over {short(source[4])}"
    if parent is None:
        dropped = position_gone(shelf.store, source)
        reason = f"{how}, which is not held (device {short(source[0])}, stream {source[2]}, seq {source[3]})"
        if dropped is not None:
            reason += f": {dropped.words()}"
            return step("lineage", [child.id, source[4]], "incomplete", reason, source[4], "dropped")
        return step("lineage", [child.id, source[4]], "incomplete", reason, source[4], "incomplete")
    state = shelf.store.query("SELECT state, code FROM verdict WHERE id = ?", parent.id)
    outcome, code = state[0] if state else ("held", "unproven-time")
    reason = (
        f"{how}: device {short(parent.device)} under {parent.authority} of {shelf.mesh_words(parent.mesh)}"
        f" said {shelf.said_words(parent)}, at {parent.when_words()}"
    )
    return step("lineage", [child.id, parent.id], outcome, reason, parent.id, code)
