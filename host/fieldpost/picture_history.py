"""The history of a subject: every claim that was made of it, what became of each, and what each epoch picked.

Decides nothing: verdicts, decisions and picks are retold as they stand in the store. Claims are told in the order of
the time in which they were made, as far as it is known; what is not known comes last. SPEC 14
"""

from typing import Any

from fieldpost.claims import widened
from fieldpost.picture_rows import picture_rows
from fieldpost.placed import placed
from fieldpost.reading import Rows, stored
from fieldwire import cbor

_CLAIMS = """
SELECT c.property, o.id, c.value, c.exponent, c.unit, o.device, o.mesh, o.authority, o.boot, o.ms, v.state, v.code,
       d.prevailing, d.rivals, d.rule, d.function, d.number
FROM observation o JOIN claim c ON c.id = o.id
LEFT JOIN verdict v ON v.id = o.id
LEFT JOIN decision d ON d.claim = o.id AND d.property = c.property
WHERE o.subject = ?
"""


def history(store: Rows, subject: str) -> dict[str, Any]:
    """{"subject", "properties": [{"property", "now", "claims", "epochs"}]}; no properties where nothing is known."""
    now = {row["property"]: row for row in picture_rows(store) if row["subject"] == subject}
    rows = store.query(_CLAIMS, subject)
    when = placed(store, [row[1] for row in rows])
    claims: dict[str, list[dict[str, Any]]] = {name: [] for name in now}
    for row in rows:
        name, identity = row[:2]
        interval = widened(when[identity][1].resilient) if identity in when else (None, None)
        claims.setdefault(name, []).append(_claim(row, interval, now.get(name)))
    return {
        "subject": subject,
        "properties": [
            {
                "property": name,
                "now": now.get(name),
                "claims": sorted(claims[name], key=_order),
                "epochs": _epochs(store, subject, name),
            }
            for name in sorted(claims)
        ],
    }


def subjects(store: Rows, tree: str) -> list[str]:
    """Subjects of which something is claimed, at or below a tree."""
    found = store.query(
        "SELECT DISTINCT subject FROM observation WHERE (subject = ? OR substr(subject, 1, ?) = ?)"
        " AND id IN (SELECT id FROM claim) ORDER BY subject",
        tree,
        len(tree) + 1,
        f"{tree}/",
    )
    return [name for (name,) in found]


def _claim(row: tuple[Any, ...], interval: tuple[Any, Any], now: dict[str, Any] | None) -> dict[str, Any]:
    _, identity, value, exponent, unit, device, mesh, authority, boot, ms, state, code = row[:12]
    prevailing, rivals, rule, function, number = row[12:]
    shown = identity.hex()
    stands = now is not None and now["observation"] == shown
    beside = now is not None and shown in now["alternatives"]
    decided = None
    if function is not None:
        decided = {
            "epoch": number,
            "prevailing": None if prevailing is None else prevailing.hex(),
            "rivals": [one.hex() for one in stored(rivals)],
            "rule": rule,
            "function": function,
        }
    fate = state or "held"
    if state == "admitted":
        lost = decided is not None and decided["prevailing"] != shown
        fate = "stands" if stands else "superseded" if lost else "alternative" if beside else "past"
    return {
        "observation": shown,
        "value": cbor.decode(value),
        "exponent": exponent,
        "unit": unit,
        "device": device.hex(),
        "authority": [mesh.hex(), authority],
        "boot": boot,
        "ticks_ms": ms,
        "interval_ns": list(interval),
        "fate": fate,
        "code": code or "incomplete",
        "decided": decided,
    }


def _order(claim: dict[str, Any]) -> tuple[Any, ...]:
    lo, hi = claim["interval_ns"]
    earliest = lo if lo is not None else hi
    return (
        earliest is None,
        earliest or 0,
        claim["device"],
        claim["boot"],
        claim["ticks_ms"],
        claim["observation"],
    )


def _epochs(store: Rows, subject: str, name: str) -> list[dict[str, Any]]:
    """What each epoch picked otherwise than the one before."""
    found = store.query(
        "SELECT number, peer, id, alternatives, rule, function FROM pick WHERE subject = ? AND property = ?"
        " ORDER BY peer, number",
        subject,
        name,
    )
    return [
        {
            "epoch": number,
            "peer": peer.hex(),
            "observation": None if identity is None else identity.hex(),
            "alternatives": [one.hex() for one in stored(others)],
            "rule": rule,
            "function": function,
        }
        for number, peer, identity, others, rule, function in found
    ]
