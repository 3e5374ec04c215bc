"""The boundary handshake: who is let in, and every way of not being who one says. SPEC 10.1"""

import random

import pytest
from world import (
    NOW,
    VALID,
    World,
    converse,
    digest,
    events_of,
    meet,
    refusal_of,
    sessions,
    whole,
)

from fieldpost import boundary_messages as messages
from fieldpost import boundary_proof as proofs
from fieldpost.boundary_session import BoundarySession
from fieldpost.secure_channel import ephemeral_public
from fieldpost.signing import Signer
from fieldwire import cbor, cose, keys


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def listener_of(side, salt="fresh"):
    session = BoundarySession(
        proofs.LISTENER, side.desk, "memory", digest(salt, "n")[:16], digest(salt, "s"), NOW
    )
    session.open(0)
    return session


def carried(world, salt):
    """All messages of a whole meeting, (sender's role, bytes) each."""
    told = []

    def keep(_, role, message):
        told.append((role, message))
        return message

    converse(*sessions(world, salt=salt), alter=keep)
    return told


def met(events):
    return any(one[0] == "met" for one in events)


def test_two_bridges_with_credentials_in_both_meshes_know_each_other(world):
    dialer, listener = meet(world)
    assert met(dialer) and met(listener)
    seen = dict(dialer[:1])["met"]
    assert (seen.thumbprint, seen.mesh) == (world.bravo.desk.thumbprint, world.bravo.mesh.id)
    assert dialer[-1] == listener[-1] == ("closed", "done")


def test_a_stranger_sees_nothing_of_a_listener_but_its_first_word(world):
    listener = listener_of(world.bravo)
    stranger = Signer(digest("stranger"))
    hello = [digest("n")[:16], keys.thumbprint(stranger.public), [world.alpha.mesh.id, world.bravo.mesh.id]]
    listener.receive(messages.encode("HELLO", *hello), 0)
    assert messages.decode(listener.to_send(0))[0] == "HELLO"
    assert listener.to_send(0) is None


def test_our_own_first_word_that_comes_back_is_refused(world):
    dialer, _ = sessions(world)
    dialer.receive(dialer.to_send(0), 0)
    assert refusal_of(events_of(dialer)) == "peer-unauthenticated"


def test_our_own_proof_that_comes_back_is_refused(world):
    dialer, listener = sessions(world)
    listener.receive(dialer.to_send(0), 0)
    dialer.receive(listener.to_send(0), 0)
    proof = dialer.to_send(0)
    dialer.receive(proof, 0)
    found = events_of(dialer)
    assert refusal_of(found) == "peer-unauthenticated" and not met(found)


def test_a_meeting_that_is_played_again_gets_nowhere(world):
    told = carried(world, "first")
    listener = listener_of(world.bravo)
    for role, message in told:
        if role == proofs.DIALER:
            listener.receive(message, 0)
    found = events_of(listener)
    assert refusal_of(found) == "peer-unauthenticated" and not met(found)


def mallory_at(world):
    """A third key that both meshes made a boundary agent; its own desk is as bravo's."""
    signer = Signer(digest("bridge", "mallory"))
    for side in world.sides:
        given = side.mesh.token(side.mesh.boundary(signer.public, VALID))
        for other in world.sides:
            other.desk.submit("token", given)
    return signer


def test_a_proof_that_is_relayed_by_another_agent_is_refused(world):
    mallory = mallory_at(world)
    dialer, listener = sessions(world)
    _, nonce, _, meshes = cbor.decode(dialer.to_send(0))
    listener.receive(messages.encode("HELLO", nonce, keys.thumbprint(mallory.public), meshes), 0)
    _, nonce_b, _, meshes_b = cbor.decode(listener.to_send(0))
    dialer.receive(messages.encode("HELLO", nonce_b, keys.thumbprint(mallory.public), meshes_b), 0)
    listener.receive(dialer.to_send(0), 0)
    assert refusal_of(events_of(listener)) == "peer-unauthenticated"


