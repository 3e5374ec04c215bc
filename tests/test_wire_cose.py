"""COSE_Sign1 and keys: published vectors of others, our own, and what a header may not hold."""

import hashlib

from vectors_io import raises, unhex
from wire_opens import check

from fieldwire import cbor, cose, keys
from fieldwire.ed25519 import Ed25519Signer, verify

# The key of RFC 8032 7.1 TEST 1, with which the COSE working group signed its example eddsa-sig-01.
SEED = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
SIGNER = Ed25519Signer(SEED)


def test_the_signature_of_the_working_groups_example_is_ours():
    to_sign = cose.to_be_signed(unhex("a201270300"), b"This is the content.")
    assert to_sign == unhex(
        "846a5369676e61747572653145a2012703004054546869732069732074686520636f6e74656e742e"
    )
    expected = unhex(
        "7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87"
        "11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d"
    )
    assert SIGNER.sign(to_sign) == expected


def test_the_encoding_under_the_thumbprint_of_rfc_9679_is_ours():
    # RFC 9679 section 6 gives an elliptic curve key; we have none, but encode it the same.
    x = unhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = unhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    digest = hashlib.sha256(cbor.encode({-3: y, -2: x, -1: 1, 1: 2})).digest()
    assert digest == unhex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec")


def test_every_key_vector_is_accepted_or_refused_as_it_says():
    check("key")


def test_every_early_copy_vector_is_accepted_or_refused_as_it_says():
    check("early")


def test_what_is_signed_verifies_and_keeps_its_parts():
    message = cose.decode(cose.sign(cose.REVOCATION, b"payload", SIGNER), cose.REVOCATION)
    cose.check(message, SIGNER.public, verify)
    assert message.payload == b"payload" and message.typ == cose.REVOCATION
    assert message.kid == keys.thumbprint(SIGNER.public)[:8]
    assert message.protected == {1: -8, 4: message.kid, 16: 65007}


def test_a_detached_payload_is_needed_to_check_a_detached_signature():
    data = cose.sign_detached(cose.SEAL, b"r" * 32, SIGNER, {cose.VDS: 1, -65601: []})
    message = cose.decode(data, cose.SEAL)
    cose.check(message, SIGNER.public, verify, b"r" * 32)
    raises("cose-shape", cose.check, message, SIGNER.public, verify)
    raises("signature-bad", cose.check, message, SIGNER.public, verify, b"s" * 32)


def test_only_a_seal_may_carry_the_labels_of_a_proof():
    for label in (cose.VDS, -65601, 2, 3, 15, 33, "x"):
        data = cose.sign(cose.CREDENTIAL, b"", SIGNER, {label: 1})
        raises("cose-shape", cose.decode, data, cose.CREDENTIAL)


def test_a_key_identifier_has_eight_bytes():
    for kid in (b"", bytes(7), bytes(9), "12345678", 5):
        protected = cbor.encode({1: -8, 4: kid, 16: cose.BOOT})
        raises("cose-shape", cose.decode, cose.assemble(protected, b"", bytes(64)), cose.BOOT)


def test_a_type_is_an_integer_and_no_truth_value():
    for typ in (True, "early", None):
        protected = cbor.encode({1: -8, 4: bytes(8), 16: typ})
        raises("cose-typ", cose.decode, cose.assemble(protected, b"", bytes(64)))


def test_protected_headers_outside_the_cbor_profile_are_refused():
    not_sorted = unhex("a3 10 19fde9 01 27 04 48 0000000000000000")
    raises("cbor-key-order", cose.decode, cose.assemble(not_sorted, b"", bytes(64)), cose.EARLY)
    long_typ = unhex("a3 01 27 04 48 0000000000000000 10 1a0000fde9")
    raises("cbor-not-shortest", cose.decode, cose.assemble(long_typ, b"", bytes(64)), cose.EARLY)
    raises("cose-shape", cose.decode, cose.assemble(b"\x80", b"", bytes(64)), cose.EARLY)
    raises("cbor-truncated", cose.decode, cose.assemble(b"", b"", bytes(64)), cose.EARLY)


def test_no_single_flipped_bit_of_a_signed_object_is_accepted():
    data = cose.sign(cose.CHECKPOINT, b"root", SIGNER)
    for index in range(0, len(data), 7):
        changed = data[:index] + bytes((data[index] ^ 1 << index % 8,)) + data[index + 1 :]
        accepted = True
        try:
            cose.check(cose.decode(changed, cose.CHECKPOINT), SIGNER.public, verify)
        except cose.WireError:
            accepted = False
        assert not accepted, "byte %d" % index
