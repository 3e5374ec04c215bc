"""A fleet that signs: one authority, a gateway that knows UTC, and devices in pairs that watch one thing each.

Decides what is observed: each pair reports one subject, and a stated part of the readings differ by more than any
tolerance. All is made from a seed while it is read, so that a long run needs no more memory than a short one.
"""

import random
from collections.abc import Iterator

import cbor2

from fieldpost.signing import Signer
from fieldwire import cbor, cose, keys, merkle, schema, seal, seal_writer, tokens
from fieldwire import observation as obs

LEAVES = 32
EVERY_MS = 600_000  # a reading every ten minutes
UTC_S = 1_800_000_000
YEARS_S = 10 * 365 * 86_400
BUILD = b"\x07" * 32
SCHEMA = schema.encode("water", [["level", 0, "m", -2]])
FORMAT = schema.digest(SCHEMA)
UNRELATED = 0.05  # of the readings are in conflict
MET_MS = 1_000  # on every clock: all were started together


class Authority:
    """A mesh's root and its only authority; what they sign for whoever holds a public key."""

    def __init__(self, seed: int) -> None:
        self.random_bytes = random.Random(seed).randbytes
        root, self.signer = Signer(self.random_bytes(32)), Signer(self.random_bytes(32))
        self.root, self.mesh = root.public, keys.thumbprint(root.public)
        self.data = self._credential(root, self.signer.public, ["observe", "time"], 1, None)
        self.id = tokens.token_id(self.data)

    def _credential(
        self, signer: Signer, public: bytes, rights: list[str], depth: int, by: bytes | None
    ) -> bytes:
        claims = {
            tokens.EXP: UTC_S + YEARS_S,
            tokens.NBF: UTC_S - YEARS_S,
            tokens.CNF: {1: keys.cose_key(public)},
            tokens.MESH: self.mesh,
            tokens.AUTHORITY: "ops",
            tokens.SCOPE: [None, None],
            tokens.RIGHTS: rights,
            tokens.DEPTH: depth,
        }
        return tokens.issue(cose.CREDENTIAL, claims | ({} if by is None else {tokens.ISSUER: by}), signer)

    def credential(self, public: bytes, rights: list[str]) -> bytes:
        return self._credential(self.signer, public, rights, 0, self.id)

    def endorsement(self, public: bytes) -> bytes:
        claims = {
            tokens.EXP: UTC_S + YEARS_S,
            tokens.NBF: UTC_S - YEARS_S,
            tokens.ISSUER: self.id,
            tokens.CNF: {1: keys.cose_key(public)},
            tokens.UEID: tokens.ueid(public),
            tokens.OEMID: b"oemid 16 octets.",
            tokens.HWMODEL: b"board",
            tokens.PROFILE: tokens.EAT_PROFILE,
            tokens.MEASUREMENTS: [BUILD],
            tokens.CLOCK: [-1_000, 1_000, None],
        }
        return tokens.issue(cose.ENDORSEMENT, claims, self.signer)


class Device:
    """A key with its tokens and its two logs: readings and time records."""

    def __init__(self, authority: Authority, rights: list[str]) -> None:
        self._random_bytes = authority.random_bytes
        self.signer = Signer(self._random_bytes(32))
        self.id, self.incarnation = keys.device_id(self.signer.public), self._random_bytes(8)
        credential = authority.credential(self.signer.public, rights)
        boot = {
            tokens.UEID: tokens.ueid(self.signer.public),
            tokens.DBGSTAT: 1,
            tokens.PROFILE: tokens.EAT_PROFILE,
            tokens.BOOTCOUNT: 1,
            tokens.BOOTSEED: self._random_bytes(8),
            tokens.SWVERSION: ["1"],
            tokens.MEASUREMENT: BUILD,
        }
        attestation = tokens.issue(cose.BOOT, boot, self.signer)
        self.tokens = [credential, attestation, authority.endorsement(self.signer.public)]
        self.credential, self.attestation = tokens.token_id(credential), tokens.token_id(attestation)
        self._chains: dict[int, tuple[int, int, bytes | None]] = {}

    def observed(self, stream: int, seq: int, ms: int, **changed: object) -> dict[int, object]:
        made = {
            obs.DEVICE: self.id,
            obs.INCARNATION: self.incarnation,
            obs.STREAM: stream,
            obs.SEQ: seq,
            obs.TREF: [1, ms],
            obs.FORMAT: FORMAT,
            obs.SUBJECT: "log/time",
            obs.PAYLOAD: b"",
            obs.CREDENTIAL: self.credential,
            obs.BOOT_ATTESTATION: self.attestation,
            obs.SALT: self._random_bytes(8),
        }
        return made | {getattr(obs, name.upper()): value for name, value in changed.items()}

    def segment(self, stream: int, leaves: list[bytes]) -> bytes:
        """The leaves sealed, as the next segment of the stream."""
        number, first, previous = self._chains.get(stream, (0, 0, None))
        fields = [self.incarnation, stream, number, first, len(leaves), 1, self.credential]
        fields += [self.attestation, previous, 0]
        root = merkle.Tree()
        for leaf in leaves:
            root.add(merkle.leaf_hash(leaf))
        sealed, seal_hash = seal_writer.signed(fields, root.root(), self.signer)
        self._chains[stream] = (number + 1, first + len(leaves), seal_hash)
        return seal.encode_segment(sealed, leaves)


