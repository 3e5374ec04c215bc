"""Merging: a stopped scope goes on from its plan's epoch once a quorum voted for one plan, on both sides alike."""

import itertools
import random

import pytest
from case_world import (
    STOP,
    case_of,
    cast,
    merge_of,
    plan_of,
    refused,
    signed,
    stopped,
    told,
)
from claim_world import ALPHA, BRAVO, agreement, claim, name_of, priority
from vectors_io import load_json
from world import ALL, AUTHORITIES, VALID, World, code_of, converse, digest, meet, sessions, whole

from fieldpost import plan as plans
from fieldpost.agreement import Merge
from fieldpost.arbitration import PLAN_RULE
from fieldpost.epoch import epoch_digest
from fieldpost.explain import explain, why_not
from fieldpost.explain.decided import MEET
from fieldpost.explain.story import KEPT_OUT
from fieldpost.merged import Merged
from fieldpost.plan import Plan
from fieldpost.resolution import resolve
from fieldpost.signing import Signer, verify
from fieldpost.tally import CONFLICT, MERGED, OPEN, Vote, count
from fieldwire import cbor, cose, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

# The bytes.


@pytest.mark.parametrize("row", [row for row in load_json("plan") if row["kind"] == "plan"])
def test_golden_plans_come_back_as_they_were_written_or_are_refused(row):
    data = bytes.fromhex(row["hex"])
    if row["error"] is None:
        found = plans.read_plan(data)
        assert found.to_cbor() == data and found.id.hex() == row["plan_id"]
        return
    with pytest.raises(WireError) as caught:
        plans.read_plan(data)
    assert caught.value.code == row["error"]


@pytest.mark.parametrize("row", [row for row in load_json("plan") if row["kind"] == "vote"])
def test_golden_votes_are_read_or_refused(row):
    def read():
        message = cose.decode(bytes.fromhex(row["hex"]), cose.MERGE_PLAN)
        cose.check(message, bytes.fromhex(row["public"]), verify)
        return plans.read_vote(message.payload)

    if row["error"] is None:
        assert read()[0] == row["favours"]
        return
    with pytest.raises(WireError) as caught:
        read()
    assert caught.value.code == row["error"]


# The tally.

ROOTS = ((ALPHA, ""), (BRAVO, ""), (b"\xc3" * 32, ""))


def tally(quorum, *said):
    """The count over ("A+", "B-" ...): a plan's letter and the voice's number with its sign."""
    kept = {
        name: Plan(bytes(16), bytes(32), bytes(32), "water", one) for name, one in (("P", ALPHA), ("Q", None))
    }
    votes = [Vote(ROOTS[int(word[1])], kept[word[0]], word[2] == "+", word.encode()) for word in said]
    return count(Merge(quorum), votes), kept


@pytest.mark.parametrize(
    ("quorum", "said", "wanted"),
    [
        (2, (), OPEN),
        (2, ("P0+",), OPEN),
        (2, ("P0+", "P1+"), MERGED),
        (2, ("P0+", "P1+", "P1-"), OPEN),
        (2, ("P0+", "P1+", "P2-"), MERGED),
        (1, ("P0+", "Q1+"), CONFLICT),
        (1, ("P0+", "Q1+", "Q1-"), MERGED),
        (1, ("P0+", "Q0+"), OPEN),
        (2, ("P0+", "P1+", "Q1+"), OPEN),
        (2, ("P0+", "P1+", "Q1+", "Q2+"), OPEN),
        (2, ("P0+", "P1+", "Q1+", "Q1-"), MERGED),
    ],
)
def test_the_verdict_follows_from_the_set_of_votes_whatever_their_order(quorum, said, wanted):
    for order in itertools.permutations(said):
        found, kept = tally(quorum, *order)
        assert found.state == wanted
        assert found.plan == (kept["P"] if wanted == MERGED else None)


# What a plan does to rivals.


def settled(plan, covered, *claims, chain=()):
    terms = agreement(chain, tolerances={"level": 5})
    named = frozenset(one.id for one in claims if name_of(one.id) in covered)
    return resolve(claims, terms, merges=[Merged(1, plan, named)])


def plan(choice, *subjects):
    return Plan(bytes(16), bytes(32), bytes(32), "water", choice, subjects)


RIVALS = (claim("a", 10), claim("b", 90, mesh=BRAVO))


