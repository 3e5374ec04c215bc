"""What a device still has to offer in one session, and what the bridge need not be sent.

Decides which item comes next: tokens, early copies, then segments, the most urgent stream first, and now and then one
of the least urgent, so that it is never starved. It frees nothing; what a bridge holds only saves sending. SPEC 8.3
"""

from fieldwire import ranges
from fieldwire.port import const
from fieldwire.transfer_head import CARRIED, EARLY, ITEM_MAX, PACKED, SEGMENT, TOKEN

_FLOOR = const(8)  # every eighth segment comes from the least urgent stream that has any


class Item:
    """One token, segment or early copy on its way. `data` is None for a segment: it stays in the outbox."""

    def __init__(self, kind, key, total, data):
        self.kind = kind
        self.key = key
        self.total = total
        self.data = data


class Places:
    """Sets of segment numbers for each (incarnation, stream)."""

    def __init__(self):
        self._ranges = {}

    def add(self, incarnation, stream, first, last):
        log = (incarnation, stream)
        self._ranges[log] = ranges.add(self._ranges.get(log, ()), first, last + 1)

    def remove(self, incarnation, stream, segment):
        log = (incarnation, stream)
        self._ranges[log] = ranges.remove(self._ranges.get(log, ()), segment, segment + 1)

    def covers(self, place):
        return ranges.covers(self._ranges.get(place[:2], ()), place[2], place[2] + 1)

    def add_held(self, held):
        """Adds the list of a HELD or a WANT."""
        for incarnation, stream, listed in held:
            for first, last in listed:
                self.add(incarnation, stream, first, last)


class Known:
    """What the other side of a transfer is known to have: ids of tokens, keys of early copies, segments.

    `packing`: what it was told in packed segments (a session_packing.Packing), whatever became of them; None: nothing.
    """

    def __init__(self):
        self.packing = None
        self.forget()

    def forget(self):
        """Of all that was delivered nothing is known any more."""
        self.tokens = set()
        self.early = set()
        self.segments = Places()
        self.carried = set()  # places of other devices' segments


class Outgoing:
    """Chooses items and reads their bytes.

    `outbox` is what the journal offers: `tokens()` -> (id, bytes); `early()` -> (incarnation, stream, seq,
    bytes) not yet sealed; `segments()` -> (incarnation, stream, segment, length) sealed and not freed, most
    urgent first; `read_segment(incarnation, stream, segment, offset, n)` -> bytes; `seal_hash(incarnation,
    stream, segment)` -> 32 bytes or None. It is asked again for each item, so what is sealed meanwhile goes
    out in the same session. `carried`: a session_carried.Carried, on a mule: what it has goes after all of our own.
    """

    def __init__(self, outbox, carried=None):
        self._outbox = outbox
        self.carried = carried
        self.known = Known()
        self._rejected = Places()
        self._wanted = None
        self._budget = None
        self._segments = 0  # given out so far
        self._packs = False

    def pack_for(self, device, k_dev):
        """The bridge takes packed segments: from here on those that can go packed do."""
        if self.known.packing is None:
            try:
                from fieldwire.session_packing import Packing  # few links are slow enough to need it
            except MemoryError:
                return
            self.known.packing = Packing(device, k_dev)
        self._packs = True

    def next_item(self, flying):
        """The next Item that the bridge lacks and that is not among the items `flying`, or None."""
        under_way = [(SEGMENT if item.kind == PACKED else item.kind, item.key) for item in flying]
        for identity, data in self._outbox.tokens():
            new = identity not in self.known.tokens and (TOKEN, identity) not in under_way
            if new and 0 < len(data) <= ITEM_MAX[TOKEN]:
                return Item(TOKEN, identity, len(data), data)
        listed = set()
        for incarnation, stream, seq, data in self._outbox.early():
            key = (incarnation, stream, seq)
            new = key not in self.known.early and (EARLY, key) not in under_way
            if new and 0 < len(data) <= ITEM_MAX[EARLY]:
                return Item(EARLY, key, len(data), data)
            listed.add(key)
        self.known.early = self.known.early & listed  # what is sealed by now needs no remembering
        if self._packs and self.known.packing.is_full():
            return None
        item = self._next_segment(under_way)
        return self._next_carried(under_way) if item is None else item

    def _next_carried(self, under_way):
        if self.carried is None or self._wanted is not None:
            return None
        item = self.carried.next_item(under_way, self.known, self._budget)
        if item is not None and self._budget is not None:
            self._budget -= item.total
        return item

    def _next_segment(self, under_way):
        rows = [row for row in self._outbox.segments() if self._may_go(row, under_way)]
        if not rows:
            return None
        self._segments += 1
        row = rows[0]
        if self._segments % _FLOOR == 0:
            row = max(rows, key=lambda one: one[1])  # the first of its stream
        if self._budget is not None:
            self._budget -= row[3]
        place = tuple(row[:3])
        if self._packs:
            data = self.known.packing.pack(place, self._outbox.read_segment)
            if data is not None:
                return Item(PACKED, place, len(data), data)
        return Item(SEGMENT, place, row[3], None)

    def _may_go(self, row, under_way):
        place, length = tuple(row[:3]), row[3]
        if self.known.segments.covers(place) or self._rejected.covers(place) or (SEGMENT, place) in under_way:
            return False
        if self._wanted is not None and not self._wanted.covers(place):
            return False
        return 0 < length <= ITEM_MAX[SEGMENT] and (self._budget is None or length <= self._budget)

    def read(self, item, at, size):
        """`size` bytes of an item from `at` on; fewer when the outbox no longer has them."""
        if item.kind == SEGMENT:
            return self._outbox.read_segment(*item.key, at, size)
        if item.data is None:
            return self.carried.read(item.key, at, size)
        return item.data[at : at + size]

    def delivered(self, item):
        """The bridge has the item: it is not offered again."""
        if item.kind == TOKEN:
            self.known.tokens.add(item.key)
        elif item.kind == EARLY:
            self.known.early.add(item.key)
        elif item.kind == CARRIED:
            self.known.carried.add(item.key)
        elif item.kind == SEGMENT or self.known.packing.landed(item):
            self.known.segments.add(*item.key, item.key[2])

    def take_held(self, held, tokens):
        self.known.segments.add_held(held)
        self.known.tokens.update(tokens)

    def take_want(self, places, budget):
        """From now on only these segments, and no more bytes than the budget; None: no bound."""
        self._budget = budget
        self._wanted = None
        if places is not None:
            self._wanted = Places()
            self._wanted.add_held(places)

    def forget_delivered(self):
        """What was delivered and is not in the lists that follow is offered again; rejections stay."""
        self.known.forget()

    def settled(self, incarnation, stream, first, last):
        self.known.segments.add(incarnation, stream, first, last)

    def rejected(self, incarnation, stream, segment):
        self._rejected.add(incarnation, stream, segment, segment)

    def refused_packed(self, place):
        """The bridge cannot expand a segment that went packed: it is offered again, as it is."""
        if self.known.packing is not None and self.known.packing.refuse(place):
            self.known.segments.remove(*place)

    def awaited(self):
        """The place of the first segment that was delivered and neither freed nor rejected, or None."""
        for row in self._outbox.segments():
            place = tuple(row[:3])
            if self.known.segments.covers(place) and not self._rejected.covers(place):
                return place
        return None if self.carried is None else self.carried.awaited(self.known.carried)
