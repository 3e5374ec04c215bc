"""The side of a mule: it asks who lets their log be carried, takes segments one by one, and brings custody back.

Decides what is worth keeping: segments whose seal verifies under a credential of the own mesh, with all tokens that a
bridge needs for that. Refuses the rest; where it lies is the store's matter. SPEC 8.11
"""

from fieldagent.revoked import Revoked
from fieldagent.trust import Trust
from fieldwire import carry_frames, cose, keys, limits, ranges, seal, tokens
from fieldwire.carry_frames import CARRY, FETCH, KEPT, OFFER, PART, PART_HEAD_MAX, PARTS_MAX, TAKEN
from fieldwire.ed25519 import verify
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const

_TRIES_MAX = const(8)
_WAITING_MAX = const(32)
_MARGIN_MS = const(20)


class _Fetch:
    """One item on its way; `total` is 0 until a PART has told it."""

    def __init__(self, item, total):
        self.item = item
        self.total = total
        self.data = bytearray(total)
        self.got = []

    def missing(self):
        """(at, end) of the first bytes that are not here; None when there are none."""
        end = self.total or carry_frames.item_max(self.item)
        at = self.got[0][1] if self.got and self.got[0][0] == 0 else 0
        if at >= end:
            return None
        later = [lo for lo, _ in self.got if lo > at]
        return at, later[0] if later else end

    def take(self, at, total, data):
        """True when a PART tells something new."""
        if not self.total:
            self.total = total
            self.data = bytearray(total)
        if total != self.total:
            raise WireError("frame-shape", "an item of another length than it was said to have")
        if ranges.covers(self.got, at, at + len(data)):
            return False
        self.data[at : at + len(data)] = data
        self.got = ranges.add(self.got, at, at + len(data))
        return True