def fates(found):
    """{name: (prevails, superseded by, rule)}"""
    return {
        name_of(one): (fate.prevails, name_of(fate.superseded_by), fate.rule)
        for (one, _), fate in found.ruling.fates.items()
    }


@pytest.mark.parametrize(("choice", "winner", "loser"), [(ALPHA, "a", "b"), (BRAVO, "b", "a")])
def test_the_preferred_mesh_prevails_whatever_the_chain_says(choice, winner, loser):
    for order in ([(ALPHA, ""), (BRAVO, "")], [(BRAVO, ""), (ALPHA, "")]):
        found = settled(plan(choice), "ab", *RIVALS, chain=[priority(*order)])
        assert fates(found) == {winner: (True, None, PLAN_RULE), loser: (False, winner, PLAN_RULE)}
        [row] = found.ruling.decisions
        assert (name_of(row.prevailing), row.rule, row.function) == (winner, -2, "merge-plan")


def test_keeping_both_supersedes_neither_and_shows_one_with_the_other_beside_it():
    found = settled(plan(None), "ab", *RIVALS)
    assert fates(found) == {"a": (True, None, PLAN_RULE), "b": (True, None, PLAN_RULE)}
    assert {
        name_of(row.prevailing): [name_of(one) for one in row.rivals] for row in found.ruling.decisions
    } == {
        "a": ["b"],
        "b": ["a"],
    }


def test_a_subject_settled_apart_follows_its_longest_listed_tree():
    one = plan(ALPHA, ("water/dam", None), ("water/dam/gate", BRAVO))
    assert [one.choice_of(name) for name in ("water", "water/mill", "water/dam", "water/dam/gate/east")] == [
        ALPHA, ALPHA, None, BRAVO,
    ]  # fmt: skip


def test_a_claim_newer_than_the_plan_is_left_to_the_chain():
    newer = claim("c", 50, mesh=BRAVO)
    found = settled(plan(ALPHA), "ab", *RIVALS, newer, chain=[priority((BRAVO, ""), (ALPHA, ""))])
    assert fates(found) == {"a": (False, "c", 0), "b": (False, "a", PLAN_RULE), "c": (True, None, 0)}


def test_two_claims_of_the_preferred_mesh_are_left_to_the_chain():
    again = claim("c", 50, authority="night")
    found = settled(plan(ALPHA), "abc", *RIVALS, again, chain=[priority((ALPHA, "night"))])
    assert fates(found) == {"a": (False, "c", 0), "b": (False, "c", PLAN_RULE), "c": (True, None, 0)}


def test_of_two_plans_over_one_pair_the_later_epochs_counts():
    ids = frozenset(one.id for one in RIVALS)
    merges = [Merged(2, plan(BRAVO), ids), Merged(1, plan(ALPHA), ids)]
    for order in (merges, merges[::-1]):
        found = resolve(RIVALS, agreement(tolerances={"level": 5}), merges=order)
        assert fates(found)["b"][0] and not fates(found)["a"][0]


def test_some_claim_always_stands_whatever_plans_overlap():
    meshes = (ALPHA, BRAVO)
    for seed in range(300):
        rng = random.Random(seed)
        claims = [claim(f"c{n}", rng.randrange(100), mesh=rng.choice(meshes)) for n in range(6)]
        merges = [
            Merged(
                n,
                plan(rng.choice((*meshes, None))),
                frozenset(one.id for one in claims if rng.random() < 0.6),
            )
            for n in range(3)
        ]
        found = resolve(claims, agreement(tolerances={"level": 5}), merges=merges)
        assert ("water/level", "level") in found.ruling.picks


# Two bridges.


def test_a_quorum_of_roots_merges_the_case_and_the_scope_goes_on_from_the_plans_epoch(tmp_path):
    world = stopped(tmp_path, merge=merge_of(2))
    preferred = plan_of(world, world.bravo.mesh.id)
    for side in world.sides:
        cast(side, world.alpha, preferred)
        assert case_of(side).state == OPEN and "water" in side.desk.state.stopped
        cast(side, world.bravo, preferred)
        assert case_of(side).state == MERGED and not side.desk.state.stopped
        [event] = [one for one in side.events("case") if one[4] == "merged"]
        assert event[2] == [case_of(side).id, preferred.id, epoch_digest(side.desk.state.epochs[0].body)]
    assert code_of(world.alpha, "water/dam", world.bravo.boards[0]) == "admitted-mapped"
    dialer, listener = meet(world, salt="after")
    assert ("epoch", 2, True) in dialer and ("epoch", 2, True) in listener
    for side in world.sides:
        assert list(side.desk.state.epochs[-1].joint) == ["road", "water"]
        found = side.store.query("SELECT function, rule FROM decision WHERE subject = 'water/dam'")
        assert set(found) == {("merge-plan", -2)}
        [(identity,)] = side.store.query("SELECT id FROM picture WHERE subject = 'water/dam'")
        assert side.desk.state.entries[identity].mesh == world.bravo.mesh.id
        assert told(side) == ["opened", "merged", "settled"]
        assert side.store.query('SELECT state FROM "case"') == [("settled",)]