def hand_made(world, session, role=proofs.DIALER, signer=None, pair=None, claimed=None):
    """A PROOF for a listener of bravo as alpha's bridge would make it, with one thing wrong."""
    alpha, bravo = world.sides
    ours = proofs.hello(alpha.desk.state, alpha.desk.thumbprint, digest("hand")[:16])
    session.receive(messages.encode("HELLO", ours.nonce, claimed or ours.thumbprint, list(ours.meshes)), 0)
    _, nonce, thumbprint, meshes = cbor.decode(session.to_send(0))
    theirs = proofs.Hello(nonce, thumbprint, tuple(meshes))
    standing = proofs.standing_of(alpha.desk.state, alpha.desk.thumbprint)
    shown = [standing[alpha.mesh.id], standing[bravo.mesh.id]]
    ids = pair or tuple(one.id for one in shown)
    state = alpha.desk.state
    said = proofs.body(
        proofs.Hello(ours.nonce, claimed or ours.thumbprint, ours.meshes), theirs, ids,
        state.agreement.version, state.agreement_digest, ephemeral_public(digest("e")), role,
    )  # fmt: skip
    signed = cose.sign(cose.HANDSHAKE, said, signer or alpha.signer)
    session.receive(messages.encode("PROOF", signed, world.roots, [one.data for one in shown]), 0)
    return events_of(session)


def test_a_hand_made_proof_without_a_fault_is_accepted(world):
    assert met(hand_made(world, listener_of(world.bravo)))


def test_a_proof_in_the_listeners_own_role_is_refused(world):
    assert refusal_of(hand_made(world, listener_of(world.bravo), role=1)) == "peer-unauthenticated"


def test_a_proof_by_another_key_is_refused(world):
    forged = hand_made(world, listener_of(world.bravo), signer=Signer(digest("forger")))
    assert refusal_of(forged) == "peer-unauthenticated"


def test_another_agents_credentials_do_not_serve(world):
    mallory = mallory_at(world)
    claimed = keys.thumbprint(mallory.public)
    found = hand_made(world, listener_of(world.bravo), signer=mallory, claimed=claimed)
    assert refusal_of(found) == "peer-unauthenticated"


def test_a_credential_without_the_right_does_not_serve(world):
    alpha, bravo = world.sides
    plain = bravo.mesh.credential("ops", alpha.signer.public, VALID, ["observe"], [None, None])
    bravo.desk.submit("token", bravo.mesh.token(plain))
    own = proofs.standing_of(alpha.desk.state, alpha.desk.thumbprint)[alpha.mesh.id].id
    found = hand_made(world, listener_of(bravo), pair=(own, plain))
    assert refusal_of(found) == "peer-unauthenticated"


def test_a_credential_that_is_not_shown_does_not_serve(world):
    own = proofs.standing_of(world.alpha.desk.state, world.alpha.desk.thumbprint)[world.alpha.mesh.id].id
    found = hand_made(world, listener_of(world.bravo), pair=(own, bytes(16)))
    assert refusal_of(found) == "peer-unauthenticated"


@pytest.mark.parametrize(
    "utc",
    [
        ((VALID.nbf - 2) * 10**9, VALID.nbf * 10**9 - 1),
        (VALID.exp * 10**9, VALID.exp * 10**9),
        (VALID.exp * 10**9, None),
    ],
)
def test_a_credential_outside_its_validity_is_refused(world, utc):
    dialer, listener = sessions(world, utc=utc)
    converse(dialer, listener)
    assert refusal_of(events_of(listener)) == "peer-unauthenticated"
    assert refusal_of(events_of(dialer)) == "peer-unauthenticated"


def test_without_utc_validity_is_not_judged_and_the_record_says_so(world):
    dialer, _ = meet(world, utc=None)
    assert dict(dialer[:1])["met"].note == "validity not judged: UTC is not known"
    [said] = world.alpha.events("discover")
    assert said[4] == "talks" and "UTC" in said[5]["reason"]


def revoke_bravos_bridge(world):
    """Alpha's authority takes back what made bravo's bridge a boundary agent of alpha."""
    held = proofs.standing_of(world.bravo.desk.state, world.bravo.desk.thumbprint)[world.alpha.mesh.id]
    taken = world.alpha.mesh.revocation("ops", VALID, held.id)
    world.alpha.desk.submit("token", world.alpha.mesh.token(taken))


def test_either_mesh_alone_shuts_out_a_bridge_by_revoking_its_credential(world):
    revoke_bravos_bridge(world)
    dialer, listener = meet(world)
    assert refusal_of(dialer) == "peer-unauthenticated" and refusal_of(listener) == "peer-unauthenticated"
    assert not world.bravo.desk.state.epochs


def test_a_revocation_during_a_meeting_stops_the_crossing_at_once(world):
    dialer, listener = sessions(world)
    converse(dialer, listener, count=10)
    revoke_bravos_bridge(world)
    converse(dialer, listener)
    assert refusal_of(events_of(dialer)) == "credential-revoked"
    assert not [one for one in world.alpha.desk.state.entries.values() if one.mesh == world.bravo.mesh.id]


