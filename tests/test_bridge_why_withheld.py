"""What the other side keeps back is answered by `why-not` with its code and remedy, although it is not held."""

from test_bridge_boundary_session import mode
from world import meet, whole

from fieldpost.explain.story import why_not
from fieldpost.reading import met_named
from fieldwire import observation as obs


def test_an_observation_that_the_peers_channel_withholds_is_answered_with_its_code(tmp_path):
    world = whole(tmp_path)
    mode(world.alpha, "open", ["water/dam"])
    meet(world)
    kept = [
        one.id
        for one in world.alpha.desk.state.entries.values()
        if one.observation[obs.SUBJECT] == "water/dam" and one.mesh == world.alpha.mesh.id
    ]
    assert kept and not any(one in world.bravo.desk.state.entries for one in kept)
    for one in kept:
        assert met_named(world.bravo.store, one.hex()[:12]) == [one]
        story = why_not(world.bravo.store, one)
        assert (story["outcome"], story["code"]) == ("not-held", "channel-withheld")
        assert "has not released" in story["reason"] and story["remedy"].startswith("change the channel")


def test_what_nobody_told_of_stays_unmet(tmp_path):
    world = whole(tmp_path)
    meet(world)
    assert met_named(world.bravo.store, "00" * 32) == [] and why_not(world.bravo.store, bytes(32)) is None