def test_what_the_plan_covered_does_not_stop_its_scope_again(tmp_path):
    world = stopped(tmp_path)
    cast(world.alpha, world.alpha, plan_of(world))
    meet(world, salt="after")
    assert [len(side.desk.state.cases) for side in world.sides] == [1, 1]
    assert told(world.bravo) == ["opened", "merged", "settled"]


def test_a_new_dispute_after_a_merge_opens_a_case_of_its_own(tmp_path):
    world = stopped(tmp_path)
    cast(world.alpha, world.alpha, plan_of(world))
    meet(world, salt="after")
    (a1, *_), (b1, *_) = (side.boards for side in world.sides)
    a1.reading("water/well", 100, 90_000)
    b1.reading("water/well", 900, 90_010)
    for side, board in ((world.alpha, a1), (world.bravo, b1)):
        side.take(("segment", board.seal()))
    meet(world, salt="again")
    for side in world.sides:
        found = sorted((one.number, one.settled, one.state) for one in side.desk.state.cases.values())
        assert found == [(1, True, MERGED), (3, False, OPEN)]


def test_one_side_offline_learns_of_the_merge_at_the_next_meeting(tmp_path):
    world = stopped(tmp_path, merge=merge_of(2))
    preferred = plan_of(world, world.alpha.mesh.id)
    for voice in world.sides:
        cast(world.alpha, voice, preferred)
    assert case_of(world.bravo).state == OPEN
    dialer, _ = meet(world, salt="after")
    assert ("epoch", 2, True) in dialer
    assert case_of(world.bravo).state == MERGED and case_of(world.bravo).settled
    assert world.alpha.desk.state.epochs[-1].body == world.bravo.desk.state.epochs[-1].body


def test_signatures_cross_and_make_the_quorum_that_neither_side_had(tmp_path):
    world = stopped(tmp_path, merge=merge_of(2))
    for side in world.sides:
        cast(side, side, plan_of(world))
        assert case_of(side).state == OPEN
    meet(world, salt="after")
    assert [case_of(side).settled for side in world.sides] == [True, True]
    assert told(world.alpha) == told(world.bravo)


def test_named_authorities_vote_and_their_chains_cross_with_their_votes(tmp_path):
    ids = [World(tmp_path / "same").alpha.mesh.id]
    world = stopped(tmp_path / "world", merge=merge_of(1, ((ids[0], "visitors"),)))
    assert ids[0] == world.alpha.mesh.id
    cast(world.alpha, world.alpha, plan_of(world), authority="ops")
    cast(world.alpha, world.alpha, plan_of(world))
    assert refused(world.alpha)[-2:] == ["plan-voice", "plan-voice"]
    cast(world.alpha, world.alpha, plan_of(world), authority="visitors")
    meet(world, salt="after")
    assert [case_of(side).state for side in world.sides] == [MERGED, MERGED]
    assert AUTHORITIES[1] == "visitors" and case_of(world.bravo).settled


def test_a_voice_that_is_taken_back_counts_no_more_until_an_epoch_rests_on_it(tmp_path):
    named = ((World(tmp_path / "same").alpha.mesh.id, "ops/night"),)
    world = stopped(tmp_path / "world", merge=merge_of(1, named))
    mesh, night = world.alpha.mesh, Signer(digest("night"))
    claims = mesh._credential(night.public, "ops/night", VALID, ["observe"], 1, ALL)
    credential = tokens.issue(
        cose.CREDENTIAL, {**claims, tokens.ISSUER: mesh.authorities["ops"]}, mesh.authority("ops")
    )
    world.alpha.take(("token", credential))
    world.alpha.desk.submit("vote", cose.sign(cose.MERGE_PLAN, plans.vote(plan_of(world), True), night))
    assert case_of(world.alpha).state == MERGED
    taken = mesh.revocation("ops", VALID, tokens.token_id(credential))
    world.alpha.take(("token", mesh.token(taken)))
    assert case_of(world.alpha).state == OPEN and "water" in world.alpha.desk.state.stopped
    assert told(world.alpha) == ["opened", "merged", "reopened"]


