"""Offers by their differences: what is new and what is gone, under the root of the offer that it leads to."""

import random

import pytest
from test_bridge_boundary_session import crossings
from test_bridge_epochs import last
from world import converse, digest, events_of, meet, refusal_of, sessions, whole

from fieldpost.epoch import Offer, read_offer
from fieldpost.offer_change import change, follow, root
from fieldpost.timeline.evidence import Assumption
from fieldwire import cbor
from fieldwire.errors import WireError


def drawn(rng, number):
    """A random offer over few ids, so that two of them share some."""
    ids = [digest("id", n) for n in range(12)]

    def some():
        return rng.sample(ids, rng.randrange(len(ids)))

    admitted = {
        scope: {one: rng.randrange(4) for one in some()} for scope in ("road", "water") if rng.random() < 0.8
    }
    clocks = {
        one[:16]: Assumption(one[:16], -rng.randrange(9), rng.randrange(9), rng.choice([None, 3]))
        for one in some()
    }
    others = {one: rng.choice(["unmapped", "denied"]) for one in some()}
    return Offer(number, admitted, frozenset(some()), clocks, others)


def test_a_change_of_any_offer_leads_to_any_other():
    for seed in range(300):
        rng = random.Random(seed)
        before, now = drawn(rng, 1), drawn(rng, 7)
        assert follow(before, 7, change(before, now), root(now)) == now.to_cbor()
        assert read_offer(now.to_cbor()) == now


def test_a_change_of_nothing_is_short_whatever_the_offer_holds():
    rng = random.Random(1)
    one = drawn(rng, 1)
    assert len(change(one, one)) < 40


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value[:-1],
        lambda value: [*value, []],
        lambda value: [7, *value[1:]],
        lambda value: [[["water", [[1, 2, 3]], []]], *value[1:]],
        lambda value: [[["water", [[bytes(32), 9]], []]], *value[1:]],
        lambda value: [value[0], [bytes(31)], *value[2:]],
        lambda value: [*value[:3], [[bytes(16)]], *value[4:]],
        lambda value: [value[0], [bytes(32)], *value[2:]],
        lambda value: "change",
    ],
)
def test_a_change_of_another_shape_or_to_another_offer_is_refused(spoil):
    rng = random.Random(3)
    before, now = drawn(rng, 1), drawn(rng, 2)
    wrong = cbor.encode(spoil(cbor.decode(change(before, now))))
    with pytest.raises(WireError) as caught:
        follow(before, 2, wrong, root(now))
    assert caught.value.code == "offer-shape"


def test_the_second_meeting_tells_the_difference_and_both_decide_alike(tmp_path):
    world = whole(tmp_path)
    meet(world)
    for side in world.sides:
        board = side.boards[1]
        board.reading("water/later", 5, 90_000)
        side.take(("segment", board.seal()))
    said = {name for _, name, _ in crossings(world)}
    assert "CHANGE" in said and "OFFER" not in said
    assert [last(side).number for side in world.sides] == [2, 2]
    assert last(world.alpha).body == last(world.bravo).body
    assert last(world.alpha).theirs == last(world.bravo).ours


def test_a_change_without_a_common_epoch_ends_the_session(tmp_path):
    world = whole(tmp_path)
    dialer, listener = sessions(world)
    say = listener._say

    def lies(name, *fields):
        if name == "OFFER":
            say("CHANGE", fields[0], bytes(32), cbor.encode([[], [], [], [], [], [], []]))
        else:
            say(name, *fields)

    listener._say = lies
    converse(dialer, listener)
    assert refusal_of(events_of(dialer)) == "offer-shape" and not world.alpha.desk.state.epochs
