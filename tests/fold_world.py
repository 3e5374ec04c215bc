"""Small worlds for tests of the bridge's fold: keys by name, tokens of any content, devices that sign anything.

Nothing here checks what it makes: tests make what must be refused too. Times are UTC seconds about UTC_S and
milliseconds of true time; clocks tick true, each from its own start.
"""

import hashlib

from fieldpost.model import Input
from fieldpost.pipeline import Bridge
from fieldpost.signing import Signer
from fieldwire import cbor, cose, keys, merkle, rotation, schema, seal, tokens
from fieldwire import lineage as line
from fieldwire import observation as obs

UTC_S = 1_800_000_000
NBF, EXP = UTC_S - 86_400, UTC_S + 86_400
ALL = [None, None]
SCHEMA = schema.encode("water", [["level", 0, "m", -2]])
FIELDS = schema.decode(SCHEMA)[1]
FORMAT = schema.digest(SCHEMA)
BUILD = hashlib.sha256(b"build").digest()


def key(name):
    return Signer(hashlib.sha256(b"key " + name.encode()).digest())


class Holder:
    """A credential's bytes `data`, its `id`, its `signer` and its authority `path`."""

    def __init__(self, signer, path, data):
        self.signer, self.path, self.data, self.id = signer, path, data, tokens.token_id(data)

    def sign(self, typ, claims):
        """A token of this holder's; `claims` get validity and issuer where they lack them."""
        whole = {tokens.EXP: EXP, tokens.NBF: NBF, tokens.ISSUER: self.id, **claims}
        return tokens.issue(typ, whole, self.signer)

    def revoke(self, target, last_good=None, staying=None):
        claims = {tokens.TARGET: target}
        claims |= {} if last_good is None else {tokens.LAST_GOOD: last_good}
        return self.sign(cose.REVOCATION, claims | ({} if staying is None else {tokens.STAYING: staying}))

    def rotate(self, before, after, ends=(), mesh=None):
        """`before` and `after`: devices that this holder made; `ends` of the old one's log."""
        mesh = tokens.decode(before.holder.data).claims[tokens.MESH] if mesh is None else mesh
        handover = rotation.hand_over(mesh, after.signer.public, before.boot, list(ends), before.signer)
        return self.sign(cose.ROTATION, {
            tokens.CNF: {1: keys.cose_key(after.signer.public)}, tokens.BEFORE: before.holder.id,
            tokens.AFTER: after.holder.id, tokens.ACCEPTED: rotation.accept(handover, after.signer),
        })  # fmt: skip

    def endorse(self, public, measurements=(BUILD,), clock=(-1_000, 1_000, None), hardware=b"hardware"):
        return self.sign(cose.ENDORSEMENT, {
            tokens.CNF: {1: keys.cose_key(public)}, tokens.UEID: tokens.ueid(hardware),
            tokens.OEMID: b"oemid 16 octets.", tokens.HWMODEL: b"board", tokens.PROFILE: tokens.EAT_PROFILE,
            tokens.MEASUREMENTS: list(measurements), tokens.CLOCK: list(clock),
        })  # fmt: skip

    def equate(self, foreign, local, negative=False, scope=ALL, nbf=NBF, exp=EXP):
        """`foreign` and `local`: (mesh id, holder)."""
        bound = [foreign[0], foreign[1].path, keys.thumbprint(foreign[1].signer.public)]
        return self.sign(cose.EQUIVALENCE, {
            tokens.NBF: nbf, tokens.EXP: exp, tokens.SCOPE: scope, tokens.FOREIGN: bound,
            tokens.LOCAL: [local[0], local[1].path], tokens.PATH_LENGTH: 0, tokens.NEGATIVE: negative,
        })  # fmt: skip


class Mesh:
    """A root and what it signs."""

    def __init__(self, name):
        self.name, self.root = name, key(f"root {name}")
        self.id = keys.thumbprint(self.root.public)

    def credential(self, name, path, rights, depth, by=None, signer=None, **changed):
        """A credential for the key of that name, by the root or by a Holder; `changed`: scope, nbf, exp, mesh."""
        signer = signer or key(f"{self.name} {name}")
        claims = {
            tokens.EXP: changed.get("exp", EXP), tokens.NBF: changed.get("nbf", NBF),
            tokens.CNF: {1: keys.cose_key(signer.public)}, tokens.MESH: changed.get("mesh", self.id),
            tokens.AUTHORITY: path, tokens.SCOPE: changed.get("scope", ALL), tokens.RIGHTS: sorted(rights),
            tokens.DEPTH: depth,
        }  # fmt: skip
        if by is not None:
            claims[tokens.ISSUER] = by.id
        return Holder(signer, path, tokens.issue(cose.CREDENTIAL, claims, by.signer if by else self.root))

    def authority(self, path="ops", by=None, depth=2, rights=("observe", "time", "translate"), **changed):
        return self.credential(f"authority {path}", path, rights, depth, by, **changed)

    def device(self, name, by, rights=("observe", "time"), boot=1, **changed):
        return Device(self.credential(name, by.path, rights, 0, by, **changed), name, boot)


