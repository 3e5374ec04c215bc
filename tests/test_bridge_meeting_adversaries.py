"""Who stands between two bridges, or is one of them, and lies: what is held at the end. SPEC 10.1, 10.2"""

import pytest
from test_bridge_handshake import mallory_at
from world import VALID, converse, digest, events_of, meet, refusal_of, sessions, whole

from fieldpost import boundary_messages as messages
from fieldpost import boundary_proof as proofs
from fieldpost.agreement_cbor import digest_of
from fieldpost.boundary_session import BoundarySession
from fieldpost.heads import read
from fieldpost.secure_channel import SecureChannel, ephemeral_public
from fieldpost.signing import Signer
from fieldwire import cbor, cose, keys, tokens
from fieldwire.errors import WireError

DIALER, LISTENER = proofs.DIALER, proofs.LISTENER


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def hello_of(message):
    _, nonce, thumbprint, meshes = cbor.decode(message)
    return proofs.Hello(nonce, thumbprint, tuple(meshes))


def ephemeral_of(signed):
    """The X25519 key in a side's signed words."""
    return cbor.decode(cose.decode(signed).payload)[10]


def first_words(dialer, listener):
    """(dialer's HELLO, listener's HELLO, dialer's PROOF) as they go over the wire."""
    call = dialer.to_send(0)
    listener.receive(call, 0)
    answer = listener.to_send(0)
    dialer.receive(answer, 0)
    return call, answer, dialer.to_send(0)


def nobody_met(world, *sessions_):
    """No session got a peer, no byte of the other mesh came in, and each refusal stands in a record."""
    assert not [one for session in sessions_ for one in events_of(session) if one[0] == "met"]
    for side in world.sides:
        assert not [one for one in side.desk.state.entries.values() if one.mesh != side.mesh.id]
        assert not side.desk.state.epochs


# Forged.


def test_a_forged_handshake_under_a_root_of_the_forgers_own_is_refused(world):
    alpha, bravo = world.sides
    forger, root = Signer(digest("forger")), Signer(digest("forged root"))
    listener = sessions(world)[1]
    ours = proofs.Hello(digest("f")[:16], keys.thumbprint(forger.public), (alpha.mesh.id, bravo.mesh.id))
    listener.receive(messages.encode("HELLO", ours.nonce, ours.thumbprint, list(ours.meshes)), 0)
    theirs = hello_of(listener.to_send(0))
    forged = []
    for mesh in (alpha.mesh, bravo.mesh):
        claims = mesh._credential(forger.public, "boundary", VALID, ["boundary"], 0, [None, None])
        forged.append(tokens.issue(cose.CREDENTIAL, claims, root))
    ids = tuple(tokens.token_id(one) for one in forged)
    state = alpha.desk.state
    said = proofs.body(ours, theirs, ids, 1, state.agreement_digest, ephemeral_public(digest("e")), DIALER)
    signed = cose.sign(cose.HANDSHAKE, said, forger)
    listener.receive(messages.encode("PROOF", signed, [root.public, *world.roots], forged), 0)
    nobody_met(world, listener)
    assert [one[4] for one in bravo.events("discover")] == ["peer-unauthenticated"]


# Relayed.


def test_a_relayed_handshake_leaves_who_stands_between_with_boxes_that_nothing_opens(world):
    """It carries all bytes faithfully, so the two meet; and has every nonce, public key and secrets of its own."""
    heard = []

    def listens(_, role, message):
        heard.append((role, message))
        return message

    converse(*sessions(world), alter=listens)
    clear, boxes = [message for _, message in heard[:4]], heard[4:]
    shown = [cbor.decode(one)[1] for one in clear if cbor.decode(one)[0] == messages.NUMBERS["PROOF"]]
    publics = [ephemeral_of(one) for one in shown]
    assert len(publics) == 2 and boxes
    for secret in (digest("between"), bytes(32), digest("nonce", "", 0)):
        for public in publics:
            for role in (DIALER, LISTENER):
                for _, box in boxes:
                    with pytest.raises(WireError):
                        SecureChannel(secret, public, role).open(box)


def test_a_relay_that_puts_its_own_key_into_the_signed_words_is_refused(world):
    dialer, listener = sessions(world)
    _, _, proof = first_words(dialer, listener)
    number, signed, roots, given = cbor.decode(proof)
    public = ephemeral_of(signed)
    assert signed.count(public) == 1
    changed = signed.replace(public, ephemeral_public(digest("between")))
    listener.receive(cbor.encode([number, changed, roots, given]), 0)
    assert refusal_of(events_of(listener)) == "peer-unauthenticated"
    nobody_met(world, dialer, listener)


# Reflected.


def test_a_handshake_reflected_onto_another_session_of_the_same_bridge_is_refused(world):
    """Alpha calls and listens; who stands between leads its call back to its own door."""
    caller, _ = sessions(world)
    door = BoundarySession(LISTENER, world.alpha.desk, "memory", digest("d")[:16], digest("ds"), None)
    door.open(0)
    converse(caller, door)
    assert refusal_of(events_of(door)) == "peer-unauthenticated"
    nobody_met(world, caller, door)


