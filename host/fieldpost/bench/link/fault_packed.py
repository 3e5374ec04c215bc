"""Logs of fault schedules whose segments are sealed readings, so that they can travel packed.

The signature is a digest under the key that the channel lacks. A bridge's salt key may be the device's, another one or
none, and may change at any time.
"""

from hashlib import sha256
from random import Random

from fieldpost.bench.link.fault_ends import SEALING_KEY, STREAMS, Disk, Log, Place, seal_hash
from fieldwire import cbor, keys, merkle, salt, seal
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.hmac import hmac_sha256
from fieldwire.transfer_head import PACKED, SEGMENT

SHARE = 0.2  # of the schedules
CHANGES = (0, 0, 0.02, 0.1)  # rates at which a bridge's salt key changes, in chances a frame
LEAVES_MAX = 4
_AUTHOR = (3, b"credential 16 B.", b"attestation 16B.")
_FORMAT = b"a schema's digst"


class Signer:
    """A key that is a digest."""

    def __init__(self, public: bytes) -> None:
        self.public = public

    def sign(self, message: bytes) -> bytes:
        return 2 * hmac_sha256(SEALING_KEY, self.public + message)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    return signature == Signer(public).sign(message)


class SealedLog(Log):
    """As a Log; each segment goes on in its stream where the one before ended."""

    def __init__(self, name: bytes, random: Random, tokens: int, segments: int) -> None:
        self.public = sha256(name).digest()
        self._ends: dict[tuple[bytes, int], tuple[int, int, bytes | None]] = {}
        super().__init__(keys.device_id(self.public), random, tokens, segments, 0)

    def seal(self) -> None:
        random, stream = self._random, self._random.randrange(STREAMS)
        segment, first, previous = self._ends.get((self.incarnation, stream), (0, 0, None))
        salts = salt.Salts(salt.salt_key(self.k_dev), self.device, self.incarnation)
        leaves = []
        for seq in range(first, first + random.randint(1, LEAVES_MAX)):
            payload = cbor.encode([seq, random.randrange(9)])
            leaves.append(self._leaf(stream, seq, payload, salts.at(stream, seq)))
        body = seal.SealBody(
            self.incarnation, stream, segment, first, len(leaves), *_AUTHOR, previous, random.randrange(2)
        )
        root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
        made = seal.seal(body, root, Signer(self.public))
        follows = seal.seal_hash(seal.decode(made)[0].protected_bytes, root)
        self._ends[self.incarnation, stream] = segment + 1, first + len(leaves), follows
        place, data = (self.incarnation, stream, segment), seal.encode_segment(made, leaves)
        self.kept[place] = self.past[place] = data
        self._hashes[place] = seal_hash(data)
        self._list()

    def _leaf(self, stream: int, seq: int, payload: bytes, salt_of: bytes) -> bytes:
        boot, credential, attestation = _AUTHOR
        return obs.encode(
            {
                obs.DEVICE: self.device,
                obs.INCARNATION: self.incarnation,
                obs.STREAM: stream,
                obs.SEQ: seq,
                obs.TREF: [boot, 1_000 * seq],
                obs.FORMAT: _FORMAT,
                obs.SUBJECT: f"field/{stream}",
                obs.PAYLOAD: payload,
                obs.CREDENTIAL: credential,
                obs.BOOT_ATTESTATION: attestation,
                obs.SALT: salt_of,
            }
        )


class SaltedDisk(Disk):
    """A Disk that believes a seal, and asks for a segment as it is whose seal does not prove what it expanded."""

    def __init__(self, thumbprint: bytes, logs: list[SealedLog]) -> None:
        super().__init__(thumbprint, list(logs))
        self.salt_keys = {log.device: salt.salt_key(log.k_dev) for log in logs}
        self.packed = 0  # items that came packed and were true
        self._own = dict(self.salt_keys)
        self._public = {log.device: log.public for log in logs}

    def change(self, device: bytes, random: Random) -> None:
        """From now on the salt key of a device is its own, another one, or none."""
        drawn = random.randrange(3)
        self.salt_keys.pop(device, None)
        if drawn:
            self.salt_keys[device] = self._own[device] if drawn == 1 else bytes(32)

    def _is_true(self, device: bytes, kind: int, key: Place, data: bytes) -> bool:
        if kind not in (SEGMENT, PACKED):
            return super()._is_true(device, kind, key, data)
        try:
            seal.check_segment(data, self._public[device], device, verify)
        except WireError:
            return False
        self.packed += kind == PACKED
        return True
