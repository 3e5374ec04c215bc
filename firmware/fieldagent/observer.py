"""Makes governed observations, puts them into the journal and decides when a segment is sealed.

An observation is durable before anyone hears of it: its early copy is a function of the durable leaf alone. When
space runs out the least urgent sealed segments go, and a gap record in the urgent stream names them first. SPEC 5, 6
"""

from fieldwire import cbor
from fieldwire import observation as obs
from fieldwire.errors import StorageError

_EARLY_HELD_MAX = 16
_GAP_RANGES_MAX = 8
_MARGIN_BYTES = 16_384  # four streams may each begin a block, or write a segment beside its open file


class Made:
    """One observation just made: its map, bytes, id, and early copy or None."""

    def __init__(self, observation, data, identity, early_copy):
        self.observation = observation
        self.data = data
        self.id = identity
        self.early_copy = early_copy


class Observer:
    """`config`: seal_count, seal_age_ms, journal_bytes. `utc() -> (s, ms, uncertainty_ms) | None`."""

    def __init__(self, identity, boot, attestation, journal, config, utc):
        self._identity = identity
        self._author = (boot, identity.credential, attestation)
        self._journal = journal
        self._config = config
        self._utc = utc
        self._early = []  # [(incarnation, stream, seq, early copy) ...] not yet sealed
        self._early_in_open = {}  # stream -> leaves of the open segment that are signed already
        self.signed = 0
        self.journalled = 0
        self.dropped = 0

    def early(self):
        return self._early

    def observe(self, stream, content_format, subject, payload, now_ms, early=False, lineage=None):
        """Makes one observation durable and returns it as Made. `lineage` = (sources, derivation entry).

        StorageError when the flash does not take it: then it was not observed.
        """
        tref = [self._author[0], now_ms]
        reading = self._utc()  # before anything slow: it claims to be the UTC of now_ms
        if reading is not None:
            tref.append(_utc_claim(reading))
        self._make_room(now_ms)
        return self._write(stream, content_format, subject, payload, tref, early, lineage)

    def _write(self, stream, content_format, subject, payload, tref, early, lineage):
        if not self._journal.room_for(stream, len(payload) + 768):
            self.seal(stream)
        _, credential, attestation = self._author
        seq = self._journal.next_seq(stream)
        observation = {
            obs.DEVICE: self._identity.device,
            obs.INCARNATION: self._journal.incarnation,
            obs.STREAM: stream,
            obs.SEQ: seq,
            obs.TREF: tref,
            obs.FORMAT: content_format,
            obs.SUBJECT: subject,
            obs.PAYLOAD: payload,
            obs.CREDENTIAL: credential,
            obs.BOOT_ATTESTATION: attestation,
            obs.SALT: obs.salt(
                self._identity.k_dev, self._identity.device, self._journal.incarnation, stream, seq
            ),
        }
        if lineage is not None:
            observation[obs.SOURCES], observation[obs.DERIVATION] = lineage
        data = obs.encode(observation)
        self._journal.append(stream, data, self._author, tref[1])
        self.journalled += 1
        copy = self._sign_early(observation, data) if early or stream == obs.URGENT else None
        return Made(observation, data, obs.observation_id(data), copy)

    def _sign_early(self, observation, data):
        copy = obs.early_copy(data, self._identity.signer)
        _, incarnation, stream, seq = obs.position(observation)
        self.signed += 1
        self._early_in_open[stream] = self._early_in_open.get(stream, 0) + 1
        self._early.append((incarnation, stream, seq, copy))
        if len(self._early) > _EARLY_HELD_MAX:
            self._early.pop(0)
        return copy

    # Sealing

    def seal(self, stream):
        """Seals what waits in a stream; True when there was anything."""
        count, _ = self._journal.waiting(stream)
        key = self._journal.seal(stream, self._identity.signer)
        self.signed += count - self._early_in_open.pop(stream, 0)
        self._early = [entry for entry in self._early if entry[1] != stream]
        return key is not None

    def seal_all(self):
        for stream in range(4):
            self.seal(stream)

    def seal_due(self, now_ms, age_ms_max):
        """Seals each stream that has waited for longer than `age_ms_max`, or holds as much as a segment should."""
        for stream in range(4):
            count, opened_ms = self._journal.waiting(stream)
            if opened_ms is not None and (
                count >= self._config.seal_count or now_ms - opened_ms >= age_ms_max
            ):
                self.seal(stream)

    # Space

    def _make_room(self, now_ms):
        limit = self._config.journal_bytes
        if self._journal.bytes + _MARGIN_BYTES <= limit:
            return
        if not self._journal.held():
            self.seal_all()
        victims, ranges = _ranges(self._journal.oldest_of_lowest(max(_MARGIN_BYTES, limit // 8)))
        if not victims:
            raise StorageError("journal_bytes %d is full and holds no segment to drop; raise it" % limit)
        payload = cbor.encode([entry + ["journal full"] for entry in ranges])
        self._write(obs.URGENT, obs.GAP_FORMAT, "log/gap", payload, [self._author[0], now_ms], True, None)
        for key in victims:
            self.dropped += self._journal.free(key)


def _ranges(keys):
    """(keys, [[incarnation, stream, first, last] ...]): runs of neighbours, as many as a gap record takes."""
    taken, ranges = [], []
    for incarnation, stream, segment in keys:
        if ranges and ranges[-1][:2] == [incarnation, stream] and ranges[-1][3] + 1 == segment:
            ranges[-1][3] = segment
        elif len(ranges) == _GAP_RANGES_MAX:
            break
        else:
            ranges.append([incarnation, stream, segment, segment])
        taken.append((incarnation, stream, segment))
    return taken, ranges


def _utc_claim(reading):
    """Tag 1001 of SPEC 5.3 for (s, ms, uncertainty_ms); clock class 0: unspecified."""
    second, milli, uncertainty_ms = reading
    within = {1: uncertainty_ms // 1000, -3: uncertainty_ms % 1000}
    return cbor.Tag(1001, {1: second, -2: 0, -3: milli, -7: within})
