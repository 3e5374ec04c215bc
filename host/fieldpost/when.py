"""When an observation was, as far as all that was held at the last reconciliation tells.

Decides nothing: the time engine places, `timeline.utc` compares. What came since was not placed yet, and has no time.
"""

from collections.abc import Iterable

from fieldpost import clocks
from fieldpost.claims import Interval, widened
from fieldpost.model import Verified
from fieldpost.state import State
from fieldpost.timeline.place import Placement
from fieldpost.timeline.utc import utc_interval, validity
from fieldwire import observation as obs
from fieldwire import tokens


def placement(state: State, entry: Verified) -> Placement | None:
    """When it was, on the timeline solved last; None before anything was."""
    solved = state.times.home if entry.mesh == state.own().mesh else state.times.joined
    if solved is None or entry.n > state.times.upto:
        return None
    stamp = clocks.stamp_of(entry.observation)
    return solved.place([stamp])[stamp]


def utc_of(state: State, entry: Verified) -> tuple[int | None, int | None] | None:
    """Its interval in UTC, ns since 1970; None where nothing says what UTC was."""
    if state.times.offset is None:
        return None
    found = placement(state, entry)
    return None if found is None else utc_interval(state.times.offset, widened(found.resilient))


def utc_validity(state: State, entry: Verified) -> str:
    """Its interval against its credential's validity, in `timeline.utc.validity`'s words.

    Between two readings of one boot that lie within it, all do: a clock's readings are ordered as their times are.
    """
    boot, ms = entry.observation[obs.TREF][:2]
    known = state.times.valid.get((entry.credential, boot))
    if known is not None and known[0] <= ms <= known[1] and entry.n <= state.times.upto:
        return "valid"
    claims = state.trust.credentials[entry.credential].claims
    return validity(utc_of(state, entry), claims[tokens.NBF], claims[tokens.EXP])


def intervals(state: State, entries: Iterable[Verified]) -> dict[bytes, Interval]:
    """The resilient interval of each by id, in ns since the anchor; those that have several to ask for ask at once."""
    own, found = state.own().mesh, {}
    several = [one for one in entries if one.n <= state.times.upto]
    for solved, part in (
        (state.times.home, [one for one in several if one.mesh == own]),
        (state.times.joined, [one for one in several if one.mesh != own]),
    ):
        if solved is not None and part:
            placed = solved.place(clocks.stamp_of(one.observation) for one in part)
            found |= {one.id: widened(placed[clocks.stamp_of(one.observation)].resilient) for one in part}
    return found
