"""Rotation on the device: who holds K_dev may ask, and an authority's word for this very handover is taken."""

from agent_world import Mesh
from rotation_world import HOST_BYTES, K_DEV, MESH, given, rotate, rotation_token, start

from fieldagent.handover import REFUSED, REQUEST, ROTATE, ROTATED, START, Handover, next_k_dev
from fieldagent.identity import Identity
from fieldagent.random_source import RandomFailed
from fieldwire import cbor, cose, error_numbers, keys, rotation, tokens
from fieldwire.ed25519 import Ed25519Signer, verify

OLD, NEW = Ed25519Signer(b"\x44" * 32), Ed25519Signer(b"\x45" * 32)
LOG, ENDS = b"\x0b" * 8, [[b"\x0b" * 8, 1, 9, b"\x0c" * 32]]
BEFORE = MESH.device_credential(OLD.public)


class NextKey:
    """`stored` counts how often a next key was asked for; `failing`: there is none to be made."""

    failing = False

    def seed(self, host_bytes, present):
        assert host_bytes == HOST_BYTES and present == OLD.public
        if self.failing:
            raise RandomFailed("the random source repeats itself")
        return b"\x45" * 32


def identity(former=None):
    held = [MESH.region, BEFORE]
    return Identity(b"\x44" * 32, K_DEV, MESH.root.public, MESH.id, tokens.token_id(BEFORE), held, former)


def handover(former=None, next_key=None):
    return Handover(identity(former), 5, next_key or NextKey(), lambda: ENDS, lambda: {LOG})


def asked():
    """(handover, accepted) of a device that has answered an order."""
    made = handover()
    made.receive(start(keys.device_id(OLD.public)), 0)
    request = made.to_send(0)
    assert made.begun and request[0] == REQUEST
    return made, cbor.decode(request[1:])[0]


def test_the_request_is_signed_by_the_old_key_and_the_new_and_names_where_the_log_ends():
    _, accepted = asked()
    statement = rotation.opened(accepted, verify)
    assert (statement.mesh, statement.old, statement.new) == (MESH.id, OLD.public, NEW.public)
    assert (statement.boot, statement.ends) == (5, ENDS)


def test_a_whole_rotation_is_confirmed_only_after_it_was_stored():
    made, accepted = asked()
    held = given(accepted)
    made.receive(rotate(held), 0)
    name, new = made.next_event()
    assert name == "rotated" and made.to_send(0) is None and made.next_event() is None
    made.confirm()
    assert made.to_send(0) == bytes((ROTATED,)) + cbor.encode([keys.device_id(NEW.public)])
    assert new.device == keys.device_id(NEW.public) and new.credential == tokens.token_id(held[1])
    assert new.tokens == [MESH.region, BEFORE] + held[1:], "with the old credential, which the rotation names"
    former = new.former
    assert (former.device, former.k_dev) == (keys.device_id(OLD.public), K_DEV)
    assert former.tokens == [MESH.region, BEFORE] and former.incarnations == [LOG]


def test_k_dev_follows_from_the_old_one_and_the_new_key_and_never_crosses_the_cable():
    made, accepted = asked()
    frame = rotate(given(accepted))
    made.receive(frame, 0)
    k_dev = made.next_event()[1].k_dev
    assert k_dev == next_k_dev(K_DEV, NEW.public) != K_DEV
    assert frame.find(k_dev) < 0 and frame.find(K_DEV) < 0
    assert next_k_dev(K_DEV, OLD.public) != k_dev


def test_a_host_that_did_not_hear_gets_the_same_request_and_the_confirmation_again():
    made, accepted = asked()
    made.receive(start(keys.device_id(OLD.public)), 0)
    assert cbor.decode(made.to_send(0)[1:]) == [accepted]
    made.receive(rotate(given(accepted)), 0)
    made.receive(rotate(given(accepted)), 0)
    assert made.to_send(0) is None, "nothing is stored yet"
    made.next_event()
    made.confirm()
    first = made.to_send(0)
    made.receive(rotate(given(accepted)), 0)
    assert made.to_send(0) == first and made.next_event() is None


def test_who_does_not_hold_k_dev_gets_no_answer_and_stops_nothing():
    device = keys.device_id(OLD.public)
    orders = (
        ("frame-tag", start(device, b"\x08" * 32)),
        ("frame-tag", start(device)[:-8] + bytes(8)),
        ("frame-shape", start(bytes(16))),
        ("frame-shape", start(device, host_bytes=b"short")),
        ("frame-shape", bytes((START,)) + cbor.encode([device, HOST_BYTES, b""])),
        ("frame-shape", bytes((START,)) + cbor.encode({1: 2})),
        ("cbor-truncated", bytes((START,))),
        ("frame-shape", rotate([])),
    )
    for code, frame in orders:
        made = handover()
        made.receive(frame, 0)
        assert made.refused == code and not made.begun and made.to_send(0) is None
    made = handover()
    made.receive(b"", 0)
    made.receive(b"\x20\x80", 0)
    assert made.refused is None


