"""Our CBOR codec and cbor2 agree: whatever ours accepts, cbor2 reads as the same value."""

from collections.abc import Mapping

import cbor2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fieldwire import cbor
from fieldwire.cbor import Tag
from fieldwire.errors import WireError

# cbor2 gives these tags no meaning of its own, so it leaves them as they are.
PLAIN_TAGS = (18, 1001, 65_000, (1 << 64) - 1)

integers = st.integers(-(1 << 64), (1 << 64) - 1) | st.integers(-300, 300)
keys = integers | st.binary(max_size=8) | st.text(max_size=8)
atoms = integers | st.booleans() | st.none() | st.binary(max_size=40) | st.text(max_size=40)
values = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(keys, inner, max_size=6)
        | st.builds(Tag, st.sampled_from(PLAIN_TAGS), inner)
    ),
    max_leaves=25,
)


def same(ours, theirs) -> bool:
    """Equal in value and in kind, all the way down: 1 is not True. cbor2 makes what a tag holds immutable."""
    if isinstance(ours, Tag):
        return (
            isinstance(theirs, cbor2.CBORTag) and ours.number == theirs.tag and same(ours.value, theirs.value)
        )
    if isinstance(ours, list):
        return (
            isinstance(theirs, list | tuple)
            and len(ours) == len(theirs)
            and all(same(one, other) for one, other in zip(ours, theirs))
        )
    if isinstance(ours, dict):
        return (
            isinstance(theirs, Mapping)
            and list(ours) == list(theirs)
            and all(same(ours[key], theirs[key]) for key in ours)
        )
    return type(ours) is type(theirs) and ours == theirs


def tags_of(value) -> set[int]:
    if isinstance(value, Tag):
        return {value.number} | tags_of(value.value)
    if isinstance(value, list):
        return set().union(*map(tags_of, value))
    if isinstance(value, dict):
        return set().union(*map(tags_of, value.values()))
    return set()


def depth_of(value) -> int:
    if isinstance(value, Tag):
        return 1 + depth_of(value.value)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 0


def check(data: bytes) -> bool:
    """Whether we accept data; what we accept is its own encoding and means the same to cbor2."""
    try:
        value = cbor.decode(data)
    except WireError:
        return False
    assert cbor.encode(value) == data
    if tags_of(value) <= set(PLAIN_TAGS):
        assert same(value, cbor2.loads(data))
    return True


@settings(max_examples=300, deadline=None, derandomize=True)
@given(values.filter(lambda value: depth_of(value) <= 12))
def test_whatever_we_encode_cbor2_reads_as_the_same_value(value):
    assert check(cbor.encode(value))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(values.filter(lambda value: depth_of(value) <= 12), st.data())
def test_a_damaged_encoding_is_refused_or_means_the_same_to_cbor2(value, data):
    encoded = bytearray(cbor.encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(encoded) - 1))
        encoded[place] = data.draw(st.integers(0, 255))
    check(bytes(encoded))


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.binary(max_size=24))
@example(bytes.fromhex("a20100f500"))
@example(bytes.fromhex("63eda080"))
def test_random_bytes_are_refused_or_mean_the_same_to_cbor2(data):
    check(data)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.dictionaries(keys, integers, min_size=2, max_size=6))
def test_cbor2_with_length_first_keys_is_accepted_only_where_both_orders_agree(value):
    length_first = cbor2.dumps(value, canonical=True)
    assert check(length_first) == (length_first == cbor.encode(value))
