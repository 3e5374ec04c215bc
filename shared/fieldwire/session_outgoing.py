"""What a device still has to offer in one session, and what the bridge need not be sent.

Decides which item comes next: tokens, early copies, then segments, the most urgent stream first, and now and then one
of the least urgent, so that it is never starved. It frees nothing; what a bridge holds only saves sending. SPEC 8.3
"""

from fieldwire import ranges
from fieldwire.port import const
from fieldwire.transfer_head import CARRIED, EARLY, ITEM_MAX, PACKED, SEGMENT, TOKEN

_FLOOR = const(8)  # every eighth segment comes from the least urgent stream that has any
_URGENT_FIRST, _FLOOR_FIRST = (0, 1, 2, 3), (3, 2, 1, 0)


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

    `outbox` is what the journal offers: `tokens()` -> ids, and `token(id)` -> bytes; `early()` -> (incarnation,
    stream, seq, bytes) not yet sealed; `places(streams)` -> (incarnation, stream, segment) sealed and not freed,
    those of the first stream first; `length(*place)` -> bytes, 0 when it is gone; `read_segment(*place, offset, n)`
    -> bytes; `seal_hash(*place)` -> 32 bytes or None. It is asked again for each item, one by one, so what is sealed
    meanwhile goes out in the same session, and nothing is read but what goes. `carried`: a session_carried.Carried,
    on a mule: what it has goes after all of our own.
    """

    def __init__(self, outbox, carried=None):
        self._outbox = outbox
        self.carried = carried
        self.known = Known()
        self._rejected = Places()
        self._too_long = Places()  # for a segment, or for what is left of the budget
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
        for identity in self._outbox.tokens():
            if identity in self.known.tokens or (TOKEN, identity) in under_way:
                continue
            data = self._outbox.token(identity)
            if data and len(data) <= ITEM_MAX[TOKEN]:
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
        found = self._choose(_FLOOR_FIRST if (self._segments + 1) % _FLOOR == 0 else _URGENT_FIRST, under_way)
        if found is None:
            return None
        self._segments += 1
        place, length = found
        if self._budget is not None:
            self._budget -= length
        if self._packs:
            data = self.known.packing.pack(place, self._outbox.read_segment)
            if data is not None:
                return Item(PACKED, place, len(data), data)
        return Item(SEGMENT, place, length, None)

    def _choose(self, streams, under_way):
        """(place, length) of the first segment that may go, of the first of `streams` that has any, or None."""
        most = ITEM_MAX[SEGMENT] if self._budget is None else min(ITEM_MAX[SEGMENT], self._budget)
        for place in self._outbox.places(streams):
            if not self._may_go(place, under_way):
                continue
            length = self._outbox.length(*place)
            if 0 < length <= most:
                return place, length
            self._too_long.add(*place, place[2])
        return None

    def _may_go(self, place, under_way):
        if self.known.segments.covers(place) or self._rejected.covers(place) or (SEGMENT, place) in under_way:
            return False
        if self._wanted is not None and not self._wanted.covers(place):
            return False
        return not self._too_long.covers(place)

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
        self._too_long = Places()
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
        for place in self._outbox.places(_URGENT_FIRST):
            if self.known.segments.covers(place) and not self._rejected.covers(place):
                return place
        return None if self.carried is None else self.carried.awaited(self.known.carried)
