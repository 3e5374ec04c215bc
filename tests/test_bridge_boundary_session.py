"""Sessions between bridges: what crosses, what does not, and what a cut, a lie or a closed channel leaves."""

import re
from pathlib import Path

import pytest
from cddl import problems
from world import (
    VALID,
    World,
    code_of,
    converse,
    digest,
    events_of,
    meet,
    observe,
    refusal_of,
    sessions,
    whole,
)

from fieldpost import boundary_messages as messages
from fieldpost.agreement import Gate
from fieldpost.boundary_session import PATIENCE_MS, TABLES
from fieldpost.discovery import listing
from fieldpost.frontier import Held, frontier, ranges_of
from fieldpost.secure_channel import SecureChannel, ephemeral_public
from fieldwire import cbor
from fieldwire.errors import WireError

SPEC = (Path(__file__).parent.parent / "shared" / "SPEC.md").read_text()


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def mode(side, name, withheld=()):
    side.desk.submit("mode", cbor.encode(["boundary", name, list(withheld)]))


def foreign(side):
    """Ids of the observations that a side holds of the other mesh."""
    return {one.id for one in side.desk.state.entries.values() if one.mesh != side.mesh.id}


def crossings(world, salt="watched"):
    """(role, message name, fields) of everything said in boxes, by looking over both shoulders."""
    said = []
    dialer, listener = sessions(world, salt=salt)
    for session in (dialer, listener):
        session._say = watch(session, said)
    converse(dialer, listener)
    return said


def watch(session, said):
    say = session._say

    def told(name, *fields):
        said.append((session.role, name, fields))
        say(name, *fields)

    return told


# The table.


def table_in_spec(title):
    """The rows of one of section 10.2's tables as a dict of dicts."""
    section = SPEC.partition("## 10. The boundary")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| (\w+) \| (.+) \|$", section.partition(title)[2].partition("\n\n")[0])
    found = {}
    for state, steps in rows[1:]:
        found[state] = {}
        for step in steps.split("; ") if steps != "nothing" else []:
            names, _, after = step.partition(" -> ")
            found[state].update(dict.fromkeys(names.split(", "), after))
    return found


def test_the_states_are_those_of_the_specification():
    shared = table_in_spec("Both, once proved:\n\n")
    assert {**table_in_spec("Dialer:\n\n"), **shared} == TABLES[0]
    assert {**table_in_spec("Listener:\n\n"), **shared} == TABLES[1]


def test_the_messages_are_those_of_the_specification():
    section = SPEC.partition("10.3 ")[0].partition("## 10. The boundary")[2]
    rows = re.findall(r"(?m)^\| (\d+) \| ([A-Z]+) \|", section)
    assert {name: int(number) for number, name in rows} == messages.NUMBERS


def test_every_state_but_the_last_can_end_and_leads_to_a_known_one():
    for table in TABLES:
        for state, steps in table.items():
            assert state == "closed" or steps["end"] == "closed"
            assert set(steps.values()) <= set(table)


@pytest.mark.parametrize(
    "name,fields",
    [
        ("HELLO", [bytes(15), bytes(32), []]),
        ("HELLO", [bytes(16), bytes(32), [bytes(31)]]),
        ("HELLO", [bytes(16), bytes(32), [bytes(32)] * 17]),
        ("AGREEMENT", [-1, bytes(32), b""]),
        ("AGREEMENT", [True, bytes(32), b""]),
        ("FRONTIER", [[[bytes(16), bytes(8), 4, [], []]], []]),
        ("FRONTIER", [[[bytes(16), bytes(8), 1, [[5, 4]], []]], []]),
        ("FRONTIER", [[[bytes(16), bytes(8), 1, [[0, 4], [4, 5]], []]], []]),
        ("ITEMS", [[bytes(messages.ITEM_MAX + 1)]]),
        ("DONE", [[[bytes(32)]]]),
        ("OFFER", [messages.COUNT_MAX, None]),
        ("BYE", ["done"]),
    ],
)
def test_a_message_of_another_shape_is_refused(name, fields):
    with pytest.raises(WireError) as caught:
        messages.decode(messages.encode(name, *fields))
    assert caught.value.code == "frame-shape"


def test_what_bridges_say_in_a_meeting_fits_the_grammar(tmp_path):
    world = whole(tmp_path, gate={"water": Gate({"conflict_ratio": 100})})
    said = [messages.encode(name, *fields) for _, name, fields in crossings(world)]
    world.alpha.boards[1].reading("road/later", 5, 90_000)
    world.alpha.take(("segment", world.alpha.boards[1].seal()))
    said += [messages.encode(name, *fields) for _, name, fields in crossings(world, "again")]
    for number, message in enumerate([*said, messages.encode("REFUSED", "channel-closed", "closed")]):
        assert problems(message, "boundary-message") == [], number
    names = {messages.decode(one)[0] for one in said}
    assert names >= set(messages.NUMBERS) - {"HELLO", "PROOF", "REFUSED"}


