"""What epochs rest on: the age of credentials by joint UTC, the last epochs compared, engines that are lacking."""

from dataclasses import replace

import pytest
from test_bridge_epochs import last, quiet
from world import ALL, UTC_S, VALID, World, converse, meet, observe, sessions, whole

from fieldpost import covenant, epoch
from fieldpost.agreement import Function
from fieldwire import cbor


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


# Freshness.


def dated(folder, nbf_s, **more):
    """A whole world in which bravo's first board has a credential from `nbf_s` before true time 0 on."""
    world = World(folder)
    for side, other in world.pairs():
        world.equate(side, other)
    b1 = world.bravo.boards[0]
    validity = type(VALID)(UTC_S - nbf_s, VALID.exp)
    b1.credential = world.bravo.mesh.credential("ops", b1.signer.public, validity, ["observe", "time"], ALL)
    fresh = Function("composite", terms={"credential_freshness": 1}, freshness_s=200_000)
    world.begin(world.agreement(chain=(fresh,), **more))
    observe(world)
    return world


@pytest.mark.parametrize(("nbf_s", "prevails"), [(3_600, "bravo"), (86_400, None)])
def test_the_age_of_a_credential_follows_from_joint_utc_on_both_sides(tmp_path, nbf_s, prevails):
    world = dated(tmp_path, nbf_s)
    meet(world)
    assert last(world.alpha).body == last(world.bravo).body
    for side in world.sides:
        ages = {
            claim.device: claim.credential_age_s
            for claim in last(side).resolution.joint
            if claim.subject == "water/dam"
        }
        own, other = ages[world.alpha.boards[0].id], ages[world.bravo.boards[0].id]
        assert own in range(86_415, 86_421) and other in range(nbf_s + 15, nbf_s + 21)
        found = set(side.store.query("SELECT function FROM decision WHERE subject = 'water/dam'"))
        assert found == {("composite",)} if prevails else {("tie-break",)}
        if prevails:
            [(identity,)] = side.store.query("SELECT id FROM picture WHERE subject = 'water/dam'")
            assert side.desk.state.entries[identity].mesh == world.bravo.mesh.id


def test_where_no_two_devices_agree_on_utc_no_credential_has_an_age(tmp_path):
    world = World(tmp_path)
    for side, other in world.pairs():
        world.equate(side, other)
    world.begin(world.agreement())
    for side in world.sides:
        assert side.desk.state.agreement.time.k == 1
    observe(world)
    meet(world)
    opening = epoch.Opening(last(world.alpha).ours, frozenset())
    state = world.alpha.desk.state
    state.agreement = replace(state.agreement, time=replace(state.agreement.time, k=50))
    found = epoch.compute(state, opening, last(world.alpha).theirs, last(world.alpha).peer)
    assert {claim.credential_age_s for claim in found.resolution.joint} == {None}


# At the next contact.


def test_a_mismatch_of_the_last_epochs_is_recorded_at_the_next_contact_on_both_sides_and_once(tmp_path):
    world = quiet(tmp_path)
    observe(world)
    before = list(world.bravo.store.inputs())
    meet(world)
    held = epoch.epoch_digest(last(world.alpha).body)
    world.bravo.open()
    world.bravo.desk.submit_many([(one.kind, one.data) for one in before])
    for salt in ("cut", "restored"):
        dialer, listener = sessions(world, salt=salt)
        converse(dialer, listener, count=10 if salt == "cut" else None)
        dialer.close("cut")
        listener.close("cut")
    for side in world.sides:
        found = [one for one in side.events("epoch") if one[4] == "epoch-mismatch"]
        assert [one[2][1:] for one in found] == [[held]]
    assert last(world.alpha).body == last(world.bravo).body


def test_a_side_that_lacks_an_engine_says_so_and_does_not_decide(world):
    data, signatures = cbor.decode(world.agreement(version=2))
    named = cbor.decode(data)
    for key, changed in ((1, "arbitration/2"), (3, {**named[3], 2: "timeline/9"})):
        later = cbor.encode({**named, key: changed})
        signed = [side.mesh.sign_agreement(later) for side in world.sides]
        world.alpha.desk.submit("agreement", covenant.proof(later, signed))
        refused = world.alpha.events("refused")[-1]
        assert refused[4] == "agreement-shape" and "engine: expected" in refused[5]["reason"]
        assert world.alpha.desk.state.agreement.version == 1
    assert len(signatures) == 2
