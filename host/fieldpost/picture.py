"""The joint picture: for each subject and property the claim that stands, and its alternatives.

Decides nothing new: what an epoch decided stands; what no epoch covers is our own latest admitted claim.
Neither arrival nor an author's clock has a say. Only what was touched is drawn anew. SPEC 14
"""

from collections.abc import Iterable

from fieldpost.canvas import Key, Mark, Row
from fieldpost.claims import Interval, claims_of
from fieldpost.conflict import Claim, Order, differ
from fieldpost.lines import lines
from fieldpost.model import Verified
from fieldpost.state import State
from fieldpost.when import intervals
from fieldwire import cbor, rotation
from fieldwire import observation as obs

STRIDE = 4  # how many of a device's claims are placed at once, from the last one back


def redraw(state: State) -> None:
    """Write the picture's rows as they follow from verdicts, placements and epochs, where they are others."""
    canvas, before = state.canvas, state.canvas.decided
    canvas.decided = decided = _decided(state)
    edition = (
        state.times.edition,
        frozenset(decided) if canvas.derived else None,
        len(state.trust.rotations),
    )
    again = set(canvas.touched if edition == canvas.edition else canvas.marks) | (
        before.keys() - decided.keys()
    )
    canvas.edition, canvas.touched = edition, set()
    loose = [key for key in again if key not in decided and canvas.marks.get(key)]
    drawn = _local(state, loose)
    for key in again:
        canvas.local.pop(key, None)
    canvas.local.update(drawn)
    for key in sorted(again | {key for key, row in decided.items() if before.get(key) != row}):
        _write(state, key, decided.get(key) or canvas.local.get(key))


def _write(state: State, key: Key, row: Row | None) -> None:
    rows = state.canvas.rows
    if row is None:
        if rows.pop(key, None) is not None:
            state.row("erase", "picture", *key)
    elif rows.get(key) != row:
        rows[key] = row
        identity, alternatives, by = row
        state.row("picture", *key, identity, cbor.encode(list(alternatives)), by)


def _decided(state: State) -> dict[Key, Row]:
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


def _local(state: State, keys: list[Key]) -> dict[Key, Row]:
    """Our own latest claims and what rivals them."""
    held = lines(rotation.devices(statement) for _, statement in state.trust.rotations)
    marks, order = state.canvas.marks, Order(_derived(state), held)
    ends = {key: [one for device in marks[key].values() for one in _lasts(device)] for key in keys}
    when = intervals(state, _entries(state, ends.values()))
    picks = {}
    for key in keys:
        claims = [_claim(state, key, mark, when) for mark in ends[key]]
        if all(_all_over(one, claims) for one in claims):
            every = [one for device in marks[key].values() for one in device]
            when |= intervals(state, _entries(state, [every]))
            claims = [_claim(state, key, mark, when) for mark in every]
        latest = [claims[index] for index in order.latest(claims)]
        picks[key] = min(latest, key=lambda claim: (claim.device, -claim.boot, -claim.ticks_ms, claim.id))
    rivals = _rivals(state, order, picks)
    return {key: (pick.id, tuple(sorted(rivals[key])), "local") for key, pick in picks.items()}


def _all_over(claim: Claim, claims: list[Claim]) -> bool:
    """True when it ended before the last of them began."""
    end, begins = claim.interval_ns[1], [one.interval_ns[0] for one in claims]
    return end is not None and any(one is not None and end < one for one in begins)


def _lasts(marks: list[Mark]) -> Iterable[Mark]:
    """Of one device's claims the last ones of each boot."""
    found: dict[int, list[Mark]] = {}
    for mark in reversed(marks):
        known = found.setdefault(mark[0], [mark])
        if known[0] is not mark and known[0][1] == mark[1]:
            known.append(mark)
    return [mark for several in found.values() for mark in several]


def _entries(state: State, marks: Iterable[Iterable[Mark]]) -> list[Verified]:
    return [state.entries[mark[2]] for several in marks for mark in several]


def _claim(state: State, key: Key, mark: Mark, when: dict[bytes, Interval]) -> Claim:
    entry = state.entries[mark[2]]
    claims = claims_of(state.trust, entry, when.get(entry.id, (None, None)), entry.grade)
    return next(one for one in claims if one.property == key[1])


def _derived(state: State) -> Iterable[Claim]:
    """Claims by which one comes causally before another: derived ones and their sources, as far as they are shown."""
    canvas = state.canvas
    named = {source[4] for one in canvas.derived.values() for source in one.observation[obs.SOURCES]}
    for identity in sorted(named | canvas.derived.keys()):
        if any(key not in canvas.decided for key in canvas.keys_of(identity)):
            entry = state.entries[identity]
            yield from claims_of(state.trust, entry, (None, None), entry.grade)


def _rivals(state: State, order: Order, picks: dict[Key, Claim]) -> dict[Key, list[bytes]]:
    """Ids that rival each pick. Of each other device, from its last claim back to the first that ended before."""
    found: dict[Key, list[bytes]] = {key: [] for key in picks}
    front = {
        (key, device): len(marks)
        for key, pick in picks.items()
        for device, marks in state.canvas.marks[key].items()
        if device != pick.device
    }
    while front:
        looked = {
            (key, device): state.canvas.marks[key][device][max(0, end - STRIDE) : end]
            for (key, device), end in front.items()
        }
        when = intervals(state, _entries(state, looked.values()))
        front = {
            place: end - STRIDE
            for place, end in front.items()
            if not _rivals_among(state, order, place[0], picks[place[0]], looked[place], when, found)
            and end > STRIDE
        }
    return found


def _rivals_among(
    state: State,
    order: Order,
    key: Key,
    pick: Claim,
    marks: list[Mark],
    when: dict[bytes, Interval],
    found: dict[Key, list[bytes]],
) -> bool:
    """Adds the rivals among a device's claims; True when the first of these ended before the pick began."""
    claims = [_claim(state, key, mark, when) for mark in marks]
    for one in claims:
        if order.unordered(one, pick) and differ(one.value, pick.value, 0):
            found[key].append(one.id)
    return order.before(claims[0], pick) == "interval"
