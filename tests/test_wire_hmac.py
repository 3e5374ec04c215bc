"""HMAC-SHA-256 against RFC 4231, and the comparison of tags."""

from hashlib import sha256

from vectors_io import hexed, load_json, unhex

from fieldwire.hmac import equal, hmac_sha256


def test_the_vectors_of_rfc_4231_hold():
    vectors = load_json("hmac")["tags"]
    assert len(vectors) == 7
    for vector in vectors:
        tag = hexed(hmac_sha256(unhex(vector["key"]), unhex(vector["message"])))
        assert tag[: len(vector["tag"])] == vector["tag"], vector["source"]


def test_a_key_of_one_block_is_used_as_it_is_and_a_longer_one_is_hashed():
    for length in (63, 64):
        key = b"k" * length
        assert hmac_sha256(key, b"m") != hmac_sha256(sha256(key).digest(), b"m")
        assert hmac_sha256(key, b"m") == hmac_sha256(key + bytes(64 - length), b"m")
    assert hmac_sha256(b"k" * 65, b"m") == hmac_sha256(sha256(b"k" * 65).digest(), b"m")


def test_keys_and_messages_may_be_any_buffer():
    assert hmac_sha256(bytearray(b"Jefe"), memoryview(b"m")) == hmac_sha256(b"Jefe", b"m")


def test_equal_sees_every_difference():
    tag = bytes(range(32))
    assert equal(tag, bytearray(tag))
    for index in range(32):
        for bit in (1, 0x80):
            other = bytearray(tag)
            other[index] ^= bit
            assert not equal(tag, other)


def test_equal_refuses_other_lengths():
    assert not equal(b"ab", b"a")
    assert not equal(b"", b"\x00")
    assert equal(b"", b"")
