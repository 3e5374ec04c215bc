"""A device's outbox, a bridge's keeper and a channel for session tests, on both runtimes.

Items carry a digest under a key that the channel lacks, in place of a signature: what the keeper accepts is
what the outbox offered. Time is simulated.
"""

from hashlib import sha256

from fieldwire import custody
from fieldwire.hmac import hmac_sha256
from fieldwire.link_terms import Lora, Serial
from fieldwire.session import BridgeSession, DeviceSession
from fieldwire.session_frames import UNTAGGED, decode, is_call, name_of
from fieldwire.transfer_head import EARLY, SEGMENT, TILE, TOKEN

DEVICE = bytes(range(16))
BRIDGE = bytes(range(32, 64))
K_DEV = bytes(range(64, 96))
K = custody.link_key(K_DEV, BRIDGE)
INCARNATION = bytes(range(8))
SEALING_KEY = b"known to the device alone, and to the verifier"


class Link(Serial):
    def __init__(self, frame_max=256, baud=115_200, turnaround_ms=5):
        super().__init__(baud, turnaround_ms, frame_max)


def radio(factor=7, frame_max=222):
    """A LoRa channel, on which one talks at a time."""
    return Lora(factor, 125_000, frame_max)


def sealed(stream, number, size):
    """Bytes of an item: a body that depends on its place and a digest that proves it."""
    body = bytes((stream * 31 + number * 7 + at * 13) & 0xFF for at in range(size - 32))
    return body + hmac_sha256(SEALING_KEY, bytes((stream, number)) + body)


def is_sealed(stream, number, data):
    return data[-32:] == hmac_sha256(SEALING_KEY, bytes((stream, number)) + data[:-32])


def token(number, size):
    """(id, bytes) of a token."""
    data = bytes((number + at) & 0xFF for at in range(size))
    return sha256(data).digest()[:16], data


def seal_hash(data):
    return sha256(b"seal" + data).digest()


class Outbox:
    """What a journal offers. `kept` maps (stream, segment) to bytes that are not freed.

    `tokens` are sizes, `early` (stream, seq, size), `segments` (stream, segment, size).
    """

    def __init__(self, tokens=(), early=(), segments=()):
        self._tokens = [token(number, size) for number, size in enumerate(tokens)]
        self._early = [(stream, seq, sealed(stream, seq, size)) for stream, seq, size in early]
        self.kept = {}
        self.past = {}
        self.reads = []
        for stream, segment, size in segments:
            self.add(stream, segment, size)

    def add(self, stream, segment, size):
        self.kept[(stream, segment)] = self.past[(stream, segment)] = sealed(stream, segment, size)

    def free(self, stream, first, last):
        for segment in range(first, last + 1):
            self.kept.pop((stream, segment), None)

    def tokens(self):
        return [identity for identity, _ in self._tokens]

    def token(self, identity):
        return dict(self._tokens)[identity]

    def early(self):
        return [(INCARNATION, stream, seq, data) for stream, seq, data in self._early]

    def places(self, streams):
        kept = sorted(self.kept)
        return [
            (INCARNATION, stream, segment) for one in streams for stream, segment in kept if stream == one
        ]

    def length(self, incarnation, stream, segment):
        return len(self.kept.get((stream, segment), b""))

    def read_segment(self, incarnation, stream, segment, offset, size):
        self.reads.append(size)
        return self.kept.get((stream, segment), b"")[offset : offset + size]

    def seal_hash(self, incarnation, stream, segment):
        data = self.past.get((stream, segment)) if incarnation == INCARNATION else None
        return None if data is None else seal_hash(data)


class Keeper:
    """The application behind a BridgeSession: verifies, keeps durably after `commit`, then grants custody.

    `needs` are ids of tokens without which no segment can be verified.
    """

    def __init__(self, needs=()):
        self.needs = needs
        self.durable = {}  # (stream, segment) -> bytes
        self.tokens = {}
        self.early = {}
        self.refused = {}  # (stream, segment) -> code
        self.unproven = 0
        self.written = []  # not yet durable

    def holdings(self, device):
        ranges = {}
        for stream, segment in sorted(self.durable):
            found = ranges.setdefault(stream, [])
            if found and found[-1][1] == segment - 1:
                found[-1][1] = segment
            else:
                found.append([segment, segment])
        held = [[INCARNATION, stream, ranges[stream]] for stream in sorted(ranges)]
        return held, sorted(self.tokens)

    def take(self, event, session):
        """Handles an event of the bridge's session; others than items and questions are left alone."""
        if event[0] == "awaited":
            place = event[2:]
            if place in self.refused:
                session.reject(*event[1:], self.refused[place])
            elif place in self.durable:
                self.grant(session, *place)
        elif event[0] == "item":
            _, kind, key, data = event
            if kind == TOKEN and key == sha256(data).digest()[:16]:
                self.tokens[key] = data
            elif kind == EARLY and is_sealed(*key[1:], data):
                self.early[key[1:]] = data
            elif kind == SEGMENT and key[1:] in self.refused:
                session.reject(*key, self.refused[key[1:]])
            elif kind == SEGMENT and self.proven(*key[1:], data):
                self.written.append((key[1:], data))
            else:
                self.unproven += 1

    def proven(self, stream, segment, data):
        return is_sealed(stream, segment, data) and all(one in self.tokens for one in self.needs)

    def commit(self, session):
        """Makes durable what was written, then says so."""
        written, self.written = self.written, []
        for place, data in written:
            self.durable[place] = data
            self.grant(session, *place)

    def grant(self, session, stream, segment):
        data = self.durable[(stream, segment)]
        session.grant_custody(INCARNATION, stream, segment, segment, seal_hash(data))


