"""A small world for tests of what reads a store: two meshes, a bridge and devices each, one meeting.

Everything is signed as devices and bridges sign it, from fixed seeds, and enters through the pipeline. What is
bad enters too: each piece under the name of what is wrong with it.
"""

import hashlib
from pathlib import Path

from fieldpost import crossing, verify
from fieldpost.agreement_cbor import to_cbor
from fieldpost.agreement_toml import parse_toml
from fieldpost.covenant import proof
from fieldpost.mesh import Mesh, Validity
from fieldpost.model import Input
from fieldpost.pipeline import Bridge
from fieldpost.signing import Signer
from fieldpost.store import Store
from fieldwire import cbor, cose, keys, merkle, schema, seal, tokens
from fieldwire import lineage as line
from fieldwire import observation as obs

NOW_S = 1_780_000_000
YEAR = Validity.days(NOW_S, 365)
BUILD = b"\x01" * 32
FIELDS = [["temp", schema.INTEGER, "degF", -1]]
SCHEMA = schema.encode("air", FIELDS)
FORMAT = schema.digest(SCHEMA)

AGREEMENT = """version = 1
[parties]
alpha = "{alpha}"
bravo = "{bravo}"
[time]
interval = "resilient"
k = 1
anchors = [["{a1}", "{b1}"]]
[[scope]]
subject = "harbor/air"
direction = "both"
tolerances = {{ temp = 10 }}
gate = {{ conflict_ratio = 1000 }}
[[scope]]
subject = "harbor/water"
direction = "both"
tolerances = {{ temp = 10 }}
gate = {{ conflict_ratio = 0 }}
[[scope]]
subject = "harbor/mean"
direction = "both"
gate = {{ conflict_ratio = 1000 }}
[[chain]]
function = "authority-weight"
[weights]
"alpha:field" = 3
"bravo:survey" = 2
unlisted = 1
[merge]
quorum = 1
authorities = ["alpha:command"]
"""


class Chance:
    """Random bytes that are the same every time."""

    def __init__(self, name: str) -> None:
        self._name, self._count = name, 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.sha512(f"{self._name} {self._count}".encode()).digest()[:size]


class Device:
    """A device as its bytes show it; its clock reads true time plus `ahead_ms`."""

    def __init__(
        self, mesh: Mesh, authority: str, name: str, ahead_ms=0, validity=YEAR, rights=("observe", "time")
    ):
        self.signer = Signer(hashlib.sha256(name.encode()).digest())
        self.ahead_ms = ahead_ms
        self.credential = mesh.credential(
            authority, self.signer.public, validity, list(rights), [["harbor", "log"], None]
        )
        self._boot(mesh, authority, name)

    def _boot(self, mesh: Mesh, authority: str, name: str) -> None:
        hardware = name.encode()
        mesh.endorsement(
            authority, self.signer.public, YEAR, hardware, b"sample", [BUILD], [-50_000, 50_000, None]
        )
        self.id = keys.device_id(self.signer.public)
        self.incarnation = hashlib.sha256(hardware).digest()[:8]
        claims = {
            tokens.UEID: tokens.ueid(hardware), tokens.DBGSTAT: 1, tokens.PROFILE: tokens.EAT_PROFILE,
            tokens.BOOTCOUNT: 1, tokens.BOOTSEED: b"12345678", tokens.SWVERSION: ["0"], tokens.MEASUREMENT: BUILD,
        }  # fmt: skip
        self.attestation = tokens.issue(cose.BOOT, claims, self.signer)
        self._seq = [0, 0, 0, 0]
        self._last: list[tuple[int, bytes] | None] = [None] * 4

    def leaf(
        self,
        subject,
        payload,
        true_ms,
        content_format=FORMAT,
        stream=obs.READINGS,
        seq=None,
        utc=None,
        **more,
    ):
        """Bytes of one observation; `more` are further keys as k10=..., k11=..."""
        if seq is None:
            seq, self._seq[stream] = self._seq[stream], self._seq[stream] + 1
        tref = [1, true_ms + self.ahead_ms] + ([] if utc is None else [obs.utc(*utc)])
        fields = {
            obs.DEVICE: self.id, obs.INCARNATION: self.incarnation, obs.STREAM: stream, obs.SEQ: seq,
            obs.TREF: tref, obs.FORMAT: content_format, obs.SUBJECT: subject, obs.PAYLOAD: cbor.encode(payload),
            obs.CREDENTIAL: self.credential, obs.BOOT_ATTESTATION: tokens.token_id(self.attestation),
            obs.SALT: b"saltsalt",
        }  # fmt: skip
        return obs.encode(fields | {int(key[1:]): value for key, value in more.items()})

    def early(self, leaf: bytes) -> bytes:
        return obs.early_copy(leaf, self.signer)

    def segment(self, *leaves: bytes) -> bytes:
        """The leaves sealed, as the next segment of their stream."""
        first = obs.decode(leaves[0])
        stream = first[obs.STREAM]
        number, previous = self._last[stream] or (0, None)
        body = seal.SealBody(
            self.incarnation, stream, number, first[obs.SEQ], len(leaves), 1, self.credential,
            tokens.token_id(self.attestation), previous, 0,
        )  # fmt: skip
        root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
        sealed = seal.seal(body, root, self.signer)
        self._last[stream] = (number + 1, seal.seal_hash(cose.decode(sealed).protected_bytes, root))
        return seal.encode_segment(sealed, leaves)

    def mean(self, subject: str, sources: list[bytes], true_ms: int) -> bytes:
        """A derivation over observations that it holds."""
        held = [
            (obs.source_of(obs.decode(leaf), obs.observation_id(leaf)), obs.decode(leaf)) for leaf in sources
        ]
        held = line.sort_sources(held)
        value, entry = line.derive("mean", ["temp"], [one for _, one in held], {FORMAT: FIELDS}.get)
        return self.leaf(subject, [value], true_ms, k10=[source for source, _ in held], k11=entry)


