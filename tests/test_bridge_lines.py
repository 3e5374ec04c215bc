"""A board whose key was rotated bears two device ids and is no rival of its own former self. SPEC 7.6, 10.4, 14.1"""

from dataclasses import replace

import pytest
from claim_world import claim
from world import VALID, Board, World, exchange, meet

from fieldpost import epoch
from fieldpost.conflict import Order
from fieldpost.lines import lines
from fieldwire import cbor, rotation
from fieldwire import observation as obs

A, B, C, D = (bytes([n]) * 16 for n in range(4))


def test_each_key_of_a_board_follows_the_one_before_it():
    assert lines([(B, C), (A, B)]) == {A: (A, 0), B: (A, 1), C: (A, 2)}
    assert lines([]) == {} and lines([(A, B), (A, B)]) == {A: (A, 0), B: (A, 1)}


def test_a_line_that_branches_joins_or_runs_in_a_circle_is_none():
    assert lines([(A, B), (A, C)]) == {}
    assert lines([(A, C), (B, C)]) == {}
    assert lines([(A, B), (B, A)]) == {}
    assert lines([(A, B), (B, C), (B, D)]) == {A: (A, 0), B: (A, 1)}, "up to where it branches"


def by(device, name, **more):
    return replace(claim(name, **more), device=device)


def test_what_the_former_key_signed_comes_before_what_the_next_one_signed_whatever_their_clocks_say():
    former, after = by(A, "former", boot=9), by(B, "after", boot=1)
    other = by(C, "other")
    known = lines([(A, B)])
    order = Order([former, after, other], known)
    assert order.before(former, after) == "ticks" and order.before(after, former) is None
    assert order.unordered(former, other) and Order([former, after]).unordered(former, after)
    assert order.latest([former, after]) == [1]


def test_a_causal_path_leads_on_through_the_next_key():
    source = by(C, "source")
    derived = by(A, "derived", sources=(source.id,))
    after = by(B, "after")
    order = Order([source, derived, after], lines([(A, B)]))
    assert order.before(source, after) == "causal"
    assert Order([source, derived, after]).before(source, after) is None


# Two bridges.


def handed_over(mesh, board, heir):
    """The rotation by which a board's key hands over to its heir's, after all that it has sealed."""
    ends = sorted(
        [board.incarnation, stream, board._segments[stream] - 1, board._previous[stream]]
        for stream in range(4)
        if board._segments[stream]
    )
    handover = rotation.hand_over(mesh.id, heir.signer.public, 1, ends, board.signer)
    accepted = rotation.accept(handover, heir.signer)
    return mesh.rotation("ops", VALID, accepted, heir.signer.public, board.credential, heir.credential)


class Rotated:
    """Alpha's first board says 200, hands over, and says 300 under its next key; nobody could place the two apart."""

    def __init__(self, folder, told):
        self.world = world = World(folder)
        for side, other in world.pairs():
            world.equate(side, other)
        world.begin()
        self.former = world.alpha.boards[0]
        self.heir = Board(world.alpha.mesh, "ops", "alpha-1-again", 0)
        evidence = world.contacts()
        old = self.former.reading("water/dam", 200, 20_000)
        segments = [("segment", self.former.seal())]
        new = self.heir.reading("water/dam", 300, 20_001)
        self.old, self.new = obs.observation_id(old), obs.observation_id(new)
        world.alpha.take(*evidence["alpha"], *segments)
        world.bravo.take(*evidence["bravo"])
        mesh = world.alpha.mesh
        given = [mesh.token(self.heir.credential), self.heir.attestation]
        if told:
            given.append(handed_over(mesh, self.former, self.heir))
        tokens = [("token", one) for one in [*mesh.tokens(), *given] if one not in self.known()]
        self.heir_contact()
        heard = [("segment", self.heir.seal(obs.EVIDENCE)), ("segment", self.heir.seal())]
        boards = [("segment", one.seal(obs.EVIDENCE)) for one in world.alpha.boards[1:]]
        world.alpha.take(*tokens, *heard, *boards)

    def known(self):
        return {data for (data,) in self.world.alpha.store.query("SELECT data FROM token")}

    def heir_contact(self):
        """The board under its new key exchanges times with two others of its mesh, long after its reading."""
        for n, other in enumerate(self.world.alpha.boards[1:]):
            exchange(self.heir, other, 60_000 + 100 * n)


@pytest.fixture
def rotated(tmp_path):
    return Rotated(tmp_path, told=True)


def last(side):
    return side.desk.state.epochs[-1]


def decided(side):
    return [row for row in last(side).resolution.ruling.decisions if row.subject == "water/dam"]


def test_a_board_is_no_rival_of_its_own_former_id_and_the_next_key_has_the_word(rotated):
    meet(rotated.world)
    for side in rotated.world.sides:
        [row] = decided(side)
        assert (row.prevailing, row.rivals) == (rotated.new, ())
        assert not [contest for contest in last(side).resolution.contests if contest.rivals]
    assert last(rotated.world.alpha).body == last(rotated.world.bravo).body


def test_without_a_rotation_two_ids_are_two_devices_and_rivals(tmp_path):
    found = Rotated(tmp_path, told=False)
    meet(found.world)
    for side in found.world.sides:
        [row] = decided(side)
        assert len(row.rivals) == 1
    assert last(found.world.alpha).body == last(found.world.bravo).body


def test_a_rotation_that_one_side_alone_holds_links_nothing_in_what_both_decide(rotated):
    meet(rotated.world)
    state, found = rotated.world.alpha.desk.state, last(rotated.world.alpha)
    [name] = epoch.handovers(state)
    assert name in found.ours.evidence & found.theirs.evidence
    theirs = replace(found.theirs, evidence=found.theirs.evidence - {name})
    opening = epoch.Opening(found.ours, frozenset())
    alone = epoch.compute(state, opening, theirs, found.peer)
    assert [len(row.rivals) for row in alone.resolution.ruling.decisions if row.subject == "water/dam"] == [1]
    assert cbor.decode(alone.body)[3] != cbor.decode(found.body)[3], "the evidence says which it was"


def test_the_own_picture_shows_what_the_next_key_said(rotated):
    rows = rotated.world.alpha.store.query("SELECT id, alternatives FROM picture WHERE subject = 'water/dam'")
    assert rows == [(rotated.new, cbor.encode([]))]


def test_an_epoch_with_a_rotation_is_rebuilt_to_the_same_body(rotated):
    meet(rotated.world)
    before = last(rotated.world.alpha).body
    rotated.world.alpha.desk._fold_anew()
    assert last(rotated.world.alpha).body == before