class Device:
    """A device as its bytes show it. `ahead_ms`: its clock against true time."""

    def __init__(self, holder, name, boot=1, ahead_ms=0):
        self.holder, self.name, self.boot, self.ahead_ms = holder, name, boot, ahead_ms
        self.signer, self.id = holder.signer, keys.device_id(holder.signer.public)
        self.incarnation = hashlib.sha256(name.encode()).digest()[:8]
        self.attestation = self.attest(boot)
        self._chain = {}

    def attest(self, boot, measurement=BUILD, dbgstat=1, hardware=b"hardware"):
        return tokens.issue(cose.BOOT, {
            tokens.UEID: tokens.ueid(hardware), tokens.DBGSTAT: dbgstat, tokens.PROFILE: tokens.EAT_PROFILE,
            tokens.BOOTCOUNT: boot, tokens.BOOTSEED: b"12345678", tokens.SWVERSION: ["1"],
            tokens.MEASUREMENT: measurement,
        }, self.signer)  # fmt: skip

    def leaf(self, seq=0, level=100, true_ms=60_000, subject="water/quay", stream=obs.READINGS, **changed):
        """Bytes of an observation; `changed` replaces values by the lower-case names of observation's keys."""
        at_ms = true_ms + self.ahead_ms
        made = {
            obs.DEVICE: self.id, obs.INCARNATION: self.incarnation, obs.STREAM: stream, obs.SEQ: seq,
            obs.TREF: [self.boot, at_ms, obs.utc(UTC_S * 1000 + true_ms, 50)], obs.FORMAT: FORMAT,
            obs.SUBJECT: subject, obs.PAYLOAD: cbor.encode([level]), obs.CREDENTIAL: self.holder.id,
            obs.BOOT_ATTESTATION: tokens.token_id(self.attestation), obs.SALT: b"saltsalt",
        }  # fmt: skip
        made |= {getattr(obs, name.upper()): value for name, value in changed.items()}
        return cbor.encode(made)

    def mean(self, over, seq=0, level=None, true_ms=61_000, **changed):
        """A leaf that derives the mean level from leaves."""
        held = [(obs.source_of(obs.decode(one), obs.observation_id(one)), obs.decode(one)) for one in over]
        held = line.sort_sources(held)
        value, entry = line.derive("mean", ["level"], [one for _, one in held], {FORMAT: FIELDS}.get)
        named = {"sources": [source for source, _ in held], "derivation": entry, **changed}
        return self.leaf(seq, value if level is None else level, true_ms, **named)

    def early(self, leaf):
        return obs.early_copy(leaf, self.signer)

    def segment(self, *leaves, number=None, previous=None, chained=True, signer=None):
        """The leaves sealed. Unless `chained`, the device's own chain is left as it is."""
        first = obs.decode(leaves[0])
        lane = (first[obs.INCARNATION], first[obs.STREAM])
        if number is None:
            number, previous = self._chain.get(lane, (0, None))
        body = seal.SealBody(
            *lane, number, first[obs.SEQ], len(leaves), first[obs.TREF][0], first[obs.CREDENTIAL],
            first[obs.BOOT_ATTESTATION], previous, 0,
        )  # fmt: skip
        sealed = seal.seal(
            body, merkle.root([merkle.leaf_hash(one) for one in leaves]), signer or self.signer
        )
        made = seal.encode_segment(sealed, leaves)
        if chained:
            self._chain[lane] = (number + 1, seal_hash(made))
        return made


def seal_hash(segment):
    sealed, leaves = seal.decode_segment(segment)
    root = merkle.root([merkle.leaf_hash(one) for one in leaves])
    return seal.seal_hash(cose.decode(sealed).protected_bytes, root)