def encode(observation: dict[int, object]) -> bytes:
    """Keys 0 to 12 in order: the same bytes as our own encoder's, sooner."""
    return cbor2.dumps(observation)


class Fleet:
    """`devices` readers and a gateway; `inputs` makes them known, `segments` is what they drain."""

    def __init__(self, devices: int, seed: int) -> None:
        self.authority = Authority(seed)
        self._random = random.Random(seed + 1)
        self.gateway = Device(self.authority, ["observe", "time"])
        self.devices = [Device(self.authority, ["observe"]) for _ in range(devices)]

    def inputs(self) -> Iterator[tuple[str, bytes]]:
        """Config, root and tokens; then what each device and the gateway saw of their one meeting."""
        authority = self.authority
        yield "config", cbor.encode([authority.mesh, b"\x01" * 32, "bench", 1])
        yield "root", authority.root
        yield "token", authority.data
        yield "token", tokens.issue_schema(SCHEMA, authority.signer)
        for device in [self.gateway, *self.devices]:
            yield from (("token", one) for one in device.tokens)
        answered = []
        for number, device in enumerate(self.devices):
            asked, answer = self._meeting(number, device)
            yield "segment", device.segment(obs.EVIDENCE, [asked])
            answered.append(answer)
            if len(answered) == LEAVES or number == len(self.devices) - 1:
                yield "segment", self.gateway.segment(obs.EVIDENCE, answered)
                answered = []

    def _meeting(self, number: int, device: Device) -> tuple[bytes, bytes]:
        """Both records of one time exchange: 5 ms there, 1 ms to answer, 5 ms back."""
        ms = MET_MS + 20 * number
        told = [self.authority.random_bytes(8), 1, ms, 1, ms + 5, ms + 6]
        asked = device.observed(obs.EVIDENCE, 0, ms + 12, format=obs.TIME_FORMAT,
                                payload=cbor.encode([0, self.gateway.id, *told, ms + 11]))  # fmt: skip
        answered = self.gateway.observed(
            obs.EVIDENCE, number, ms + 12, format=obs.TIME_FORMAT,
            payload=cbor.encode([1, device.id, *told, None]), tref=[1, ms + 12, obs.utc(UTC_S * 1000 + ms, 50)],
        )  # fmt: skip
        return encode(asked), cbor.encode(answered)

    def segments(self, count: int, begin: int = 0) -> Iterator[bytes]:
        """Sealed segments of `LEAVES` readings each, a device after the other, until `count` observations."""
        made = 0
        while made < count:
            for place, device in enumerate(self.devices):
                if made >= count:
                    return
                yield device.segment(obs.READINGS, [self.reading(place, begin + n) for n in range(LEAVES)])
                made += LEAVES
            begin += LEAVES

    def reading(self, place: int, seq: int) -> bytes:
        level = 9_900 + place % 2 if self._random.random() < UNRELATED else 500
        subject = f"water/s{place // 2}"
        ms = 60_000 + EVERY_MS * seq
        device = self.devices[place]
        return encode(device.observed(obs.READINGS, seq, ms, subject=subject, payload=cbor2.dumps([level])))
