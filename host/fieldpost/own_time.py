"""What UTC it is at a bridge, as far as its own evidence tells: its clock, placed like any device's.

Decides nothing new: the time engine places the reading, claims of several devices give UTC. Refuses the machine's
calendar, which whoever runs the machine may set. SPEC 9.3, 10.1
"""

from fieldpost import clocks
from fieldpost.claims import widened
from fieldpost.state import State
from fieldpost.timeline.evidence import Interval, Stamp
from fieldpost.timeline.utc import utc_interval


def utc_at(state: State, boot: int, ms: int) -> Interval | None:
    """UTC, in ns since 1970, at a reading of the bridge's own clock; None where nothing says what UTC was.

    A side is None where evidence does not bound it: an earlier start was placed and this one not yet, say.
    """
    times = state.times
    if times.home is None or times.offset is None:
        return None
    stamp = Stamp(state.own().thumbprint[:16], boot, ms * clocks.MS)
    return utc_interval(times.offset, widened(times.home.place([stamp])[stamp].resilient))