def exchange(asker, answerer, xid: bytes, true_ms: int) -> tuple[bytes, bytes]:
    """Both sides' records of one time exchange: 5 ms there, 5 ms back."""
    times = [
        1, true_ms + asker.ahead_ms, 1, true_ms + 5 + answerer.ahead_ms, true_ms + 6 + answerer.ahead_ms,
    ]  # fmt: skip
    told = {"content_format": obs.TIME_FORMAT, "stream": obs.EVIDENCE}
    back = true_ms + 11
    return (
        asker.leaf("log/time", [0, answerer.id, xid, *times, back + asker.ahead_ms], back, **told),
        answerer.leaf("log/time", [1, asker.id, xid, *times, None], true_ms + 6, **told),
    )


class Side:
    """A mesh's bridge with its store. `put` is what the bridge's shell does with everything that comes."""

    def __init__(self, folder: Path, name: str, authorities: list[str]) -> None:
        self.name, self.path = name, folder / name / "store.db"
        self.mesh = Mesh.found(folder / name / "mesh", name, authorities, YEAR, Chance(name))
        self.own = Device(self.mesh, authorities[0], f"{name} bridge", 7_000)
        self.agent = self.mesh.boundary(self.own.signer.public, YEAR)
        self.mesh.schema(authorities[1], SCHEMA)
        self.thumbprint = keys.thumbprint(self.own.signer.public)
        self.store, self.bridge, self._n = Store(self.path), Bridge(), 0

    @property
    def state(self):
        return self.bridge.state

    def put(self, kind: str, data: bytes) -> None:
        self._n += 1
        item = Input(self._n, kind, (1, 1000 + 10 * self._n), data)
        outcome = self.bridge.apply(item)
        with self.store.writing():
            self.store.put(item, outcome)

    def start(self, roots: list[bytes], devices: list[Device]) -> None:
        self.put("config", cbor.encode([self.mesh.id, self.thumbprint, self.name, 1]))
        for root in roots:
            self.put("root", root)
        for token in [*self.mesh.tokens(), *(one.attestation for one in [self.own, *devices])]:
            self.put("token", token)

    def join(self, device: Device, xid: bytes, true_ms: int) -> None:
        """A time exchange between the bridge and one of its devices."""
        asked, answered = exchange(device, self.own, xid, true_ms)
        self.put("segment", device.segment(asked))
        self.put("early", self.own.early(answered))

    def sign(self, typ: int, data: bytes) -> bytes:
        return cose.sign(typ, data, self.own.signer)


