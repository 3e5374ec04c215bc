"""Epochs: two bridges decide alike over what both admit, whatever the order; the rest is one side's own."""

import random
from copy import deepcopy

import pytest
from world import (
    ALL,
    VALID,
    World,
    code_of,
    converse,
    digest,
    events_of,
    exchange,
    meet,
    observe,
    refusal_of,
    sessions,
    whole,
)

from fieldpost import epoch
from fieldpost.agreement import Gate
from fieldpost.model import Input
from fieldpost.pipeline import Bridge
from fieldwire import cbor, cose
from fieldwire import observation as obs
from fieldwire.errors import WireError

NO_CONFLICT = {"water": Gate({"conflict_ratio": 100})}


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def last(side):
    return side.desk.state.epochs[-1]


def one_sided(side):
    """{subject: code} of what was found on one side only, by a side's own store; subjects it holds."""
    rows = side.store.query(
        "SELECT subject, code FROM one_sided JOIN observation ON one_sided.id = observation.id"
    )
    return dict(rows)


def test_both_sides_sign_one_body_with_one_decision_digest(world):
    dialer, listener = meet(world)
    assert ("epoch", 1, True) in dialer and ("epoch", 1, True) in listener
    a, b = last(world.alpha), last(world.bravo)
    assert a.body == b.body and a.resolution.decision_digest == b.resolution.decision_digest
    stored = [side.store.query("SELECT ours, theirs, agreed FROM epoch") for side in world.sides]
    [[(ours_a, theirs_a, agreed)], [(ours_b, theirs_b, _)]] = stored
    assert (ours_a, theirs_a, agreed) == (theirs_b, ours_b, 1)
    assert cose.decode(ours_a, cose.EPOCH).payload == a.body


def test_the_body_is_that_of_the_specification(world):
    meet(world)
    number, terms, joint, evidence, decisions, verdicts, bridges = cbor.decode(last(world.alpha).body)
    assert bridges == sorted(side.desk.state.profile.thumbprint for side in world.sides)
    assert (number, terms) == (1, world.alpha.desk.state.agreement_digest)
    assert joint == epoch.joint_root(last(world.alpha).joint)
    assert decisions == last(world.alpha).resolution.decision_digest and len(evidence) == 32
    assert verdicts == [["road", "resolve"], ["water", "resolve"]]


def test_the_agreed_rule_names_the_prevailing_claim_on_both_sides(world):
    meet(world)
    for side in world.sides:
        found = side.store.query("SELECT prevailing, function FROM decision WHERE subject = 'water/dam'")
        picked = {function for _, function in found}
        assert picked == {"authority-weight"}
        [(identity,)] = side.store.query("SELECT id FROM picture WHERE subject = 'water/dam'")
        assert side.desk.state.entries[identity].mesh == world.alpha.mesh.id


def test_what_one_side_alone_admits_is_listed_with_the_others_code(world):
    meet(world)
    assert code_of(world.alpha, "water/mill", world.bravo.boards[2]) == "unmapped"
    assert one_sided(world.alpha) == one_sided(world.bravo) == {"water/mill": "unmapped"}


def test_without_an_equivalence_nothing_of_the_other_is_admitted(tmp_path):
    world = World(tmp_path)
    world.begin()
    observe(world)
    meet(world)
    assert code_of(world.alpha, "water/dam", world.bravo.boards[0]) == "unmapped"
    assert last(world.alpha).joint == {"road": (), "water": ()}
    assert set(one_sided(world.bravo).values()) == {"unmapped"}


def test_a_denial_outweighs_an_equivalence_and_shows_as_one_sided(tmp_path):
    world = World(tmp_path)
    for side, other in world.pairs():
        world.equate(side, other)
    world.equate(world.alpha, world.bravo, negative=True)
    world.begin()
    observe(world)
    meet(world)
    assert code_of(world.alpha, "water/dam", world.bravo.boards[0]) == "denied"
    assert code_of(world.bravo, "water/dam", world.alpha.boards[0]) == "admitted-mapped"
    assert one_sided(world.bravo)["road/north"] == "denied"
    assert all(entry.mesh == world.alpha.mesh.id for entry in joint_entries(world.alpha))


def joint_entries(side):
    return [side.desk.state.entries[one] for ids in last(side).joint.values() for one in ids]


def test_without_a_contact_between_the_meshes_foreign_time_stays_unproven(tmp_path):
    world = World(tmp_path)
    world.equate(world.alpha, world.bravo)
    world.begin()
    for side in world.sides:
        first, second = side.boards[:2]
        exchange(first, second, 5_000)
        first.reading("water/dam", 100, 20_000)
        segments = [board.seal(stream) for board, stream in ((first, 2), (second, 2), (first, 1))]
        side.take(*(("segment", one) for one in segments))
    meet(world)
    assert code_of(world.alpha, "water/dam", world.bravo.boards[0]) == "unproven-time"
    assert one_sided(world.bravo)["water/dam"] == "unproven-time"