class Pair:
    """A device and a bridge on a channel that delivers in order; `now_ms` moves with the traffic."""

    device_id = DEVICE
    salt_key = None  # as the bridge has it

    def __init__(
        self,
        outbox,
        keeper,
        link=None,
        nonce=b"device-1",
        bridge_nonce=b"bridge-1",
        incoming=None,
        sending=None,
    ):
        self.link = Link() if link is None else link
        self.outbox = outbox
        self.keeper = keeper
        self.device = DeviceSession(self.device_id, 3, K_DEV, nonce, outbox, self.link, sending)
        self.bridge = BridgeSession(
            BRIDGE,
            9,
            bridge_nonce,
            self.key_for,
            keeper.holdings,
            self.link,
            incoming,
            lambda device: self.salt_key,
        )
        self.now_ms = 1_000
        self.seen = []  # (from device, frame)
        self.sent_ms = []
        self.copies = 1  # how often the channel delivers a frame
        self.device_events = []
        self.bridge_events = []

    def key_for(self, device):
        return K if device == self.device_id else None

    def lost(self, from_device, frame):
        """Whether the channel loses a frame; a test replaces it."""
        return False

    def run(self, until_ms=60_000):
        """Carries frames and deadlines until both sides rest or the time has come."""
        while self.now_ms < until_ms:
            if self.step():
                continue
            due = [one.deadline() for one in (self.device, self.bridge) if one.deadline() is not None]
            if not due:
                return
            self.now_ms = max(self.now_ms, min(due))
            for one in (self.device, self.bridge):
                one.on_deadline(self.now_ms)

    def step(self):
        """Carries one frame of each side that has one; False when neither has."""
        moved = self._carry(self.device, self.bridge, True)
        return self._carry(self.bridge, self.device, False) or moved

    def _carry(self, source, sink, from_device):
        frame = source.to_send(self.now_ms)
        self._drain()
        if frame is None:
            return False
        assert len(frame) <= self.link.frame_max
        self.seen.append((from_device, frame))
        self.sent_ms.append(self.now_ms)
        self.now_ms += self.link.wire_ms(len(frame)) + self._turn_ms(source)
        for _ in range(0 if self.lost(from_device, frame) else self.copies):
            sink.receive(frame, self.now_ms)
        self._drain()
        return True

    def _turn_ms(self, source):
        """Where one talks at a time: whoever listens next takes its time to begin."""
        in_a_burst = source is self.device and source.state == "sending"
        return 0 if self.link.duplex or in_a_burst else self.link.turnaround_ms

    def _drain(self):
        while True:
            event = self.bridge.next_event()
            if event is None:
                break
            self.bridge_events.append(event)
            self.keeper.take(event, self.bridge)
            self.keeper.commit(self.bridge)
        while True:
            event = self.device.next_event()
            if event is None:
                break
            self.device_events.append(event)
            if event[0] == "custody":
                self.outbox.free(*event[2:])


def drained(pair):
    assert pair.device.state == "idle" and pair.bridge.state == "established", pair.device.state
    assert not pair.outbox.kept, sorted(pair.outbox.kept)
    assert pair.keeper.durable == pair.outbox.past
    return pair


def names_of(pair, by_device):
    return [name_of(frame) for from_device, frame in pair.seen if from_device == by_device]


def events_of(session):
    found = []
    event = session.next_event()
    while event is not None:
        found.append(event)
        event = session.next_event()
    return found


def open_pair(pair, until_ms=60_000):
    pair.device.open(pair.now_ms)
    pair.run(until_ms)
    return pair


def segments_pair(*sizes, **named):
    outbox = Outbox(segments=[(1, number, size) for number, size in enumerate(sizes)])
    return Pair(outbox, Keeper(), **named)


def data_of(pair):
    """[(first tile, countdown, number of tiles) ...] of each DATA that the device sent."""
    found = []
    for from_device, frame in pair.seen:
        if from_device and frame[0] & 0x80:
            tile, countdown, data = decode("DATA", frame)
            found.append((tile, countdown, len(data) // TILE))
    return found


def tiles_sent(pair):
    """Each tile's number as often as it was sent."""
    return [tile + index for tile, _, count in data_of(pair) for index in range(count)]


def items_of(pair, kind=SEGMENT):
    """Keys of the items that the bridge took, without their incarnation, in order."""
    return [event[2][1:] for event in pair.bridge_events if event[0] == "item" and event[1] == kind]


def next_pair(pair, count=2, resumes=True):
    """The next contact of the same device, journal and bridge."""
    sending, incoming = (pair.device.sending, pair.bridge.incoming) if resumes else (None, None)
    nonces = b"%d-device" % count, b"%d-bridge" % count
    after = type(pair)(pair.outbox, pair.keeper, pair.link, *nonces, incoming, sending)
    after.now_ms = pair.now_ms
    return after


def tries_mutations(pair):
    """Has each tagged frame of a pair tried with every single bit altered before it is taken itself; the names tried.

    What is altered must change nothing but a count.
    """
    tried = set()

    def lost(from_device, frame):
        name = name_of(frame)
        if name in UNTAGGED or is_call(frame):
            return False
        side = pair.bridge if from_device else pair.device
        for bit in range(8 * len(frame)):
            altered = bytearray(frame)
            altered[bit >> 3] ^= 1 << (bit & 7)
            before, state = sum(side.dropped.values()), side.state
            side.receive(bytes(altered), pair.now_ms)
            assert sum(side.dropped.values()) == before + 1 and side.state == state, (name, bit)
            assert side.next_event() is None, (name, bit)
        tried.add(name)
        return False

    pair.lost = lost
    return tried
