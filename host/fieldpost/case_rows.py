"""Divergence cases as a table: a stopped scope, what was measured, and what the agreement allows.

Decides how a case is shown; opening and closing one is the bridges' business. SPEC 13
"""

from typing import Any

from fieldpost.codes import CODES
from fieldpost.reading import Rows
from fieldwire import cbor


def case_rows(store: Rows) -> list[dict[str, Any]]:
    """Every case, by scope. `report`: the divergence report's bytes in hex, signed where a signature came."""
    rows = []
    for identity, scope, state, terms, thresholds, report in store.query(
        'SELECT id, scope, state, terms, thresholds, report FROM "case" ORDER BY scope, id'
    ):
        measured, allowed = cbor.decode(terms), cbor.decode(thresholds)
        rows.append(
            {
                "id": identity.hex(),
                "scope": scope,
                "state": state,
                "terms": measured,
                "thresholds": allowed,
                "report": report.hex(),
                "stage": "diverge",
                "outcome": "stop" if state == "open" else "settled",
                "code": "scope-stopped",
                "reason": reason(measured, allowed),
                "remedy": CODES["scope-stopped"][2],
            }
        )
    return rows


def reason(terms: dict[str, int], thresholds: dict[str, int]) -> str:
    """Which terms went above their thresholds, in words."""
    above = [f"{name} is {terms[name]}, at most {limit} is agreed" for name, limit in sorted(thresholds.items())
             if terms.get(name, 0) > limit]  # fmt: skip
    return "; ".join(above) or "the weighted sum of the terms exceeds the agreed total"
