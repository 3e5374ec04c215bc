"""Picks: what the epochs with one peer made of each subject and property, one after the other.

Decides only what of an epoch is news against the one before: earlier rows stay as they are. SPEC 14.6
"""

from fieldpost.epoch import Epoch
from fieldpost.state import State
from fieldwire import cbor

Key = tuple[str, str]  # (subject, property)
Pick = tuple[bytes, tuple[bytes, ...], int, str]  # id, alternatives, rule, function


def note(state: State, found: Epoch) -> None:
    """Rows for what an agreed epoch picks otherwise. What a stopped scope had is picked no more; others stand."""
    before: dict[Key, Pick] = state.picked.setdefault(found.peer, {})
    now = _of(found)
    for key in sorted(now):
        if before.get(key) != now[key]:
            identity, alternatives, rule, function = before[key] = now[key]
            _write(state, found, key, identity, alternatives, rule, function)
    for key in sorted(before.keys() - now.keys()):
        scope = state.agreement.scope_of(key[0])
        if scope is not None and scope.subject in found.joint:
            del before[key]
            outcome = "stopped" if scope.subject in found.reports else "gone"
            _write(state, found, key, None, (), -1, outcome)


def _write(
    state: State,
    found: Epoch,
    key: Key,
    identity: bytes | None,
    alternatives: tuple[bytes, ...],
    rule: int,
    function: str,
) -> None:
    others = cbor.encode(list(alternatives))
    state.row("pick", *key, found.peer, found.number, identity, others, rule, function)


def _of(found: Epoch) -> dict[Key, Pick]:
    ruling = found.resolution.ruling
    rows = {(row.subject, row.property, row.prevailing): row for row in ruling.decisions}
    picks = {}
    for (subject, name), claim in ruling.picks.items():
        row = rows.get((subject, name, claim.id))
        told = ((), -1, "unopposed") if row is None else (row.rivals, row.rule, row.function)
        picks[subject, name] = (claim.id, *told)
    return picks
