"""The receiving half of a transfer: tiles in any order become items in their own order.

Decides what is missing, and whether an item is the one that was sent. Memory stays within the window, whatever is
announced. Whether an item is true is the verifier's matter. SPEC 8.9
"""

from fieldwire import custody, ranges, transfer_head
from fieldwire.errors import WireError
from fieldwire.transfer_head import PROOF, SPAN, TILE, WINDOW


class Receiving:
    """`identity`: the 4 bytes that the sender gave the transfer. `prove(kind, key, bytes) -> proof` of SPEC 8.9."""

    def __init__(self, identity, prove):
        self.identity = identity
        self.broken = None
        self._prove = prove
        self._base = 0  # tile at which the first item that is not complete begins
        self._data = bytearray()
        self._got = []
        self._incarnation = None

    def take(self, number, chunk):
        """Items completed by `chunk`, whole tiles from tile `number` (modulo SPAN) on: [(kind, key, bytes) ...].

        When what lies there is no item, or not the one that was sent, `broken` bears the code, and the transfer ends.
        """
        ahead = (number - self._base) & (SPAN - 1)
        count = len(chunk) // TILE
        if ahead + count > WINDOW:
            return []  # a copy of what was delivered before, or more than the window
        at = ahead * TILE
        if at > len(self._data):
            self._data.extend(bytes(at - len(self._data)))
        self._data[at : at + len(chunk)] = chunk
        self._got = ranges.add(self._got, self._base + ahead, self._base + ahead + count)
        done = []
        try:
            while self._complete(done):
                pass
        except WireError as error:
            self.broken = error.code
        return done

    def _complete(self, done):
        """Moves the first item to `done`; False where it has not all come yet."""
        held = self._held() - self._base
        try:
            head = memoryview(self._data)[: held * TILE]
            kind, key, total, at = transfer_head.decode(head, self._incarnation)
        except transfer_head.Short:
            return False
        count = transfer_head.tiles(at + total + PROOF)
        if held < count:
            return False
        item = bytes(self._data[at : at + total])
        if not custody.matches(
            self._prove(kind, key, item), bytes(self._data[at + total : at + total + PROOF])
        ):
            raise WireError("frame-tag", "an item other than the one that was sent")
        self._incarnation = transfer_head.incarnation_after(kind, key, self._incarnation)
        done.append((kind, key, item))
        self._data = self._data[count * TILE :]
        self._base += count
        self._got = ranges.remove(self._got, 0, self._base)
        return True

    def _held(self):
        """First tile that is missing."""
        return self._got[0][1] if self._got and self._got[0][0] <= self._base else self._base

    def missing(self):
        """(first tile missing, ranges held beyond it, counted from there)."""
        first = self._held()
        return first, [(lo - first, hi - first) for lo, hi in self._got if lo > first]