# Order.


def learned(side):
    """(profile, what else reached a side) in a whole meeting, without the deciding itself."""
    inputs = list(side.store.inputs())
    free = [one for one in inputs if one.kind in ("root", "token", "segment", "item", "agreement")]
    return inputs[0], free


def taught(first, things):
    """A fold that holds every root, token and agreement, and no observation yet."""
    bridge = Bridge()
    for one in [first, *(one for one in things if one.kind in ("root", "agreement", "token"))]:
        bridge.apply(one)
    return bridge


def fold(bridge, observations, rng):
    """The same fold once observations came in another order, solved at the end and sometimes on the way."""
    bridge = deepcopy(bridge)
    solve = Input(0, "solve", (1, 0), b"")
    rng.shuffle(observations)
    early = rng.randrange(4 * len(observations))
    for number, one in enumerate(observations):
        bridge.apply(one)
        if number == early:
            bridge.apply(solve)
    bridge.apply(solve)
    return bridge.state


def decided(states, mine):
    """The body that one of two folds computes over the other's offer."""
    offers = [epoch.offer(state, 1) for state in states]
    opening = epoch.Opening(offers[mine], frozenset())
    return epoch.compute(states[mine], opening, offers[1 - mine], states[1 - mine].profile.thumbprint).body


def test_200_random_orders_of_arrival_give_one_decision_digest(tmp_path):
    world = quiet(tmp_path)
    (a1, a2, _), (b1, b2, _) = (side.boards for side in world.sides)
    for pair in ((a1, a2), (b1, b2), (a1, b1), (a2, b2)):
        exchange(*pair, 10_000)
    for board, level in ((a1, 200), (b1, 260), (a2, 203), (b2, 199)):
        board.reading("water/dam", level, 20_000 + level)
    for side in world.sides:
        side.take(*(("segment", one.seal(stream)) for one in side.boards[:2] for stream in (1, 2)))
    meet(world)
    assert len(last(world.alpha).joint["water"]) == 4
    body = last(world.alpha).body
    told = [learned(side) for side in world.sides]
    bridges = [taught(*one) for one in told]
    said = [[one for one in things if one.kind in ("segment", "item")] for _, things in told]
    for seed in range(200):
        rng = random.Random(seed)
        states = [fold(bridge, list(things), rng) for bridge, things in zip(bridges, said)]
        assert decided(states, seed % 2) == body, seed


def test_tokens_that_come_after_what_they_prove_change_no_decision(world):
    meet(world)
    told = [learned(side) for side in world.sides]
    for seed in range(10):
        rng = random.Random(seed)
        states = []
        for first, things in told:
            roots = [one for one in things if one.kind == "root"]
            rest = [one for one in things if one.kind not in ("root", "agreement")]
            bridge = taught(first, [*roots, *(one for one in things if one.kind == "agreement")])
            states.append(fold(bridge, rest, rng))
        assert decided(states, seed % 2) == last(world.alpha).body, seed


def test_whole_meetings_after_other_orders_of_draining_decide_alike(tmp_path):
    digests = set()
    for seed in range(4):
        world = quiet(tmp_path / str(seed))
        rng = random.Random(seed)
        for side, things in drained(world):
            rng.shuffle(things)
            for one in things:
                side.take(one)
        meet(world)
        digests.update(last(side).body for side in world.sides)
    assert len(digests) == 1


def quiet(folder):
    """A world whose boards have not spoken yet."""
    world = World(folder)
    for side, other in world.pairs():
        world.equate(side, other)
    world.begin()
    return world


def drained(world):
    evidence = world.contacts()
    (a1, a2, _), (b1, _, b3) = (side.boards for side in world.sides)
    a1.reading("water/dam", 200, 20_000)
    a2.reading("water/dam", 203, 20_005)
    b1.reading("water/dam", 260, 20_010)
    b3.reading("water/mill", 9, 20_300)
    said = {"alpha": (a1, a2), "bravo": (b1, b3)}
    return [
        (side, [*evidence[side.name], *(("segment", one.seal()) for one in said[side.name])])
        for side in world.sides
    ]


# The gate.


