"""Ed25519: RFC 8032's signatures, and everything that the strict profile refuses, on both runtimes."""

from vectors_io import fails, hexed, load_json, unhex

from fieldwire import ed25519, ed25519_strict

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
        assert ed25519_strict.is_small_order(unhex(vector["public"])), vector["why"]
    assert not ed25519_strict.is_small_order(unhex(VECTORS["signed"][0]["public"]))


def test_the_strict_rules_alone_refuse_no_published_signature():
    for vector in VECTORS["signed"] + VECTORS["accepted"]:
        assert not ed25519_strict.refuses(unhex(vector["public"]), unhex(vector["signature"]))
