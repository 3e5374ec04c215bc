"""Three meshes that share no root and never meet all at once: what crosses, by which path, with whose signatures."""

import pytest
from mesh_world import Meshes, done, drained, meet
from world import VALID, code_of

from fieldwire import cbor, cose, tokens
from fieldwire import observation as obs


def chain(folder, path_length=1):
    """North, middle and south under one agreement; north and south never meet, middle meets both."""
    world = Meshes(folder, "north", "middle", "south")
    north, middle, south = world.sides.values()
    world.joins(north, middle)
    world.joins(middle, south)
    world.equate(middle, north)
    world.equate(middle, south)
    world.equate(south, middle, path_length=path_length)
    world.equate(north, middle, path_length=path_length)
    terms = world.agreement(north, middle, south)
    world.begin(dict.fromkeys(world.sides, terms))
    evidence = world.contacts((north, middle), (middle, south))
    for n, side in enumerate(world.sides.values()):
        side.boards[0].reading("water/dam", 200 + 50 * n, 20_000 + 10 * n)
        side.boards[1].reading("private/cellar", n, 20_100)
        side.take(*evidence[side.mesh.id], *drained(side))
    return world


def travel(world):
    """Middle goes north, south and north again."""
    north, middle, south = world.sides.values()
    ends = [
        meet(north, middle, "1"),
        meet(middle, south, "2"),
        meet(north, middle, "3"),
        meet(middle, south, "4"),
    ]
    assert all(done(one) for one in ends)


@pytest.fixture
def world(tmp_path):
    return chain(tmp_path)


def held(side, mesh):
    """{id: entry} of what a bridge holds of a mesh's readings."""
    entries = side.desk.state.entries.items()
    return {
        identity: entry
        for identity, entry in entries
        if entry.mesh == mesh.mesh.id and entry.observation[obs.FORMAT] != obs.TIME_FORMAT
    }


def test_what_a_mesh_said_reaches_one_that_it_never_meets_as_its_own_device_signed_it(world):
    travel(world)
    north, middle, south = world.sides.values()
    [(identity, entry)] = held(south, north).items()
    assert entry.leaf == middle.desk.state.entries[identity].leaf == north.desk.state.entries[identity].leaf
    item = cbor.decode(south.desk.item(identity))
    assert cose.decode(item[1]).kid == cose.decode(cbor.decode(north.desk.item(identity))[1]).kid
    assert entry.credential == north.boards[0].credential
    assert not south.desk.state.offered.keys() & {north.desk.thumbprint}, "they never met"


def test_it_is_admitted_by_a_path_of_two_equivalences_and_names_them(world):
    travel(world)
    north, middle, south = world.sides.values()
    [identity] = held(south, north)
    verdict = south.desk.state.verdicts[identity]
    assert verdict.code == "admitted-mapped" and verdict.under == (south.mesh.id, "ops")
    issuers = [south.desk.state.trust.equivalences[one].claims for one in verdict.equivalences]
    meshes = [south.desk.state.trust.chain(one[tokens.ISSUER])[0].claims[tokens.MESH] for one in issuers]
    assert meshes == [middle.mesh.id, south.mesh.id]


def test_a_path_length_of_zero_admits_the_neighbour_and_nobody_behind_it(tmp_path):
    world = chain(tmp_path, path_length=0)
    travel(world)
    north, middle, south = world.sides.values()
    assert code_of(south, "water/dam", middle.boards[0]) == "admitted-mapped"
    assert code_of(south, "water/dam", north.boards[0]) == "unmapped"
    assert code_of(middle, "water/dam", north.boards[0]) == "admitted-mapped"


def test_what_no_scope_lets_cross_goes_nowhere(world):
    travel(world)
    for side in world.sides.values():
        subjects = {
            (entry.mesh, entry.observation[obs.SUBJECT]) for entry in side.desk.state.entries.values()
        }
        assert {mesh for mesh, subject in subjects if subject == "private/cellar"} == {side.mesh.id}


def test_the_epochs_of_each_pair_are_decided_alike_on_both_sides(world):
    travel(world)
    north, middle, south = world.sides.values()
    for one, other in ((north, middle), (middle, south)):
        mine = [each for each in one.desk.state.epochs if each.peer == other.desk.thumbprint][-1]
        theirs = [each for each in other.desk.state.epochs if each.peer == one.desk.thumbprint][-1]
        assert mine.body == theirs.body
        assert sum(map(len, mine.joint.values())) == 3, "the readings of all three"


def test_a_revocation_in_a_far_mesh_follows_what_it_takes_back(world):
    travel(world)
    north, middle, south = world.sides.values()
    taken = north.mesh.revocation("ops", VALID, north.boards[0].credential)
    north.take(("token", north.mesh.token(taken)))
    assert done(meet(north, middle, "5")) and done(meet(middle, south, "6"))
    assert code_of(south, "water/dam", north.boards[0]) == "credential-revoked"


def test_what_the_one_between_does_not_admit_it_does_not_carry_on(tmp_path):
    world = chain(tmp_path)
    north, middle, south = world.sides.values()
    visitor = north.boards[2]
    visitor.reading("water/mill", 7, 20_200)
    north.take(("segment", visitor.seal()))
    travel(world)
    assert code_of(middle, "water/mill", visitor) == "unmapped"
    assert code_of(south, "water/mill", visitor) is None


def test_two_agents_of_one_mesh_each_with_its_own_agreement_and_store_keep_what_they_hear_apart(tmp_path):
    """Middle has two bridges behind the same boards: one meets north, the other south."""
    world = Meshes(tmp_path, "north", "middle", "south")
    north, middle, south = world.sides.values()
    second = world.another_bridge("middle", "middle-south")
    world.joins(north, middle)
    world.joins(second, south)
    world.equate(middle, north)
    world.equate(south, middle)
    world.equate(north, middle)
    up, down = world.agreement(north, middle), world.agreement(middle, south)
    world.begin({"north": up, "middle": up, "middle-south": down, "south": down})
    evidence = world.contacts((north, middle), (middle, south))
    north.boards[0].reading("water/dam", 200, 20_000)
    middle.boards[0].reading("water/dam", 250, 20_010)
    segments = drained(middle)
    north.take(*evidence[north.mesh.id], ("segment", north.boards[0].seal()))
    south.take(*evidence[south.mesh.id])
    for side in (middle, second):
        side.take(*evidence[middle.mesh.id], *segments)
    assert done(meet(north, middle)) and done(meet(second, south))
    assert code_of(north, "water/dam", middle.boards[0]) == "admitted-mapped"
    assert code_of(south, "water/dam", middle.boards[0]) == "admitted-mapped"
    assert code_of(middle, "water/dam", north.boards[0]) == "admitted-mapped"
    assert not held(second, north) and not held(south, north)
    assert [len(side.desk.state.epochs) for side in (north, middle, second, south)] == [1, 1, 1, 1]
