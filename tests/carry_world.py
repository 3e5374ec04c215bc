"""Devices with real segments, a mule with its store, and the local link between them, for tests on both runtimes."""

from agent_world import Mesh

from fieldagent.carry_mule import Mule
from fieldagent.carry_origin import Origin
from fieldagent.carry_store import CarryStore
from fieldagent.journal_files import Files
from fieldagent.local_link import LocalLink
from fieldwire import cbor, custody, keys, merkle, seal, token_writer, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer, verify
from fieldwire.link_terms import Serial

INTERVAL_MS = 1_000
BRIDGE = b"\x99" * 32
HOME = Mesh(11)
ABROAD = Mesh(31)
LINK = Serial(115_200, 5, 512)


class Log:
    """A device's sealed log. `mesh` is whose credential it has."""

    def __init__(self, number, mesh=HOME, k_dev=None):
        self.signer = Ed25519Signer(bytes([number]) * 32)
        self.device = keys.device_id(self.signer.public)
        self.k_dev = k_dev or bytes([number + 1]) * 32
        self.incarnation = bytes([number]) * 8
        self.credential = mesh.device_credential(self.signer.public)
        self.attestation = token_writer.attestation(b"board", 1, 1, bytes(32), "1", bytes(32), self.signer)
        self.held = [mesh.region, self.credential, self.attestation]
        self.kept = {}  # segment -> bytes
        self.hashes = {}
        self._previous = None

    def seal(self, count=2, size=20):
        """Appends a segment; its place."""
        number = len(self.hashes)
        leaves = [self._leaf(16 * number + index, size) for index in range(count)]
        named = tokens.token_id(self.credential), tokens.token_id(self.attestation)
        body = seal.SealBody(self.incarnation, 1, number, 16 * number, count, 1, *named, self._previous, 0)
        sealed = seal.seal(body, merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]), self.signer)
        data = seal.encode_segment(sealed, leaves)
        self.kept[number] = data
        self._previous = self.hashes[number] = seal.open_segment(
            data, self.signer.public, self.device, verify
        )[1]
        return (self.device, self.incarnation, 1, number)

    def _leaf(self, seq, size):
        return obs.encode(
            {
                obs.DEVICE: self.device,
                obs.INCARNATION: self.incarnation,
                obs.STREAM: 1,
                obs.SEQ: seq,
                obs.TREF: [1, seq],
                obs.FORMAT: b"\x22" * 16,
                obs.SUBJECT: "field/air",
                obs.PAYLOAD: cbor.encode(bytes(size)),
                obs.CREDENTIAL: tokens.token_id(self.credential),
                obs.BOOT_ATTESTATION: tokens.token_id(self.attestation),
                obs.SALT: b"\x03" * 8,
            }
        )

    def tokens(self):
        return [tokens.token_id(data) for data in self.held]

    def token(self, identity):
        return {tokens.token_id(data): data for data in self.held}.get(identity)

    def places(self, streams=(1,)):
        return [(self.incarnation, 1, number) for number in sorted(self.kept) if 1 in streams]

    def length(self, incarnation, stream, segment):
        return len(self.kept.get(segment, b""))

    def read_segment(self, incarnation, stream, segment, offset, size):
        return self.kept.get(segment, b"")[offset : offset + size]

    def seal_hash(self, incarnation, stream, segment):
        return self.hashes.get(segment) if (incarnation, stream) == (self.incarnation, 1) else None

    def custody_of(self, place, first=None):
        """What a bridge that holds `first` to the place's segment says of it."""
        first = place[3] if first is None else first
        key = custody.link_key(self.k_dev, BRIDGE)
        mac = custody.custody_mac(
            key, place[0], BRIDGE, place[1], place[2], first, place[3], self.hashes[place[3]]
        )
        return place[:3] + (first, place[3], mac)


class Whom:
    """The parts of an identity that a mule needs."""

    device = b"\x4d" * 16
    mesh_id = HOME.id
    root = HOME.root.public


class Quiet:
    """Neighbours that say nothing."""

    refused = {}

    def broadcast(self, copy):
        pass

    def receive(self, frame, now_ms):
        raise ValueError("a frame of a mule came to the neighbours")

    def next_event(self):
        return None

    def deadline(self):
        return None

    to_send = on_deadline = lambda self, now_ms: None


class OwnLog:
    """What the mule's own log may still take."""

    def __init__(self):
        self.need = 0

    def __call__(self):
        return self.need


class Meeting:
    """A mule and devices in reach of each other: what one sends all hear, unless `lose(count)` drops it."""

    def __init__(self, flash, *logs, total=1 << 20, lose=None):
        self.own = OwnLog()
        self.files = Files("", flash)
        self.files.folder("state")
        self.store = CarryStore(self.files, total, self.own)
        self.woken = []
        mule = Mule(Whom, self.files, self.store, LINK, INTERVAL_MS, self.woken.append)
        self.mule = LocalLink(Quiet(), [mule])
        self.origins = [Origin(log.device, log.k_dev, log, LINK.frame_max, INTERVAL_MS) for log in logs]
        self._logs = logs
        self._lose = lose
        self.carried = 0
        self.now_ms = 0
        self.freed = []

    def run(self, ms=5_000):
        until_ms = self.now_ms + ms
        parts = [self.mule] + self.origins
        while self.now_ms < until_ms:
            self.now_ms += 5
            if self.mule.deadline() <= self.now_ms:
                self.mule.on_deadline(self.now_ms)
            for part in parts:
                frame = part.to_send(self.now_ms)
                if frame is not None:
                    self._air(part, frame, parts)
            self._take_events()
        return self

    def _air(self, sender, frame, parts):
        assert len(frame) <= LINK.frame_max, len(frame)
        self.now_ms += LINK.wire_ms(len(frame))
        for part in parts:
            self.carried += 1
            if part is not sender and not (self._lose and self._lose(self.carried)):
                part.receive(frame, self.now_ms)

    def _take_events(self):
        for log, origin in zip(self._logs, self.origins):
            event = origin.next_event()
            while event is not None:
                self.freed.append(event[1:])
                for number in range(event[3], event[4] + 1):
                    log.kept.pop(number, None)
                event = origin.next_event()

    def places(self):
        return [place for place, _ in self.store.segments()]
