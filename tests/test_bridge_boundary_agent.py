"""The public face: an agent built from credentials says what its mesh would admit."""

import pytest
from world import VALID, World, whole

from fieldpost.boundary import BoundaryAgent
from fieldpost.boundary_proof import standing_of
from fieldwire import observation as obs


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def shown(side):
    """A bridge's credentials, that of its own mesh first."""
    found = standing_of(side.desk.state, side.desk.thumbprint)
    return [found[side.mesh.id].data, *(one.data for mesh, one in found.items() if mesh != side.mesh.id)]


def test_an_agent_over_a_running_desk_admits_what_an_equivalence_maps(world):
    agent = BoundaryAgent(shown(world.alpha), world.alpha.desk)
    assert set(agent.credentials) == {world.alpha.mesh.id, world.bravo.mesh.id}
    b1 = world.bravo.boards[0]
    taught = [("token", one) for one in [*world.bravo.mesh.tokens(), b1.attestation]]
    evidence = [item for _, item in crossing(world.bravo) if item]
    agent.learn(*taught, *(("item", one) for one in evidence))
    verdict = agent.admit(b1.early(b1.reading("water/dam", 255, 25_000)), world.bravo.mesh.id)
    assert (verdict.state, verdict.code) == ("admitted", "admitted-mapped")
    assert verdict.under == (world.alpha.mesh.id, "ops") and len(verdict.equivalences) == 1


def crossing(side):
    """(id, crossing item) of each time exchange that a side holds."""
    for identity, entry in side.desk.state.entries.items():
        if entry.observation[obs.FORMAT] == obs.TIME_FORMAT:
            yield identity, side.desk.item(identity)


def test_an_agent_of_its_own_refuses_until_it_was_taught(tmp_path):
    world = World(tmp_path)
    world.equate(world.alpha, world.bravo)
    world.begin()
    agent = BoundaryAgent(shown(world.alpha))
    b1, b2 = world.bravo.boards[:2]
    early = b1.early(b1.reading("water/dam", 255, 25_000))
    assert agent.admit(early, world.bravo.mesh.id).code == "credential-unknown"
    given = [*world.alpha.mesh.tokens(), *world.bravo.mesh.tokens(), b1.attestation, b2.attestation]
    agent.learn(*(("root", one) for one in world.roots), *(("token", one) for one in given))
    assert agent.admit(early, world.bravo.mesh.id).state != "admitted"
    agent.learn(("agreement", world.agreement()))
    assert agent.admit(early, world.bravo.mesh.id).code == "unproven-time"
    agent.learn(*(("token", board.attestation) for board in world.alpha.boards))
    contacts = world.contacts()
    agent.learn(*contacts["alpha"], *contacts["bravo"])
    assert agent.admit(early, world.bravo.mesh.id).code == "admitted-mapped"


def test_what_another_mesh_signed_is_not_admitted_as_this_ones(world):
    agent = BoundaryAgent(shown(world.alpha), world.alpha.desk)
    a1 = world.alpha.boards[0]
    verdict = agent.admit(a1.early(a1.reading("water/dam", 1, 26_000)), world.bravo.mesh.id)
    assert (verdict.state, verdict.code) == ("refused", "credential-chain")
    assert agent.admit(b"\xd2", world.bravo.mesh.id).code == "cbor-truncated"
    assert agent.admit(b"\x80", world.bravo.mesh.id).code == "item-shape"
    assert agent.admit(b"\x80", bytes(32)).code == "mesh-unknown"


def test_an_agent_needs_one_key_and_the_right_in_two_meshes(world):
    own = shown(world.alpha)[0]
    with pytest.raises(ValueError, match="two or more meshes"):
        BoundaryAgent([own])
    with pytest.raises(ValueError, match="several keys"):
        BoundaryAgent([own, shown(world.bravo)[0]])
    plain = world.bravo.mesh.credential("ops", world.alpha.signer.public, VALID, ["observe"], [None, None])
    with pytest.raises(ValueError, match="lacks the right"):
        BoundaryAgent([own, world.bravo.mesh.token(plain)])