def cross(source: Side, target: Side) -> None:
    """Everything that one bridge releases reaches the other."""
    released = crossing.release(source.state, target.mesh.id)
    for token in released.tokens:
        target.put("token", token)
    for identity in released.ids:
        [(kind, envelope)] = source.store.query(
            "SELECT e.kind, e.data FROM observation o JOIN envelope e ON e.hash = o.envelope WHERE o.id = ?",
            identity,
        )
        target.put("item", verify.item_of(kind, envelope, source.state.entries[identity].index))
    withheld = [[identity, code] for identity, code in released.withheld]
    source.put("crossed", cbor.encode([target.thumbprint, list(released.ids), withheld, []]))


def meet(one: Side, other: Side, number: int) -> None:
    """A whole meeting: exchange, reconcile, decide, sign."""
    for side in (one, other):
        side.put("solve", b"")
    cross(one, other)
    cross(other, one)
    pairs = ((one, other), (other, one))
    for side, peer in pairs:
        side.put("solve", b"")
        side.put("epoch-offer", cbor.encode([peer.thumbprint, number, number > 1, False]))
    offers = {side.name: side.state.offered[peer.thumbprint].ours.to_cbor() for side, peer in pairs}
    for side, peer in pairs:
        side.put("epoch-open", cbor.encode([peer.thumbprint, offers[peer.name]]))
    pending = {side.name: side.state.pending[peer.thumbprint] for side, peer in pairs}
    signed = {side.name: side.sign(cose.EPOCH, pending[side.name].body) for side, _ in pairs}
    for side, peer in pairs:
        reports = [side.sign(cose.REPORT, one) for one in pending[side.name].reports.values()]
        side.put("epoch-close", cbor.encode([signed[side.name], signed[peer.name], reports]))