def item(segment, of=0, **changed):
    """The crossing item of one leaf; `changed`: index, path, leaf as they are to stand in it."""
    sealed, leaves = seal.decode_segment(segment)
    path = merkle.inclusion_path([merkle.leaf_hash(one) for one in leaves], of)
    return cbor.encode([
        1, sealed, changed.get("leaf", leaves[of]), changed.get("index", of), changed.get("path", path),
    ])  # fmt: skip


def exchange(asker, answerer, true_ms=1_000, seq=0):
    """Leaves of both sides of one time exchange: 5 ms there, 1 ms to answer, 5 ms back."""
    xid = hashlib.sha256(f"{asker.name} {answerer.name} {true_ms}".encode()).digest()[:8]
    there, back = answerer.ahead_ms + true_ms, asker.ahead_ms + true_ms
    told = [xid, asker.boot, back, answerer.boot, there + 5, there + 6]
    return tuple(
        device.leaf(
            seq, true_ms=true_ms + 12, subject="log/time", stream=obs.EVIDENCE, format=obs.TIME_FORMAT,
            payload=cbor.encode([role, other.id, *told, end]),
        )
        for device, role, other, end in ((asker, 0, answerer, back + 11), (answerer, 1, asker, None))
    )  # fmt: skip


class Fold:
    """A bridge's fold without a store: what it said is in `events` and `tables` (by key, as a store keeps it)."""

    def __init__(self, mesh, roots=(), utc_claims=1):
        self.bridge, self.events, self.tables, self._n = Bridge(), [], {}, 0
        self.put("config", cbor.encode([mesh.id, b"\x07" * 32, mesh.name, utc_claims]))
        for root in (mesh.root.public, *roots):
            self.put("root", root)

    @property
    def state(self):
        return self.bridge.state

    def put(self, kind, data=b""):
        self._n += 1
        outcome = self.bridge.apply(Input(self._n, kind, (1, 10 * self._n), data))
        self.events += [cbor.decode(one) for one in outcome.events]
        for table, row in outcome.rows:
            if table == "clear":
                self.tables[row[0]] = {}
            elif table == "erase":
                self.tables.get(row[0], {}).pop(row[1:], None)
            elif table == "forget":
                self.tables.get("refusal", {}).pop(row, None)
            else:
                self._keep(table, row)
        return outcome

    def _keep(self, table, row):
        """As a store shows it: observations, envelopes, claims and verdicts without their numbers."""
        if table in ("observation", "envelope"):
            row = row[1:]
        elif table == "claim":
            row = (self.state.entries.numbered(row[4]).id, *row[5:])
        elif table == "verdict":
            row = (self.state.entries.numbered(row[0]).id, *row[1:])
        elif table == "verdicts":
            for number in range(row[0], row[0] + row[1]):
                self._keep("verdict", (number, *row[2:]))
            return
        width = {"claim": 2, "fork": 3, "edge": 2, "picture": 2}.get(table, 1)
        self.tables.setdefault(table, {})[row[:width]] = row

    def tokens(self, *given):
        for one in given:
            self.put("token", one if isinstance(one, bytes) else one.data)

    def refusal(self, data):
        """The code under which bytes stand refused, by what names them; None where they do not."""
        name = hashlib.sha256(data).digest()
        rows = self.tables.get("refusal", {})
        found = rows.get((name,)) or rows.get((name[:16],))
        return None if found is None else found[1]

    def verdict(self, leaf):
        """(state, code) of an observation."""
        found = self.state.verdicts[obs.observation_id(leaf)]
        return found.state, found.code

    def held(self, token):
        data = token if isinstance(token, bytes) else token.data
        return tokens.token_id(data) in self.state.arrived


class Home:
    """One mesh, one authority, two devices that met (so that times are proved), and a bridge that knows them."""

    def __init__(self, name="alpha", **device):
        self.mesh = Mesh(name)
        self.ops = self.mesh.authority()
        self.one = self.mesh.device("one", self.ops, **device)
        self.two = self.mesh.device("two", self.ops)
        self.schema = tokens.issue_schema(SCHEMA, self.ops.signer)
        self.contact = [self.one.segment(exchange(self.one, self.two)[0])]
        self.contact.append(self.two.segment(exchange(self.one, self.two)[1]))
        self.tokens = [self.ops.data, self.one.holder.data, self.two.holder.data, self.schema]
        self.tokens += [self.one.attestation, self.two.attestation]

    def fold(self, *roots):
        """A bridge that holds tokens and the contact."""
        fold = Fold(self.mesh, roots)
        fold.tokens(*self.tokens)
        for one in self.contact:
            fold.put("segment", one)
        return fold
