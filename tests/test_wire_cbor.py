"""The CBOR profile: what RFC 8949 says and what only this profile refuses, on both runtimes."""

from vectors_io import fails, hexed, load_json, raises, unhex

from fieldwire import cbor
from fieldwire.cbor import Tag
from fieldwire.error_numbers import NUMBER
from fieldwire.errors import WireError

VECTORS = load_json("cbor")


def value_of(written):
    """The value that a vector writes in JSON: bytes, maps and tags as objects of one or two members."""
    if isinstance(written, list):
        return [value_of(element) for element in written]
    if isinstance(written, dict):
        if "bytes" in written:
            return unhex(written["bytes"])
        if "tag" in written:
            return Tag(written["tag"], value_of(written["value"]))
        return {value_of(key): value_of(value) for key, value in written["map"]}
    return written


def test_accepted_vectors_decode_to_their_values():
    for vector in VECTORS["accepted"]:
        value = cbor.decode(unhex(vector["hex"]))
        expected = value_of(vector["value"])
        assert type(value) is type(expected) and value == expected, (vector, value)


def test_accepted_vectors_are_the_one_encoding_of_their_values():
    for vector in VECTORS["accepted"]:
        assert hexed(cbor.encode(value_of(vector["value"]))) == vector["hex"], vector
        assert hexed(cbor.encode(cbor.decode(unhex(vector["hex"])))) == vector["hex"], vector


def test_refused_vectors_are_refused_with_their_codes():
    for vector in VECTORS["refused"]:
        size_max = vector.get("size_max", 1024)
        try:
            value = cbor.decode(unhex(vector["hex"]), size_max=size_max)
        except WireError as error:
            assert error.code == vector["code"], (vector, error.code)
        else:
            raise AssertionError("{} decodes to {}".format(vector, value))


def test_every_cbor_code_has_a_refused_vector():
    covered = {vector["code"] for vector in VECTORS["refused"]}
    assert covered == {name for name in NUMBER if name.startswith("cbor-")}


def test_every_proper_prefix_of_an_accepted_vector_is_truncated():
    for vector in VECTORS["accepted"]:
        data = unhex(vector["hex"])
        for length in range(len(data)):
            raises("cbor-truncated", cbor.decode, data[:length])


def test_an_impossible_promise_is_refused_before_its_first_element_is_read():
    for written in ("9bffffffffffffffff00", "8200", "a2000000", "bb800000000000000000"):
        error = raises("cbor-truncated", cbor.decode, unhex(written))
        assert "announced" in error.detail, written


def test_any_buffer_of_bytes_decodes_alike():
    data = unhex("a2410161616261628101")
    for buffer in (data, bytearray(data), memoryview(data)):
        assert cbor.decode(buffer) == {b"\x01": "a", "ab": [1]}


def test_any_buffer_and_tuples_encode_alike():
    for buffer in (b"\x01\x02", bytearray(b"\x01\x02"), memoryview(b"\x01\x02")):
        assert hexed(cbor.encode((buffer, 1))) == "8242010201"


def test_depth_counts_what_stands_around_the_innermost_item():
    assert cbor.decode(unhex("818100"), depth_max=2) == [[0]]
    raises("cbor-depth", cbor.decode, unhex("818100"), depth_max=1)
    assert cbor.decode(unhex("00"), depth_max=0) == 0
    fails(ValueError, cbor.encode, [[0]], depth_max=1)


def test_a_size_limit_is_in_bytes_and_inclusive():
    assert cbor.decode(unhex("4401020304"), size_max=5) == b"\x01\x02\x03\x04"
    raises("cbor-size", cbor.decode, unhex("4401020304"), size_max=4)


def test_integers_outside_64_bits_are_our_own_mistake():
    for number in (1 << 64, -(1 << 64) - 1, 1 << 200):
        fails(ValueError, cbor.encode, number)
        fails(ValueError, cbor.encode, {number: 0})


def test_what_the_profile_lacks_does_not_encode():
    for value in (1.5, object(), {1.5: 0}, {None: 0}, {True: 0}, {(1, 2): 0}):
        fails(TypeError, cbor.encode, value)
    for value in (Tag(2, b"\x01"), Tag(3, b"\x01"), Tag(-1, 0), Tag(1 << 64, 0)):
        fails(ValueError, cbor.encode, value)


def test_keys_are_sorted_bytewise_whatever_order_they_come_in():
    keys = [10, 100, -1, "z", "aa", b"\x00", 1000, "", -1000]
    forward = {}
    for key in keys:
        forward[key] = 0
    backward = {}
    for key in reversed(keys):
        backward[key] = 0
    encoded = cbor.encode(forward)
    assert encoded == cbor.encode(backward)
    assert hexed(encoded) == "a90a001864001903e80020003903e700410000600061" + "7a0062616100"


def test_tags_compare_by_number_and_value():
    assert Tag(18, [1]) == Tag(18, [1])
    assert Tag(18, [1]) != Tag(17, [1])
    assert Tag(18, [1]) != Tag(18, [2])
    assert Tag(18, 1) != 1


def test_utf8_faults_are_found_where_they_stand():
    assert cbor.utf8_fault("aé水𐅑".encode()) == -1
    assert cbor.utf8_fault(b"") == -1
    assert cbor.utf8_fault(b"ab\xff") == 2
    assert cbor.utf8_fault(b"a\xe2\x82") == 1
    assert cbor.utf8_fault(b"a\xed\xa0\x80") == 2