# The box.


def channels():
    secrets = digest("a"), digest("b")
    publics = [ephemeral_public(one) for one in secrets]
    return SecureChannel(secrets[0], publics[1], 0), SecureChannel(secrets[1], publics[0], 1)


def test_boxes_open_once_in_order_and_only_on_the_other_side():
    one, other = channels()
    first, second = one.seal(b"first"), one.seal(b"second")
    with pytest.raises(WireError):
        other.open(second)
    assert other.open(first) == b"first"
    with pytest.raises(WireError):
        other.open(first)
    with pytest.raises(WireError):
        one.open(second)
    assert other.open(second) == b"second"


def test_a_key_of_small_order_makes_no_channel():
    with pytest.raises(WireError) as caught:
        SecureChannel(digest("a"), bytes(32), 0)
    assert caught.value.code == "key-bad"


@pytest.mark.parametrize("number", range(4, 20))
@pytest.mark.parametrize("how", ["changed", "dropped", "doubled"])
def test_a_changed_dropped_or_doubled_box_ends_the_session_and_harms_nothing(tmp_path, number, how):
    world = whole(tmp_path)
    dialer, listener = sessions(world)

    def interfere(count, role, message):
        if count != number:
            return message
        if how == "changed":
            return message[:-1] + bytes((message[-1] ^ 1,))
        if how == "doubled":
            (listener if role == dialer.role else dialer).receive(message, count)
            return message
        return None

    whole_length = converse(dialer, listener, alter=interfere)
    assert whole_length > number
    ends = [events_of(one)[-1] for one in (dialer, listener)]
    if how == "dropped":
        assert all(
            session.state != "closed" or end[1] != "done" for session, end in zip((dialer, listener), ends)
        )
    else:
        assert ("closed", "frame-tag") in ends
    check_again(world, salt="after")


def check_again(world, salt):
    """A later meeting brings both to the same decision, each observation held once."""
    dialer, listener = meet(world, salt=salt)
    assert dialer[-1] == listener[-1] == ("closed", "done")
    check_equal(world)


def check_equal(world):
    a, b = (side.desk.state.epochs[-1] for side in world.sides)
    assert a.body == b.body
    assert a.resolution.decision_digest == b.resolution.decision_digest
    assert {scope: len(ids) for scope, ids in a.joint.items()} == {"road": 1, "water": 4}
    for side in world.sides:
        [(doubled,)] = side.store.query(
            "SELECT count(*) FROM (SELECT device, incarnation, stream, seq FROM observation"
            " GROUP BY 1, 2, 3, 4 HAVING count(*) > 1)"
        )
        assert doubled == 0
        assert not [one for one in side.events("import") if one[4] == "replayed"]


# Crossing.


def test_what_crosses_is_held_once_a_second_meeting_notes_log_heads_and_a_third_writes_nothing(world):
    meet(world)
    check_equal(world)
    before = [side.store.last_input() for side in world.sides]
    said = crossings(world)
    assert not [one for one in said if one[1] in ("ITEMS", "TOKENS", "EPOCH")]
    for side, last in zip(world.sides, before):
        assert [one.kind for one in side.store.inputs(last)] == ["heads"]
    before = [side.store.last_input() for side in world.sides]
    crossings(world, "third")
    assert [side.store.last_input() for side in world.sides] == before


def test_an_early_copy_crosses_and_is_sent_again_once_it_is_sealed(world):
    meet(world)
    a1 = world.alpha.boards[0]
    leaf = a1.reading("water/gate", 3, 30_000, stream=0)
    world.alpha.take(("early", a1.early(leaf)))
    meet(world, salt="early")
    assert code_of(world.bravo, "water/gate", a1) == "admitted-mapped"
    assert world.bravo.store.query("SELECT sealed FROM observation WHERE subject = 'water/gate'") == [(0,)]
    world.alpha.take(("segment", a1.seal(0)))
    meet(world, salt="sealed")
    assert world.bravo.store.query("SELECT sealed FROM observation WHERE subject = 'water/gate'") == [(1,)]


def test_a_subject_outside_the_agreement_never_crosses(world):
    meet(world)
    assert code_of(world.alpha, "private/cellar", world.alpha.boards[0]) == "admitted"
    assert code_of(world.bravo, "private/cellar", world.alpha.boards[0]) is None


