"""Ed25519: RFC 8032's signatures, and everything that the strict profile refuses, on both runtimes."""

from vectors_io import fails, hexed, load_json, unhex

from fieldwire import ed25519

VECTORS = load_json("ed25519")


def parts(vector):
    return unhex(vector["public"]), unhex(vector["message"]), unhex(vector["signature"])


def test_the_published_keys_and_signatures_are_met():
    for vector in VECTORS["signed"]:
        seed, message = unhex(vector["seed"]), unhex(vector["message"])
        assert hexed(ed25519.public_key(seed)) == vector["public"], vector["source"]
        assert hexed(ed25519.sign(seed, message)) == vector["signature"], vector["source"]


def test_the_published_signatures_verify():
    for vector in VECTORS["signed"]:
        assert ed25519.verify(*parts(vector)), vector["source"]


def test_verification_is_cofactorless():
    for vector in VECTORS["accepted"]:
        assert ed25519.verify(*parts(vector)), vector["why"]


def test_every_refused_vector_is_refused():
    for vector in VECTORS["refused"]:
        assert ed25519.verify(*parts(vector)) is False, vector["why"]


def test_a_signer_signs_many_messages_under_one_key():
    signer = ed25519.Ed25519Signer(bytes(range(32)))
    for message in (b"", b"a", bytes(300)):
        signature = signer.sign(message)
        assert signature == ed25519.sign(bytes(range(32)), message)
        assert ed25519.verify(signer.public, message, signature)


def test_any_buffer_signs_and_verifies_alike():
    seed, message = bytes(range(32)), b"a message"
    signature = ed25519.sign(seed, message)
    assert ed25519.sign(bytearray(seed), memoryview(message)) == signature
    public = bytearray(ed25519.public_key(seed))
    assert ed25519.verify(public, bytearray(message), memoryview(signature))


def test_a_seed_of_another_length_is_our_own_mistake():
    for length in (0, 31, 33, 64):
        fails(ValueError, ed25519.Ed25519Signer, bytes(length))


def test_every_point_of_small_order_is_known_as_such():
    small = [vector for vector in VECTORS["refused"] if vector["why"].startswith("public key of small order")]
    assert len(small) == 14
    for vector in small:
        assert ed25519._is_small_order(unhex(vector["public"])), vector["why"]
    assert not ed25519._is_small_order(unhex(VECTORS["signed"][0]["public"]))


def test_only_canonical_points_of_the_curve_decode():
    for why in ("public key not canonical", "public key not on the curve", "public key all ones"):
        found = [vector for vector in VECTORS["refused"] if vector["why"].startswith(why)]
        assert found
        for vector in found:
            assert ed25519._decode(unhex(vector["public"])) is None, vector["why"]
    for why in ("y = 1 and the sign bit", "y = -1 and the sign bit"):
        found = [vector for vector in VECTORS["refused"] if why in vector["why"]]
        assert len(found) == 1 and ed25519._decode(unhex(found[0]["public"])) is None, why
    for vector in VECTORS["signed"]:
        public = unhex(vector["public"])
        assert ed25519._encode(ed25519._decode(public)) == public


def test_signed_digits_sum_to_their_scalar():
    for scalar in (0, 1, 15, 16, 17, 31, (1 << 252) + 12345, (1 << 253) - 1):
        digits = ed25519._signed_digits(scalar)
        assert sum([digit << place for place, digit in enumerate(digits)]) == scalar
        for digit in digits:
            assert digit == 0 or (digit & 1 and -16 < digit < 16)
