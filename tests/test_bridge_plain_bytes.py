"""What is read in one pass is read as fieldwire reads it: equal values and never more, golden bytes or damaged."""

import random

import pytest
from fold_world import FORMAT, Home, exchange
from vectors_io import load_json

from fieldpost import plain_bytes
from fieldwire import cbor, cose, limits, seal
from fieldwire import observation as obs
from fieldwire.errors import WireError

SEED, ROUNDS = 7, 4_000


def made():
    home = Home()
    leaves = [
        home.one.leaf(seq, level, true_ms=60_000 + 2**seq) for seq, level in enumerate((0, 23, 24, 2**40))
    ]
    leaves += [
        home.one.leaf(2**42 - 1, tref=[1, 2**42 - 1]),
        home.one.leaf(300, tref=[23, 24], format=65_535, payload=bytes(512)),
        home.one.leaf(0, tref=[0, 255], format=23, payload=b"", subject="a"),
        home.one.leaf(1, tref=[256, 65_536], payload=bytes(23), subject="/".join(["a" * 15] * 8)),
        *exchange(home.one, home.two),
    ]
    return home, leaves


HOME, LEAVES = made()
COPIES = [HOME.one.early(leaf) for leaf in LEAVES]
SEGMENTS = [
    HOME.one.segment(*[HOME.one.leaf(n) for n in range(size)], chained=False) for size in (1, 2, 23, 24, 64)
]


def told(function, data):
    try:
        return function(data)
    except WireError:
        return None


def decoded_copy(data):
    message = cose.decode(data, cose.EARLY)
    if message.payload is None:
        raise WireError("cose-shape", "no payload")
    return (
        message.kid,
        message.payload,
        cose.to_be_signed(message.protected_bytes, message.payload),
        message.signature,
    )


READERS = {
    "observation": (plain_bytes.observation, obs.decode),
    "early": (plain_bytes.early, decoded_copy),
    "segment": (plain_bytes.segment, seal.decode_segment),
}


def agree(kind, data):
    """True where it was read; what is read must be what fieldwire says, types and all."""
    quick, slow = READERS[kind]
    found = quick(data)
    if found is not None:
        assert repr(found) == repr(slow(data)) if kind != "early" else tuple(found) == slow(data)
    return found is not None


def damaged(rng, data):
    """One to three bytes changed, left out or put in, where heads stand more often than elsewhere."""
    data = bytearray(data)
    for _ in range(rng.randint(1, min(3, len(data)))):
        at = rng.randrange(len(data))
        change = rng.randrange(4)
        if change == 0:
            data[at] = rng.choice((data[at] ^ 1 << rng.randrange(8), rng.randrange(256)))
        elif change == 1:
            del data[at]
        elif change == 2:
            data[at:at] = bytes(
                [rng.choice((0, 1, 0x18, 0x19, 0x1A, 0x1B, 0x40, 0x58, 0x59, 0x5F, 0x82, rng.randrange(256)))]
            )
        else:
            data[at : at + 2] = rng.choice(
                (b"\x18\x01", b"\x19\x00\x01", b"\x1a\x00\x00\x00\x01", b"\xf5", b"\x20")
            )
    return bytes(data)


def test_every_plain_observation_copy_and_segment_is_read_in_one_pass():
    assert all(agree("observation", leaf) for leaf in LEAVES)
    assert all(agree("early", copy) for copy in COPIES)
    assert all(agree("segment", one) for one in SEGMENTS)


def test_a_derived_observation_is_left_to_fieldwire():
    leaf = HOME.one.mean(LEAVES[:2], 9)
    assert plain_bytes.observation(leaf) is None and obs.decode(leaf)[obs.SOURCES]


@pytest.mark.parametrize("kind", sorted(READERS))
def test_golden_bytes_and_their_negatives_are_read_as_fieldwire_reads_them(kind):
    rows = [bytes.fromhex(row["hex"]) for row in load_json(kind) if "hex" in row]
    assert len(rows) > 5 and all(agree(kind, data) in (True, False) for data in rows)


@pytest.mark.parametrize(
    "kind, base", [("observation", LEAVES), ("early", COPIES), ("segment", SEGMENTS[:3])]
)
def test_damaged_bytes_are_never_read_otherwise_than_by_fieldwire(kind, base):
    rng, read = random.Random(SEED), 0
    for _ in range(ROUNDS):
        read += agree(kind, damaged(rng, rng.choice(base)))
    assert read, "damage inside payloads, salts and signatures is still well formed"


@pytest.mark.parametrize("seq, boot, ms", [(2**42, 1, 1), (1, 2**42, 1), (1, 1, 2**42)])
def test_a_count_beyond_any_device_is_left_to_fieldwire(seq, boot, ms):
    leaf = HOME.one.leaf(seq, tref=[boot, ms])
    assert plain_bytes.observation(leaf) is None and told(obs.decode, leaf) is None


def test_true_does_not_pass_for_one_nor_a_long_form_for_a_short_one():
    leaf = LEAVES[4]
    assert plain_bytes.observation(leaf) is not None
    for was, now in ((b"\x02\x01\x03", b"\x02\xf5\x03"), (b"\x02\x01\x03", b"\x02\x18\x01\x03")):
        assert leaf.count(was) == 1 and plain_bytes.observation(leaf.replace(was, now)) is None
    longest = HOME.one.leaf(0, payload=bytes(limits.PAYLOAD_MAX + 1))
    assert plain_bytes.observation(longest) is None and told(obs.decode, longest) is None
    assert plain_bytes.observation(cbor.encode({**obs.decode(leaf), obs.FORMAT: FORMAT[:15]})) is None


def test_short_lists_of_integers_and_nils_are_read_as_fieldwire_reads_them():
    edges = [
        0,
        23,
        24,
        255,
        256,
        65_535,
        65_536,
        2**32 - 1,
        -1,
        -24,
        -25,
        -256,
        -257,
        -(2**16),
        -(2**32),
        None,
    ]
    for size in (0, 1, 16, 23):
        values = [edges[n % len(edges)] for n in range(size)]
        assert plain_bytes.integers(cbor.encode(values)) == values
    rng, read = random.Random(SEED), 0
    for _ in range(20_000):
        data = damaged(rng, cbor.encode(rng.sample(edges, rng.randint(2, 6))))
        found = plain_bytes.integers(data)
        assert found is None or repr(found) == repr(cbor.decode(data))
        read += found is not None
    assert read > 1_000


@pytest.mark.parametrize("value", [[2**32], [True], ["a"], [[1]], [b""], 5, [1] * 24])
def test_other_payloads_are_left_to_fieldwire(value):
    assert plain_bytes.integers(cbor.encode(value)) is None