# What is refused.


@pytest.mark.parametrize("changed", ["case", "agreement", "epoch", "scope", "choice"])
def test_a_plan_for_another_case_epoch_agreement_or_scope_is_refused_by_name(tmp_path, changed):
    world = stopped(tmp_path)
    other = {
        "case": bytes(16),
        "agreement": bytes(32),
        "epoch": bytes(32),
        "scope": "road",
        "choice": bytes(32),
    }
    wrong = plan_of(world, **{changed: other[changed]})
    cast(world.alpha, world.alpha, wrong)
    assert refused(world.alpha)[-1] == "plan-other"
    [(reason,)] = world.alpha.store.query("SELECT reason FROM refusal WHERE code = 'plan-other'")
    assert {"case": "no case", "choice": "no party"}.get(changed, f"another {changed}") in reason
    assert case_of(world.alpha).state == OPEN


def test_a_forged_vote_and_one_by_nobody_named_are_refused(tmp_path):
    world = stopped(tmp_path)
    good = signed(world.alpha, plan_of(world))
    for data, code in (
        (good[:-1] + bytes([good[-1] ^ 1]), "signature-bad"),
        (cose.sign(cose.MERGE_PLAN, plans.vote(plan_of(world), True), world.alpha.signer), "plan-voice"),
        (cose.sign(cose.MERGE_PLAN, cbor.encode([True, 1]), world.alpha.mesh.root()), "plan-shape"),
        (cose.sign(cose.REPORT, plans.vote(plan_of(world), True), world.alpha.mesh.root()), "cose-typ"),
    ):
        world.alpha.desk.submit("vote", data)
        assert refused(world.alpha)[-1] == code
    assert case_of(world.alpha).state == OPEN


def test_two_plans_with_a_quorum_each_are_in_conflict_on_both_sides_until_one_is_rejected(tmp_path):
    world = stopped(tmp_path, merge=merge_of(1))
    ours, theirs = plan_of(world, world.alpha.mesh.id), plan_of(world, world.bravo.mesh.id)
    cast(world.alpha, world.alpha, ours)
    cast(world.bravo, world.bravo, theirs)
    assert [case_of(side).state for side in world.sides] == [MERGED, MERGED]
    meet(world, salt="clash")
    for side in world.sides:
        assert case_of(side).state == CONFLICT and "water" in side.desk.state.stopped
        assert told(side) == ["opened", "merged", "plan-conflict"]
    assert world.alpha.desk.state.epochs[-1].body == world.bravo.desk.state.epochs[-1].body
    cast(world.bravo, world.bravo, theirs, favours=False)
    meet(world, salt="after")
    for side in world.sides:
        assert case_of(side).settled and case_of(side).counted.plan == ours


def test_a_vote_after_an_epoch_rests_on_the_merge_is_refused(tmp_path):
    world = stopped(tmp_path, merge=merge_of(1))
    cast(world.alpha, world.alpha, plan_of(world))
    meet(world, salt="after")
    for side in world.sides:
        cast(side, world.bravo, plan_of(world, world.bravo.mesh.id))
        assert refused(side)[-1] == "case-settled" and case_of(side).counted.plan == plan_of(world)


def test_a_vote_that_came_before_is_noted_and_changes_nothing(tmp_path):
    world = stopped(tmp_path, merge=merge_of(2))
    for _ in range(2):
        cast(world.alpha, world.alpha, plan_of(world))
    assert [one[4] for one in world.alpha.events("vote")] == ["for", "replayed"]
    rows = list(world.alpha.store.dump())
    cast(world.alpha, world.alpha, plan_of(world))
    assert list(world.alpha.store.dump()) == rows


def test_one_voice_cannot_fill_a_case_with_votes(tmp_path):
    world = stopped(tmp_path, merge=merge_of(2))
    for n in range(17):
        cast(world.alpha, world.alpha, plan_of(world, None, [(f"water/n{n:02}", None)]))
    assert refused(world.alpha)[-1] == "quota" and len(case_of(world.alpha).votes) == 16


# Restarts and losses.


