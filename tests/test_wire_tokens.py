"""Tokens: golden vectors, and what a decoder tells about them."""

from vectors_io import load_json, raises, unhex
from wire_opens import check

from fieldwire import cbor, cose, schema, tokens
from fieldwire.ed25519 import Ed25519Signer, verify

SIGNER = Ed25519Signer(bytes(range(32)))


def test_every_credential_vector_is_accepted_or_refused_as_it_says():
    check("credential")


def test_every_endorsement_vector_is_accepted_or_refused_as_it_says():
    check("endorsement")


def test_every_boot_attestation_vector_is_accepted_or_refused_as_it_says():
    check("boot")


def test_every_equivalence_vector_is_accepted_or_refused_as_it_says():
    check("equivalence")


def test_every_revocation_vector_is_accepted_or_refused_as_it_says():
    check("revocation")


def test_every_signed_schema_vector_is_accepted_or_refused_as_it_says():
    check("schema_token")


def test_a_credential_tells_the_key_that_it_speaks_for():
    row = load_json("credential")[0]
    device = next(one for one in load_json("key") if one["name"].startswith("The key of an authority"))
    assert tokens.decode(unhex(row["hex"])).public == unhex(device["public"])


def test_claims_are_checked_before_they_are_signed():
    raises("token-shape", tokens.issue, cose.REVOCATION, {tokens.TARGET: bytes(16)}, SIGNER)
    raises("token-shape", tokens.issue, cose.BOOT, [], SIGNER)
    raises("schema-shape", tokens.issue_schema, cbor.encode(["x", []]), SIGNER)


def test_a_signed_schema_comes_back_as_it_was():
    data = schema.encode("x", [["a", 0, "m", 0]])
    token = tokens.verified(tokens.issue_schema(data, SIGNER), SIGNER.public, verify, cose.SCHEMA)
    assert token.message.payload == data and token.claims == {}


def test_signed_objects_that_are_no_tokens_are_refused_as_tokens():
    for typ in (cose.EARLY, cose.AGREEMENT, cose.CHECKPOINT):
        raises("token-shape", tokens.decode, cose.sign(typ, cbor.encode({}), SIGNER))


def test_a_missing_claim_of_any_kind_is_named():
    for kind in ("credential", "endorsement", "boot", "equivalence", "revocation", "rotation"):
        token = tokens.decode(unhex(load_json(kind)[0]["hex"]))
        for label in list(token.claims):
            if (kind, label) == ("rotation", tokens.ISSUER):
                continue  # without it the root's word, whose signature it then has to be
            fewer = {key: value for key, value in token.claims.items() if key != label}
            error = raises("token-shape", tokens.check_claims, token.typ, fewer)
            assert str(label) in error.detail


def test_a_measurement_depends_on_paths_and_contents_and_not_on_their_order():
    files = [("main.py", b"a" * 32), ("lib/x.py", b"b" * 32)]
    found = tokens.measurement(files)
    assert found == tokens.measurement([files[1], files[0]]) and len(found) == 32
    assert found != tokens.measurement([("main.py", b"b" * 32), ("lib/x.py", b"a" * 32)])
    assert found != tokens.measurement(files[:1])


def test_a_ueid_hides_the_hardware_id():
    found = tokens.ueid(b"24:6f:28:aa:bb:cc")
    assert len(found) == 17 and found[0] == 1 and found != tokens.ueid(b"24:6f:28:aa:bb:cd")
