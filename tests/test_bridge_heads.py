"""Log heads that bridges show each other: one that keeps two logs is told by its own signatures. SPEC 10.8, 15.4"""

import pytest
from world import VALID, converse, digest, events_of, meet, refusal_of, sessions, whole

from fieldpost.heads import KEPT, OTHERS_MAX, read
from fieldpost.own_head import OwnHead
from fieldpost.proof import made
from fieldpost.proof.check import check
from fieldpost.recorder import checkpoint
from fieldpost.signing import Signer
from fieldwire import cbor, keys, merkle
from fieldwire.errors import WireError


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def heads(side, other):
    """The heads of the other's log that a side holds, by size."""
    return {size: read(one) for size, one in side.desk.state.heads.get(other.desk.thumbprint, {}).items()}


def signed(side, size, root):
    return checkpoint(side.desk.thumbprint, size, root, side.signer)


def test_both_sides_learn_the_head_of_the_others_log_and_each_is_a_prefix_of_it(world):
    meet(world)
    for side, other in world.pairs():
        [(size, head)] = heads(side, other).items()
        leaves = [merkle.leaf_hash(one) for one in other.store.events()]
        assert size <= len(leaves) and head.root == merkle.root(leaves[:size])


def test_a_log_that_only_grew_is_shown_to_have_grown_and_nothing_is_doubted(world):
    for number in range(KEPT + 3):
        board = world.alpha.boards[0]
        board.reading("water/dam", number, 30_000 + number)
        world.alpha.take(("segment", board.seal()))
        meet(world, salt=number)
    for side, other in world.pairs():
        held = heads(side, other)
        assert len(held) == KEPT and not side.desk.state.doubted
        assert list(held) == sorted(held), "the largest are kept"


def test_a_bridge_that_goes_on_from_a_copy_shows_another_log_and_is_told_once(world, tmp_path):
    """Alpha's bridge loses what it wrote since; its log at the later meeting did not grow out of what it had shown."""
    meet(world)
    [size] = heads(world.bravo, world.alpha)
    world.alpha.desk.head = Shortened(world.alpha, size - 3)
    for salt in ("lost", "again"):
        dialer, listener = meet(world, salt=salt)
        assert dialer[-1] == listener[-1] == ("closed", "done")
    told = world.bravo.events("head")
    assert [one[4] for one in told] == ["log-root"]
    assert told[0][2][0] == world.alpha.desk.thumbprint and told[0][5]["earlier"] == size
    assert not world.alpha.desk.state.doubted


class Shortened(OwnHead):
    """A log that ends early, with events of its own after it."""

    def __init__(self, side, size):
        events = list(side.store.events())[:size] + [b"another", b"history"]
        super().__init__(lambda after: events[after:], side.signer)


def test_two_roots_under_one_size_are_a_fork_that_a_stranger_can_check(world):
    """Bravo's bridge says one thing to alpha, another to whoever shows alpha the second head."""
    meet(world)
    alpha, bravo = world.sides
    [size] = heads(alpha, bravo)
    other = signed(bravo, size, digest("another history"))
    alpha.desk.submit("heads", cbor.encode([digest("a third bridge"), [other], []]))
    [event] = alpha.events("fork")
    assert event[4] == "forked" and event[2][0] == bravo.desk.thumbprint and event[5]["size"] == size
    assert alpha.desk.state.doubted == {bravo.desk.thumbprint: "forked"}
    found = check(made.fork_of_words(alpha.store, bravo.desk.thumbprint), [bravo.mesh.id])
    assert (found["outcome"], found["proved"]["rule"]) == ("proved", "checkpoint")
    dialer, _ = meet(world, salt="after")
    assert dialer[-1] == ("closed", "done"), (
        "a log gives nobody authority: its mesh takes the credential back"
    )


def test_a_head_that_its_origin_did_not_sign_or_of_an_unknown_bridge_counts_for_nothing(world):
    meet(world)
    alpha, bravo = world.sides
    before = dict(alpha.desk.state.heads)
    forged = checkpoint(bravo.desk.thumbprint, 3, digest("r"), alpha.signer)
    strange = checkpoint(digest("nobody"), 3, digest("r"), alpha.signer)
    alpha.desk.submit("heads", cbor.encode([digest("a third bridge"), [forged, strange], []]))
    assert alpha.desk.state.heads == before and not alpha.desk.state.doubted
    assert alpha.events("refused")[-1][4] == "signature-bad"


def test_a_head_is_the_peers_own_or_the_session_ends(world):
    meet(world)
    for public, data in (
        (world.bravo.signer.public, signed(world.alpha, 1, digest("r"))),
        (None, b"\xd2"),
    ):
        with pytest.raises(WireError):
            read(data, public)


def test_what_is_passed_on_is_bounded():
    from fieldpost.boundary_messages import HEADS_MAX

    assert KEPT + OTHERS_MAX <= HEADS_MAX


def test_a_growth_that_cannot_be_shown_is_none(world):
    head = world.alpha.desk.head
    size, _ = head.checkpoint()
    assert head.growth(size + 1, size) is None and head.growth(5, size + 1) is None
    leaves = [merkle.leaf_hash(one) for one in world.alpha.store.events()]
    for first in range(size + 1):
        path = head.growth(first, size)
        assert merkle.verify_consistency(first, size, path, merkle.root(leaves[:first]), merkle.root(leaves))


def showing(world, *heads):
    """A meeting in which bravo's bridge shows these heads beside its own."""
    dialer, listener = sessions(world, salt=b"".join(heads).hex()[:8])
    say = listener._say
    listener._say = lambda name, *fields: say(
        name, *((fields[0], [*fields[1], *heads]) if name == "HEADS" else fields)
    )
    converse(dialer, listener)
    return events_of(dialer)


def test_heads_of_bridges_that_nobody_here_knows_are_not_kept_and_not_written(world):
    for salt in range(3):
        meet(world, salt=salt)
    alpha = world.alpha
    before = alpha.store.last_input()
    strange = checkpoint(digest("nobody"), 3, digest("r"), Signer(digest("nobody")))
    assert showing(world, strange)[-1] == ("closed", "done")
    assert alpha.store.last_input() == before


def test_who_shows_a_forged_head_of_a_third_bridge_is_refused(world):
    alpha = world.alpha
    third = Signer(digest("third"))
    alpha.desk.submit("token", alpha.mesh.token(alpha.mesh.boundary(third.public, VALID)))
    forged = checkpoint(keys.thumbprint(third.public), 3, digest("r"), world.bravo.signer)
    assert refusal_of(showing(world, forged)) == "signature-bad"
    assert keys.thumbprint(third.public) not in alpha.desk.state.heads