class World:
    """The sample: `alpha`, `bravo` (Side), `ids` {name: id of what the tests ask about}, all below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.alpha = Side(folder, "alpha", ["command", "field/air"])
        self.bravo = Side(folder, "bravo", ["command", "survey", "visitors"])
        self.a1 = Device(self.alpha.mesh, "field/air", "a1")
        self.old = Device(
            self.alpha.mesh, "field/air", "old", validity=Validity(NOW_S - 3_000, NOW_S - 2_000)
        )
        self.twin = Device(self.alpha.mesh, "field/air", "twin")
        self.mute = Device(self.alpha.mesh, "field/air", "mute", rights=("time",))
        self.ghost = Device(self.alpha.mesh, "field/air", "ghost")
        self.b1 = Device(self.bravo.mesh, "survey", "b1", 40_000)
        self.b2 = Device(self.bravo.mesh, "visitors", "b2", -500)
        self.ids: dict[str, bytes] = {}
        self._equivalences()
        roots = [self.alpha.mesh.root_public, self.bravo.mesh.root_public]
        self.alpha.start(roots, [self.a1, self.old, self.twin, self.mute])
        self.bravo.start(roots, [self.b1, self.b2])
        for side, other in ((self.alpha, self.bravo), (self.bravo, self.alpha)):
            side.put("token", other.mesh.token(other.agent))  # as it shows it when they meet
        self._agree()
        self._observe()
        self._bad()
        meet(self.alpha, self.bravo, 1)
        self._relay()
        meet(self.alpha, self.bravo, 2)

    def _equivalences(self) -> None:
        for side, path, other, foreign in (
            (self.alpha, "field/air", self.bravo, "survey"),
            (self.bravo, "survey", self.alpha, "field/air"),
        ):
            holder = keys.thumbprint(tokens.decode(other.mesh.token(other.mesh.authorities[foreign])).public)
            side.mesh.equivalence(path, YEAR, (other.mesh.id, foreign, holder), path, [None, None], 0, False)

    def _agree(self) -> None:
        names = {"alpha": self.alpha.mesh.id, "bravo": self.bravo.mesh.id, "a1": self.a1.id, "b1": self.b1.id}
        text = to_cbor(parse_toml(AGREEMENT.format(**{name: one.hex() for name, one in names.items()})))
        signed = proof(text, [side.mesh.sign_agreement(text) for side in (self.alpha, self.bravo)])
        for side in (self.alpha, self.bravo):
            side.put("agreement", signed)

    def _observe(self) -> None:
        """a1 meets b1 and b2; a1 and b1 see the same air and water, and contradict each other."""
        for device, xid, true_ms in ((self.b1, b"contact1", 1_000), (self.b2, b"contact2", 1_500)):
            asked, answered = exchange(self.a1, device, xid, true_ms)
            self.alpha.put("segment", self.a1.segment(asked))
            self.bravo.put("segment", device.segment(answered))
        self.air = self.a1.leaf("harbor/air", [500], 2_000, utc=(NOW_S * 1000 + 2_000, 20))
        self.later = self.a1.leaf("harbor/air", [520], 3_000)
        water = self.a1.leaf("harbor/water", [410], 3_100)
        self.segment = self.a1.segment(self.air, self.later, water)
        self.alpha.put("segment", self.segment)
        rival = self.b1.leaf("harbor/air", [560], 3_000, utc=(NOW_S * 1000 + 3_000, 20))
        self.bravo.put("segment", self.b1.segment(rival, self.b1.leaf("harbor/water", [480], 3_100)))
        urgent = self.b2.leaf("harbor/air", [999], 3_500, stream=obs.URGENT)
        self.bravo.put("early", self.b2.early(urgent))
        leaves = {"air": self.air, "later": self.later, "water": water, "rival": rival, "visitor": urgent}
        self.ids |= {name: obs.observation_id(leaf) for name, leaf in leaves.items()}
        for side, device, xid in ((self.alpha, self.a1, b"joining1"), (self.bravo, self.b1, b"joining2"),
                                  (self.alpha, self.old, b"joining3"), (self.bravo, self.b2, b"joining4")):  # fmt: skip
            side.join(device, xid, 5_000)

    def _bad(self) -> None:
        """What alpha's bridge must refuse or hold, each under its name in `ids`."""
        good = self.a1.early(self.a1.leaf("harbor/air", [1], 5_500, stream=obs.BULK))
        stranger = Device(self.alpha.mesh, "field/air", "stranger")
        bad = {
            "truncated": good[:-1],
            "forged": good[:-1] + bytes([good[-1] ^ 1]),
            "unknown": stranger.early(stranger.leaf("harbor/air", [2], 5_600)),
            "unattested": self.ghost.early(self.ghost.leaf("harbor/air", [4], 5_600)),
        }
        for name, data in bad.items():
            self.alpha.put("early", data)
            self.ids[name] = hashlib.sha256(data).digest()
        self.alpha.put("segment", self.segment)
        self.ids["replayed"] = hashlib.sha256(self.segment).digest()
        one, other = (self.twin.leaf("harbor/air", [value], 5_700, seq=0) for value in (700, 701))
        source = stranger.leaf("harbor/air", [3], 5_650)
        lone = self.a1.mean("harbor/mean", [source], 5_900)
        muttered = self.mute.leaf("harbor/air", [5], 5_600)
        late = self.old.leaf("harbor/air", [800], 5_800)
        for name, device, leaf in (
            ("first", self.twin, one), ("forked", self.twin, other), ("muttered", self.mute, muttered),
            ("incomplete", self.a1, lone), ("expired", self.old, late),
        ):  # fmt: skip
            self.alpha.put("early", device.early(leaf))
            self.ids[name] = obs.observation_id(leaf)
        orphan = tokens.issue(cose.REVOCATION, {
            tokens.EXP: YEAR.exp, tokens.NBF: YEAR.nbf, tokens.ISSUER: b"n" * 16, tokens.TARGET: b"t" * 16,
        }, stranger.signer)  # fmt: skip
        self.alpha.put("token", orphan)
        self.ids["waiting"] = tokens.token_id(orphan)

    def _relay(self) -> None:
        """After the first meeting a bravo device derives from an alpha observation and one of its own."""
        own = self.b1.leaf("harbor/air", [540], 8_000)
        leaf = self.b1.mean("harbor/mean", [self.later, own], 9_000)
        self.bravo.put("segment", self.b1.segment(own, leaf))
        outside = self.b1.leaf("harbor/other", [1], 9_000, stream=obs.URGENT)
        self.alpha.put("item", cbor.encode([0, self.b1.early(outside)]))
        self.ids["outside"] = obs.observation_id(outside)
        self.ids["relay"], self.ids["own"] = obs.observation_id(leaf), obs.observation_id(own)
