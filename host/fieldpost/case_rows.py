"""Divergence cases as a table: a stopped scope, what was measured, what is agreed, what was voted.

Decides how a case is shown; opening and closing one is the bridges' business. SPEC 13
"""

from typing import Any

from fieldpost.agreement import Agreement
from fieldpost.agreement_cbor import from_cbor
from fieldpost.codes import CODES
from fieldpost.epoch import epoch_digest
from fieldpost.plan import Choice, Plan, read_plan, read_vote
from fieldpost.reading import Rows
from fieldpost.tally import voices_of
from fieldwire import cbor, cose

# By state: outcome and code.
STATES = {
    "open": ("stop", "scope-stopped"),
    "conflict": ("stop", "plan-conflict"),
    "merged": ("settled", "merged"),
    "settled": ("settled", "merged"),
}


def case_rows(store: Rows) -> list[dict[str, Any]]:
    """Every case, by scope. `report`: the divergence report's bytes in hex, signed where a signature came."""
    rows = []
    for identity, scope, state, terms, thresholds, report, plan, number, named, told in store.query(
        "SELECT c.id, c.scope, c.state, c.terms, c.thresholds, c.report, m.plan, m.number, m.code, m.reason"
        ' FROM "case" c'
        " LEFT JOIN merge m ON m.id = c.id ORDER BY c.scope, c.id"
    ):
        measured, allowed = cbor.decode(terms), cbor.decode(thresholds)
        outcome, code = STATES[state]
        code = named or code
        remedy = CODES[code][2] if outcome == "stop" else "nothing to do"
        if code == "scope-stopped":
            remedy = f"fieldpost cases plan {identity.hex()}"
        rows.append(
            {
                "id": identity.hex(),
                "scope": scope,
                "state": state,
                "terms": measured,
                "thresholds": allowed,
                "report": report.hex(),
                "epoch": number,
                "plan": None if plan is None else plan_json(read_plan(plan)),
                "votes": vote_rows(store, identity),
                "stage": "diverge",
                "outcome": outcome,
                "code": code,
                "reason": told or reason(measured, allowed),
                "remedy": remedy,
            }
        )
    return rows


def vote_rows(store: Rows, case: bytes) -> list[dict[str, Any]]:
    """What was voted over a case, by plan and voice; the path "" is a mesh's root."""
    found = store.query(
        "SELECT plan, mesh, authority, favours FROM vote WHERE id = ? ORDER BY plan, mesh, authority, favours",
        case,
    )
    return [
        {"plan": plan.hex(), "mesh": mesh.hex(), "authority": path, "for": bool(favours)}
        for plan, mesh, path, favours in found
    ]


def plans_of(store: Rows, case: bytes) -> list[Plan]:
    """The plans over which somebody voted, by id."""
    found = store.query("SELECT data FROM vote WHERE id = ? GROUP BY plan ORDER BY plan", case)
    return [read_vote(cose.decode(data, cose.MERGE_PLAN).payload or b"")[1] for (data,) in found]


def plan_json(plan: Plan) -> dict[str, Any]:
    def choice(one: Choice) -> str | None:
        return None if one is None else one.hex()

    return {
        "id": plan.id.hex(),
        "choice": choice(plan.choice),
        "subjects": {subject: choice(one) for subject, one in plan.subjects},
    }


def blank_of(store: Rows, case: bytes) -> tuple[Plan, Agreement] | None:
    """A plan over a case that keeps both, and the agreement under which it opened; None for a case without an epoch."""
    rows = store.query('SELECT scope, terms, report FROM "case" WHERE id = ?', case)
    scope, terms, report = rows[0]
    if not cbor.decode(terms):
        return None
    payload = cbor.decode(report)
    if isinstance(payload, cbor.Tag):
        payload = cbor.decode(cose.decode(report, cose.REPORT).payload or b"")
    for (body,) in store.query("SELECT body FROM epoch WHERE agreed = 1"):
        if epoch_digest(body) == payload[3]:
            terms_digest = cbor.decode(body)[1]
            [(proof,)] = store.query("SELECT proof FROM agreement WHERE digest = ?", terms_digest)
            return Plan(case, terms_digest, payload[3], scope), from_cbor(cbor.decode(proof)[0])
    return None


def voice_words(agreement: Agreement, names: dict[bytes, str]) -> str:
    """Who may vote, and how many of them close a case."""
    said = [
        f"{path or 'the root'} of {names.get(mesh, mesh.hex()[:16])}" for mesh, path in voices_of(agreement)
    ]
    return f"{agreement.merge.quorum} of {len(said)}: {', '.join(said)}"


def reason(terms: dict[str, int], thresholds: dict[str, int]) -> str:
    """Which terms went above their thresholds, in words."""
    above = [f"{name} is {terms[name]}, at most {limit} is agreed" for name, limit in sorted(thresholds.items())
             if terms.get(name, 0) > limit]  # fmt: skip
    return "; ".join(above) or "the weighted sum of the terms exceeds the agreed total"