def test_a_scope_above_its_gate_stops_and_opens_the_same_case_on_both_sides(tmp_path):
    world = whole(tmp_path, gate=NO_CONFLICT)
    meet(world)
    found = [side.store.query('SELECT id, scope, state, report FROM "case"') for side in world.sides]
    [[(case_a, scope, state, report_a)], [(case_b, _, _, report_b)]] = found
    assert (scope, state, case_a) == ("water", "open", case_b)
    bodies = [cose.decode(one, cose.REPORT).payload for one in (report_a, report_b)]
    assert bodies[0] == bodies[1] and epoch.case_id(bodies[0]) == case_a
    assert cbor.decode(last(world.alpha).body)[5] == [["road", "resolve"], ["water", "stop"]]
    assert code_of(world.alpha, "water/dam", world.bravo.boards[0]) == "scope-stopped"
    assert code_of(world.alpha, "road/north", world.bravo.boards[1]) == "admitted-mapped"


def test_nothing_more_of_a_stopped_scope_crosses_and_other_scopes_go_on(tmp_path):
    world = whole(tmp_path, gate=NO_CONFLICT)
    meet(world)
    a1, b2 = world.alpha.boards[0], world.bravo.boards[1]
    a1.reading("water/late", 5, 40_000)
    b2.reading("road/late", 5, 40_100)
    world.alpha.take(("segment", a1.seal()))
    world.bravo.take(("segment", b2.seal()))
    meet(world, salt="on")
    assert code_of(world.bravo, "water/late", a1) is None
    assert code_of(world.alpha, "road/late", b2) == "admitted-mapped"
    assert last(world.alpha).body == last(world.bravo).body and list(last(world.alpha).joint) == ["road"]
    assert len(world.alpha.store.query('SELECT id FROM "case"')) == 1


def test_a_scope_that_one_side_stopped_is_left_out_by_both(world):
    world.alpha.desk.state.stopped["water"] = bytes(16)
    dialer, listener = meet(world)
    assert dialer[-1] == listener[-1] == ("closed", "done")
    assert last(world.alpha).body == last(world.bravo).body
    assert list(last(world.alpha).joint) == ["road"]


# Later.


def test_late_data_opens_an_epoch_that_supersedes(world):
    meet(world)
    b2 = world.bravo.boards[1]
    b2.reading("water/dam", 199, 90_000)
    world.bravo.take(("segment", b2.seal()))
    dialer, listener = meet(world, salt="late")
    assert ("epoch", 2, True) in dialer and ("epoch", 2, True) in listener
    for side in world.sides:
        [(by,)] = side.store.query("SELECT decided FROM picture WHERE subject = 'water/dam'")
        assert by == "epoch 2"
        assert len(side.store.query("SELECT number FROM epoch WHERE agreed = 1")) == 2


def test_what_an_epoch_settled_does_not_diverge_again(tmp_path):
    world = whole(tmp_path, gate={"water": Gate({"conflict_ratio": 900})})
    meet(world)
    first = cbor.decode(last(world.alpha).body)[5]
    a1 = world.alpha.boards[0]
    a1.reading("water/well", 1, 90_000)
    world.alpha.take(("segment", a1.seal()))
    meet(world, salt="late")
    terms = [one.terms for one in last(world.bravo).resolution.divergence if one.scope == "water"]
    assert first[1] == ["water", "resolve"] and terms[0]["conflict_ratio"] == 0
    assert last(world.alpha).body == last(world.bravo).body


def test_a_restored_backup_counts_nothing_as_settled_and_both_still_agree(tmp_path):
    world = quiet(tmp_path)
    observe(world)
    before = list(world.bravo.store.inputs())
    meet(world)
    world.bravo.open()
    world.bravo.desk.submit_many([(one.kind, one.data) for one in before])
    dialer, listener = meet(world, salt="restored")
    assert ("epoch", 2, True) in dialer and ("epoch", 2, True) in listener
    assert last(world.alpha).body == last(world.bravo).body


def test_another_outcome_over_the_same_joint_set_is_recorded_on_both_sides_and_stands_nowhere(world):
    compute = epoch.compute

    def other_engine(state, opening, theirs, peer):
        found = compute(state, opening, theirs, peer)
        if state.profile.name == "alpha":
            return found
        changed = cbor.decode(found.body)
        changed[4] = digest("another engine")
        fields = {name: getattr(found, name) for name in found.__dataclass_fields__}
        return epoch.Epoch(**{**fields, "body": cbor.encode(changed)})

    epoch.compute = other_engine
    try:
        dialer, listener = meet(world)
    finally:
        epoch.compute = compute
    assert refusal_of(dialer) == refusal_of(listener) == "epoch-mismatch"
    for side in world.sides:
        assert not side.desk.state.epochs
        assert [one[4] for one in side.events("epoch")] == ["epoch-mismatch"]
        assert side.store.query("SELECT agreed FROM epoch") == [(0,)]
    meet(world, salt="mended")
    assert [last(side).number for side in world.sides] == [2, 2]


