"""The joint picture: for each subject and property the claim that stands, and its alternatives.

Decides nothing new: what an epoch decided stands; what no epoch covers is our own latest admitted claim.
Neither arrival nor an author's clock has a say. SPEC 14
"""

from collections.abc import Collection

from fieldpost.claims import claims_of, widened
from fieldpost.conflict import Order, contests
from fieldpost.state import State
from fieldwire import cbor

Key = tuple[str, str]  # (subject, property)


def redraw(state: State) -> None:
    """Write the picture's rows anew from verdicts, placements and the last epoch."""
    state.row("clear", "picture")
    decided = _decided(state)
    for (subject, name), (identity, alternatives, by) in decided.items():
        state.row("picture", subject, name, identity, cbor.encode(list(alternatives)), by)
    for (subject, name), (identity, alternatives) in _local(state, decided.keys()).items():
        state.row("picture", subject, name, identity, cbor.encode(list(alternatives)), "local")


def _decided(state: State) -> dict[Key, tuple[bytes, tuple[bytes, ...], str]]:
    found = {}
    for epoch in state.epochs:
        rivals = {
            (row.subject, row.property, row.prevailing): row.rivals
            for row in epoch.resolution.ruling.decisions
        }
        for (subject, name), pick in epoch.resolution.ruling.picks.items():
            verdict = state.verdicts.get(pick.id)
            if verdict is not None and verdict.state == "admitted":
                found[subject, name] = (
                    pick.id,
                    rivals.get((subject, name, pick.id), ()),
                    f"epoch {epoch.number}",
                )
    return found


def _local(state: State, decided: Collection[Key]) -> dict[Key, tuple[bytes, tuple[bytes, ...]]]:
    claims = []
    for identity, verdict in state.verdicts.items():
        if verdict.state == "admitted" and verdict.code != "evidence":
            entry, placement = state.entries[identity], state.placements.get(identity)
            interval = (None, None) if placement is None else widened(placement.resilient)
            found = claims_of(state.trust, entry, interval, entry.grade)
            claims.extend(one for one in found if (one.subject, one.property) not in decided)
    order = Order(claims)
    picks = {}
    for contest in contests(claims, order, {}):
        latest = [contest.claims[index] for index in order.latest(contest.claims)]
        pick = min(latest, key=lambda claim: (claim.device, -claim.boot, -claim.ticks_ms, claim.id))
        index = contest.claims.index(pick)
        rivals = tuple(sorted(contest.claims[one].id for one in contest.rivals.get(index, ())))
        picks[contest.subject, contest.property] = (pick.id, rivals)
    return picks
