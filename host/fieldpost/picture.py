"""The joint picture: for each subject and property the claim that stands, and its alternatives.

Decides nothing new: what an epoch decided stands; what no epoch covers is our own latest admitted claim.
Neither arrival nor an author's clock has a say. Only what was touched is drawn anew. SPEC 14
"""

from collections.abc import Iterable
from itertools import islice

from fieldpost.canvas import Key, Row
from fieldpost.claims import Interval, claims_of
from fieldpost.conflict import Claim, Order, differ
from fieldpost.held import SHOWN
from fieldpost.lines import lines
from fieldpost.model import Verified
from fieldpost.state import State
from fieldpost.when import intervals
from fieldwire import cbor, rotation
from fieldwire import observation as obs

STRIDE = 4  # how many of a device's claims are placed at once, from the last one back


def redraw(state: State) -> None:
    """Write the picture's rows as they follow from verdicts, placements and epochs, where they are others."""
    state.hand_over()
    canvas, before = state.canvas, state.canvas.decided
    canvas.decided = decided = _decided(state)
    edition = (
        state.times.edition,
        frozenset(decided) if canvas.derived else None,
        len(state.trust.rotations),
    )
    again = set(canvas.touched if edition == canvas.edition else canvas.makers) | (
        before.keys() - decided.keys()
    )
    canvas.edition, canvas.touched = edition, set()
    loose = [key for key in again if key not in decided and canvas.makers.get(key)]
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
            number = state.entries.number(pick.id)
            if number is not None and state.verdicts.of(number)[0] == "admitted":
                found[subject, name] = (
                    pick.id,
                    rivals.get((subject, name, pick.id), ()),
                    f"epoch {epoch.number}",
                )
    return found


def _local(state: State, keys: list[Key]) -> dict[Key, Row]:
    """Our own latest claims and what rivals them."""
    if not keys:
        return {}
    rotated = lines(rotation.devices(statement) for _, statement in state.trust.rotations)
    canvas, held, order = state.canvas, state.entries, Order(_derived(state), rotated)
    lasts = {key: list(canvas.each(key, canvas.lasts, held)) for key in keys}
    found = {one.n: one for one in held.several(sorted({n for some in lasts.values() for n in some}))}
    ends = {key: [found[one] for one in some] for key, some in lasts.items()}
    when = intervals(state, [entry for several in ends.values() for entry in several])
    picks = {}
    for key in keys:
        claims = [_claim(state, key, entry, when) for entry in ends[key]]
        if all(_all_over(one, claims) for one in claims):
            every = list(held.several(canvas.each(key, canvas.back, held)))
            when |= intervals(state, every)
            claims = [_claim(state, key, entry, when) for entry in every]
        latest = [claims[index] for index in order.latest(claims)]
        picks[key] = min(latest, key=lambda claim: (claim.device, -claim.boot, -claim.ticks_ms, claim.id))
    rivals = _rivals(state, order, picks)
    return {key: (pick.id, tuple(sorted(rivals[key])), "local") for key, pick in picks.items()}


def _all_over(claim: Claim, claims: list[Claim]) -> bool:
    """True when it ended before the last of them began."""
    end, begins = claim.interval_ns[1], [one.interval_ns[0] for one in claims]
    return end is not None and any(one is not None and end < one for one in begins)


def _claim(state: State, key: Key, entry: Verified, when: dict[bytes, Interval]) -> Claim:
    claims = claims_of(state.trust, entry, when.get(entry.id, (None, None)), entry.grade)
    return next(one for one in claims if one.property == key[1])


def _derived(state: State) -> Iterable[Claim]:
    """Claims by which one comes causally before another: derived ones and their sources, as far as they are shown."""
    canvas, held = state.canvas, state.entries
    named: set[bytes] = set()
    for one in held.several(sorted(canvas.derived)):
        named.add(one.id)
        named.update(source[4] for source in one.observation[obs.SOURCES])
    for identity in sorted(named):
        entry = held.get(identity)
        if entry is not None and held.marked(entry.n, SHOWN):
            claims = claims_of(state.trust, entry, (None, None), entry.grade)
            if any((one.subject, one.property) not in canvas.decided for one in claims):
                yield from claims


def _rivals(state: State, order: Order, picks: dict[Key, Claim]) -> dict[Key, list[bytes]]:
    """Ids that rival each pick. Of each other device, from its last claim back to the first that ended before."""
    found: dict[Key, list[bytes]] = {key: [] for key in picks}
    canvas, held = state.canvas, state.entries
    front = {
        (key, device): canvas.back(key, device, held)
        for key, pick in picks.items()
        for device in canvas.makers[key]
        if device != pick.device
    }
    while front:
        numbers = {place: some for place, back in front.items() if (some := list(islice(back, STRIDE)))}
        looked = {one.n: one for one in held.several(sorted({n for some in numbers.values() for n in some}))}
        when = intervals(state, looked.values())
        front = {
            (key, device): front[key, device]
            for (key, device), some in numbers.items()
            if not _rivals_among(state, order, key, picks[key], [looked[one] for one in some], when, found)
        }
    return found


def _rivals_among(
    state: State,
    order: Order,
    key: Key,
    pick: Claim,
    entries: list[Verified],
    when: dict[bytes, Interval],
    found: dict[Key, list[bytes]],
) -> bool:
    """Adds the rivals among a device's claims, the last first; True when the first ended before the pick began."""
    claims = [_claim(state, key, entry, when) for entry in entries]
    for one in claims:
        if order.unordered(one, pick) and differ(one.value, pick.value, 0):
            found[key].append(one.id)
    return order.before(claims[-1], pick) == "interval"
