"""Who stands around the measured board: a mesh that enrols it, a bridge that takes custody, a neighbour.

Decides when the board has done all that its scenario asks. Refuses to look into its memory.
"""

import json
from collections.abc import Callable

from fieldpost.bench.device.lockstep import Line
from fieldpost.enrol import Enrolment, Grant, Request
from fieldpost.signing import Signer, verify
from fieldwire import cbor, cose, custody, keys, observation, schema, seal, tokens
from fieldwire.session_bridge import BridgeSession

SCHEMA = schema.encode("thermometer", [["temperature", schema.INTEGER, "Cel", -1]])
DIGEST = schema.digest(SCHEMA)
NBF, EXP = 1_600_000_000, 4_100_000_000
THUMBPRINT = b"\x99" * 32
K_DEV = b"\x07" * 32
BEACON, TOKEN, EARLY = 0x10, 0x11, 0x12


def settings(full: bool) -> dict[str, bytes]:
    """Configuration and schema: three sensors, one of them urgent, and a small log; `full`: neighbours and a rule."""
    digest = DIGEST.hex()
    row = {"schema": digest, "period_ms": 200}
    observe = [
        {"sensor": "t1", "subject": "harbour/air", "stream": 1, **row},
        {"sensor": "t2", "subject": "harbour/water", "stream": 3, **row, "period_ms": 1_000},
        {"sensor": "t3", "subject": "harbour/alarm", "stream": 0, **row, "period_ms": 4_000},
    ]
    inputs = {"subject": "ridge", "count": 4}
    rule = {"function": "mean", "property": "temperature", "inputs": inputs, "subject": "harbour/mean"}
    value: dict = {"journal_bytes": 65_536, "observe": observe, "seal": {"count": 32, "age_ms": 30_000}}
    if full:
        value |= {"neighbours": True, "beacon_ms": 2_000, "derive": [{**rule, "schema": digest}]}
    return {"config.json": json.dumps(value).encode(), f"schemas/{digest}.cbor": SCHEMA}


class Mesh:
    """A root, an authority `region`, and the credentials of its devices."""

    def __init__(self) -> None:
        self.root, self.region = Signer(b"\x01" * 32), Signer(b"\x02" * 32)
        self.id = keys.thumbprint(self.root.public)
        rights = ["observe", "time", "translate"]
        self.authority = self._issue(self.root, self.region.public, "region", rights, 2, {})
        self.issuer = {tokens.ISSUER: tokens.token_id(self.authority)}

    def device(self, public: bytes) -> bytes:
        return self._issue(self.region, public, "region/field", ["observe"], 0, self.issuer)

    def grant(self, request: Request) -> Grant:
        own = self.device(request.public)
        validity = {tokens.NBF: NBF, tokens.EXP: EXP}
        claims = {
            **validity,
            **self.issuer,
            tokens.CNF: {1: keys.cose_key(request.public)},
            tokens.UEID: tokens.ueid(request.hardware_id),
            tokens.OEMID: b"\x05" * 16,
            tokens.HWMODEL: request.hwmodel,
            tokens.PROFILE: tokens.EAT_PROFILE,
            tokens.MEASUREMENTS: [request.measurement],
            tokens.CLOCK: [-50_000, 50_000, None],
        }
        endorsed = tokens.issue(cose.ENDORSEMENT, claims, self.region)
        return Grant(K_DEV, self.root.public, tokens.token_id(own), (self.authority, own, endorsed))

    def _issue(
        self, signer: Signer, public: bytes, authority: str, rights: list[str], depth: int, issuer: dict
    ) -> bytes:
        claims = {
            tokens.EXP: EXP,
            tokens.NBF: NBF,
            tokens.CNF: {1: keys.cose_key(public)},
            tokens.MESH: self.id,
            tokens.AUTHORITY: authority,
            tokens.SCOPE: [None, None],
            tokens.RIGHTS: rights,
            tokens.DEPTH: depth,
            **issuer,
        }
        return tokens.issue(cose.CREDENTIAL, claims, signer)