def test_a_withheld_subject_never_crosses_not_even_as_a_source(world):
    a1 = world.alpha.boards[0]
    sources = [a1.reading("water/secret", level, 30_000 + level) for level in (10, 20)]
    a1.mean("water/mean", sources, 31_000)
    world.alpha.take(("segment", a1.seal()))
    mode(world.alpha, "open", ["water/secret"])
    meet(world)
    said = b"".join(side for (side,) in world.bravo.store.query("SELECT data FROM input"))
    assert b"water/secret" not in said and b"water/mean" in said
    assert code_of(world.bravo, "water/mean", a1) == "incomplete"
    kept = world.alpha.store.query("SELECT code FROM one_sided WHERE side = ?", world.alpha.mesh.id)
    assert set(kept) == {("channel-withheld",)}
    told = world.bravo.store.query("SELECT code FROM one_sided WHERE side = ?", world.alpha.desk.thumbprint)
    assert told.count(("channel-withheld",)) == len(kept) == 2
    mode(world.alpha, "open")
    meet(world, salt="opened")
    assert code_of(world.bravo, "water/mean", a1) == "admitted-mapped"
    assert not world.alpha.store.query("SELECT code FROM one_sided WHERE code = 'channel-withheld'")


def test_a_one_way_channel_lets_in_or_out_only(world):
    mode(world.alpha, "one-way-out")
    dialer, listener = meet(world)
    assert dialer[-1] == listener[-1] == ("closed", "done")
    assert not foreign(world.alpha) and foreign(world.bravo)
    assert not world.alpha.desk.state.epochs[-1].joint["road"]
    mode(world.alpha, "one-way-in")
    held = len(world.bravo.desk.state.entries)
    world.alpha.boards[0].reading("water/gate", 3, 30_000)
    world.alpha.take(("segment", world.alpha.boards[0].seal()))
    meet(world, salt="turned")
    assert foreign(world.alpha) and len(world.bravo.desk.state.entries) == held


def test_a_scopes_own_channel_lets_nothing_in_while_it_is_closed(tmp_path):
    world = whole(tmp_path, channels={"road": "east"})
    world.alpha.desk.submit("mode", cbor.encode(["east", "one-way-out", []]))
    for salt in ("closed", "still"):
        meet(world, salt=salt)
    b2 = world.bravo.boards[1]
    assert code_of(world.alpha, "road/north", b2) is None
    assert code_of(world.alpha, "water/dam", world.bravo.boards[0]) == "admitted-mapped"
    assert [one[4] for one in world.alpha.events("refused")] == ["channel-closed"]
    world.alpha.desk.submit("mode", cbor.encode(["east", "open", []]))
    meet(world, salt="opened")
    assert code_of(world.alpha, "road/north", b2) == "admitted-mapped"


def test_a_channel_that_closes_during_a_meeting_lets_nothing_more_in(world):
    dialer, listener = sessions(world)
    converse(dialer, listener, count=9)
    mode(world.bravo, "partitioned")
    before = len(world.bravo.desk.state.entries)
    converse(dialer, listener)
    assert refusal_of(events_of(listener)) == "channel-closed"
    assert refusal_of(events_of(dialer)) == "channel-closed"
    assert len(world.bravo.desk.state.entries) == before


def test_a_partition_is_kept_over_a_restart(tmp_path):
    world = World(tmp_path)
    world.begin()
    world.bravo.begin(world.roots, world.agreement(), tmp_path / "bravo.db")
    mode(world.bravo, "partitioned")
    world.bravo.store.close()
    world.bravo.open(tmp_path / "bravo.db")
    assert refusal_of(meet(world)[0]) == "channel-closed"


def test_revocations_cross_whatever_is_withheld(world):
    meet(world)
    b2 = world.bravo.boards[1]
    assert code_of(world.alpha, "road/north", b2) == "admitted-mapped"
    taken = world.bravo.mesh.revocation("ops", VALID, b2.credential)
    mode(world.bravo, "open", ["water", "road", "log"])
    world.bravo.desk.submit_many([("token", world.bravo.mesh.token(taken)), ("solve", b"")])
    meet(world, salt="revoked")
    assert code_of(world.alpha, "road/north", b2) == "credential-revoked"


# Agreements.


def test_a_stale_side_is_told_and_adopts_the_newer_agreement(world):
    world.alpha.desk.submit("agreement", world.agreement(version=2, subjects=("water", "road", "private")))
    dialer, listener = meet(world)
    assert dialer[-1] == listener[-1] == ("closed", "done")
    assert world.bravo.desk.state.agreement.version == 2
    assert "agreement-stale" in [one[4] for one in world.alpha.events("discover")]
    assert code_of(world.bravo, "private/cellar", world.alpha.boards[0]) == "admitted-mapped"
    assert world.alpha.desk.state.epochs[-1].body == world.bravo.desk.state.epochs[-1].body


def test_a_newer_agreement_that_one_root_alone_signed_is_refused(world):
    proof = world.agreement(version=2, signers=[world.alpha])
    forged = cbor.decode(proof)
    world.alpha.desk.submit("agreement", world.agreement(version=2))
    world.alpha.desk.state.agreement_proof = cbor.encode(forged)
    dialer, listener = meet(world)
    assert refusal_of(listener) == "agreement-unsigned" and refusal_of(dialer) == "agreement-unsigned"
    assert world.bravo.desk.state.agreement.version == 1