def test_without_an_agreement_that_names_both_meshes_there_is_no_talk(tmp_path):
    world = World(tmp_path)
    world.begin()
    world.bravo.desk.state.agreement = None
    dialer, listener = meet(world)
    assert refusal_of(listener) == "agreement-none" and refusal_of(dialer) == "agreement-none"


def test_a_bridge_without_a_credential_in_our_mesh_is_refused(tmp_path):
    world = World(tmp_path)
    world.bravo.extra.clear()
    world.begin()
    dialer, listener = meet(world)
    assert refusal_of(dialer) == "peer-unauthenticated" and refusal_of(listener) == "peer-unauthenticated"


def test_a_partitioned_bridge_calls_nobody_and_tells_callers_why(world):
    world.bravo.desk.submit("mode", cbor.encode(["boundary", "partitioned", []]))
    dialer, listener = meet(world)
    assert refusal_of(dialer) == refusal_of(listener) == "channel-closed"
    assert [one[4] for one in world.bravo.events("discover")] == ["channel-closed"]
    assert [one[4] for one in world.alpha.events("discover")] == ["channel-closed"]
    silent = BoundarySession(proofs.DIALER, world.bravo.desk, "memory", bytes(16), bytes(32))
    silent.open(0)
    assert silent.state == "closed" and silent.to_send(0) is None


def test_no_changed_bit_of_the_first_words_or_the_signatures_lets_anyone_in(world):
    rng = random.Random(10)
    for number in range(40):
        at = number % 4

        def flip(count, role, message, at=at):
            if count != at:
                return message
            changed = bytearray(message)
            size = len(changed) if at < 2 else 300  # after it come tokens and roots that are held anyway
            changed[rng.randrange(size)] ^= 1 << rng.randrange(8)
            return bytes(changed)

        dialer, listener = sessions(world, salt=number)
        converse(dialer, listener, alter=flip)
        assert events_of(dialer)[-1] != ("closed", "done"), number
        assert events_of(listener)[-1] != ("closed", "done"), number


def test_a_long_message_of_a_stranger_is_not_even_decoded(world):
    listener = listener_of(world.bravo)
    assert listener.size_max == messages.HANDSHAKE_MAX
    listener.receive(bytes(messages.HANDSHAKE_MAX + 1), 0)
    assert refusal_of(events_of(listener)) == "cbor-size"


def test_a_silent_stranger_is_let_go(world):
    listener = listener_of(world.bravo)
    due = listener.deadline()
    listener.on_deadline(due - 1)
    assert listener.state == "waiting"
    listener.on_deadline(due)
    assert events_of(listener) == [("closed", "timeout")] and listener.deadline() is None


def test_strangers_fill_neither_the_listing_nor_the_log(world):
    before = len(world.bravo.events("discover"))
    for number in range(50):
        listener = listener_of(world.bravo, salt=number)
        meshes = [digest("mesh", number), world.bravo.mesh.id]
        listener.receive(messages.encode("HELLO", digest(number)[:16], digest("key", number), meshes), 0)
        assert refusal_of(events_of(listener)) == "peer-unauthenticated"
    assert len(world.bravo.events("discover")) == before + 1


def test_a_token_shown_in_a_proof_is_kept_only_after_the_whole_proof_holds(world):
    alpha, bravo = world.sides
    shown = {one.id for one in proofs.standing_of(alpha.desk.state, alpha.desk.thumbprint).values()}
    new = shown - set(bravo.desk.state.arrived)
    assert new
    hand_made(world, listener_of(bravo), signer=Signer(digest("forger")))
    assert not new & set(bravo.desk.state.arrived)
    hand_made(world, listener_of(bravo, "again"))
    assert new <= set(bravo.desk.state.arrived)


def test_a_credential_that_was_laid_in_ahead_of_its_time_shuts_nobody_out(world):
    later = type(VALID)(VALID.exp - 3_600, VALID.exp + 86_400)
    for side, other in world.pairs():
        for mesh in (side.mesh, other.mesh):
            side.desk.submit("token", mesh.token(mesh.boundary(side.signer.public, later)))
    dialer, listener = meet(world)
    assert met(dialer) and met(listener)
    dialer, listener = meet(world, salt="later", utc=((VALID.exp + 60) * 10**9, (VALID.exp + 61) * 10**9))
    assert met(dialer) and dict(dialer[:1])["met"].note == "", (
        "and when its time has come it is the one shown"
    )
