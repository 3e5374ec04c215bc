"""The sending half of a transfer: which tiles go next, and which are known to be lost.

Decides from what the receiver says it holds; a tile goes again only when it was sent before the question that the
receiver answers. It outlives a contact: the next one goes on where the receiver says. SPEC 8.9
"""

from fieldwire import ranges, transfer_head
from fieldwire.port import const
from fieldwire.transfer_head import SPAN, TILE, WINDOW

_PIECE = const(256)  # a heap in small parts finds room for these sooner than for a frame


class Gone(Exception):
    """An item that was announced can no longer be read: the transfer cannot go on."""


class _Placed:
    """An item in the stream, tiles `start` to `end`: its head, its `total` bytes, its proof."""

    def __init__(self, item, start, head, total, proof):
        self.item = item
        self.start = start
        self.head = head
        self.total = total
        self.proof = proof
        self.end = start + transfer_head.tiles(len(head) + total + len(proof))


class Sending:
    """`identity`: 4 bytes that name this transfer; `known`: what its receiver has, for whoever chooses items.

    `read(item, at, size) -> bytes` is set by whoever sends.
    """

    def __init__(self, identity, known=None):
        self.identity = identity
        self.known = known
        self.read = None
        self.bridge = None  # thumbprint of the receiver, once it is known
        self.end = 0  # tiles placed so far
        self.question = 0  # how many were asked
        self._base = 0  # all below is held by the receiver
        self._next = 0  # first tile that was never sent
        self._items = []  # those that the receiver may not have whole
        self._resend = []
        self._flying = []  # [lo, hi, number of questions asked before these tiles went]
        self._began = 0  # questions asked before this contact
        self._incarnation = None

    def begin_contact(self):
        """From here on another link is used: what it has to carry again was not lost on it."""
        self.question += 1
        self._began = self.question

    def place(self, item, kind, key, total, proof):
        """Appends an item to the stream."""
        head = transfer_head.encode(kind, key, total, self._incarnation)
        self._incarnation = transfer_head.incarnation_after(kind, key, self._incarnation)
        placed = _Placed(item, self.end, head, total, proof)
        self._items.append(placed)
        self.end = placed.end

    def items(self):
        """The items that the receiver may still lack."""
        return [placed.item for placed in self._items]

    def ahead(self):
        """Tiles that were placed and never sent."""
        return self.end - self._next

    def left(self):
        """Tiles that are not known to be held."""
        return self.ahead() + sum([entry[1] - entry[0] for entry in self._resend + self._flying])

    def in_flight(self):
        return bool(self._flying)

    def frames_left(self, size, most):
        """How many frames of `size` tiles could go now, counted up to `most`."""
        count = (max(0, self._limit() - self._next) + size - 1) // size
        for lo, hi in self._resend:
            if count >= most:
                break
            count += (hi - lo + size - 1) // size
        return min(count, most)

    def frame(self, size, longest=False):
        """(first tile, [bytes ...]) of the next frame of at most `size` tiles; None when there is nothing to send.

        What was lost goes first; where the longest frame is asked for, whatever makes that.
        """
        pieces = self._resend + [(self._next, self._limit())]
        lo, hi = pieces[0]
        if longest:
            lo, hi = max(pieces, key=lambda one: min(size, one[1] - one[0]))
        hi = min(hi, lo + size)
        if hi <= lo:
            return None
        pieces = self._pieces(lo, hi)
        self._next = max(self._next, hi)
        self._resend = ranges.remove(self._resend, lo, hi)
        last = self._flying[-1] if self._flying else None
        if last is not None and last[1] == lo and last[2] == self.question:
            last[1] = hi
        else:
            self._flying.append([lo, hi, self.question])
        return lo, pieces

    def asked(self):
        """Number of the question that goes now: what is sent from here on comes after it."""
        self.question += 1
        return self.question

    def have(self, question, base, held, told_to):
        """Takes the answer to a question: (ranges lost in this contact, items that the receiver now holds whole).

        Held are all tiles below `base`, a number modulo SPAN, and the ranges `held`, counted from base on; of tiles
        from `told_to` on, counted likewise, nothing is said (None: all is said).
        """
        base = self._base + ((base - self._base) & (SPAN - 1))
        if base > self._next:
            return [], []  # a late answer
        self._base = base
        held = [(0, base)] + [(base + lo, base + hi) for lo, hi in held]
        for low, high in held:
            self._resend = ranges.remove(self._resend, low, high)
        lost, flying = [], []
        for lo, hi, number in self._flying:
            left = [(lo, hi)]
            for low, high in held:
                left = ranges.remove(left, low, high)
            for low, high in left:
                cut = low if number >= question else high
                if told_to is not None:
                    cut = max(low, min(cut, base + told_to))
                if low < cut:
                    self._resend = ranges.add(self._resend, low, cut)
                    if number >= self._began:
                        lost = ranges.add(lost, low, cut)
                if cut < high:
                    flying.append([cut, high, number])
        self._flying = flying
        done = []
        while self._items and self._items[0].end <= base:
            done.append(self._items.pop(0).item)
        return lost, done

    def _limit(self):
        """The receiver keeps tiles from the first item on that it has not whole."""
        return min(self.end, self._items[0].start + WINDOW) if self._items else self.end

    def _pieces(self, lo, hi):
        pieces = []
        for placed in self._items:
            if lo < placed.end and placed.start < hi:
                first, last = max(lo, placed.start) - placed.start, min(hi, placed.end) - placed.start
                self._cut(pieces, placed, first * TILE, last * TILE)
        return pieces

    def _cut(self, pieces, placed, at, end):
        """Appends bytes `at` to `end` of an item as it lies in the stream: head, bytes, proof, zeros."""
        body, proof = len(placed.head), len(placed.head) + placed.total
        if at < body:
            pieces.append(placed.head[at:end])
        begin, stop = max(at, body), min(end, proof)
        while begin < stop:
            size = min(_PIECE, stop - begin)
            data = self.read(placed.item, begin - body, size)
            if len(data) != size:
                raise Gone
            pieces.append(data)
            begin += size
        if proof < end:
            pieces.append(placed.proof[max(0, at - proof) : end - proof])
            pieces.append(bytes(max(0, end - max(at, proof + len(placed.proof)))))
