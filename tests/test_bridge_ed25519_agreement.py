"""Our Ed25519 and libsodium's decide alike: on random keys, on damaged signatures, on every golden vector."""

import random

import pytest
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError
from vectors_io import load_json, unhex
from verdict_run import verdicts

from fieldwire import ed25519

VECTORS = load_json("ed25519")
L = (1 << 252) + 27742317777372353535851937790883648493


def verify_by_libsodium(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        crypto_sign_open(signature + message, public)
    except CryptoError:
        return False
    return True


def vectors_of_full_length():
    """The binding takes no other lengths."""
    vectors = VECTORS["signed"] + VECTORS["accepted"] + VECTORS["refused"]
    return [vector for vector in vectors if len(vector["public"]) == 64 and len(vector["signature"]) == 128]


@pytest.mark.parametrize(
    "vector", vectors_of_full_length(), ids=lambda vector: vector.get("why") or vector["source"]
)
def test_libsodium_judges_each_golden_vector_as_we_do(vector):
    public, message, signature = (unhex(vector[name]) for name in ("public", "message", "signature"))
    assert ed25519.verify(public, message, signature) == verify_by_libsodium(public, message, signature)


def test_keys_and_signatures_are_the_same_bytes():
    rng = random.Random(8032)
    for _ in range(60):
        seed, message = rng.randbytes(32), rng.randbytes(rng.randrange(300))
        public, secret = crypto_sign_seed_keypair(seed)
        assert ed25519.public_key(seed) == public
        assert ed25519.sign(seed, message) == crypto_sign(message, secret)[:64]


def test_damaged_signatures_keys_and_messages_are_judged_alike():
    rng = random.Random(8033)
    verdicts = set()
    for _ in range(150):
        seed, message = rng.randbytes(32), rng.randbytes(rng.randrange(1, 80))
        fields = [ed25519.public_key(seed), message, ed25519.sign(seed, message)]
        for _ in range(rng.randrange(2)):
            which = rng.randrange(3)
            damaged = bytearray(fields[which])
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
            fields[which] = bytes(damaged)
        verdict = ed25519.verify(*fields)
        assert verdict == verify_by_libsodium(*fields), [field.hex() for field in fields]
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_edge_encodings_in_any_combination_are_judged_alike():
    rng = random.Random(8034)
    points = [unhex(vector["public"]) for vector in VECTORS["refused"] if len(vector["public"]) == 64]
    points += [unhex(vector["public"]) for vector in VECTORS["signed"]]
    numbers = [0, 1, L - 1, L, L + 1, 8 * L, (1 << 252), (1 << 253), (1 << 256) - 1]
    for _ in range(300):
        public, commitment = rng.choice(points), rng.choice(points)
        signature = commitment + rng.choice(numbers).to_bytes(32, "little")
        message = rng.randbytes(4)
        assert ed25519.verify(public, message, signature) == verify_by_libsodium(public, message, signature)


def test_the_kept_verdicts_are_libsodiums_and_the_references():
    (row,) = load_json("verdict_run")
    assert verdicts(verify_by_libsodium) == row["verdicts"]
    assert verdicts(ed25519.verify) == row["verdicts"]
