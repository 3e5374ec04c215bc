"""A device's log of three slow numeric fields, sealed and signed in earnest, and what its bridge holds.

Decides the readings: one a minute, give or take half a second, three integers that each walk by three at most. One
boot, one schema, four tokens: the chain of the credential, the endorsement, the boot attestation.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from fieldpost.bench.link.ends import INCARNATION, K_DEV, STREAM, Journal
from fieldpost.device_link import ranges
from fieldpost.signing import Signer, verify
from fieldwire import cbor, cose, keys, merkle, salt, schema, seal, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.transfer_head import PACKED, SEGMENT, TOKEN

READINGS = 1_000
A_SEGMENT = 32
PERIOD_MS, JITTER_MS, STEP = 60_000, 500, 3
FIRST = (2_150, 6_520, 1_013)
SUBJECT = "field/north/weather"
SCHEMA = schema.encode(
    "weather", [["temperature", 0, "Cel", -2], ["humidity", 0, "%RH", -2], ["pressure", 0, "hPa", 0]]
)
SENML_NAMES = ("temperature", "humidity", "pressure")
_UTC_S = 1_800_000_000
_BOOT = 1


def walk(random: Random, count: int) -> list[tuple[int, list[int]]]:
    """(ms, values) of each reading."""
    values, found = list(FIRST), []
    for number in range(count):
        values = [value + random.randint(-STEP, STEP) for value in values]
        found.append((PERIOD_MS * (number + 1) + random.randint(-JITTER_MS, JITTER_MS), values))
    return found


def senml(values: list[int]) -> bytes:
    """A payload that is no list of values: SenML in CBOR (RFC 8428 6), a map a value."""
    return cbor.encode([{0: name, 2: value} for name, value in zip(SENML_NAMES, values, strict=True)])


@dataclass(frozen=True)
class Maker:
    """Who signs: the device's key, and the tokens that prove it."""

    signer: Signer
    tokens: list[bytes]
    author: tuple[bytes, bytes]  # credential id, boot attestation id

    @property
    def handed(self) -> list[bytes]:
        """What a bridge got from the authority beside the salt key: all that the mesh has signed."""
        return self.tokens[:-1]

    @property
    def device(self) -> bytes:
        return keys.device_id(self.signer.public)


def maker(random: Random) -> Maker:
    root, authority, signer = (Signer(random.randbytes(32)) for _ in range(3))
    mesh, build = keys.thumbprint(root.public), random.randbytes(32)
    ueid = tokens.ueid(random.randbytes(8))
    valid: dict[int, Any] = {tokens.NBF: _UTC_S, tokens.EXP: _UTC_S + 86_400 * 365}

    def credential(holder: Signer, depth: int, by: bytes | None, key: Signer) -> bytes:
        claims = valid | {
            tokens.CNF: {1: keys.cose_key(holder.public)},
            tokens.MESH: mesh,
            tokens.AUTHORITY: "field/north",
            tokens.SCOPE: [None, None],
            tokens.RIGHTS: ["observe"],
            tokens.DEPTH: depth,
        }
        issuer = {} if by is None else {tokens.ISSUER: by}
        return tokens.issue(cose.CREDENTIAL, claims | issuer, key)

    above = credential(authority, 1, None, root)
    own = credential(signer, 0, tokens.token_id(above), authority)
    endorsement = valid | {
        tokens.CNF: {1: keys.cose_key(signer.public)},
        tokens.ISSUER: tokens.token_id(above),
        tokens.UEID: ueid,
        tokens.OEMID: random.randbytes(16),
        tokens.HWMODEL: b"rp2040",
        tokens.PROFILE: tokens.EAT_PROFILE,
        tokens.MEASUREMENTS: [build],
        tokens.CLOCK: [-50_000, 50_000, None],
    }
    attestation = {
        tokens.UEID: ueid,
        tokens.DBGSTAT: 1,
        tokens.PROFILE: tokens.EAT_PROFILE,
        tokens.BOOTCOUNT: _BOOT,
        tokens.BOOTSEED: random.randbytes(32),
        tokens.SWVERSION: ["0.2.0"],
        tokens.MEASUREMENT: build,
    }
    boot = tokens.issue(cose.BOOT, attestation, signer)
    held = [above, own, tokens.issue(cose.ENDORSEMENT, endorsement, authority), boot]
    return Maker(signer, held, (tokens.token_id(own), tokens.token_id(boot)))


