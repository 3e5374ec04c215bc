"""The receiving half of a transfer: tiles in any order become items in their own order.

Decides what is missing. Memory grows with the bytes received and never beyond the window, whatever is announced.
Whether an item is true is the verifier's matter. SPEC 8.6
"""

from fieldwire import custody, ranges, transfer_head
from fieldwire.errors import WireError
from fieldwire.transfer_head import SPAN, TILE, WINDOW_TILES


class Receiving:
    """`identity`: the 4 bytes that the sender gave the transfer. `prove(kind, key, bytes) -> proof` of SPEC 8.6."""

    def __init__(self, identity, prove, window=WINDOW_TILES):
        self.identity = identity
        self._prove = prove
        self._window = window
        self.broken = None
        self._base = 0  # tile at which the first item that is not complete begins
        self._data = bytearray()
        self._got = []
        self._incarnation = None

    def take(self, number, chunk):
        """Items completed by `chunk`, whole tiles from tile `number` (modulo SPAN) on: [(kind, key, bytes) ...].

        When what lies there is no item, or not the one that was sent, `broken` bears the code, and the transfer ends.
        """
        count = len(chunk) // TILE
        if not count or len(chunk) % TILE:
            raise WireError("frame-shape", "%d bytes are no whole tiles" % len(chunk))
        ahead = (number - self._base) & (SPAN - 1)
        if ahead + count > self._window:
            return []  # a copy of what was delivered long ago, or more than the window
        at = ahead * TILE
        if at > len(self._data):
            self._data.extend(bytes(at - len(self._data)))
        self._data[at : at + len(chunk)] = chunk
        self._got = ranges.add(self._got, self._base + ahead, self._base + ahead + count)
        done = []
        try:
            self._complete(done)
        except WireError as error:
            self.broken = error.code
        return done

    def _complete(self, done):
        while self._got and self._got[0][0] <= self._base < self._got[0][1]:
            held = self._got[0][1]
            try:
                kind, key, total, size = transfer_head.decode(
                    memoryview(self._data)[: (held - self._base) * TILE], self._incarnation
                )
            except transfer_head.Short:
                break
            end = self._base + transfer_head.tiles(size + total + transfer_head.PROOF)
            if held < end:
                break
            if kind != transfer_head.TOKEN:
                self._incarnation = key[0]
            item = bytes(self._data[size : size + total])
            proof = bytes(self._data[size + total : size + total + transfer_head.PROOF])
            if not custody.matches(self._prove(kind, key, item), proof):
                raise WireError("frame-tag", "an item other than the one that was sent")
            done.append((kind, key, item))
            self._data = self._data[(end - self._base) * TILE :]
            self._base = end
            self._got = ranges.remove(self._got, 0, end)

    def missing(self):
        """(first tile missing, ranges held beyond it)."""
        if self._got and self._got[0][0] <= self._base:
            return self._got[0][1], self._got[1:]
        return self._base, self._got
