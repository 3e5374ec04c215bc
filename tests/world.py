"""Two founded meshes for tests: boards that sign readings and meet, a bridge each, an agreement, equivalences.

Boards are simulated by signing with the wire's own code; clocks tick true, each from its own start. All
randomness is a hash of a name: the same world comes out every time.
"""

import hashlib
from dataclasses import dataclass, field

from fieldpost.agreement import Agreement, Function, Gate, Merge, Scope, TimeTerms
from fieldpost.agreement_cbor import to_cbor
from fieldpost.boundary_session import BoundarySession
from fieldpost.covenant import proof
from fieldpost.desk import Desk
from fieldpost.mesh import Mesh, Validity
from fieldpost.pipeline import Bridge
from fieldpost.signing import Signer
from fieldpost.store import Store
from fieldwire import cbor, cose, keys, merkle, schema, seal, tokens
from fieldwire import observation as obs

UTC_S = 1_800_000_000  # true time 0 of every world
VALID = Validity(UTC_S - 86_400, UTC_S + 86_400 * 365)
SCHEMA = schema.encode("water", [["level", 0, "m", -2]])
FORMAT = schema.digest(SCHEMA)
ALL = [None, None]
AUTHORITIES = ("ops", "visitors")


def digest(*names):
    return hashlib.sha256("/".join(map(str, names)).encode()).digest()


def stream_of(name):
    """random(n) -> bytes, always the same for one name."""
    count = [0]

    def random(size):
        count[0] += 1
        return (digest(name, count[0]) + digest(name, count[0], "more"))[:size]

    return random