class Log(Journal):
    """Slow readings, sealed. `sealed`: all segments that there ever were; `kept`: those that are not freed."""

    def __init__(self, random: Random, content_format: int | bytes, payload: Any, readings: int) -> None:
        self.maker = maker(random)
        self.leaves = self._leaves(walk(random, readings), content_format, payload)
        self.hashes: dict[int, bytes] = {}
        self.sealed: list[bytes] = []
        for first in range(0, readings, A_SEGMENT):
            self._seal(first, self.leaves[first : first + A_SEGMENT])
        self.kept = dict(enumerate(self.sealed))
        self.bytes = sum(map(len, self.sealed))

    def _leaves(self, rows: list, content_format: int | bytes, payload: Any) -> list[bytes]:
        credential, attestation = self.maker.author
        salts = salt.Salts(salt.salt_key(K_DEV), self.maker.device, INCARNATION)
        common = {
            obs.DEVICE: self.maker.device,
            obs.INCARNATION: INCARNATION,
            obs.STREAM: STREAM,
            obs.FORMAT: content_format,
            obs.SUBJECT: SUBJECT,
            obs.CREDENTIAL: credential,
            obs.BOOT_ATTESTATION: attestation,
        }
        return [
            obs.encode(
                common
                | {
                    obs.SEQ: seq,
                    obs.TREF: [_BOOT, ms],
                    obs.PAYLOAD: payload(values),
                    obs.SALT: salts.at(STREAM, seq),
                }
            )
            for seq, (ms, values) in enumerate(rows)
        ]

    def _seal(self, first: int, leaves: list[bytes]) -> None:
        previous = self.hashes.get(len(self.sealed) - 1)
        body = seal.SealBody(
            INCARNATION, STREAM, len(self.sealed), first, len(leaves), _BOOT, *self.maker.author, previous, 0
        )
        root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
        made = seal.seal(body, root, self.maker.signer)
        self.hashes[len(self.sealed)] = seal.seal_hash(cose.decode(made).protected_bytes, root)
        self.sealed.append(seal.encode_segment(made, leaves))

    def tokens(self) -> list[bytes]:
        return [tokens.token_id(one) for one in self.maker.tokens]

    def token(self, identity: bytes) -> bytes:
        return {tokens.token_id(one): one for one in self.maker.tokens}[identity]


class Shelf:
    """A bridge that keeps tokens, those that it was `handed` among them, and segments whose seals verify."""

    def __init__(self, log: Log, handed: list[bytes]) -> None:
        self.held: dict[int, bytes] = {}
        self.tokens = {tokens.token_id(one) for one in handed}
        self.refused = 0
        self._maker = log.maker
        self._hashes = log.hashes

    def holdings(self, device: bytes) -> tuple[list, list]:
        held = [[INCARNATION, STREAM, ranges(list(self.held))]] if self.held else []
        return held, sorted(self.tokens)

    def take(self, bridge: Any) -> None:
        """Handles what the bridge's session has to say."""
        while (event := bridge.next_event()) is not None:
            if event[0] == "item" and event[1] == TOKEN:
                self.tokens.add(event[2])
            elif event[0] == "item" and event[1] in (SEGMENT, PACKED):
                self._segment(bridge, event[2], event[3])
            elif event[0] == "awaited" and event[3] in self.held:
                self._grant(bridge, event[3])

    def _segment(self, bridge: Any, key: tuple[bytes, int, int], data: bytes) -> None:
        try:
            seal.check_segment(data, self._maker.signer.public, self._maker.device, verify)
        except WireError:
            self.refused += 1
            bridge.refuse_packed(*key)
            return
        self.held[key[2]] = data
        self._grant(bridge, key[2])

    def _grant(self, bridge: Any, number: int) -> None:
        first = last = number
        while first - 1 in self.held:
            first -= 1
        while last + 1 in self.held:
            last += 1
        bridge.grant_custody(INCARNATION, STREAM, first, last, self._hashes[last])