class EnrollingHost:
    """The other end of the cable at the first boot."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._enrolment = Enrolment(b"\x55" * 32)
        self._opened = False
        self.device: bytes | None = None

    def __call__(self, now_ms: int, lines: dict[str, Line]) -> dict[str, int]:
        one = self._enrolment
        if not self._opened:
            one.open(now_ms)
            self._opened = True
        for frame in lines["uart"].receive():
            one.receive(frame, now_ms)
        lines["local"].receive()
        one.on_deadline(now_ms)
        while (event := one.next_event()) is not None:
            if event[0] == "requested":
                one.grant(self._mesh.grant(event[1]), now_ms)
            elif event[0] == "enrolled":
                self.device = event[1]
        return {"uart": sent(lines["uart"], lambda: one.to_send(now_ms))}


class Nobody:
    """No cable and no neighbour: what the board sends goes nowhere."""

    def __call__(self, now_ms: int, lines: dict[str, Line]) -> dict[str, int]:
        for line in lines.values():
            line.receive()
        return {}


class BridgeAndNeighbour:
    """A bridge that takes custody of all that verifies; `neighbour`: one that is heard on the local link."""

    def __init__(self, mesh: Mesh, neighbour: "Neighbour | None") -> None:
        self._mesh = mesh
        self._neighbour = neighbour
        self._session: BridgeSession | None = None
        self.tokens: dict[bytes, bytes] = {}
        self.segments: dict[tuple, bytes] = {}
        self.observations = 0
        self.subjects: set[str] = set()
        self.exchanges = 0
        self.sessions = 0

    def __call__(self, now_ms: int, lines: dict[str, Line]) -> dict[str, int]:
        session = self._session or self._new_session(lines["uart"])
        for frame in lines["uart"].receive():
            session.receive(frame, now_ms)
        due_ms = session.deadline()
        if due_ms is not None and now_ms >= due_ms:
            session.on_deadline(now_ms)
        while (event := session.next_event()) is not None:
            self._on(event)
        count = {"uart": sent(lines["uart"], lambda: session.to_send(now_ms))}
        heard = lines["local"].receive()
        if self._neighbour is not None:
            count["local"] = self._neighbour.turn(now_ms, heard, lines["local"])
        return count

    def hang_up(self) -> None:
        """Ends the session; the board opens the next one."""
        if self._session is not None:
            self._session.close(0)

    def _new_session(self, line: Line) -> BridgeSession:
        key = custody.link_key(K_DEV, THUMBPRINT)
        nonce = self.sessions.to_bytes(8, "big")
        self._session = BridgeSession(THUMBPRINT, 1, nonce, lambda device: key, self._holdings, line)
        return self._session

    def _holdings(self, device: bytes) -> tuple[list, list[bytes]]:
        return [[key[0], key[1], [[key[2], key[2]]]] for key in list(self.segments)[-8:]], list(self.tokens)

    def _on(self, event: tuple) -> None:
        assert self._session is not None
        if event[0] == "established":
            self.sessions += 1
            self._session.request_seal()
            if self._neighbour is not None and self.sessions == 1:
                self._session.send_object(cbor.encode(["credential", self._mesh.authority]))
        elif event[0] == "exchange":
            self.exchanges += 1
        elif event[0] == "closed":
            self._session = None
        elif event[:2] == ("item", 0):
            self.tokens[event[2]] = event[3]
        elif event[:2] == ("item", 1):
            self._take(tuple(event[2]), event[3])
        elif event[0] == "awaited":
            incarnation, stream, segment = event[1:4]
            found = self.segments[incarnation, stream, segment]
            self._session.grant_custody(incarnation, stream, segment, segment, found)

    def _take(self, place: tuple, data: bytes) -> None:
        assert self._session is not None
        body = seal.decode(seal.decode_segment(data)[0])[1]
        public = tokens.decode(self.tokens[body.credential]).public
        _, found, opened, _ = seal.open_segment(data, public, keys.device_id(public), verify)
        if place not in self.segments:
            self.observations += len(opened)
            self.subjects |= {one[observation.SUBJECT] for one, _ in opened}
        self.segments[place] = found
        incarnation, stream, segment = place
        self._session.grant_custody(incarnation, stream, segment, segment, found)


class Neighbour:
    """Another device of the mesh: a beacon, its tokens, and early copies of what it observed."""

    EVERY_MS = 1_000

    def __init__(self, mesh: Mesh) -> None:
        self._signer = Signer(b"\x31" * 32)
        self._tokens = [mesh.authority, mesh.device(self._signer.public)]
        self._due_ms = 0
        self._seq = 0

    def turn(self, now_ms: int, heard: list[bytes], line: Line) -> int:
        if now_ms < self._due_ms:
            return 0
        self._due_ms = now_ms + self.EVERY_MS
        self._seq += 1
        device = keys.device_id(self._signer.public)
        frames = [bytes((BEACON,)) + cbor.encode([device, 1, now_ms, []])]
        if self._seq == 1:
            frames += [bytes((TOKEN,)) + cbor.encode([one]) for one in self._tokens]
        else:
            frames.append(bytes((EARLY,)) + cbor.encode([self._early(device, now_ms)]))
        return sum(line.send(one) for one in frames)

    def _early(self, device: bytes, now_ms: int) -> bytes:
        made = {
            observation.DEVICE: device,
            observation.INCARNATION: b"\x01" * 8,
            observation.STREAM: 0,
            observation.SEQ: self._seq,
            observation.TREF: [1, now_ms],
            observation.FORMAT: DIGEST,
            observation.SUBJECT: "ridge/air",
            observation.PAYLOAD: cbor.encode([self._seq]),
            observation.CREDENTIAL: tokens.token_id(self._tokens[1]),
            observation.BOOT_ATTESTATION: b"\x02" * 16,
            observation.SALT: b"\x03" * 8,
        }
        return observation.early_copy(observation.encode(made), self._signer)


def sent(line: Line, next_frame: Callable[[], bytes | None]) -> int:
    """Sends what there is to send; how many bytes."""
    count = 0
    while (frame := next_frame()) is not None:
        count += line.send(frame)
    return count
