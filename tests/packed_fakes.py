"""Sealed segments of readings, an outbox of them and a keeper that verifies their seals, on both runtimes.

The seal's signature is a digest under a key that the channel lacks: a keeper takes what was sealed and nothing else.
"""

from session_fakes import INCARNATION, K_DEV, SEALING_KEY, Keeper, Outbox, Pair

from fieldwire import cbor, keys, merkle, salt, seal
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.hmac import hmac_sha256
from fieldwire.seal_writer import signed
from fieldwire.transfer_head import PACKED, SEGMENT

PUBLIC = b"p" * 32
DEVICE = keys.device_id(PUBLIC)
SALT_KEY = salt.salt_key(K_DEV)
AUTHOR = [3, b"c" * 16, b"a" * 16]


class Signer:
    public = PUBLIC

    def sign(self, message):
        return 2 * hmac_sha256(SEALING_KEY, message)


def verify(public, message, signature):
    return signature == 2 * hmac_sha256(SEALING_KEY, message)


def leaf(seq, payload, ms=None, subject="field/air", content_format=b"f" * 16, stream=1):
    return obs.encode(
        {
            obs.DEVICE: DEVICE,
            obs.INCARNATION: INCARNATION,
            obs.STREAM: stream,
            obs.SEQ: seq,
            obs.TREF: [AUTHOR[0], 60_000 * seq if ms is None else ms],
            obs.FORMAT: content_format,
            obs.SUBJECT: subject,
            obs.PAYLOAD: payload,
            obs.CREDENTIAL: AUTHOR[1],
            obs.BOOT_ATTESTATION: AUTHOR[2],
            obs.SALT: salt.Salts(SALT_KEY, DEVICE, INCARNATION).at(stream, seq),
        }
    )


def sealed_parts(leaves, segment=0, first=0, previous=None, author=None, stream=1):
    """([seal, leaf ...], seal hash)."""
    fields = [INCARNATION, stream, segment, first, len(leaves)] + (author or AUTHOR) + [previous, 0]
    made, seal_hash = signed(fields, merkle.root([merkle.leaf_hash(one) for one in leaves]), Signer())
    return [made] + list(leaves), seal_hash


def parts_of(*arguments):
    return sealed_parts(*arguments)[0]


def walk(count, first=0, stream=1):
    """Readings at 60 s, 500 ms off either way at most, three integers walking by 3 at most."""
    state, values, leaves = 7, [2_150, 6_520, 311], []
    for seq in range(first + count):
        drawn = []
        for span in (1_001, 7, 7, 7):
            state = (state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
            drawn.append((state >> 8) % span - span // 2)
        values = [value + step for value, step in zip(values, drawn[1:])]
        if seq >= first:
            leaves.append(leaf(seq, cbor.encode(values), 600_000 + 60_000 * seq + drawn[0], stream=stream))
    return leaves


class SealedOutbox(Outbox):
    """`lengths`: leaves of each segment of stream 1."""

    def __init__(self, *lengths):
        super().__init__()
        self._ends = {}  # stream -> (segment, seq, seal hash) to come
        for length in lengths:
            self.seal(length)

    def seal(self, length, stream=1, leaves=None):
        """Seals so many readings, or these leaves."""
        segment, first, previous = self._ends.get(stream, (0, 0, None))
        leaves = leaves or walk(length, first, stream)
        parts, seal_hash = sealed_parts(leaves, segment, first, previous, None, stream)
        self._ends[stream] = segment + 1, first + len(leaves), seal_hash
        self.kept[(stream, segment)] = self.past[(stream, segment)] = seal.encode_segment(parts[0], parts[1:])


class SealKeeper(Keeper):
    """Believes a segment when its seal verifies, and asks for one as it is that does not when it was expanded."""

    def take(self, event, session):
        if event[0] != "item" or event[1] not in (SEGMENT, PACKED):
            return Keeper.take(self, event, session)
        _, kind, key, data = event
        try:
            seal.check_segment(data, PUBLIC, DEVICE, verify)
            self.written.append((key[1:], data))
        except WireError:
            self.unproven += 1
            if kind == PACKED:
                session.refuse_packed(*key)
        return None


class SealedPair(Pair):
    """A bridge that takes packed segments as long as it has a salt key."""

    device_id = DEVICE
    salt_key = SALT_KEY


def sealed_pair(*lengths, **named):
    return SealedPair(SealedOutbox(*lengths), SealKeeper(), **named)
