"""What two epochs with one peer decided differently, as rows and in words.

Decides nothing: the picks of both are retold. An epoch's picture is what it and those before it picked last. SPEC 10.5
"""

from collections.abc import Callable
from typing import Any

from fieldpost.case_rows import case_rows
from fieldpost.picture_rows import value_words
from fieldpost.reading import Rows, stored
from fieldwire import cbor

_PICKS = """
SELECT subject, property, id, alternatives, function, max(number) FROM pick WHERE peer = ? AND number <= ?
GROUP BY subject, property
"""


def agreed(store: Rows) -> dict[bytes, list[int]]:
    """By peer bridge the numbers of the epochs that both signed."""
    found: dict[bytes, list[int]] = {}
    for peer, number in store.query("SELECT peer, number FROM epoch WHERE agreed = 1 ORDER BY peer, number"):
        found.setdefault(peer, []).append(number)
    return found


def difference(store: Rows, peer: bytes, old: int, new: int) -> dict[str, Any]:
    """{"old", "new", "peer", "scopes": [...], "changes": [...]} between two epochs that both signed."""
    before, after = _picks(store, peer, old), _picks(store, peer, new)
    changes = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was != now:
            changes.append(
                {
                    "subject": key[0],
                    "property": key[1],
                    "was": _side(store, key[1], was),
                    "is": _side(store, key[1], now),
                    "function": now[2] if now else was[2] if was else "",
                }
            )
    return {
        "old": old,
        "new": new,
        "peer": peer.hex(),
        "scopes": _scopes(store, peer, old, new),
        "changes": changes,
    }


def _picks(store: Rows, peer: bytes, number: int) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (subject, name): (identity, others, function)
        for subject, name, identity, others, function, _ in store.query(_PICKS, peer, number)
        if identity is not None
    }


def _side(store: Rows, name: str, pick: tuple[Any, ...] | None) -> dict[str, Any] | None:
    if pick is None:
        return None
    identity, others, function = pick
    rows = store.query(
        "SELECT c.value, c.exponent, c.unit, o.mesh, o.authority FROM observation o"
        " JOIN claim c ON c.id = o.id AND c.property = ? WHERE o.id = ?",
        name,
        identity,
    )
    value, exponent, unit, mesh, authority = rows[0] if rows else (cbor.encode(None), 0, "", b"", "")
    return {
        "observation": identity.hex(),
        "value": cbor.decode(value),
        "exponent": exponent,
        "unit": unit,
        "authority": [mesh.hex(), authority],
        "alternatives": [one.hex() for one in stored(others)],
        "function": function,
    }


def _scopes(store: Rows, peer: bytes, old: int, new: int) -> list[dict[str, Any]]:
    """Each scope whose verdict or whose number of joint observations differs."""
    sides = []
    for number in (old, new):
        [(body,)] = store.query("SELECT body FROM epoch WHERE peer = ? AND number = ?", peer, number)
        counts = dict(store.query("SELECT scope, ids FROM joint WHERE peer = ? AND number = ?", peer, number))
        sides.append({scope: (verdict, counts.get(scope, 0)) for scope, verdict in cbor.decode(body)[5]})
    before, after = sides
    left_out = ("left-out", 0)
    return [
        {
            "scope": scope,
            "was": list(before.get(scope, left_out)),
            "is": list(after.get(scope, left_out)),
        }
        for scope in sorted(before.keys() | after.keys())
        if before.get(scope) != after.get(scope)
    ]


VERDICTS = {
    "resolve": "was decided",
    "stop": "was stopped by its gate",
    "left-out": "was left out, its case being open",
}


def sentences(store: Rows, found: dict[str, Any], mesh_words: Callable[[str], str]) -> list[str]:
    """The difference as lines of text; `mesh_words`: a mesh id in hex as people know it."""
    old, new = found["old"], found["new"]
    lines = []
    for one in found["scopes"]:
        (was, count), (now, later) = one["was"], one["is"]
        lines.append(f"{one['scope']}: in epoch {new} it {VERDICTS[now]}, over {later} joint observations;")
        lines.append(f"  in epoch {old} it {VERDICTS[was]}, over {count}")
        for case in case_rows(store):
            if case["scope"] == one["scope"] and case["plan"] and old <= (case["epoch"] or 0) < new:
                lines.append(
                    f"  plan {case['plan']['id'][:12]} closed the case that epoch {case['epoch']} opened"
                )
    for one in found["changes"]:
        lines += _change_lines(one, mesh_words)
    return lines or [f"epochs {old} and {new} decided the same"]


def _change_lines(one: dict[str, Any], mesh_words: Callable[[str], str]) -> list[str]:
    name, was, now = f"{one['subject']} {one['property']}", one["was"], one["is"]

    def words(side: dict[str, Any]) -> str:
        mesh, authority = side["authority"]
        value = "a value not held here"
        if side["value"] is not None:
            value = value_words(side["value"], side["exponent"], side["unit"])
        return f"{value}, by {authority} of {mesh_words(mesh)} ({side['observation'][:12]})"

    def by(side: dict[str, Any]) -> str:
        rivals = len(side["alternatives"])
        if not rivals:
            return "nobody contradicts it"
        return f"{side['function']} decided over {rivals} rival{'s' * (rivals > 1)}"

    if was is None:
        return [f"{name}: now {words(now)}; {by(now)}", "  before, nothing was decided"]
    if now is None:
        return [f"{name}: nothing is decided any more", f"  before, {words(was)}"]
    if was["observation"] == now["observation"]:
        return [f"{name}: still {words(now)}; {by(now)}", f"  before, {by(was)}"]
    return [f"{name}: now {words(now)}; {by(now)}", f"  before, {words(was)}; {by(was)}"]
