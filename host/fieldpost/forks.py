"""Forks: one device, two histories. Found by content alone, whatever came first.

Decides which pairs of observations or seals cannot both be of one log, and from which reading on the device is
quarantined: the earliest held on either side. Refuses to say which side is true. SPEC 6.5
"""

from fieldpost.chains import Stamp
from fieldpost.model import Verified
from fieldpost.state import State
from fieldpost.tables import SealRow
from fieldwire import observation as obs


def stamp_of(entry: Verified) -> Stamp:
    """(boot, ms) of the device's own clock."""
    boot, ms = entry.observation[obs.TREF][:2]
    return boot, ms


def second_content(state: State, entry: Verified, other: Verified) -> None:
    """Another observation stands at this one's position."""
    since = min(stamp_of(entry), stamp_of(other))
    _quarantine(state, entry.observation[obs.DEVICE], since, (entry.id, other.id))


def chain(state: State, opened: list[Verified], near: list[SealRow], previous: bytes | None) -> None:
    """One seal was seen on these observations: hold it against those `near`, before, at and after its place."""
    entry, chains = opened[0], state.chains
    if entry.segment is None or entry.seal_hash is None:
        raise ValueError("an early copy has no seal")
    device, seal_hash = entry.observation[obs.DEVICE], entry.seal_hash
    since = min(stamp_of(one) for one in opened)
    known = next((one for one in near if one.hash == seal_hash), None)
    if known is not None:
        chains.seen(known, since)
        if seal_hash in chains.forked:
            _quarantine(state, device, since)
        return
    number = entry.segment[2]
    beside = [one for one in near if one.segment == number]
    rivals = [*beside, *(one for one in near if one.segment == number - 1 and one.hash != previous)]
    rivals += [one for one in near if one.segment == number + 1 and one.previous != seal_hash]
    state.row("seal", *chains.add(device, entry.segment, seal_hash, previous, since))
    state.whole.rivalled(device, entry.segment, beside)
    chains.ending.clear()
    if state.trust.revocations:  # what a seal is linked to may tell which words of its device stay good
        state.unsettle(device)
    for rival in rivals:
        chains.forked.update((seal_hash, rival.hash))
        _quarantine(state, device, min(since, chains.since(rival)), (seal_hash, rival.hash))


def _quarantine(state: State, device: bytes, since: Stamp, pair: tuple[bytes, bytes] | None = None) -> None:
    """From `since` on, or from earlier if it already is; record what is new of it."""
    pairs = state.chains.pairs.setdefault(device, set())
    before = state.forks.get(device, since)
    state.forks[device] = boot, ms = min(before, since)
    news = set() if pair is None else {(min(pair), max(pair))} - pairs
    pairs |= news
    if not news and before == (boot, ms):
        return
    state.unsettle(device)
    for one, other in sorted(news if before == (boot, ms) else pairs):
        state.row("fork", device, one, other, boot, ms)
    named = [one for pair in sorted(news) for one in pair]
    state.record("fork", [device, *named], "forked", boot=boot, ms=ms)
