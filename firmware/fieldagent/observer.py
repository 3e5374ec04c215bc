"""Makes governed observations, puts them into the journal, and seals and drops as the policies say.

Decides when a segment is closed. What is signed alone is durable before anyone hears of it: its early copy is a
function of the durable leaf. What is dropped or refused is named by a durable gap record first. SPEC 5, 6
"""

from fieldagent.leaf import Leaves
from fieldagent.losses import FULL, THINNED, Losses
from fieldagent.space import Space
from fieldwire import cbor
from fieldwire import observation_writer as obs
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const

_EARLY_HELD_MAX = const(16)


class Made:
    """One observation just made: its bytes, and its early copy or None."""

    def __init__(self, data, early_copy):
        self.data = data
        self.early_copy = early_copy

    @property
    def id(self):
        return obs.observation_id(self.data)

    @property
    def observation(self):
        return cbor.decode(self.data)


class Observer:
    """`config`: seal_count, seal_age_ms, full. `utc() -> (s, ms, uncertainty_ms) | None`."""

    def __init__(self, identity, boot, attestation, journal, config, utc):
        self._identity = identity
        self._author = (boot, identity.credential, attestation)
        self._journal = journal
        self._config = config
        self._utc = utc
        self._leaves = Leaves(identity.device, identity.k_dev, journal.incarnation, self._author)
        self._space = Space(journal, config.full)
        self._losses = Losses(journal, self._write_gap, boot)
        self._wanted = []  # streams to be sealed whatever they hold, urgent first
        self._early = []  # [(incarnation, stream, seq, early copy) ...] not yet sealed
        self._early_in_open = {}  # stream -> leaves of the open segment that are signed already
        self.signatures = 0  # how often the key was used
        self.signed = 0
        self.journalled = 0
        self.utc_faults = 0

    @property
    def dropped(self):
        """Observations that went without custody."""
        return self._losses.dropped

    @property
    def refused(self):
        """Readings that a full journal kept out."""
        return self._losses.refused

    def early(self):
        return self._early

    # Observing

    def observe(self, stream, content_format, subject, payload, now_ms, early=False, lineage=None):
        """Puts one observation into the journal and returns it as Made; None when the full journal refuses it.

        `lineage` = (sources, derivation entry). StorageError when the flash does not take it: then it was not observed.
        """
        tref = [self._author[0], now_ms]
        reading = self._utc()  # before anything slow: it claims to be the UTC of now_ms
        if reading is not None:
            try:
                tref.append(_utc_claim(reading))
            except WireError:
                self.utc_faults += 1  # a receiver's junk is no claim, and no reason to lose the reading
        if self._is_refused(stream):
            self._losses.refuse(stream, now_ms)
            return None
        while self._space.is_short():
            self._drop_some(now_ms)
        is_early = early or stream == obs.URGENT
        return self._write(stream, content_format, subject, payload, tref, is_early, lineage)

    def _is_refused(self, stream):
        is_waiting = self._losses.is_waiting(stream) or not self._journal.is_recovered
        return is_waiting or self._space.is_closed_to(stream)

    def _write(self, stream, content_format, subject, payload, tref, early, lineage):
        if self._identity.credential is not self._author[1]:
            self._take_credential()
        if not self._journal.room_for(stream, len(payload) + 768):
            self.seal(stream)
        seq = self._journal.next_seq(stream)
        data = self._leaves.encode(stream, seq, tref, content_format, subject, payload, lineage)
        self._journal.append(stream, data, self._author, tref[1])
        copy = None
        if early:
            self._journal.commit()
            copy = self._sign_early(stream, seq, data)
        self.journalled += 1
        return Made(data, copy)

    def _sign_early(self, stream, seq, data):
        copy = obs.early_copy(data, self._identity.signer)
        self.signatures += 1
        self.signed += 1
        self._early_in_open[stream] = self._early_in_open.get(stream, 0) + 1
        self._early.append((self._journal.incarnation, stream, seq, copy))
        if len(self._early) > _EARLY_HELD_MAX:
            self._early.pop(0)  # it travels under its seal
        return copy

    def _take_credential(self):
        """Leaves under another credential go under another seal. SPEC 6.2"""
        self.seal_all()
        self._author = (self._author[0], self._identity.credential, self._author[2])
        self._leaves = Leaves(
            self._identity.device, self._identity.k_dev, self._journal.incarnation, self._author
        )

    # Sealing

    def seal(self, stream):
        """Seals what waits in a stream; True when there was anything."""
        count, _ = self._journal.waiting(stream)
        key = self._journal.seal(stream, self._identity.signer)
        self.signatures += key is not None
        self.signed += count - self._early_in_open.pop(stream, 0)
        self._early = [entry for entry in self._early if entry[1] != stream]
        if key is not None and stream == obs.URGENT:
            self._losses.sealed_urgent(key, count)
        return key is not None

    def seal_all(self):
        for stream in range(4):
            self.seal(stream)

    def want_seals(self):
        """Has `tend` close what every stream holds now, one stream a call."""
        self._wanted = [0, 1, 2, 3]

    def tend(self, now_ms, age_ms_max):
        """Does the one thing that is most due: goes on where readings waited, makes room, or seals one stream.

        True when it did something. A seal costs one signature, a gap record none before its seal.
        """
        if self._losses.is_stopped() and self._space.is_open_again():
            self._losses.go_on(now_ms)
            return True
        if self._space.is_near() and self._space.victims():
            self._drop_some(now_ms)
            return True
        return self.seal_due(now_ms, age_ms_max)

    def seal_due(self, now_ms, age_ms_max):
        """Seals the most urgent stream that is wanted, has waited for `age_ms_max`, or holds a segment's count."""
        for stream in range(4):
            count, opened_ms = self._journal.waiting(stream)
            if opened_ms is None:
                continue
            full = count >= self._config.seal_count or now_ms - opened_ms >= age_ms_max
            if full or stream in self._wanted or self._journal.is_pressed(stream):
                self._wanted = [one for one in self._wanted if one > stream]
                return self.seal(stream)
        self._wanted = []
        return False

    # Space

    def drop(self, keys, reason, now_ms):
        """Frees segments behind a durable gap record that names them."""
        self._losses.drop(keys, reason, now_ms)

    def _drop_some(self, now_ms):
        victims = self._space.victims()
        if not victims:
            self.seal_all()
            victims = self._space.victims()
        if not victims:
            raise StorageError("the journal is full and holds no segment to drop; give it more room")
        self._losses.drop(victims, THINNED if self._config.full == "thin" else FULL, now_ms)

    def _write_gap(self, payload, now_ms):
        self._write(obs.URGENT, obs.GAP_FORMAT, "log/gap", payload, [self._author[0], now_ms], False, None)
        self._journal.commit()


def _utc_claim(reading):
    """The UTC reading of SPEC 5.3 for (s, ms, uncertainty_ms); WireError where these are none."""
    from fieldwire import tref  # only a board with a UTC receiver needs it

    claim = tref.utc(reading[0] * 1000 + reading[1], reading[2])
    tref.check_tref([0, 0, claim])
    return claim