def test_a_proof_reflected_in_the_other_role_is_refused(world):
    dialer, listener = sessions(world)
    _, _, proof = first_words(dialer, listener)
    dialer.receive(proof, 0)
    assert refusal_of(events_of(dialer)) == "peer-unauthenticated"
    nobody_met(world, dialer, listener)


# Replayed.


def test_a_proof_replayed_to_another_session_is_refused_though_all_keys_are_right(world):
    call, _, old = first_words(*sessions(world, salt="old"))
    listener = sessions(world, salt="new")[1]
    listener.receive(call, 0)
    listener.receive(old, 0)
    assert refusal_of(events_of(listener)) == "peer-unauthenticated"
    nobody_met(world, listener)


# Unknown key share.


def test_in_an_unknown_key_share_the_one_who_would_be_misled_refuses(world):
    """Mallory, an agent of both meshes, passes off alpha's ephemeral key as its own: bravo would take alpha for it."""
    mallory = mallory_at(world)
    dialer, listener = sessions(world)
    alpha = hello_of(dialer.to_send(0))
    named = keys.thumbprint(mallory.public)
    listener.receive(messages.encode("HELLO", alpha.nonce, named, list(alpha.meshes)), 0)
    answer = listener.to_send(0)
    dialer.receive(answer, 0)
    signed, roots, _ = cbor.decode(dialer.to_send(0))[1:]
    stolen = ephemeral_of(signed)
    state = world.alpha.desk.state
    pair = proofs.standing_of(state, named)
    shown = [pair[world.alpha.mesh.id], pair[world.bravo.mesh.id]]
    said = proofs.body(
        proofs.Hello(alpha.nonce, named, alpha.meshes), hello_of(answer), tuple(one.id for one in shown),
        1, state.agreement_digest, stolen, DIALER,
    )  # fmt: skip
    made = cose.sign(cose.HANDSHAKE, said, mallory)
    listener.receive(messages.encode("PROOF", made, roots, [one.data for one in shown]), 0)
    assert listener.peer.thumbprint == named, "mallory may talk to bravo under its own name"
    dialer.receive(listener.to_send(0), 0)
    assert refusal_of(events_of(dialer)) == "peer-unauthenticated" and dialer.peer is None
    box = listener.to_send(0)
    for secret in (digest("mallory"), bytes(32)):
        with pytest.raises(WireError):
            SecureChannel(secret, stolen, DIALER).open(box)


# Downgraded.


def test_an_agreement_downgraded_after_the_handshake_that_named_it_ends_the_session(world):
    """A bridge proves itself under version 2 and then shows version 1, which is signed as well."""
    older, newer = world.agreement(), world.agreement(version=2)
    for side in world.sides:
        side.desk.submit("agreement", newer)
    dialer, listener = sessions(world)
    say = dialer._say

    def downgrades(name, *fields):
        if name == "AGREEMENT":
            text = cbor.decode(older)[0]
            fields = (1, digest_of(text), older)
        say(name, *fields)

    dialer._say = downgrades
    converse(dialer, listener)
    assert refusal_of(events_of(listener)) == "peer-unauthenticated"
    assert [side.desk.state.agreement.version for side in world.sides] == [2, 2]
    assert not any(side.desk.state.epochs for side in world.sides)


def test_an_agreement_downgraded_in_a_handshake_is_told_and_never_followed(world):
    """A peer that claims to hold but version 1 gets the newer one; what is decided is decided under that."""
    world.bravo.desk.submit("agreement", world.agreement(version=2))
    _dialer, listener = meet(world)
    assert dict(listener[:1])["met"].version == 1
    assert [one[4] for one in world.bravo.events("discover")] == ["talks", "agreement-stale"]
    assert [side.desk.state.agreement.version for side in world.sides] == [2, 2]
    digests = {side.desk.state.agreement_digest for side in world.sides}
    assert {cbor.decode(side.desk.state.epochs[-1].body)[1] for side in world.sides} == digests


# The channel.


def opened(world):
    """Two sessions that have proved themselves, with all that either has to say first."""
    dialer, listener = sessions(world)
    converse(dialer, listener, count=4)
    assert dialer.peer and listener.peer
    return dialer, listener


def test_a_gap_in_the_channel_ends_the_session(world):
    dialer, listener = opened(world)
    dialer._say("BYE", "done", "")
    boxes = list(iter(lambda: dialer.to_send(0), None))
    assert len(boxes) >= 2
    listener.receive(boxes[1], 0)
    assert events_of(listener)[-1] == ("closed", "frame-tag")
    listener.receive(boxes[0], 0)
    assert listener.state == "closed", "nothing opens after it"


def test_reordered_boxes_end_the_session(world):
    dialer, listener = opened(world)
    dialer._say("BYE", "done", "")
    boxes = list(iter(lambda: dialer.to_send(0), None))
    for one in reversed(boxes):
        listener.receive(one, 0)
    assert events_of(listener)[-1] == ("closed", "frame-tag")
    assert not listener._desk.state.epochs


