"""What a device still has to offer in one session: the item being sent, and what the bridge need not be sent.

Decides which item comes next: tokens, early copies, then segments in the outbox's order. It frees nothing;
what a bridge says it holds only saves sending. SPEC 8.2, 8.5
"""

from fieldwire import session_frames
from fieldwire.session_frames import EARLY, SEGMENT, TOKEN


class Item:
    """One token, segment or early copy on its way. `data` is None for a segment: it stays in the outbox."""

    def __init__(self, number, kind, key, total, data):
        self.number = number
        self.kind = kind
        self.key = key
        self.total = total
        self.data = data
        self.at = 0  # offset of the next byte to send
        self.acked = 0  # bytes that the bridge has said it holds


class Ranges:
    """Sets of segment numbers, kept as ranges, for each (incarnation, stream)."""

    def __init__(self):
        self._ranges = {}

    def add(self, incarnation, stream, lo, hi):
        kept = []
        for low, high in self._ranges.get((incarnation, stream), ()):
            if high + 1 < lo or hi + 1 < low:
                kept.append((low, high))
            else:
                lo, hi = min(lo, low), max(hi, high)
        kept.append((lo, hi))
        self._ranges[(incarnation, stream)] = kept

    def covers(self, incarnation, stream, segment):
        ranges = self._ranges.get((incarnation, stream), ())
        return any(low <= segment <= high for low, high in ranges)

    def add_held(self, held):
        """Adds the held lists of a HAVE."""
        for incarnation, stream, ranges in held:
            for low, high in ranges:
                self.add(incarnation, stream, low, high)


class Outgoing:
    """Chooses items and reads their chunks. `first` is 65536 times the session's part of item numbers.

    `outbox` is what the journal offers: `tokens()` -> (id, bytes); `early()` -> (incarnation, stream, seq,
    bytes) not yet sealed; `segments()` -> (incarnation, stream, segment, length) sealed and not freed, most
    urgent first; `read_segment(incarnation, stream, segment, offset, n)` -> bytes; `seal_hash(incarnation,
    stream, segment)` -> 32 bytes or None. It is asked again for each item, so what is sealed meanwhile goes
    out in the same session.
    """

    def __init__(self, outbox, first):
        self._outbox = outbox
        self._first = first
        self._count = 0
        self._tokens = set()
        self._early = set()
        self._covered = Ranges()
        self._rejected = Ranges()

    def number(self):
        """The number of the latest item; before the first item, one below it."""
        return self._first | self._count

    def next_item(self):
        """The next Item that the bridge lacks, or None."""
        most = session_frames.ITEM_MAX
        for identity, data in self._outbox.tokens():
            if identity not in self._tokens and 0 < len(data) <= most[TOKEN]:
                return self._item(TOKEN, identity, len(data), data)
        listed = set()
        for incarnation, stream, seq, data in self._outbox.early():
            key = (incarnation, stream, seq)
            if key not in self._early and 0 < len(data) <= most[EARLY]:
                return self._item(EARLY, key, len(data), data)
            listed.add(key)
        self._early = listed  # what is sealed by now needs no remembering
        for incarnation, stream, segment, length in self._outbox.segments():
            place = (incarnation, stream, segment)
            if self._covered.covers(*place) or self._rejected.covers(*place):
                continue
            if 0 < length <= most[SEGMENT]:
                return self._item(SEGMENT, place, length, None)
        return None

    def chunk(self, item, size):
        """The item's bytes from its offset on, at most `size`; empty when the outbox no longer has them."""
        size = min(size, item.total - item.at)
        if item.kind == SEGMENT:
            return self._outbox.read_segment(*item.key, item.at, size)
        return item.data[item.at : item.at + size]

    def delivered(self, item):
        """The bridge has the item, or it is gone from here: it is not offered again."""
        if item.kind == TOKEN:
            self._tokens.add(item.key)
        elif item.kind == EARLY:
            self._early.add(item.key)
        else:
            incarnation, stream, segment = item.key
            self._covered.add(incarnation, stream, segment, segment)

    def take_have(self, held, tokens):
        self._covered.add_held(held)
        self._tokens.update(tokens)

    def forget_delivered(self):
        """What was delivered and is not in the lists that follow is offered again; rejections stay."""
        self._tokens = set()
        self._early = set()
        self._covered = Ranges()

    def settled(self, incarnation, stream, first, last):
        self._covered.add(incarnation, stream, first, last)

    def rejected(self, incarnation, stream, segment):
        self._rejected.add(incarnation, stream, segment, segment)

    def awaited(self):
        """The place of the first segment that was delivered and neither freed nor rejected, or None."""
        for incarnation, stream, segment, _ in self._outbox.segments():
            place = (incarnation, stream, segment)
            if self._covered.covers(*place) and not self._rejected.covers(*place):
                return place
        return None

    def _item(self, kind, key, total, data):
        self._count = (self._count + 1) & 0xFFFF
        return Item(self.number(), kind, key, total, data)
