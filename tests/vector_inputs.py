"""The fixed inputs of the golden vectors: keys, places, one observation, and how a row is written.

Every key here is a test key whose seed is public. Decides nothing about what a vector shows.
"""

import hashlib

from nacl.signing import SigningKey

from fieldwire import cbor, keys
from fieldwire import observation as obs
from fieldwire.custody import link_key
from fieldwire.hmac import hmac_sha256

NBF, EXP = 1_767_225_600, 4_102_444_800  # 2026-01-01 and 2100-01-01, UTC


class TestKey:
    """An Ed25519 key from the SHA-256 of its owner's name."""

    __test__ = False

    def __init__(self, owner):
        self.seed = hashlib.sha256(b"fieldpost test key " + owner.encode()).digest()
        self._key = SigningKey(self.seed)
        self.public = bytes(self._key.verify_key)

    def sign(self, message):
        return self._key.sign(message).signature


ROOT = TestKey("root of mesh alpha")
AUTHORITY = TestKey("authority alpha/north")
BRIDGE = TestKey("bridge of mesh alpha")
DEVICE = TestKey("device alpha 1")
OTHER = TestKey("device alpha 2")
FOREIGN_ROOT = TestKey("root of mesh beta")
FOREIGN = TestKey("authority beta/coast")
FOREIGN_BRIDGE = TestKey("bridge of mesh beta")

MESH, FOREIGN_MESH = keys.thumbprint(ROOT.public), keys.thumbprint(FOREIGN_ROOT.public)
DEVICE_ID, OTHER_ID = keys.device_id(DEVICE.public), keys.device_id(OTHER.public)
BRIDGE_ID = keys.thumbprint(BRIDGE.public)
INCARNATION, OTHER_INCARNATION = bytes.fromhex("1122334455667788"), bytes.fromhex("99aabbccddeeff00")
CREDENTIAL, ATTESTATION = bytes.fromhex("c0" * 16), bytes.fromhex("a7" * 16)
K_DEV = hashlib.sha256(b"fieldpost test K_dev").digest()
K_LINK = link_key(K_DEV, BRIDGE_ID)

FIELDS = [
    ["air.temperature", 0, "Cel", -2],
    ["sky", 1, "", 0],
    ["at", 2, "", 0],
    ["raw", 3, "", 0],
]
SCHEMA = cbor.encode(["weather", FIELDS])
FORMAT = hashlib.sha256(b"fieldpost/schema/1" + SCHEMA).digest()[:16]


def observation(seq=0, stream=obs.READINGS, **changed):
    """A well-formed reading; `changed` replaces values by the lower-case names of observation's keys."""
    made = {
        obs.DEVICE: DEVICE_ID,
        obs.INCARNATION: INCARNATION,
        obs.STREAM: stream,
        obs.SEQ: seq,
        obs.TREF: [3, 60_000 + 1_000 * (seq % 1_000)],
        obs.FORMAT: FORMAT,
        obs.SUBJECT: "north/ridge/mast",
        obs.PAYLOAD: cbor.encode([2_150 + seq % 100, None, None, None]),
        obs.CREDENTIAL: CREDENTIAL,
        obs.BOOT_ATTESTATION: ATTESTATION,
    }
    for name, value in changed.items():
        made[getattr(obs, name.upper())] = value
    made[obs.SALT] = _salt(made[obs.DEVICE], made[obs.INCARNATION], stream, seq)
    return made


def _salt(device, incarnation, stream, seq):
    """As devices made it before they had a key for salts alone: no receiver sees it, and these bytes stay signed."""
    place = device + incarnation + bytes((stream,)) + seq.to_bytes(8, "big")
    return hmac_sha256(K_DEV, b"salt/1" + place)[:8]


def without(made, key):
    """The map without one key."""
    return {other: value for other, value in made.items() if other != key}


def good(name, kind, data, **inputs):
    """A row whose bytes are accepted; `inputs` are further values, bytes become hex."""
    return _row(name, kind, data, None, None, inputs)


def bad(name, kind, data, error, cddl="refuses", **inputs):
    """A row whose bytes are refused with `error`; `cddl` says whether the grammar alone sees it too."""
    return _row(name, kind, data, error, cddl, inputs)


def _row(name, kind, data, error, cddl, inputs):
    made = {"name": name, "kind": kind, "hex": data.hex(), "error": error}
    if cddl is not None:
        made["cddl"] = cddl
    for key, value in inputs.items():
        made[key] = _plain(value)
    return made


def _plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
