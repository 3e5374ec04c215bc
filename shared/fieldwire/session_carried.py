"""What a mule offers a bridge of other devices: their segments, each after the tokens without which nobody can read it.

Decides what goes next and what waits for custody. Verifies nothing and frees nothing: the store does. SPEC 8.11
"""

from fieldwire.session_outgoing import Item
from fieldwire.transfer_head import CARRIED, TOKEN


class Carried:
    """One session's part. A place is (device, incarnation, stream, segment).

    `store`: `segments()` -> [(place, length) ...]; `needs(place)` -> ids of tokens, issuers first; `token(id)` ->
    bytes or None; `read(place, at, size)` -> bytes, fewer when they are gone.
    """

    def __init__(self, store):
        self._store = store
        self.read = store.read
        self._refused = set()

    def next_item(self, under_way, known, budget):
        """The next Item, or None; `known`: what the bridge has, `budget`: bytes that may go, or None."""
        rows = self._store.segments()
        known.carried = known.carried & {
            place for place, _ in rows
        }  # what has its answer needs no remembering
        for place, length in rows:
            if place in known.carried or place in self._refused or (CARRIED, place) in under_way:
                continue
            if budget is not None and length > budget:
                continue
            for identity in self._store.needs(place):
                if identity in known.tokens or (TOKEN, identity) in under_way:
                    continue
                data = self._store.token(identity)
                if data:
                    return Item(TOKEN, identity, len(data), data)
            return Item(CARRIED, place, length, None)
        return None

    def refused(self, device, incarnation, stream, first, last):
        """No custody is to be had here for these."""
        for place, _ in self._store.segments():
            if place[:3] == (device, incarnation, stream) and first <= place[3] <= last:
                self._refused.add(place)

    def awaited(self, delivered):
        """The first place of those that has got no answer, or None."""
        for place, _ in self._store.segments():
            if place in delivered and place not in self._refused:
                return place
        return None