class Mule:
    """Five methods as every protocol object here. `store`: CarryStore; `files`: for the revocations held.

    `link`: the terms of the local link; `wake(now_ms)` is called when there is something new to offer. `refused` counts
    by code what was not kept.
    """

    def __init__(self, identity, files, store, link, interval_ms, wake):
        self._identity = identity
        self._files = files
        self._store = store
        self._link = link
        self._interval_ms = interval_ms
        self._wake = wake
        self._call_at_ms = 0
        self._due_ms = None
        self._tries = 0
        self._queue = []  # frames
        self._device = None  # of whom segments are taken now
        self._waiting = []  # [(place, length) ...] of the offer, still to take
        self._fetch = None
        self._asked_end = 0
        self._segment = None  # (place, bytes) that came and waits for its tokens
        self._tokens = {}  # id -> Token, of the device
        self._trust = None
        self.refused = {}

    def receive(self, frame, now_ms):
        """Takes one unframed frame; what is malformed or not verified is counted and dropped."""
        try:
            kind, body = carry_frames.decode(frame)
            if kind in (OFFER, PART, TAKEN) and body[1] == self._identity.device:
                self._HANDLERS[kind](self, body, now_ms)
        except WireError as error:
            self._refuse(error.code)
        except StorageError:  # the flash is full or worn: somebody else may carry this
            self._refuse("storage")
            self._part_from_device()

    def _refuse(self, code):
        self.refused[code] = self.refused.get(code, 0) + 1

    def next_event(self):
        """Nothing here is the agent's to know."""

    def deadline(self):
        return self._call_at_ms if self._due_ms is None else min(self._call_at_ms, self._due_ms)

    def on_deadline(self, now_ms):
        if now_ms >= self._call_at_ms:
            self._call_at_ms = now_ms + self._interval_ms
            if self._device is None or self._tries:  # who does not answer may be gone, or be back
                self._queue.append(carry_frames.encode(CARRY, [self._identity.device]))
        if self._due_ms is not None and now_ms >= self._due_ms:
            self._tries += 1
            if self._tries > _TRIES_MAX:
                self._part_from_device()
            else:
                self._ask(now_ms)

    def to_send(self, now_ms):
        return self._queue.pop(0) if self._queue else None

    def _on_offer(self, body, now_ms):
        device = body[0]
        for receipt in self._store.receipts_for(device):
            self._queue.append(carry_frames.encode(KEPT, [self._identity.device] + [device] + receipt[1:]))
        if device == self._identity.device or (self._device is not None and not self._tries):
            return
        if device == self._device:
            self._tries = 0  # it was out of reach for a while
            self._ask(now_ms)
            return
        waiting = [((device,) + tuple(row[:3]), row[3]) for row in body[2]]
        self._waiting = [row for row in waiting if 0 < row[1] <= limits.CARRIED_SEGMENT_MAX][:_WAITING_MAX]
        self._device = device
        self._trust = Trust(self._identity.mesh_id, self._identity.root, verify)
        self._trust.revoked = Revoked(self._files, self._trust)
        self._next_segment(now_ms)

    def _on_taken(self, body, now_ms):
        self._store.forget_receipt([body[0]] + body[2:])

    def _next_segment(self, now_ms):
        self._segment, self._tokens = None, {}
        while self._waiting:
            place, length = self._waiting.pop(0)
            if self._store.wants(place, length):
                self._begin(list(place[1:]), length, now_ms)
                return
        self._part_from_device()

    def _part_from_device(self):
        """Another may offer something."""
        self._device = self._fetch = self._segment = self._trust = self._due_ms = None
        self._waiting, self._tokens = [], {}

    def _begin(self, item, total, now_ms):
        self._fetch = _Fetch(item, total)
        self._tries = 0
        self._ask(now_ms)

    def _ask(self, now_ms):
        """Asks for what is missing next, as much as one answer has, and waits for as long as that takes."""
        at, end = self._fetch.missing()
        step = self._link.frame_max - PART_HEAD_MAX
        end = min(end, at + PARTS_MAX * step)
        self._queue.append(
            carry_frames.encode(FETCH, [self._identity.device, self._device, self._fetch.item, at, end])
        )
        frames = 1 + (end - at + step - 1) // step
        wait_ms = (
            frames * self._link.wire_ms(self._link.frame_max) + 2 * self._link.turnaround_ms + _MARGIN_MS
        )
        self._due_ms = now_ms + (wait_ms << min(self._tries, 4))
        self._asked_end = end

    def _on_part(self, body, now_ms):
        device, _, item, at, total, data = body
        fetch = self._fetch
        if device != self._device or fetch is None or item != fetch.item or not fetch.take(at, total, data):
            return
        self._tries = 0
        if fetch.missing() is None:
            self._fetch = self._due_ms = None
            self._arrived(fetch.item, bytes(fetch.data), now_ms)
        elif at + len(data) >= min(self._asked_end, fetch.total):
            self._ask(now_ms)

    def _arrived(self, item, data, now_ms):
        """A whole item: what is wrong about it costs the segment that it was for."""
        try:
            if isinstance(item, bytes):
                self._take_token(item, data)
            else:
                self._segment = ((self._device,) + tuple(item), data)
            self._go_on(now_ms)
        except WireError as error:
            self._refuse(error.code)
            self._next_segment(now_ms)

    def _take_token(self, identity, data):
        token = tokens.decode(data)
        if token.id != identity:
            raise WireError("token-unknown", "a token other than the one that was named")
        self._tokens[identity] = token

    def _go_on(self, now_ms):
        """Fetches the next token that the segment needs, or keeps it with all of them."""
        place, data = self._segment
        body = seal.decode(seal.decode_segment(data)[0])[1]
        if (body.incarnation, body.stream, body.segment) != place[1:]:
            raise WireError("seal-shape", "a segment other than the one that was offered")
        chain, lacking = self._chain(body)
        if lacking is not None:
            self._begin(lacking, 0, now_ms)
            return
        self._check(place[0], body, chain, data)
        self._store.put(place, data, [(token.id, token.data) for token in chain])
        self._wake(now_ms)
        self._next_segment(now_ms)

    def _chain(self, body):
        """(tokens that the segment needs, issuers first, the boot attestation last; None), or (None, id to fetch)."""
        attestation = self._token(body.attestation)
        if attestation is None:
            return None, body.attestation
        found, identity = [attestation], body.credential
        while identity is not None:
            token = self._token(identity)
            if token is None:
                return None, identity
            if token.typ != cose.CREDENTIAL or len(found) > limits.DELEGATION_DEPTH_MAX + 2:
                raise WireError("token-chain", "the chain of the segment's credential is none")
            found.insert(0, token)
            identity = token.claims.get(tokens.ISSUER)
        return found, None

    def _token(self, identity):
        """A token that came from the device, or that lies in the store beside another segment."""
        if identity not in self._tokens:
            data = self._store.token(identity)
            if data is None:
                return None
            self._tokens[identity] = tokens.decode(data)
        return self._tokens[identity]

    def _check(self, device, body, chain, data):
        """WireError unless the segment is the device's own, under a credential of our mesh that stands."""
        for token in chain[:-1]:
            self._trust.add(token.data)
        attestation, credential = chain[-1], self._trust.credential(body.credential)
        if keys.device_id(credential.public) != device:
            raise WireError("device-mismatch", "the credential is of another device")
        self._trust.check_standing(credential)
        if attestation.typ != cose.BOOT:
            raise WireError("token-shape", "no boot attestation")
        cose.check(attestation.message, credential.public, verify)
        seal.check_segment(data, credential.public, device, verify)

    _HANDLERS = {OFFER: _on_offer, PART: _on_part, TAKEN: _on_taken}
