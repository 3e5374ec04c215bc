"""A small mesh for the agent's tests: root, authority, devices, an enrolling host, a bridge, and a flash of memory."""

from fieldagent.drivers.uart import FrameLink
from fieldwire import cbor, cose, custody, keys, schema, seal, tokens
from fieldwire.ed25519 import Ed25519Signer, verify
from fieldwire.session import BridgeSession

NBF, EXP = 1_600_000_000, 4_100_000_000
FIELDS = [["temperature", 0, "Cel", -1]]
SCHEMA = schema.encode("temperature", FIELDS)
DIGEST = schema.digest(SCHEMA)


def credential(mesh, public, authority, rights, depth, signer, issuer=None, scope=None):
    claims = {
        tokens.EXP: EXP,
        tokens.NBF: NBF,
        tokens.CNF: {1: keys.cose_key(public)},
        tokens.MESH: mesh,
        tokens.AUTHORITY: authority,
        tokens.SCOPE: scope or [None, None],
        tokens.RIGHTS: rights,
        tokens.DEPTH: depth,
    }
    if issuer is not None:
        claims[tokens.ISSUER] = issuer
    return tokens.issue(cose.CREDENTIAL, claims, signer)


class Mesh:
    """A root, and one authority `region` under it with the rights to observe and to translate."""

    def __init__(self, number):
        self.root = Ed25519Signer(bytes([number]) * 32)
        self.id = keys.thumbprint(self.root.public)
        self.authority = Ed25519Signer(bytes([number + 1]) * 32)
        rights = ["observe", "time", "translate"]
        self.region = credential(self.id, self.authority.public, "region", rights, 2, self.root)
        self.region_id = tokens.token_id(self.region)

    def device_credential(self, public, scope=None):
        return credential(
            self.id, public, "region/field", ["observe"], 0, self.authority, self.region_id, scope
        )

    def equivalence(self, foreign, signer=None, **changed):
        """The own `region` vouches for the foreign mesh's `region`."""
        claims = {
            tokens.EXP: EXP,
            tokens.NBF: NBF,
            tokens.SCOPE: [None, None],
            tokens.ISSUER: self.region_id,
            tokens.FOREIGN: [foreign.id, "region", keys.thumbprint(foreign.authority.public)],
            tokens.LOCAL: [self.id, "region/abroad"],
            tokens.PATH_LENGTH: 0,
            tokens.NEGATIVE: False,
        }
        for name, value in changed.items():
            claims[getattr(tokens, name)] = value
        return tokens.issue(cose.EQUIVALENCE, claims, signer or self.authority)


class EnrollingHost:
    """The host's side of SPEC 8.7 on the other end of a board's uart."""

    def __init__(self, mesh, pipe, k_dev=b"\x07" * 32):
        self._mesh = mesh
        self._link = FrameLink(pipe)
        self._k_dev = k_dev
        self._started = False
        self.device = None
        self.request = None

    def turn(self, now_ms):
        if not self._started:
            self._started = True
            self._link.send(b"\x20" + cbor.encode([b"\x55" * 32]), now_ms)
        for one in self._link.receive():
            if one[0] not in (0x21, 0x23):
                continue
            body = cbor.decode(one[1:])
            if one[0] == 0x21:
                self.request = body
                own = self._mesh.device_credential(body[0])
                held = [self._mesh.region, own]
                answer = [self._k_dev, self._mesh.root.public, self._mesh.id, tokens.token_id(own), held]
                self._link.send(b"\x22" + cbor.encode(answer), now_ms)
            else:
                self.device = body[0]


class Bridge:
    """A bridge that verifies every segment before it grants custody. `custodian`: False keeps custody back."""

    def __init__(self, pipe, k_dev=b"\x07" * 32, custodian=True):
        self._link = FrameLink(pipe)
        self._thumbprint = b"\x99" * 32
        self._k_dev = k_dev
        self._count = 0
        self.custodian = custodian
        self.tokens = {}
        self.early = []
        self.segments = {}
        self.leaves = []
        self.bodies = []
        self.exchanges = []
        self.rejecting = False
        self.rejected = []
        self.established = 0
        self.session = None
        self._new_session()

    def _new_session(self):
        self._count += 1
        key = custody.link_key(self._k_dev, self._thumbprint)
        nonce = bytes([self._count]) * 8
        self.session = BridgeSession(
            self._thumbprint, 1, nonce, lambda device: key, self._holdings, self._link
        )

    def _holdings(self, device):
        held = [[key[0], key[1], [[key[2], key[2]]]] for key in self.segments]
        return held, list(self.tokens)

    def turn(self, now_ms):
        for one in self._link.receive():
            self.session.receive(one, now_ms)
        due = self.session.deadline()
        if due is not None and now_ms >= due:
            self.session.on_deadline(now_ms)
        event = self.session.next_event()
        while event is not None:
            self._on(event)
            event = self.session.next_event()
        while self._link.is_clear(now_ms):
            one = self.session.to_send(now_ms)
            if one is None:
                return
            self._link.send(one, now_ms)

    def _on(self, event):
        if event[0] == "established":
            self.established += 1
        elif event[0] == "exchange":
            self.exchanges.append(event[1])
        elif event[0] == "closed":
            self._new_session()
        elif event[0] == "item" and event[1] == 0:
            self.tokens[event[2]] = event[3]
        elif event[0] == "item" and event[1] == 2:
            self.early.append(event[3])
        elif event[0] == "item":
            self._take(tuple(event[2]), event[3])
        elif event[0] == "awaited" and self.custodian:
            key = tuple(event[1:4])
            self.session.grant_custody(key[0], key[1], key[2], key[2], self.segments[key])

    def _take(self, key, data):
        if self.rejecting:
            self.rejected.append(key)
            self.session.reject(key[0], key[1], key[2], 15)
            return
        body, seal_hash, opened, _ = self._open(data)
        if key not in self.segments:
            self.leaves.extend(opened)
            self.bodies.append(body)
        self.segments[key] = seal_hash
        if self.custodian:
            self.session.grant_custody(key[0], key[1], key[2], key[2], seal_hash)

    def _open(self, data):
        _, body = seal.decode(seal.decode_segment(data)[0])
        device = tokens.decode(self.tokens[body.credential])
        return seal.open_segment(data, device.public, keys.device_id(device.public), verify)


def config(**changed):
    """Text of a configuration that observes one sensor ten times a second."""
    import json

    value = {
        "observe": [
            {"sensor": "t", "subject": "field/air", "schema": hexed(DIGEST), "period_ms": 100, "stream": 1}
        ],
        "seal": {"count": 8, "age_ms": 5_000},
    }
    value.update(changed)
    return json.dumps(value)


def hexed(data):
    from binascii import hexlify

    return hexlify(data).decode()


def install(files, text):
    """Writes configuration and schema as a host does when it provisions a board."""
    files.folder("schemas")
    files.replace("schemas/" + hexed(DIGEST) + ".cbor", [SCHEMA])
    files.replace("config.json", [text.encode()])


def segments_left(flash):
    """Keys of the sealed segments that a board's flash holds."""
    from fieldagent.journal import Journal
    from fieldagent.journal_files import Files
    from fieldagent.sector_files import SectorFiles

    return list(Journal(SectorFiles(Files("", flash), 786_432), lambda: b"\x00" * 8).held())