def test_a_replayed_box_ends_the_session(world):
    dialer, listener = opened(world)
    box = dialer.to_send(0)
    listener.receive(box, 0)
    assert listener.state != "closed"
    listener.receive(box, 0)
    assert events_of(listener)[-1] == ("closed", "frame-tag")


def test_a_box_thrown_back_at_its_sender_ends_the_session(world):
    dialer, _ = opened(world)
    dialer.receive(dialer.to_send(0), 0)
    assert events_of(dialer)[-1] == ("closed", "frame-tag")


def test_a_box_of_another_session_of_the_same_two_ends_the_session(world):
    old = opened(world)[0].to_send(0)
    dialer, listener = sessions(world, salt="again")
    converse(dialer, listener, count=4)
    listener.receive(old, 0)
    assert events_of(listener)[-1] == ("closed", "frame-tag")


def test_a_box_cut_short_or_lengthened_ends_the_session(world):
    for change in (lambda box: box[:-1], lambda box: box + b"\0", lambda box: b""):
        dialer, listener = sessions(world, salt=change(b"12").hex())
        converse(dialer, listener, count=4)
        listener.receive(change(dialer.to_send(0)), 0)
        assert events_of(listener)[-1] == ("closed", "frame-tag")


# What is signed.


def said_by(world, session, spoil=lambda words: words, typ=cose.HANDSHAKE):
    """Alpha's PROOF for a listening session of bravo, its signed words spoiled; the session's events."""
    alpha, _bravo = world.sides
    ours = proofs.hello(alpha.desk.state, alpha.desk.thumbprint, digest("spoiled")[:16])
    session.receive(messages.encode("HELLO", ours.nonce, ours.thumbprint, list(ours.meshes)), 0)
    theirs = hello_of(session.to_send(0))
    pair = proofs.pair_of(alpha.desk.state, ours, theirs)
    state = alpha.desk.state
    words = cbor.decode(
        proofs.body(
            ours, theirs, tuple(one.id for one in pair), state.agreement.version, state.agreement_digest,
            ephemeral_public(digest("e")), DIALER,
        )
    )  # fmt: skip
    signed = cose.sign(typ, cbor.encode(spoil(words)), alpha.signer)
    session.receive(messages.encode("PROOF", signed, world.roots, [one.data for one in pair]), 0)
    return events_of(session)


WORDS = [
    "label", "dialer's nonce", "listener's nonce", "dialer's key", "listener's key", "dialer's mesh",
    "listener's mesh", "credentials", "version", "agreement", "ephemeral key", "role",
]  # fmt: skip


@pytest.mark.parametrize("index", [0, 1, 2, 3, 4, 5, 6, 7, 11], ids=lambda index: WORDS[index])
def test_each_word_that_a_handshake_signs_is_that_of_this_meeting_or_it_is_refused(world, index):
    other = {0: "boundary/2", 1: bytes(16), 2: bytes(16), 7: [bytes(16), bytes(16)], 11: LISTENER}

    def spoil(words):
        return [other.get(index, bytes(32)) if at == index else word for at, word in enumerate(words)]

    assert [one for one in said_by(world, sessions(world)[1]) if one[0] == "met"], "without a fault it holds"
    listener = sessions(world, salt=index)[1]
    assert refusal_of(said_by(world, listener, spoil)) == "peer-unauthenticated"
    assert listener.peer is None


@pytest.mark.parametrize("typ", [cose.EPOCH, cose.CHECKPOINT, cose.AGREEMENT, cose.REPORT])
def test_a_handshake_has_a_type_of_its_own_and_no_other_signature_serves(world, typ):
    listener = sessions(world)[1]
    assert refusal_of(said_by(world, listener, typ=typ)) == "peer-unauthenticated"


def test_a_side_never_signs_bytes_that_its_peer_chose_alone(world):
    """Whatever a peer says first, what is signed has our own nonce, key, mesh and ephemeral in it; a listener waits."""
    signed = []
    for salt in range(5):
        dialer, listener = sessions(world, salt=salt)
        call, _answer, proof = first_words(dialer, listener)
        assert listener.to_send(0) is None, "who has proved nothing yet gets no signature"
        words = cbor.decode(cose.decode(cbor.decode(proof)[1]).payload)
        ours = hello_of(call)
        assert (words[1], words[3], words[5]) == (ours.nonce, ours.thumbprint, ours.meshes[0])
        signed.append((words[1], words[10]))
    assert len(set(signed)) == 5


def test_in_a_meeting_both_exchange_agreement_digest_frontier_and_log_head(world):
    said = {DIALER: {}, LISTENER: {}}
    pair = sessions(world)
    for session in pair:
        say = session._say

        def told(name, *fields, say=say, role=session.role):
            said[role].setdefault(name, fields)
            say(name, *fields)

        session._say = told
    converse(*pair)
    for role, side in enumerate(world.sides):
        assert said[role]["AGREEMENT"][1] == side.desk.state.agreement_digest
        assert read(said[role]["HEADS"][0], side.signer.public).origin == side.desk.thumbprint
        assert said[role]["FRONTIER"][0] is not None and said[role]["FRONTIER"][1]