def test_an_order_is_of_one_host_and_one_device():
    frame = start(keys.device_id(OLD.public))
    other = Handover(identity(), 5, NextKey(), lambda: ENDS, lambda: {LOG})
    moved = bytes((START,)) + cbor.encode(cbor.decode(frame[1:])[:1] + [b"\x67" * 32, frame[-8:]])
    other.receive(moved, 0)
    assert other.refused == "frame-tag" and not other.begun


def _wrong(accepted):
    """(code, tokens) of answers that make no rotation of this handover."""
    after = MESH.device_credential(NEW.public)
    region = MESH.region
    foreign = Mesh(20)
    third = Ed25519Signer(b"\x46" * 32)
    elsewhere = rotation.hand_over(MESH.id, NEW.public, 5, ENDS, third)
    later = rotation.hand_over(MESH.id, NEW.public, 5, [ENDS[0][:2] + [10, b"\x0c" * 32]], OLD)
    narrow = MESH.device_credential(NEW.public, [["field"], None])
    stolen = rotation.accept(elsewhere, NEW)
    peer = Ed25519Signer(b"\x47" * 32)
    good = rotation_token(accepted, BEFORE, after)
    forged = cose.sign(cose.ROTATION, cose.decode(good).payload, peer)
    moved = MESH.device_credential(third.public)
    fewer = {label: value for label, value in tokens.decode(good).claims.items() if label != tokens.ISSUER}
    return (
        ("token-chain", [region, after]),
        ("token-chain", [region, after, good, good]),
        ("token-chain", [region, after, rotation_token(stolen, moved, after)]),
        ("token-chain", [region, after, rotation_token(rotation.accept(later, NEW), BEFORE, after)]),
        ("token-chain", [region, narrow, rotation_token(accepted, BEFORE, narrow)]),
        ("token-chain", [region, rotation_token(accepted, BEFORE, after)]),
        ("token-chain", [region, after, moved, rotation_token(accepted, moved, after)]),
        ("token-chain", [region, after, rotation_token(accepted, BEFORE, after, issuer=bytes(16))]),
        ("token-chain", given(accepted, foreign)),
        ("token-chain", [region, after, tokens.issue(cose.ROTATION, fewer, MESH.root)]),
        ("signature-bad", [region, after, forged]),
        ("cbor-truncated", [region, after, good[:-1]]),
        ("frame-shape", [7]),
        ("frame-shape", [b""] * 9),
        ("frame-shape", 7),
    )


def test_any_other_answer_is_refused_told_and_changes_nothing():
    made, accepted = asked()
    for code, held in _wrong(accepted):
        made.receive(rotate(held), 0)
        assert made.refused == code and made.next_event() is None, code
        assert made.to_send(0) == bytes((REFUSED,)) + cbor.encode([error_numbers.NUMBER.get(code, 0)])
    made.receive(bytes((ROTATE,)) + cbor.encode([]), 0)
    assert made.refused == "frame-shape" and made.to_send(0)[0] == REFUSED
    made.receive(rotate(given(accepted)), 0)
    assert made.next_event()[0] == "rotated"


def test_an_answer_before_an_order_is_not_even_told():
    made = handover()
    made.receive(rotate([MESH.region]), 0)
    assert made.refused == "frame-shape" and made.to_send(0) is None


def test_a_device_whose_former_log_still_waits_does_not_rotate_again():
    device = keys.device_id(OLD.public)
    made = handover(former=[bytes(16), K_DEV, [], [LOG]])
    made.receive(start(device), 0)
    assert made.to_send(0) == bytes((REFUSED,)) + cbor.encode([error_numbers.NUMBER["frame-state"]])
    drained = handover(former=[bytes(16), K_DEV, [], [b"\x0d" * 8]])
    drained.receive(start(device), 0)
    assert drained.to_send(0)[0] == REQUEST


def test_without_a_next_key_there_is_no_handover_and_the_cause_is_told():
    next_key = NextKey()
    next_key.failing = True
    made = handover(next_key=next_key)
    made.receive(start(keys.device_id(OLD.public)), 0)
    assert made.next_event() == ("keyless", "the random source repeats itself") and made.to_send(0) is None
    next_key.failing = False
    made.receive(start(keys.device_id(OLD.public)), 0)
    assert made.to_send(0)[0] == REQUEST