def test_replay_of_the_inputs_gives_the_same_cases_rows_and_events(tmp_path):
    world = stopped(tmp_path, merge=merge_of(2))
    for side in world.sides:
        cast(side, side, plan_of(world))
    meet(world, salt="after")
    for side in world.sides:
        rows, events, inputs = list(side.store.dump()), list(side.store.events()), list(side.store.inputs())
        side.open()
        with side.store.writing():
            for one in inputs:
                side.store.put(one, side.desk._bridge.apply(one))
        assert list(side.store.dump()) == rows and list(side.store.events()) == events


def test_a_bridge_restored_from_before_the_case_and_its_peer_still_decide_alike(tmp_path):
    world = whole(tmp_path, gate=STOP)
    before = list(world.bravo.store.inputs())
    meet(world)
    cast(world.alpha, world.alpha, plan_of(world, world.alpha.mesh.id))
    world.bravo.open()
    world.bravo.desk.submit_many([(one.kind, one.data) for one in before])
    for salt in ("restored", "once more"):
        dialer, listener = meet(world, salt=salt)
        assert dialer[-1] == listener[-1] == ("closed", "done")
        assert world.alpha.desk.state.epochs[-1].body == world.bravo.desk.state.epochs[-1].body
    assert list(world.bravo.desk.state.stopped) == ["water"] == list(world.alpha.desk.state.stopped)


def test_killed_at_every_message_of_the_meeting_that_merges_both_sides_end_alike(tmp_path):
    for cut in range(1, 24):
        world = stopped(tmp_path / str(cut), merge=merge_of(2))
        for side in world.sides:
            cast(side, side, plan_of(world))
        dialer, listener = sessions(world, salt="cut")
        converse(dialer, listener, count=cut)
        dialer.close("cut")
        listener.close("cut")
        meet(world, salt="healed")
        meet(world, salt="for good")
        assert [case_of(side).settled for side in world.sides] == [True, True], cut
        assert world.alpha.desk.state.epochs[-1].body == world.bravo.desk.state.epochs[-1].body, cut


# What is told.


def test_why_tells_the_stop_the_merge_and_whom_the_plan_let_prevail(tmp_path):
    world = stopped(tmp_path, merge=merge_of(1))
    a1, b1 = world.alpha.boards[0], world.bravo.boards[0]
    ids = {
        entry.observation[obs.DEVICE]: identity
        for identity, entry in world.alpha.desk.state.entries.items()
        if entry.observation[obs.SUBJECT] == "water/dam"
    }

    def steps(board, stage):
        story = explain(world.alpha.store, ids[board.id])
        return [one for one in story["steps"] if one["stage"] == stage]

    [before] = steps(a1, "diverge")
    assert (before["outcome"], before["code"]) == ("stop", "scope-stopped")
    assert before["remedy"] == f"fieldpost cases plan {case_of(world.alpha).id.hex()}"
    cast(world.alpha, world.alpha, plan_of(world, world.bravo.mesh.id))
    [after] = steps(a1, "diverge")
    assert after["outcome"] == "merged" and "was stopped by epoch 1" in after["reason"]
    meet(world, salt="after")
    [lost], [won] = steps(a1, "arbitrate"), steps(b1, "arbitrate")
    assert (lost["outcome"], won["outcome"]) == ("superseded", "prevails")
    assert "by the merge plan that closed a case of its scope, in epoch 2" in lost["reason"]
    assert steps(a1, "diverge")[0]["outcome"] == "resolve"


def test_why_not_of_what_waits_for_the_meeting_after_a_merge_says_so_and_its_remedy(tmp_path):
    world = stopped(tmp_path, merge=merge_of(1))
    side = world.alpha
    ids = [one.id for one in side.desk.state.entries.values() if one.observation[obs.SUBJECT] == "water/dam"]

    def shown():
        stories = [why_not(side.store, one) for one in ids]
        return [one for one in stories if one["outcome"] in KEPT_OUT], [
            one for story in stories for one in story["steps"] if one["stage"] == "joint"
        ]

    meet(world, salt="stopped still")
    assert any("stopped by an open case" in one["reason"] for one in shown()[1])
    cast(side, side, plan_of(world, world.bravo.mesh.id))
    waiting, joint = shown()
    assert len(waiting) == 2 and all((one["stage"], one["remedy"]) == ("diverge", MEET) for one in waiting)
    assert all("plan" in one["reason"] and "next meeting" in one["reason"] for one in waiting)
    assert not any("an open case" in one["reason"] for one in joint)
    meet(world, salt="goes on")
    assert {one["outcome"] for one in shown()[0]} == {"superseded"}
