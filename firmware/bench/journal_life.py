"""A device's log living through days that a seed chooses: observations, seals, custodies, full flash, reboots, cuts.

Decides what happens next. Refuses to judge: every step tells the ledger what it begins and what it was promised.
"""

from ledger import Broken, Ledger
from nor_flash import PowerCut
from quick_signer import QuickSigner

from fieldagent import mount, moving, older_runs, segment_scan
from fieldwire import cbor
from fieldwire import observation as obs
from fieldwire.errors import StorageError

LOADED = (mount, moving, older_runs, segment_scan)  # once: a board compiles nothing when it borrows a module
_ID = b"\x08" * 16
_LEAF_BYTES = 72  # what a leaf takes beside its payload
_UNDRAINED_MAX = 3
_MARGIN = 8  # a drop frees an eighth of what the log holds


class Life:
    """`store.open(flash, new_incarnation) -> Journal`. Every method may raise PowerCut."""

    def __init__(self, store, flash, dice, ledger=None):
        self.store = store
        self.flash = flash
        self.dice = dice
        self.ledger = ledger or Ledger()
        self.signer = QuickSigner()
        self.journal = None
        self._now_ms = 0
        self.refused = 0
        self.starts_that_waited = 0
        self.dropped = 0
        self.recovery_bytes_max = 0

    def boot(self):
        """Starts the log from what is in flash, and asks it for everything that it promised."""
        self.ledger.boots += 1
        self.ledger.power_gone()
        before = self.flash.bytes_read
        try:
            self.journal = self.store.open(self.flash, self.ledger.new_incarnation)
            self._recover()
        except StorageError:
            self._check_power()
            raise
        self.recovery_bytes_max = max(self.recovery_bytes_max, self.flash.bytes_read - before)
        self.ledger.check(self.journal)

    def _recover(self):
        """A start that finds no room to seal in goes on when a bridge takes what is sealed, and only then."""
        if self._has_recovered():
            return
        self.append()  # is refused
        self.idle()
        for key in list(self.journal.held()):
            self.free(key)
            if self._has_recovered():
                self.starts_that_waited += 1
                return
        raise StorageError("no custody makes room for a start")

    def _has_recovered(self):
        try:
            self.journal.recover(self.signer)
        except StorageError:
            if self.journal.bytes < self.journal.capacity:  # it was not for want of room
                raise
        return self.journal.is_recovered

    def live(self, steps):
        for _ in range(steps):
            if self.journal.bytes > self.journal.capacity * 3 // 4:
                self.drop()
            self.dice.one_of(_HABITS)(self)

    def finish(self):
        """All is sealed, drained and freed; a new boot finds nothing but goes on."""
        self.settle()
        for key in list(self.journal.held()):
            self.free(key)
        self.boot()
        self.append()
        self.commit()
        self.boot()

    def settle(self):
        """All is sealed, and nothing is missing."""
        for stream in range(4):
            self.seal(stream)
        self.ledger.check(self.journal)

    # Habits

    def append(self):
        stream = self.dice.one_of((0, 1, 1, 1, 2, 3))
        for _ in range(1 + self.dice.below(3)):
            self._append(stream, self.dice.bytes(4 + self.dice.below(90)))

    def _append(self, stream, filling):
        leaf_bytes = len(filling) + _LEAF_BYTES
        try:
            if not self.journal.room_for(stream, leaf_bytes):
                self._seal(stream)
            seq = self.journal.next_seq(stream)
            position = (self.journal.incarnation, stream, seq)
            leaf = _leaf(position, self.ledger.boots, self._now_ms, filling)
            self.ledger.begin_append(position, leaf)
            self._now_ms += 1
            self.journal.append(stream, leaf, (self.ledger.boots, _ID, _ID), self._now_ms)
            self.ledger.appended(position)
        except StorageError:
            self._refused()

    def commit(self):
        try:
            self.journal.commit()
        except StorageError:
            self._refused()
            return
        self.ledger.committed()

    def append_and_commit(self):
        self.append()
        self.commit()

    def seal_any(self):
        self.seal(self.dice.below(4))

    def seal(self, stream):
        try:
            self._seal(stream)
        except StorageError:
            self._refused()

    def _seal(self, stream):
        key = self.journal.seal(stream, self.signer)
        self.ledger.committed_stream(stream)
        if key is not None:
            self._see(key)

    def _see(self, key):
        if not self.journal.holds(key):
            raise Broken("segment lost: %r was sealed and is not held" % (key,))
        self.ledger.see(self.journal, key)

    def custody(self):
        """Frees the oldest segment of a stream, or any: custodies may come out of order."""
        held = list(self.journal.held())
        if held:
            self.free(held[0] if self.dice.chance(60) else self.dice.one_of(held))

    def custody_twice(self):
        for key in list(self.journal.held())[:1]:
            self.free(key)
            self.journal.free(key)

    def free(self, key):
        if not self.ledger.has_seen(key):  # sealed by a call that then failed
            self._see(key)
        self.ledger.begin_release(key)
        try:
            self.journal.free(key)
        except StorageError:
            self._refused()

    def drop(self):
        """As a full log does: a durable gap record names what goes, and only then is it freed."""
        victims = self.journal.oldest_of_lowest(self.journal.bytes // _MARGIN)
        self._append(0, b"gap %d" % len(victims))
        self.commit()
        for key in victims:
            self.free(key)
        self.dropped += len(victims)

    def idle(self):
        try:
            self.journal.idle()
        except StorageError:
            self._refused()

    def reboot(self):
        self.boot()

    def renew(self):
        """A new incarnation, as after a change of keys; what lies there of older ones stays to be drained."""
        if len({key[0] for key in self.journal.held()}) >= _UNDRAINED_MAX:
            return
        for stream in range(4):
            self.seal(stream)
        asked = self.ledger.new_incarnation()
        self.ledger.renewing(asked)
        try:
            self.journal.renew(asked)
        except StorageError:
            self._refused()
            return
        self.ledger.check(self.journal)

    def _refused(self):
        self._check_power()
        self.refused += 1

    def _check_power(self):
        """Once the power went, a file system can only say that it failed."""
        if self.flash.is_off():
            raise PowerCut("the power went under the file system")


def _leaf(position, boot, now_ms, payload):
    """An observation as far as a log reads it."""
    incarnation, stream, seq = position
    place = {obs.INCARNATION: incarnation, obs.STREAM: stream, obs.SEQ: seq, obs.TREF: [boot, now_ms]}
    place.update({obs.PAYLOAD: payload, obs.CREDENTIAL: _ID, obs.BOOT_ATTESTATION: _ID})
    return cbor.encode(place)


_HABITS = (
    (Life.append_and_commit,) * 12
    + (Life.append,) * 3
    + (Life.seal_any,) * 5
    + (Life.custody,) * 5
    + (Life.idle,) * 4
    + (Life.custody_twice, Life.commit, Life.drop, Life.reboot, Life.renew)
)
