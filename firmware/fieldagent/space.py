"""Room in the log: when it is short, which sealed segments go first, and which streams must wait.

Decides by the policy of the configuration. "drop-oldest": the oldest of the least urgent stream. "thin": every second
one of it, oldest first, so that what stays spans the whole time. "stop": readings that are not urgent wait; urgent
ones go on in room kept for them. Refuses to drop anything: the observer does, behind a durable gap record. SPEC 6.6
"""

from fieldwire import observation_writer as obs
from fieldwire.port import const

# A gap record, and four streams that may each begin a block or write a segment beside its open file.
MARGIN_BYTES = 16_384
_URGENT_PARTS = const(8)  # of "stop": this part of the log is for urgent readings alone
_AHEAD_PARTS = const(16)  # room is made before it is needed: this part of the log,
_AT_ONCE_PARTS = const(32)  # of which so much at a time


class Space:
    """`policy`: one of config.FULL_POLICIES."""

    def __init__(self, journal, policy):
        self._journal = journal
        self._most = journal.capacity
        self._stops = policy == "stop"
        self._thins = policy == "thin"

    def _left(self):
        return self._most - MARGIN_BYTES - self._journal.bytes

    def is_short(self):
        """True when nothing may be written before something is dropped."""
        return self._left() < 0

    def is_near(self):
        """True when something should be dropped before the next reading has to wait for it."""
        return not self._stops and self._left() < self._most // _AHEAD_PARTS

    def is_closed_to(self, stream):
        """True when a reading of that stream must be refused."""
        return self._stops and stream != obs.URGENT and self._left() < self._most // _URGENT_PARTS

    def is_open_again(self):
        """True when enough was freed to go on; of "stop" so much that not every single custody lets one reading in."""
        return self._left() >= (2 * (self._most // _URGENT_PARTS) if self._stops else 0)

    def victims(self):
        """Keys of the sealed segments to drop next; empty when none is held."""
        wanted = self._most // _AT_ONCE_PARTS
        if self._thins:
            held = self._journal.held()
            return _thinned(held, wanted) or self._journal.oldest_of_lowest(wanted)
        return self._journal.oldest_of_lowest(wanted)


def _thinned(held, size):
    """Keys of at least `size` bytes of the lowest class, each the one whose neighbours stand closest together.

    Of equals the oldest goes: every second one from the oldest on, then every second one of what stayed. The first and
    the last of each run stay.
    """
    lowest = max([row[1] for row in held], default=None)
    rows = [row for row in held if row[1] == lowest]
    keys = []
    while size > 0:
        best, closest = None, None
        for index in range(1, len(rows) - 1):
            before, after = rows[index - 1], rows[index + 1]
            apart = after[2] - before[2]
            if before[0] == after[0] and (closest is None or apart < closest):
                best, closest = index, apart
        if best is None:
            break
        row = rows.pop(best)
        keys.append(row[:3])
        size -= row[3]
    return keys