def test_two_texts_under_one_version_stop_all_scopes_on_the_side_that_sees_it(world):
    world.alpha.desk.submit("agreement", world.agreement(version=2, subjects=("water", "road")))
    world.bravo.desk.submit("agreement", world.agreement(version=2, subjects=("water",)))
    dialer, listener = meet(world)
    assert "forked" in (refusal_of(dialer), refusal_of(listener))
    assert any(side.desk.state.stopped for side in world.sides)
    assert not any(side.desk.state.epochs for side in world.sides)


# Cuts.


def reopened(world, folder):
    for side in world.sides:
        side.store.close()
        side.open(folder / f"{side.name}.db")


def test_killed_at_every_message_and_resumed_nothing_is_lost_or_doubled(tmp_path):
    for cut in range(1, 60):
        folder = tmp_path / str(cut)
        world = World(folder)
        for side, other in world.pairs():
            world.equate(side, other)
        world.equate(world.bravo, world.alpha, "visitors")
        for side in world.sides:
            side.begin(world.roots, world.agreement(), folder / f"{side.name}.db")
        observe(world)
        carried = converse(*sessions(world), count=cut)
        reopened(world, folder)
        check_again(world, salt="again")
        assert [side.desk.state.epochs[-1].number for side in world.sides] in ([1, 1], [2, 2])
        for side in world.sides:
            side.store.close()
        if carried < cut:
            return
    raise AssertionError("a meeting has no end")


def test_a_cut_between_the_two_signatures_is_healed_by_the_next_meeting(tmp_path):
    said = [name for role, name, _ in crossings(whole(tmp_path / "first")) if role == 0]
    last = 2 + said.index("EPOCH")  # after HELLO and PROOF, which are in clear
    world = whole(tmp_path / "second")
    spoken = []

    def cut(_, role, message):
        spoken.append(role)
        return None if role == 0 and spoken.count(0) > last else message

    converse(*sessions(world), alter=cut)
    assert [len(side.desk.state.epochs) for side in world.sides] == [1, 0]
    check_again(world, salt="again")
    assert [[one.number for one in side.desk.state.epochs] for side in world.sides] == [[1], [1]]


# Two at once.


@pytest.mark.parametrize("head_start", range(0, 14, 2))
def test_of_two_meetings_of_one_pair_at_once_one_goes_on(world, head_start):
    there, back = sessions(world, salt="there"), sessions(world, salt="back", dialer=world.bravo)
    converse(*there, count=head_start)
    converse(*back, count=3)
    converse(*there)
    converse(*back)
    ends = [[events_of(one)[-1] for one in pair] for pair in (there, back)]
    assert ends.count([("closed", "done")] * 2) == 1
    assert [len(side.desk.state.epochs) for side in world.sides] == [1, 1]
    check_equal(world)


# Discovery.


def test_discovery_lists_who_was_heard_and_why_it_does_or_does_not_talk(world):
    meet(world)
    [seen] = listing(world.alpha.desk.state)
    assert (seen.thumbprint, seen.code, seen.version) == (world.bravo.desk.thumbprint, "talks", 1)
    assert seen.meshes[0] == world.bravo.mesh.id
    mode(world.bravo, "partitioned")
    meet(world, salt="closed")
    assert [one.code for one in listing(world.alpha.desk.state)] == ["talks", "channel-closed"]


def test_a_listing_is_an_event_when_it_changes_and_only_then(world):
    for number in range(3):
        meet(world, salt=number)
    assert [one[4] for one in world.alpha.events("discover")] == ["talks"]


def test_a_peer_that_stops_speaking_is_let_go(world):
    dialer, listener = sessions(world)
    converse(dialer, listener, count=6)
    for one in (dialer, listener):
        due = one.deadline()
        assert due > PATIENCE_MS
        one.on_deadline(due)
        assert events_of(one)[-1] == ("closed", "timeout")
    check_again(world, salt="again")


# The frontier.


def test_ranges_cover_exactly_the_numbers_given():
    assert ranges_of([]) == []
    assert ranges_of([3, 1, 2, 7, 9, 8, 2]) == [[1, 3], [7, 9]]


def test_a_peer_lacks_what_its_frontier_does_not_cover(world):
    entries = list(world.alpha.desk.state.entries.values())
    nobody, everybody = Held([]), Held(frontier(entries))
    assert all(nobody.lacks(one) for one in entries) and not any(everybody.lacks(one) for one in entries)
    some = Held(frontier(entries[::2]))
    assert [some.lacks(one) for one in entries] == [bool(index % 2) for index in range(len(entries))]
