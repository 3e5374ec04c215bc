"""What a bridge hands down to its devices after a meeting: the newest foreign words that it admitted."""

from world import meet, whole

from fieldpost.app import newest_mapped
from fieldwire import observation as obs


def test_the_newest_foreign_observations_of_a_subject_are_handed_down(tmp_path):
    world = whole(tmp_path)
    meet(world)
    world.alpha.take()
    state = world.alpha.desk.state
    (found,) = newest_mapped(state, "road", 4)
    assert state.entries[found].observation[obs.DEVICE] == world.bravo.boards[1].id
    assert newest_mapped(state, "private", 4) == []


def test_what_a_cable_brings_during_a_meeting_is_not_judged_yet_and_is_left_out(tmp_path):
    world = whole(tmp_path)
    meet(world)
    world.alpha.take()
    side, board = world.alpha, world.alpha.boards[0]
    before = newest_mapped(side.desk.state, "road", 4)
    board.reading("road/south", 7, 30_000)
    side.desk.submit("segment", board.seal())
    assert any(identity not in side.desk.state.verdicts for identity in side.desk.state.entries)
    assert newest_mapped(side.desk.state, "road", 4) == before
