"""`fieldpost channel heard`: who was heard, why it does or does not talk, what is missing on which side, the remedy."""

import pytest
from desk_world import run, said
from test_bridge_heads import Shortened
from world import World, digest, meet, observe

from fieldpost.recorder import checkpoint
from fieldwire import cbor


@pytest.fixture
def world(tmp_path):
    """A whole world whose bridges' stores are files."""
    world = World(tmp_path)
    world.equate(world.alpha, world.bravo)
    world.equate(world.bravo, world.alpha)
    for side in world.sides:
        side.begin(world.roots, world.agreement(), tmp_path / f"{side.name}.db")
    observe(world)
    world.path = {side.name: tmp_path / f"{side.name}.db" for side in world.sides}
    yield world
    for side in world.sides:
        side.store.close()


def heard(world, name="alpha"):
    return said("channel", "heard", "--store", world.path[name])


def test_a_peer_that_talks_is_listed_with_address_meshes_and_agreement_version(world):
    meet(world)
    [row] = heard(world)["heard"]
    assert (row["address"], row["id"]) == ("memory", world.bravo.desk.thumbprint.hex())
    assert row["meshes"][0] == world.bravo.mesh.id.hex() and row["agreement_version"] == 1
    assert (row["outcome"], row["code"], row["stage"]) == ("talks", "talks", "discover")


def test_what_one_side_alone_admits_is_named_on_both_sides_with_the_remedy(world):
    """Alpha maps none of bravo's visitors, nor bravo any of alpha's: each side names it, and what to do."""
    meet(world)
    for name in ("alpha", "bravo"):
        found = heard(world, name)
        [lacks] = found["heard"][0]["missing"]
        assert (lacks["code"], lacks["count"], lacks["remedy"]) == (
            "unmapped",
            1,
            "fieldpost taxonomy attest",
        )
        assert [one["code"] for one in found["here"]] == ["unmapped"]


def test_a_stale_agreement_is_named_where_it_was_seen_and_adopted_where_it_was_stale(world):
    world.alpha.desk.submit("agreement", world.agreement(version=2))
    meet(world)
    [row] = heard(world)["heard"]
    assert (row["code"], row["outcome"]) == ("agreement-stale", "talks") and "newer" in row["remedy"]
    [row] = heard(world, "bravo")["heard"]
    assert row["agreement_version"] == 2 and world.bravo.desk.state.agreement.version == 2


def test_who_does_not_talk_is_listed_with_the_reason_and_the_remedy_on_both_sides(world):
    world.bravo.desk.submit("mode", cbor.encode(["boundary", "partitioned", []]))
    meet(world)
    for name in ("alpha", "bravo"):
        [row] = heard(world, name)["heard"]
        assert (row["outcome"], row["code"], row["id"]) == ("refused", "channel-closed", None)
        assert row["remedy"] == "fieldpost channel set NAME open"
    text = run("channel", "heard", "--store", world.path["alpha"]).stdout
    assert "channel-closed" in text and "the peer says: the boundary is partitioned" in text
    assert "memory: fieldpost channel set NAME open" in text


def test_a_channel_that_keeps_something_back_is_named_on_both_sides(world):
    world.bravo.desk.submit("mode", cbor.encode(["boundary", "open", ["road"]]))
    meet(world)
    assert "channel-withheld" in [one["code"] for one in heard(world)["heard"][0]["missing"]]
    assert "channel-withheld" in [one["code"] for one in heard(world, "bravo")["here"]]


def test_a_peer_whose_log_heads_do_not_fit_together_is_listed_so(world):
    meet(world)
    bravo = world.bravo
    [size] = world.alpha.desk.state.heads[bravo.desk.thumbprint]
    other = checkpoint(bravo.desk.thumbprint, size, digest("another history"), bravo.signer)
    world.alpha.desk.submit("heads", cbor.encode([digest("a third bridge"), [other], []]))
    world.alpha.desk.head = Shortened(world.alpha, 5)
    meet(world, salt="again")
    codes = {
        name: {one["code"] for one in heard(world, name)["heard"][0]["missing"]}
        for name in ("alpha", "bravo")
    }
    assert "forked" in codes["alpha"] and "log-root" in codes["bravo"]


def test_a_store_that_heard_nobody_says_so_by_an_empty_list(world):
    assert heard(world) == {"heard": [], "here": []}
