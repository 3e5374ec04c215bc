"""Packing holds for whatever a device may seal, and hostile bytes cost a receiver little; random, from fixed seeds."""

import random
import time
import tracemalloc

import pytest
import vector_inputs as given
import vector_pack
from hypothesis import given as draw
from hypothesis import settings
from hypothesis import strategies as st
from vector_seals import hash_of
from vectors_io import load_json

from fieldpost.signing import verify
from fieldwire import cbor, limits, seal
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.pack import Unpacker
from fieldwire.pack_writer import Packer

SALT_KEY, ROOM = vector_pack.SALT_KEY, 1 << 20
KEY = (given.INCARNATION, obs.READINGS, 0)
INTEGERS = st.one_of(
    st.integers(-3, 3),
    st.integers(-5_000, 5_000),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**64), 2**64 - 1),
)
TEXTS = st.one_of(st.sampled_from(["clear", "cloud", ""]), st.text(max_size=20))
POSITIONS = st.tuples(INTEGERS, INTEGERS, INTEGERS).map(list)
VALUES = (INTEGERS, TEXTS, st.binary(max_size=20), POSITIONS)
ODD = st.one_of(st.binary(max_size=60), st.lists(st.lists(INTEGERS, max_size=4), max_size=4).map(cbor.encode))
TOPICS = [("n/air", 112), ("n/air", given.FORMAT), ("n/soil/deep", obs.GAP_FORMAT), ("log/time", 0)]
COUNTS = st.one_of(st.integers(0, 100_000), st.integers(0, limits.COUNT_MAX - 2**37))


@st.composite
def tables(pick):
    """A topic, and how its next payload is drawn: columns that walk, jump, go missing, or bytes of any kind."""
    subject, content_format = pick(st.sampled_from(TOPICS))
    columns = pick(st.lists(st.sampled_from(VALUES), max_size=17))
    missing = pick(st.sampled_from([st.just(False), st.booleans()]))
    walk = pick(st.booleans())
    state: list = [None] * len(columns)

    def payload():
        for index, values in enumerate(columns):
            if pick(missing):
                yield None
                continue
            if walk and values is INTEGERS and state[index] is not None:
                moved = state[index] + pick(st.integers(-3, 3))
                state[index] = min(max(moved, -(2**64)), 2**64 - 1)
            elif state[index] is None or not walk:
                state[index] = pick(values)
            yield state[index]

    def leaf_parts():
        whole = pick(st.integers(0, 9)) == 0
        return {"subject": subject, "format": content_format}, pick(ODD) if whole else cbor.encode(
            list(payload())
        )

    return leaf_parts


@st.composite
def segments(pick, segment=0, previous=None):
    """(seal, leaves) of any run of observations that a device may seal."""
    kinds = pick(st.lists(tables(), min_size=1, max_size=3))
    first, ms, period = pick(COUNTS), pick(COUNTS), pick(st.integers(0, 3_600_000))
    jitter, with_utc = pick(st.sampled_from([0, 1, 500, 90_000])), pick(st.integers(0, 2))
    odd_salts = pick(st.integers(0, 9)) == 0
    leaves = []
    for index in range(pick(st.one_of(st.integers(1, 5), st.integers(1, 64)))):
        named, payload = kinds[index % len(kinds)]()
        at_ms = max(0, ms + index * period + pick(st.integers(-jitter, jitter)))
        tref = [3, at_ms]
        if with_utc == 2 or (with_utc == 1 and pick(st.booleans())):
            reading = st.one_of(st.just(at_ms + 1_767_225_600_000 + index), st.integers(0, limits.COUNT_MAX))
            tref.append(
                obs.utc(min(pick(reading), limits.COUNT_MAX), pick(COUNTS), pick(st.integers(0, 255)))
            )
        made = cbor.decode(vector_pack.leaf(first + index, tref=tref, payload=payload, **named))
        if pick(st.integers(0, 19)) == 0:
            _derive(made, pick(st.integers(1, 4)))
        if odd_salts and pick(st.booleans()):
            made[obs.SALT] = bytes(8)
        leaves.append(cbor.encode(made))
    return vector_pack.segment_of(leaves, segment, first, previous)


def _derive(made, count):
    made[obs.SOURCES] = [[bytes(16), bytes(8), 1, seq, bytes((seq,)) * 32] for seq in range(count)]
    made[obs.DERIVATION] = ["mean", ["air.temperature"], bytes(32)]


