"""What a session may send and what it frees: the journal and the tokens as a session sees them.

Decides what is offered to which bridge. Refuses to free anything but what a custody names. SPEC 8.5
"""

from fieldwire import cbor
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const

_REJECTED_FILE = const("state/rejected")
_REJECTED_MAX = const(64)


class Outbox:
    """`own_tokens`: an OwnTokens. `bridge`: thumbprint of the bridge on the link, or None."""

    def __init__(self, journal, observer, own_tokens, files):
        self._journal = journal
        self._observer = observer
        self._own_tokens = own_tokens
        self._files = files
        self.bridge = None
        self._unreadable = []  # keys of segments that the flash no longer gives back
        self._rejected = _load(files)  # [[bridge thumbprint[:8], incarnation, stream, segment] ...]

    def tokens(self):
        """Ids in the order in which each is understood."""
        return self._own_tokens.ids()

    def token(self, identity):
        """The bytes of a token, or None."""
        return self._own_tokens.read(identity)

    def early(self):
        """[(incarnation, stream, seq, bytes) ...] of early copies whose segment is not sealed yet."""
        return self._observer.early()

    def places(self, streams=(0, 1, 2, 3)):
        """(incarnation, stream, segment) of each segment, those of the first of `streams` first.

        What any bridge rejected comes last, to that bridge never. Nothing may be freed or sealed while it goes on.
        """
        for key in self._journal.held(streams):
            if key not in self._unreadable and not self._rejected_by(key):
                yield key
        if not self._rejected:
            return
        for key in self._journal.held(streams):
            bridges = self._rejected_by(key)
            if bridges and (self.bridge is None or self.bridge[:8] not in bridges):
                yield key

    def _rejected_by(self, key):
        return [entry[0] for entry in self._rejected if tuple(entry[1:]) == key]

    def length(self, incarnation, stream, segment):
        """Bytes of a segment as it travels; 0 when it has been dropped meanwhile, or cannot be read."""
        key = (incarnation, stream, segment)
        return self._readable(key, self._journal.length, key) or 0

    def read_segment(self, incarnation, stream, segment, offset, size):
        """Bytes of a segment as it travels; empty when it has been dropped meanwhile, or cannot be read."""
        key = (incarnation, stream, segment)
        return self._readable(key, self._journal.read, key, offset, size) or b""

    def seal_hash(self, incarnation, stream, segment):
        """None where the log no longer holds the segment, or cannot read it."""
        key = (incarnation, stream, segment)
        return self._readable(key, self._journal.seal_hash, key)

    def _readable(self, key, read, *arguments):
        if not self._journal.holds(key):
            return None
        try:
            return read(*arguments)
        except StorageError:
            if key not in self._unreadable:
                self._unreadable.append(key)
            return None

    def take_unreadable(self):
        """Keys of segments that cannot be read: a gap record is to name them."""
        found, self._unreadable = self._unreadable, []
        return [key for key in found if self._journal.holds(key)] + list(self._journal.damaged)

    def custody(self, incarnation, stream, first, last):
        """Frees a range that a custody names; returns the number of observations freed."""
        freed = 0
        segment = self._journal.next_held(incarnation, stream, first)
        while segment is not None and segment <= last:
            freed += self._journal.free((incarnation, stream, segment))
            segment = self._journal.next_held(incarnation, stream, segment + 1)
        kept = [
            entry
            for entry in self._rejected
            if entry[1:3] != [incarnation, stream] or not first <= entry[3] <= last
        ]
        if len(kept) < len(self._rejected):
            self._store(kept)
        return freed

    def reject(self, incarnation, stream, segment):
        """Remembers that the bridge on the link can never accept a segment; the segment is kept."""
        entry = [self.bridge[:8], incarnation, stream, segment]
        if entry not in self._rejected:
            self._store((self._rejected + [entry])[-_REJECTED_MAX:])

    def _store(self, rejected):
        self._files.replace(_REJECTED_FILE, [cbor.encode(rejected)])
        self._rejected = rejected


def _load(files):
    """The remembered rejections; none when the file is damaged, which only costs an offer that fails again."""
    try:
        return cbor.decode(files.read(_REJECTED_FILE) or b"\x80")
    except WireError:
        return []
