"""The signer and the verifier of boards, also where the runtime would not choose them: CPython runs the same source."""

from signature_run import digest_of_signatures
from vectors_io import hexed, load_json, unhex
from verdict_run import Cases

from fieldwire import ed25519_reference as reference
from fieldwire import ed25519_sign, ed25519_verify
from fieldwire.port import MICROPYTHON

VECTORS = load_json("ed25519")


def parts(vector):
    return unhex(vector["public"]), unhex(vector["message"]), unhex(vector["signature"])


def test_the_kernels_meet_the_published_keys_and_signatures():
    for vector in VECTORS["signed"]:
        signer = ed25519_sign.Ed25519Signer(unhex(vector["seed"]))
        assert signer.public == unhex(vector["public"]), vector["source"]
        assert signer.sign(unhex(vector["message"])) == unhex(vector["signature"]), vector["source"]


def test_the_kernels_make_the_signatures_that_libsodium_made():
    """A thousand on MicroPython, where the kernels are machine code; a few on CPython."""
    few, all_of_them = load_json("signature_run")
    row = all_of_them if MICROPYTHON else few
    assert hexed(digest_of_signatures(ed25519_sign.Ed25519Signer, row["count"])) == row["digest"]


def test_the_kernels_judge_vectors_as_they_say():
    """All on MicroPython, every eighth on CPython; the face of the runtime judges all on either."""
    step = 1 if MICROPYTHON else 8
    for vector in (VECTORS["signed"] + VECTORS["accepted"])[::step]:
        assert ed25519_verify.verify(*parts(vector))
    for vector in VECTORS["refused"][::step]:
        assert ed25519_verify.verify(*parts(vector)) is False, vector["why"]


def test_the_kernels_judge_damaged_and_edge_signatures_as_libsodium_does():
    """All 1,200 on MicroPython; a few of each kind on CPython."""
    (row,) = load_json("verdict_run")
    wanted = row["verdicts"]
    cases = Cases()
    for number in range(0, len(wanted), 1 if MICROPYTHON else 101):
        public, message, signature = cases.case(number)
        assert ed25519_verify.verify(public, message, signature) == (wanted[number] == "1"), number


def test_kernels_and_reference_sign_alike():
    for length in (0, 31, 32, 100, 300):
        seed = bytes((7 * index + length) & 0xFF for index in range(32))
        message = bytes((3 * index + length) & 0xFF for index in range(length))
        signer = ed25519_sign.Ed25519Signer(seed)
        theirs = reference.Ed25519Signer(seed)
        assert signer.public == theirs.public
        assert signer.sign(message) == theirs.sign(message)
        assert signer.sign(message) == theirs.sign(message), "a second signature from the same buffers"


def test_nothing_secret_stays_behind_in_the_buffers_when_a_signature_is_done():
    signer = ed25519_sign.Ed25519Signer(bytes(range(32)))
    kept = {name: bytes(value) for name, value in signer.__dict__.items() if isinstance(value, bytearray)}
    signer.sign(b"a message")
    for name, value in kept.items():
        now = bytes(getattr(signer, name))
        assert now == value
        if name not in ("_scalar", "_prefix"):
            assert now == bytes(len(now)), name


def test_signed_digits_sum_to_their_scalar():
    for scalar in (0, 1, 7, 8, 9, 15, 16, 17, 31, (1 << 252) + 12345, (1 << 253) - 1):
        digits = [digit - 8 for digit in ed25519_verify.signed_digits(scalar.to_bytes(32, "little"))]
        assert sum([digit << place for place, digit in enumerate(digits)]) == scalar
        for digit in digits:
            assert digit == 0 or (digit & 1 and -8 < digit < 8)