class Board:
    """One device: `reading` and `exchange` make leaves, `seal` a segment of those of one stream."""

    def __init__(self, mesh, authority, name, start_ms=0, rights=("observe", "time")):
        self.name, self.start_ms = name, start_ms
        self.signer = Signer(digest("device", name))
        self.id = keys.device_id(self.signer.public)
        self.incarnation = digest("incarnation", name)[:8]
        self.credential = mesh.credential(authority, self.signer.public, VALID, list(rights), ALL)
        build = digest("build")
        mesh.endorsement(
            authority, self.signer.public, VALID, name.encode(), b"board", [build], [-1_000, 1_000, None]
        )
        claims = {
            tokens.UEID: tokens.ueid(name.encode()), tokens.DBGSTAT: 2, tokens.PROFILE: tokens.EAT_PROFILE,
            tokens.BOOTCOUNT: 1, tokens.BOOTSEED: digest("seed", name)[:8], tokens.SWVERSION: ["1"],
            tokens.MEASUREMENT: build,
        }  # fmt: skip
        self.attestation = tokens.issue(cose.BOOT, claims, self.signer)
        self._next = dict.fromkeys(range(4), 0)
        self._segments = dict.fromkeys(range(4), 0)
        self._previous = dict.fromkeys(range(4))
        self._leaves = {stream: [] for stream in range(4)}

    def ms(self, true_ms):
        return true_ms - self.start_ms

    def leaf(self, true_ms, stream, subject, content_format, payload, more=None):
        seq = self._next[stream]
        self._next[stream] += 1
        made = {
            obs.DEVICE: self.id, obs.INCARNATION: self.incarnation, obs.STREAM: stream, obs.SEQ: seq,
            obs.TREF: [1, self.ms(true_ms), obs.utc(UTC_S * 1000 + true_ms, 50)],
            obs.FORMAT: content_format, obs.SUBJECT: subject, obs.PAYLOAD: payload,
            obs.CREDENTIAL: self.credential, obs.BOOT_ATTESTATION: tokens.token_id(self.attestation),
            obs.SALT: digest("salt", self.name, stream, seq)[:8], **(more or {}),
        }  # fmt: skip
        data = obs.encode(made)
        self._leaves[stream].append(data)
        return data

    def reading(self, subject, level, true_ms, stream=obs.READINGS):
        """A leaf that says what the water's level is, in centimetres."""
        return self.leaf(true_ms, stream, subject, FORMAT, cbor.encode([level]))

    def mean(self, subject, leaves, true_ms):
        """A leaf that derives the mean level from others' leaves."""
        held = [(obs.decode(one), obs.observation_id(one)) for one in leaves]
        sources = sorted((obs.source_of(*one) for one in held), key=cbor.encode)
        levels = [cbor.decode(one[obs.PAYLOAD])[0] for one, _ in held]
        function = ["mean", ["level"], hashlib.sha256(b"fieldpost/function/1mean").digest()]
        more = {obs.SOURCES: sources, obs.DERIVATION: function}
        payload = cbor.encode([sum(levels) // len(levels)])
        return self.leaf(true_ms, obs.READINGS, subject, FORMAT, payload, more)

    def early(self, leaf):
        return obs.early_copy(leaf, self.signer)

    def seal(self, stream=obs.READINGS):
        """Segment bytes of everything that the stream has not sealed yet."""
        leaves, self._leaves[stream] = self._leaves[stream], []
        first = self._next[stream] - len(leaves)
        body = seal.SealBody(
            self.incarnation, stream, self._segments[stream], first, len(leaves), 1,
            self.credential, tokens.token_id(self.attestation), self._previous[stream], 0,
        )  # fmt: skip
        root = merkle.root([merkle.leaf_hash(one) for one in leaves])
        signed = seal.seal(body, root, self.signer)
        self._segments[stream] += 1
        self._previous[stream] = seal.seal_hash(seal.decode(signed)[0].protected_bytes, root)
        return seal.encode_segment(signed, leaves)


def exchange(asker, answerer, true_ms, name="x"):
    """Both boards write down one exchange of 20 ms there, 10 ms to answer, 20 ms back."""
    xid = digest("xid", asker.name, answerer.name, true_ms, name)[:8]
    t1, t2, t3, t4 = (
        asker.ms(true_ms),
        answerer.ms(true_ms + 20),
        answerer.ms(true_ms + 30),
        asker.ms(true_ms + 50),
    )
    told = [xid, 1, t1, 1, t2, t3]
    for board, role, other, end in ((asker, 0, answerer, t4), (answerer, 1, asker, None)):
        payload = cbor.encode([role, other.id, *told, end])
        board.leaf(true_ms + 60, obs.EVIDENCE, "log/time", obs.TIME_FORMAT, payload)


@dataclass
class Side:
    """One mesh with its boards and its bridge. `tick` makes the bridge's own clock."""

    name: str
    mesh: Mesh
    boards: list[Board]
    signer: Signer
    extra: list[bytes] = field(default_factory=list)  # tokens of other meshes that its bridge was given
    tick: int = 0
    store: Store = None
    desk: Desk = None

    def clock(self):
        self.tick += 1
        return 1, self.tick

    def open(self, path=":memory:"):
        """A bridge over a store, new or as it was left."""
        self.store = Store(path)
        self.desk = Desk(self.store, Bridge(), self.signer, self.clock)
        return self.desk

    def begin(self, roots, proof_bytes, path=":memory:"):
        desk = self.open(path)
        profile = cbor.encode([self.mesh.id, desk.thumbprint, self.name, 1])
        given = [("config", profile), *(("root", one) for one in roots)]
        given += [("token", one) for one in [*self.mesh.tokens(), *self.extra]]
        given += [("token", board.attestation) for board in self.boards]
        desk.submit_many([*given, ("agreement", proof_bytes)])
        return desk

    def take(self, *things):
        """Inputs from boards: (kind, bytes) each; then everything is placed and judged."""
        self.desk.submit_many([*things, ("solve", b"")])

    def events(self, kind):
        found = [cbor.decode(one) for one in self.store.events()]
        return [one for one in found if one[0] == kind]


class World:
    """Meshes alpha and bravo, two boards each; every pair of bridges and boards knows what it needs to."""

    def __init__(self, folder):
        self.alpha, self.bravo = (
            self._side(folder, name, start) for name, start in (("alpha", 0), ("bravo", 5_000))
        )
        for side, other in self.pairs():
            side.mesh.boundary(side.signer.public, VALID)
            side.extra.append(other.mesh.token(other.mesh.boundary(side.signer.public, VALID)))
        self.roots = [side.mesh.root_public for side in self.sides]

    @staticmethod
    def _side(folder, name, start_ms):
        mesh = Mesh.found(folder / name, name, list(AUTHORITIES), VALID, stream_of(name))
        mesh.schema("ops", SCHEMA)
        boards = [Board(mesh, "ops", f"{name}-{n}", start_ms - 1_000 * n) for n in (1, 2)]
        boards.append(Board(mesh, "visitors", f"{name}-visitor", start_ms - 3_000))
        return Side(name, mesh, boards, Signer(digest("bridge", name)))

    @property
    def sides(self):
        return self.alpha, self.bravo

    def pairs(self):
        return (self.alpha, self.bravo), (self.bravo, self.alpha)

    def equate(self, side, other, path="ops", negative=False):
        """`side` holds (or denies) the other's authority `path` to stand for its own `ops`; returns the token id."""
        holder = tokens.decode(other.mesh.token(other.mesh.authorities[path]))
        foreign = (other.mesh.id, path, keys.thumbprint(holder.public))
        return side.mesh.equivalence("ops", VALID, foreign, "ops", ALL, 0, negative)

    def agreement(self, version=1, gate=None, subjects=("water", "road"), signers=None, **more):
        """Proof bytes of an agreement over these subject trees, both ways."""
        parties = tuple(sorted(side.mesh.id for side in self.sides))
        ways = tuple(sorted(((parties[0], parties[1]), (parties[1], parties[0]))))
        channels, chain = more.pop("channels", {}), more.pop("chain", (Function("authority-weight"),))
        scopes = tuple(
            Scope(subject, ways, channels.get(subject), {"level": 5}, (gate or {}).get(subject, Gate()))
            for subject in sorted(subjects)
        )
        anchors = ((self.alpha.boards[0].id, self.bravo.boards[0].id),)
        weights = {(self.alpha.mesh.id, "ops"): 10, (self.bravo.mesh.id, "ops"): 5, **more.pop("weights", {})}
        terms = Agreement(
            version, parties, TimeTerms(k=1, anchors=anchors), scopes, chain, weights, 1,
            more.pop("merge", Merge(1)), **more,
        )  # fmt: skip
        data = to_cbor(terms)
        return proof(data, [side.mesh.sign_agreement(data) for side in signers or self.sides])

    def begin(self, proof_bytes=None):
        """Both bridges start with everything but observations."""
        proof_bytes = proof_bytes or self.agreement()
        for side in self.sides:
            side.begin(self.roots, proof_bytes)

    def contacts(self, true_ms=10_000):
        """Boards of one mesh meet, then boards of both; segments of evidence by side name."""
        for side in self.sides:
            exchange(side.boards[0], side.boards[1], true_ms)
            exchange(side.boards[0], side.boards[2], true_ms + 500)
            exchange(side.boards[1], side.boards[2], true_ms + 600)
        exchange(self.alpha.boards[0], self.bravo.boards[0], true_ms + 1_000)
        exchange(self.alpha.boards[1], self.bravo.boards[1], true_ms + 2_000)
        return {
            side.name: [("segment", one.seal(obs.EVIDENCE)) for one in side.boards] for side in self.sides
        }


NOW = (UTC_S * 10**9, UTC_S * 10**9 + 10**8)  # UTC while the bridges of a world meet


def sessions(world, salt="", utc=NOW, dialer=None):
    """A dialer at alpha (or the side named) and a listener at the other, both open."""
    sides = world.sides if dialer in (None, world.alpha) else world.sides[::-1]
    pair = []
    for role, side in enumerate(sides):
        nonce, secret = digest("nonce", salt, role)[:16], digest("secret", salt, role)
        pair.append(BoundarySession(role, side.desk, "memory", nonce, secret, utc))
    for one in pair:
        one.open(0)
    return pair


def converse(dialer, listener, count=None, alter=None):
    """Carry messages to and fro until both are silent or `count` were carried; returns how many were.

    `alter(number, sender role, message) -> message or None` may change or drop one.
    """
    carried = 0
    moved = True
    while moved:
        moved = False
        for sender, receiver in ((dialer, listener), (listener, dialer)):
            while carried != count and (message := sender.to_send(carried)) is not None:
                moved = True
                message = alter(carried, sender.role, message) if alter else message
                carried += 1
                if message is not None:
                    receiver.receive(message, carried)
    return carried


def events_of(session):
    found = []
    while (event := session.next_event()) is not None:
        found.append(event)
    return found


def meet(world, **more):
    """One whole meeting; the events of both sides."""
    dialer, listener = sessions(world, **more)
    converse(dialer, listener)
    return events_of(dialer), events_of(listener)


def whole(folder, **more):
    """A world that is ready to meet: contacts, and readings of which some are rivals and some one side's only.

    Bravo maps both of alpha's authorities, alpha only one of bravo's. `more` goes to the agreement.
    """
    world = World(folder)
    world.equate(world.alpha, world.bravo)
    world.equate(world.bravo, world.alpha)
    world.equate(world.bravo, world.alpha, "visitors")
    world.begin(world.agreement(**more))
    observe(world)
    return world


def observe(world):
    """Everything that the boards of a whole world have to say, drained and judged."""
    evidence = world.contacts()
    (a1, a2, a3), (b1, b2, b3) = (side.boards for side in world.sides)
    a1.reading("water/dam", 200, 20_000)
    b1.reading("water/dam", 260, 20_010)
    a2.reading("water/dam", 202, 20_020)
    b2.reading("road/north", 5, 20_100)
    a3.reading("water/mill", 7, 20_200)
    b3.reading("water/mill", 9, 20_300)
    a1.reading("private/cellar", 1, 20_400)
    for side in world.sides:
        side.take(*evidence[side.name], *(("segment", one.seal()) for one in side.boards))


def code_of(side, subject, board):
    """The verdict's code that a side has of a board's observation of a subject; None if it holds none."""
    for identity, entry in side.desk.state.entries.items():
        if (entry.observation[obs.SUBJECT], entry.observation[obs.DEVICE]) == (subject, board.id):
            return side.desk.state.verdicts[identity].code
    return None


def refusal_of(events):
    return next((one[1].code for one in events if one[0] in ("refused", "told")), None)
