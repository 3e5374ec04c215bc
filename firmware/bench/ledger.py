"""What a log has promised, kept outside it: written from the promises of JOURNAL.md, in nothing from the log's code.

Decides after a cut whether a promise is broken. What was begun is noted before the log is called, what was promised
after it returned; so a copy taken at any moment is what the world knew when the power went.
"""

from hashlib import sha256

from quick_signer import PUBLIC, quick_verify

from fieldwire import cose, merkle, seal


class Broken(Exception):
    """A promise is broken; the message names it first."""


class Ledger:
    """Positions are (incarnation, stream, seq), segments (incarnation, stream, segment)."""

    def __init__(self):
        self.incarnations = 0
        self.boots = 0
        self.written = {}  # position -> leaf, from the moment the log was asked to append it
        self._waiting = []  # positions appended since the last commit
        self.owed = set()  # positions committed and not released
        self._highest = {}  # (incarnation, stream) -> highest seq that was used
        self._seals = {}  # segment -> (digest of its bytes, seal hash, previous, first, count)
        self._homes = {}  # position -> segment
        self._released = set()
        self._committed_in = set()  # incarnations in which something was committed
        self._current = None  # incarnation at the last check
        self._asked = set()  # incarnations that a renewal was to begin, while a cut may have left it in doubt

    def copy(self):
        other = Ledger()
        other.incarnations = self.incarnations
        other.boots = self.boots
        other.written = dict(self.written)
        other._waiting = list(self._waiting)
        other.owed = set(self.owed)
        other._highest = dict(self._highest)
        other._seals = dict(self._seals)
        other._homes = dict(self._homes)
        other._released = set(self._released)
        other._committed_in = set(self._committed_in)
        other._current = self._current
        other._asked = set(self._asked)
        return other

    # What the life does

    def new_incarnation(self):
        """Handed to the log as its source of random bytes."""
        self.incarnations += 1
        return b"incarn" + self.incarnations.to_bytes(2, "big")

    def begin_append(self, position, leaf):
        place, seq = position[:2], position[2]
        if seq <= self._highest.get(place, -1):
            raise Broken("seq repeated: %r after %d" % (position, self._highest[place]))
        self._highest[place] = seq
        self.written[position] = leaf

    def appended(self, position):
        self._waiting.append(position)

    def committed(self):
        """All that was appended so far is promised."""
        for position in self._waiting:
            self.owed.add(position)
            self._committed_in.add(position[0])
            self._asked.clear()
        self._waiting.clear()

    def committed_stream(self, stream):
        """A seal returned: what its stream had appended is promised."""
        others = [position for position in self._waiting if position[1] != stream]
        self._waiting = [position for position in self._waiting if position[1] == stream]
        self.committed()
        self._waiting = others

    def power_gone(self):
        self._waiting.clear()

    def renewing(self, incarnation):
        """The log is told to take a new incarnation. After a cut a start may find the old one or the new one.

        One that finds the new one has made it firm. One that finds the old one may be followed by one that finds the
        new one, until something was committed: that lies behind what the renewal left, or where it was erased.
        """
        self._asked.add(incarnation)

    def begin_release(self, key):
        """A custody, or a drop that a durable gap record names: the log may forget the segment."""
        self._released.add(key)
        _, _, _, first, count = self._seals[key]
        for seq in range(first, first + count):
            self.owed.discard(key[:2] + (seq,))

    def has_seen(self, key):
        return key in self._seals

    # What must hold

    def check(self, journal):
        """The whole log against every promise. For a log that has recovered and holds nothing open."""
        found = set()
        held = set()
        for key in journal.held():
            held.add(key)
            self.see(journal, key)
            _, _, _, first, count = self._seals[key]
            found.update([key[:2] + (seq,) for seq in range(first, first + count)])
        lost = self.owed - found
        if lost:
            raise Broken(
                "record lost: %d of %d committed, %r" % (len(lost), len(self.owed), sorted(lost)[:4])
            )
        gone = [key for key in self._seals if key not in held and key not in self._released]
        if gone:
            raise Broken("segment lost: %r" % gone[:4])
        self._check_heads(journal)
        self._check_incarnation(journal.incarnation)

    def _check_incarnation(self, found):
        if found in self._asked:
            self._asked.clear()
        elif found != self._current and self._current in self._committed_in:
            raise Broken("incarnation changed though its last seq was never in doubt")
        self._current = found

    def _check_heads(self, journal):
        for incarnation, stream, segment, seal_hash in journal.heads():
            known = self._seals.get((incarnation, stream, segment))
            if known is None or known[1] != seal_hash:
                raise Broken("head of a segment that nobody saw: %r" % ((incarnation, stream, segment),))

    def see(self, journal, key):
        """A segment that the log offers: it verifies, says what was written, and says it once."""
        data = journal.read(key, 0, journal.length(key))
        digest = sha256(data).digest()
        known = self._seals.get(key)
        if known is None:
            self._seals[key] = self._opened(journal, key, data, digest)
        elif known[0] != digest:
            raise Broken("two contents for one segment: %r" % (key,))
        if self._seals[key][1] != journal.seal_hash(key):
            raise Broken("seal hash of %r is not that of its seal" % (key,))

    def _opened(self, journal, key, data, digest):
        seal_bytes, leaves = seal.decode_segment(data)
        message, body = seal.decode(seal_bytes)
        if (body.incarnation, body.stream, body.segment) != key or body.count != len(leaves):
            raise Broken("segment %r under another's seal" % (key,))
        root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
        cose.check(message, PUBLIC, quick_verify, root)
        for index, leaf in enumerate(leaves):
            position = key[:2] + (body.first + index,)
            if self.written.get(position) != leaf:
                raise Broken("record that was never written: %r in %r" % (position, key))
            if self._homes.setdefault(position, key) != key:
                raise Broken("position in two segments: %r" % (position,))
        seal_hash = seal.seal_hash(message.protected_bytes, root)
        return digest, seal_hash, body.previous, body.first, body.count

    def check_chains(self):
        """Each seal names the hash of the one before it, from segment 0 on without a hole."""
        for key, known in self._seals.items():
            if key[2] == 0:
                continue
            before = self._seals.get(key[:2] + (key[2] - 1,))
            if before is None or before[1] != known[2]:
                raise Broken("chain broken before %r" % (key,))