def test_a_malformed_time_record_is_evidence_of_nothing_and_blocks_nobody(world):
    a1 = world.alpha.boards[0]
    a1.leaf(30_000, obs.EVIDENCE, "log/time", obs.TIME_FORMAT, cbor.encode(["nonsense"]))
    far = [0, bytes(16), bytes(8), 1, 2**63, 1, 1, 2, 2**63]
    a1.leaf(30_001, obs.EVIDENCE, "log/time", obs.TIME_FORMAT, cbor.encode(far))
    world.alpha.take(("segment", a1.seal(obs.EVIDENCE)))
    dialer, _ = meet(world)
    assert ("epoch", 1, True) in dialer


def test_numbers_beyond_any_devices_life_are_refused_and_disturb_nothing(world):
    a1 = world.alpha.boards[0]
    made = obs.decode(a1.reading("water/dam", 1, 1_000))
    a1._leaves[obs.READINGS][-1] = cbor.encode({**made, obs.TREF: [1, 2**63]})
    world.alpha.take(("segment", a1.seal()))
    [refused] = world.alpha.events("refused")
    assert refused[4] == "observation-shape"
    assert meet(world)[0][-1] == ("closed", "done")


# Offers.


@pytest.mark.parametrize(
    "change",
    [
        lambda offer: [*offer, 1],
        lambda offer: [-1, *offer[1:]],
        lambda offer: [2**62, *offer[1:]],
        lambda offer: [True, *offer[1:]],
        lambda offer: [1, [["water", [[10**12, 3]]]], *offer[2:]],
        lambda offer: [1, [["water", [[bytes(32), 4]]]], *offer[2:]],
        lambda offer: [1, [["water", []], ["road", []]], *offer[2:]],
        lambda offer: [1, [["road", []], ["road", []]], *offer[2:]],
        lambda offer: [*offer[:2], [bytes(31)], *offer[3:]],
        lambda offer: [*offer[:3], [[bytes(16), 5, -5, None]], offer[4]],
        lambda offer: [*offer[:4], [[bytes(32), 7]]],
        lambda offer: "offer",
    ],
)
def test_an_offer_of_another_shape_is_refused(change):
    sound = cbor.encode(
        [1, [["road", []], ["water", [[bytes(32), 3]]]], [bytes(32)], [[bytes(16), -5, 5, None]], []]
    )
    assert epoch.read_offer(sound).to_cbor() == sound
    with pytest.raises(WireError) as caught:
        epoch.read_offer(cbor.encode(change(cbor.decode(sound))))
    assert caught.value.code == "offer-shape"


def test_an_id_that_a_peer_claims_to_admit_and_we_do_not_hold_is_not_joint(world):
    dialer, listener = sessions(world)

    def boast(say):
        def told(name, *fields):
            if name == "OFFER":
                claimed = cbor.decode(fields[1])
                claimed[1][1][1] = sorted([*claimed[1][1][1], [digest("never seen"), 3]])
                fields = (fields[0], cbor.encode(claimed))
            say(name, *fields)

        return told

    listener._say = boast(listener._say)
    converse(dialer, listener)
    found = world.alpha.store.query("SELECT code FROM one_sided WHERE id = ?", digest("never seen"))
    assert found == [("not-held",)]
    assert ("epoch", 1, True) in events_of(dialer)
    assert last(world.alpha).body == last(world.bravo).body


def test_replay_of_the_inputs_gives_the_same_rows_and_events(tmp_path):
    world = whole(tmp_path, gate=NO_CONFLICT)
    meet(world)
    for side in world.sides:
        rows, events = list(side.store.dump()), list(side.store.events())
        inputs = list(side.store.inputs())
        side.open()
        bridge = Bridge()
        with side.store.writing():
            for one in inputs:
                side.store.put(one, bridge.apply(one))
        assert list(side.store.dump()) == rows and list(side.store.events()) == events


# Odds and ends that both sides must see alike.


def test_a_scope_may_bear_any_name(tmp_path):
    world = whole(tmp_path, subjects=("kind", "outcome", "water"))
    assert meet(world)[0][-1] == ("closed", "done")
    assert list(last(world.alpha).joint) == ["kind", "outcome", "water"]


def test_an_expired_credential_admits_nothing_on_either_side(tmp_path):
    world = World(tmp_path)
    world.equate(world.alpha, world.bravo)
    b1 = world.bravo.boards[0]
    old = type(VALID)(VALID.nbf, VALID.nbf + 10)
    b1.credential = world.bravo.mesh.credential("ops", b1.signer.public, old, ["observe", "time"], ALL)
    world.begin()
    observe(world)
    meet(world)
    assert code_of(world.bravo, "water/dam", b1) == "credential-expired"
    assert code_of(world.alpha, "water/dam", b1) is None
