"""Whom a store's bridge heard, as rows for people and programs: who, why it does or does not talk, and what is missing.

Decides nothing: reads what discovery and the last meetings wrote. SPEC 10.6, 10.8
"""

from typing import Any

from fieldpost.codes import CODES
from fieldpost.discovery import TALKS, Heard, in_order, read
from fieldpost.heads import read as read_head
from fieldpost.proof.doubled import doubled
from fieldpost.reading import Rows, profile_of
from fieldwire import cbor
from fieldwire.error_table import MEANING

FORKED = "it signed two things under one number: `fieldpost export proof fork` shows both to its mesh"
UNGROWN = (
    "its log did not grow out of the one it showed before: a restored backup, or a second log; ask its people"
)


def heard_rows(store: Rows) -> dict[str, Any]:
    """{"heard": [row ...], "here": [{"code", "count", "remedy"} ...]}; a row's `missing` has entries as `here` has.

    `here` is what this bridge keeps back or does not admit of the others', `missing` what that peer does.
    """
    known: dict[bytes, Heard] = {}
    for (data,) in store.query("SELECT data FROM input WHERE kind = 'met' ORDER BY n"):
        heard = read(data)
        known[heard.key] = heard
    mesh, thumbprint, _ = profile_of(store)
    lacking: dict[bytes, list[dict[str, Any]]] = {}
    for side, code, count in store.query(
        "SELECT side, code, count(*) FROM one_sided GROUP BY side, code ORDER BY side, code"
    ):
        lacking.setdefault(side, []).append({"code": code, "count": count, "remedy": remedy_of(code)})
    rows = [_row(store, one, lacking) for one in in_order(known.values())]
    return {"heard": rows, "here": lacking.get(mesh, []) + lacking.get(thumbprint, [])}


def _row(store: Rows, one: Heard, lacking: dict[bytes, list[dict[str, Any]]]) -> dict[str, Any]:
    peer = one.thumbprint
    missing = [] if peer is None else lacking.get(peer, []) + _doubts(store, peer)
    return {
        "id": None if peer is None else peer.hex(),
        "stage": "discover",
        "address": one.address,
        "meshes": [mesh.hex() for mesh in one.meshes],
        "agreement_version": one.version,
        "outcome": "talks" if one.code in (TALKS, "agreement-stale") else "refused",
        "code": one.code,
        "reason": one.reason,
        "remedy": remedy_of(one.code),
        "missing": missing,
    }


def _doubts(store: Rows, peer: bytes) -> list[dict[str, Any]]:
    """What its own signed log heads say against it."""
    found = []
    if doubled(store, peer[:8]) is not None:
        found.append({"code": "forked", "count": 1, "remedy": FORKED})
    pairs = [
        earlier
        for (data,) in store.query("SELECT data FROM input WHERE kind = 'heads' ORDER BY n")
        for earlier, _ in cbor.decode(data)[2]
        if read_head(earlier).origin == peer
    ]
    if pairs:
        found.append({"code": "log-root", "count": len(pairs), "remedy": UNGROWN})
    return found


def remedy_of(code: str) -> str:
    """What to do about a code, by the table that has it."""
    if code in CODES:
        return CODES[code][2]
    return MEANING[code][1] if code in MEANING else "nothing to do"
