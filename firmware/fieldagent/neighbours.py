"""The local link: beacons, tokens and early copies between devices in reach, and time exchanges with any of them.

Decides which early copies are verified: those under a credential whose chain reaches our own mesh's root. Refuses the
rest; an exchange needs no trust, it becomes evidence only when the other side has signed it too. SPEC 8.6, 9.1
"""

from fieldwire import cbor, cose, limits, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.port import const

BEACON, TOKEN, EARLY, ASK, ANSWER = range(0x10, 0x15)
ASKER, ANSWERER = 0, 1

_KNOWN_MAX = const(16)
_QUEUE_MAX = const(24)
_WAITING_MAX = const(6)
_TOKENS_EVERY = const(8)  # beacons between two rounds of tokens, for neighbours that lost one


class Neighbours:
    """`trust`: Trust of the own mesh; `own_tokens`: [bytes ...], issuers first; `heads()` as in a beacon.

    Events: ("early", observation, id, credential) verified, ("exchange", payload of SPEC 9.1).
    `refused` counts by code.
    """

    def __init__(self, device, boot, trust, own_tokens, heads, random_bytes, config):
        self._device = device
        self._boot = boot
        self._trust = trust
        self._own_tokens = own_tokens
        self._heads = heads
        self._random_bytes = random_bytes
        self._config = config
        self._beacon_at_ms = 0
        self._ask_at_ms = None
        self._beacons = 0
        self._heard = {}  # neighbour -> (boot, ms of its last beacon)
        self._queue = []  # frames as bytes, answers and asks as lists still without their last stamp
        self._asked = None  # [xid, t1 ms, answerers heard]
        self._answered = {}  # asker -> ms
        self._seen = []  # ids of early copies that were verified
        self._waiting = []  # frames whose credential or issuer is not held yet
        self._events = []
        self.refused = {}

    def receive(self, frame, now_ms):
        """Takes one unframed frame; what is malformed or not verified is counted and dropped."""
        try:
            if not 1 < len(frame) <= limits.FRAME_MAX or frame[0] not in self._HANDLERS:
                raise WireError("frame-unknown", "no frame of the local link")
            body = cbor.decode(frame[1:], 5)
            if not isinstance(body, list):
                raise WireError("frame-shape", "a body is an array")
            self._HANDLERS[frame[0]](self, body, now_ms)
        except WireError as error:
            self.refused[error.code] = self.refused.get(error.code, 0) + 1

    def next_event(self):
        return self._events.pop(0) if self._events else None

    def deadline(self):
        return self._beacon_at_ms if self._ask_at_ms is None else min(self._beacon_at_ms, self._ask_at_ms)

    def on_deadline(self, now_ms):
        if now_ms >= self._beacon_at_ms:
            self._beacon_at_ms = now_ms + self._config.beacon_ms
            self._beacons += 1
            self._push(_frame(BEACON, [self._device, self._boot, now_ms, self._heads()]))
            if self._beacons % _TOKENS_EVERY == 0:
                self._push_tokens()
        if self._ask_at_ms is not None and now_ms >= self._ask_at_ms:
            self._ask_at_ms = now_ms + self._config.exchange_ms
            self._push([ASK, self._random_bytes(8)])

    def broadcast(self, early_copy):
        """Offers a durable early copy to whoever is in reach."""
        self._push(_frame(EARLY, [early_copy]))

    def to_send(self, now_ms):
        """The next frame; asks and answers get their last stamp here, as close to the wire as a core can be."""
        if not self._queue:
            return None
        waiting = self._queue.pop(0)
        if isinstance(waiting, bytes):
            return waiting
        if waiting[0] == ASK:
            self._asked = [waiting[1], now_ms, []]
            return _frame(ASK, [self._device, waiting[1], self._boot, now_ms])
        asker, xid, t1_boot, t1_ms, t2_ms = waiting[1:]
        stamps = [xid, t1_boot, t1_ms, self._boot, t2_ms, now_ms]
        self._events.append(("exchange", [ANSWERER, asker] + stamps + [None]))
        return _frame(ANSWER, [asker, self._device] + stamps)

    def _push(self, frame):
        if len(self._queue) < _QUEUE_MAX and (not isinstance(frame, bytes) or len(frame) <= limits.FRAME_MAX):
            self._queue.append(frame)

    def _push_tokens(self):
        for data in self._own_tokens:
            self._push(_frame(TOKEN, [data]))

    def _on_beacon(self, body, now_ms):
        if (
            len(body) != 4
            or not obs.is_bytes(body[0], 16)
            or not obs.is_uint(body[1])
            or not obs.is_uint(body[2])
        ):
            raise WireError("frame-shape", "BEACON is [device, boot, ms, heads]")
        device, boot = body[:2]
        last = self._heard.get(device)
        is_new = last is None or last[0] != boot or now_ms - last[1] > 3 * self._config.beacon_ms
        _remember(self._heard, device, (boot, now_ms))
        if is_new:
            self._beacon_at_ms = min(self._beacon_at_ms, now_ms)  # it has not heard us either
            self._push_tokens()
            self._ask_at_ms = now_ms

    def _on_token(self, body, now_ms):
        if len(body) != 1 or not isinstance(body[0], bytes):
            raise WireError("frame-shape", "TOKEN is [token bytes]")
        if tokens.decode(body[0]).typ != cose.CREDENTIAL:
            return  # a neighbour's boot attestation is for bridges to judge
        self._keeping(TOKEN, body, self._trust.add)
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self.receive(frame, now_ms)

    def _on_early(self, body, now_ms):
        if len(body) != 1 or not isinstance(body[0], bytes) or len(body[0]) > limits.EARLY_MAX:
            raise WireError("frame-shape", "EARLY is [early copy bytes]")
        observation, leaf, credential = self._keeping(EARLY, body, self._trust.open_early)
        identity = obs.observation_id(leaf)
        if observation[obs.DEVICE] != self._device and identity not in self._seen:
            self._seen = self._seen[1 - _KNOWN_MAX :] + [identity]
            self._events.append(("early", observation, identity, credential))

    def _keeping(self, kind, body, check):
        """check(bytes), and what it refuses for want of a credential is kept: that may yet come. SPEC 7.7"""
        try:
            return check(body[0])
        except WireError as error:
            if error.code in ("token-unknown", "token-issuer-unknown"):
                self._waiting = self._waiting[1 - _WAITING_MAX :] + [_frame(kind, body)]
            raise

    def _on_ask(self, body, now_ms):
        if len(body) != 4 or not obs.is_bytes(body[0], 16) or not obs.is_bytes(body[1], 8):
            raise WireError("frame-shape", "ASK is [asker, xid, t1 boot, t1 ms]")
        if not obs.is_uint(body[2]) or not obs.is_uint(body[3]) or body[0] == self._device:
            raise WireError("frame-shape", "ASK is [asker, xid, t1 boot, t1 ms], from another device")
        last_ms = self._answered.get(body[0])
        if last_ms is not None and now_ms - last_ms < self._config.exchange_ms // 2:
            raise WireError("frame-limit", "asked too often")
        _remember(self._answered, body[0], now_ms)
        self._push([ANSWER] + body + [now_ms])

    def _on_answer(self, body, now_ms):
        if len(body) != 8 or not obs.is_bytes(body[0], 16) or not obs.is_bytes(body[1], 16):
            raise WireError(
                "frame-shape", "ANSWER is [asker, answerer, xid, t1 boot, t1 ms, t2 boot, t2 ms, t3 ms]"
            )
        asker, answerer, xid = body[:3]
        if not all(obs.is_uint(stamp) for stamp in body[3:]):
            raise WireError("frame-shape", "an ANSWER has unsigned stamps")
        if asker != self._device:
            return  # all hear it
        asked = self._asked
        fits = asked is not None and asked[0] == xid and body[3] == self._boot and body[4] == asked[1]
        if not fits or answerer in asked[2] or len(asked[2]) >= _KNOWN_MAX:
            raise WireError("frame-stale", "an answer to no open ask")
        asked[2].append(answerer)
        self._events.append(("exchange", [ASKER, answerer] + body[2:] + [now_ms]))

    _HANDLERS = {BEACON: _on_beacon, TOKEN: _on_token, EARLY: _on_early, ASK: _on_ask, ANSWER: _on_answer}


def _frame(kind, body):
    return bytes((kind,)) + cbor.encode(body)


def _remember(table, key, value):
    """Sets an entry; a full table starts anew, which costs a repeated greeting."""
    if key not in table and len(table) >= _KNOWN_MAX:
        table.clear()
    table[key] = value
