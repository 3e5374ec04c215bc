"""Rotation: golden vectors, and what the statement of two keys and an authority tells."""

from vectors_io import fails, load_json, raises, unhex
from wire_opens import check

from fieldwire import cbor, cose, keys, rotation, tokens
from fieldwire.ed25519 import Ed25519Signer, verify

OLD, NEW, OTHER = Ed25519Signer(b"\x01" * 32), Ed25519Signer(b"\x02" * 32), Ed25519Signer(b"\x03" * 32)
MESH, LOG, HASH = b"\x0a" * 32, b"\x0b" * 8, b"\x0c" * 32
ENDS = [[LOG, 0, 2, HASH], [LOG, 1, 9, HASH]]


def accepted():
    return rotation.accept(rotation.hand_over(MESH, NEW.public, 5, ENDS, OLD), NEW)


def test_every_rotation_vector_is_accepted_or_refused_as_it_says():
    check("rotation")


def test_a_statement_tells_who_follows_whom_and_where_the_old_log_ends():
    statement = rotation.opened(accepted(), verify)
    assert (statement.mesh, statement.boot, statement.ends) == (MESH, 5, ENDS)
    assert rotation.devices(statement) == (keys.device_id(OLD.public), keys.device_id(NEW.public))


def test_a_segment_lies_in_the_old_log_up_to_the_one_named_of_its_own_stream():
    statement = rotation.decode(accepted())
    inside = [(stream, segment) for stream in range(4) for segment in (0, 2, 3, 9, 10)
              if statement.covers(LOG, stream, segment)]  # fmt: skip
    assert inside == [(0, 0), (0, 2), (1, 0), (1, 2), (1, 3), (1, 9)]
    assert not statement.covers(b"\x0d" * 8, 0, 0)


def test_each_layer_is_an_object_that_its_own_key_signed_and_no_other_opens():
    statement = rotation.decode(accepted())
    for message, signer in ((statement.handover, OLD), (statement.acceptance, NEW)):
        cose.check(message, signer.public, verify)
        raises("signature-bad", cose.check, message, OTHER.public, verify)
    assert cose.decode(statement.acceptance.payload, cose.ROTATION).payload == statement.handover.payload


def test_what_no_receiver_would_take_is_not_signed():
    raises("token-shape", rotation.hand_over, MESH, OLD.public, 5, ENDS, OLD)
    raises("token-shape", rotation.hand_over, MESH, NEW.public, 5, ENDS[::-1], OLD)
    raises("token-shape", rotation.hand_over, MESH, NEW.public, -1, ENDS, OLD)


def test_a_handover_that_carries_nothing_is_refused():
    empty = cose.sign_detached(cose.ROTATION, b"", OLD, None)
    raises("token-shape", rotation.decode, rotation.accept(empty, NEW))
    raises("token-shape", rotation.decode, cose.sign_detached(cose.ROTATION, b"", NEW, None))
    raises("cose-typ", rotation.decode, rotation.accept(cose.sign(cose.BOOT, cbor.encode([]), OLD), NEW))


def test_asking_about_other_credentials_than_those_named_is_our_own_mistake():
    row = load_json("rotation")[0]
    named = [tokens.decode(unhex(row[name])) for name in ("issuer", "before", "after")]
    token = tokens.decode(unhex(row["hex"]))
    fails(ValueError, rotation.verified, token, named[0], named[2], named[1], verify)
