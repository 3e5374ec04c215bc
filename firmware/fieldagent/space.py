"""Room in the log: when it is short, which sealed segments go first, and which streams must wait.

Decides by the policy of the configuration. "drop-oldest": the oldest of the least urgent stream. "thin": every second
one of it, oldest first, so that what stays spans the whole time. "stop": readings that are not urgent wait; urgent
ones go on in room kept for them. Refuses to drop anything: the observer does, behind a durable gap record. SPEC 6.6
"""

from fieldwire import observation_writer as obs
from fieldwire.errors import StorageError
from fieldwire.port import const

# A gap record, and four streams that may each begin a block or write a segment beside its open file.
MARGIN_BYTES = 16_384
_URGENT_PARTS = const(8)  # of "stop": this part of the log is for urgent readings alone
_AHEAD_PARTS = const(16)  # room is made before it is needed: this part of the log,
_AT_ONCE_PARTS = const(32)  # of which so much at a time
_CLOSEST = const(2)  # numbers: with one between them


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
            return _thinned(self._journal, wanted) or self._journal.oldest_of_lowest(wanted)
        return self._journal.oldest_of_lowest(wanted)


def _thinned(journal, size):
    """Keys of at least `size` bytes of the lowest class, each the one whose neighbours stand closest together.

    Of equals the oldest goes: every second one from the oldest on, then every second one of what stayed. The first
    and the last of each run stay.
    """
    lowest = [stream for stream in range(4) if any(journal.held((stream,)))]
    keys = []
    while size > 0 and lowest:
        key = _closest(journal.held(lowest[-1:]), keys)
        if key is None:
            break
        keys.append(key)
        try:
            size -= journal.length(key)
        except StorageError:
            continue
    return keys


def _closest(keys, gone):
    """The key whose neighbours stand closest together once those that are `gone` are, or None."""
    found, closest = None, None
    before = middle = None
    for key in keys:
        if key in gone:
            continue
        if before is not None and before[0] == key[0]:
            apart = key[2] - before[2]
            if closest is None or apart < closest:
                found, closest = middle, apart
            if apart == _CLOSEST:
                break
        before, middle = middle, key
    return found