@settings(max_examples=150, deadline=None, derandomize=True)
@draw(segments(), st.booleans())
def test_whatever_a_device_seals_comes_back_byte_for_byte(sealed, holds_key):
    made, leaves = sealed
    key = SALT_KEY if holds_key else None
    whole = seal.encode_segment(made, leaves)
    packed = Packer(given.DEVICE_ID, key, ROOM).pack([made, *leaves])
    assert packed is not None and len(packed) < len(whole)
    assert Unpacker(given.DEVICE_ID, key).unpack(packed, KEY) == whole


@settings(max_examples=25, deadline=None, derandomize=True)
@draw(st.data())
def test_the_segments_of_a_transfer_come_back_in_turn_and_verify(data):
    packer, unpacker = Packer(given.DEVICE_ID, SALT_KEY, ROOM), Unpacker(given.DEVICE_ID, SALT_KEY)
    previous = None
    for number in range(4):
        made, leaves = data.draw(segments(number, previous))
        if data.draw(st.booleans()):
            packer.forget(KEY[1])
        packed = packer.pack([made, *leaves])
        whole = unpacker.unpack(packed, (*KEY[:2], number))
        assert whole == seal.encode_segment(made, leaves)
        found = (
            seal.open_segment(whole, given.DEVICE.public, given.DEVICE_ID, verify)[1]
            if _sound(leaves)
            else None
        )
        previous = hash_of(made, leaves)
        assert found in (None, previous)


def _sound(leaves):
    """Whether each is an observation that a receiver takes; some that are drawn are only CBOR."""
    try:
        return all(obs.decode(one) for one in leaves)
    except WireError:
        return False


GOLDEN = [row for row in load_json("pack") if row["error"] is None and not row["before"]]


@pytest.mark.parametrize("row", GOLDEN, ids=[row["name"] for row in GOLDEN])
def test_no_flipped_bit_of_a_packed_segment_is_believed(row):
    """Refused, or expanded to bytes that the seal does not prove, or to the very segment."""
    packed, whole = bytes.fromhex(row["hex"]), bytes.fromhex(row["segment"])
    key = row["salt_key"] and bytes.fromhex(row["salt_key"])
    for bit in range(8 * len(packed)):
        changed = bytearray(packed)
        changed[bit >> 3] ^= 1 << (bit & 7)
        try:
            found = Unpacker(given.DEVICE_ID, key).unpack(bytes(changed), KEY)
        except WireError as error:
            assert error.code in ("pack-shape", "pack-unknown")
            continue
        if found == whole:
            continue
        with pytest.raises(WireError):
            seal.open_segment(found, given.DEVICE.public, given.DEVICE_ID, verify)


def test_hostile_bytes_take_little_time_and_little_memory():
    drawn = random.Random(20_261_124)
    golden = [bytes.fromhex(row["hex"]) for row in GOLDEN]
    tracemalloc.start()
    began_s = time.process_time()
    for _ in range(4_000):
        data = bytearray(drawn.choice(golden))
        for _ in range(drawn.randint(1, 4)):
            at = drawn.randrange(len(data))
            data[at:at] = drawn.randbytes(drawn.choice((0, 0, 1, 8)))
            data[drawn.randrange(len(data))] = drawn.choice(
                (0, 1, 0x7F, 0x80, 0xC4, 0xFF, drawn.randrange(256))
            )
            del data[at : at + drawn.choice((0, 0, 1, 8))]
        unpacker = Unpacker(given.DEVICE_ID, SALT_KEY)
        try:
            found = unpacker.unpack(bytes(data), KEY)
        except WireError as error:
            assert error.code in ("pack-shape", "pack-unknown")
            continue
        assert len(found) <= limits.SEGMENT_MAX + 1_024
    took_s, peak = time.process_time() - began_s, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took_s < 40 and peak < 1_000_000


def test_the_largest_promises_in_the_fewest_bytes_are_refused_or_bounded():
    head = vector_pack.SHORT_HEAD[:1] + b"\x40" + vector_pack.SHORT_HEAD[2:]
    begin = head + vector_pack.TOPIC + b"\x3f" + vector_pack.SIGNATURE + b"\x20\x00\x02"
    longest = b"\xc2\x00\x00" + b"\x80\x0c" + bytes(768)  # one string of 768 bytes for all 64 leaves
    with pytest.raises(WireError, match="too long"):
        Unpacker(given.DEVICE_ID, SALT_KEY).unpack(begin + longest, KEY)
    grown = b"\xc2\x20\x00\x02" + b"\x80\x10" + bytes(1_024) + b"\x81\x10\x80\x08" * 63
    with pytest.raises(WireError, match="together"):
        Unpacker(given.DEVICE_ID, SALT_KEY).unpack(begin + grown, KEY)
