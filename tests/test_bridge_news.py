"""A bridge that judges and draws only whom news concerns ends where one that looks at everything anew does."""

import random

import pytest
from fold_world import EXP, NBF, Fold, Home, exchange

from fieldpost import picture, when
from fieldpost.canvas import Canvas
from fieldpost.claims import claims_of
from fieldpost.clocks import stamp_of
from fieldpost.conflict import Order, contests
from fieldpost.evidence_book import EvidenceBook
from fieldpost.held import SHOWN
from fieldpost.placing import Solved, read
from fieldpost.reconcile import evidence_of, judge_all
from fieldpost.sitting import Sitting
from fieldpost.timeline.place import place
from fieldwire import limits, tokens
from fieldwire import observation as obs

WORLDS = range(25)


def scattered(seed):
    """A fold that was fed one small world in some order, reconciled now and then, and at last; its home."""
    rng, home = random.Random(seed), Home()
    three = home.mesh.device("three", home.ops, boot=2)
    again = home.mesh.device("one", home.ops, boot=2)
    again.incarnation = b"another."
    devices, leaves, inputs = [home.one, home.two, three, again], [], []
    for number, device in enumerate(devices):
        for seq in range(rng.randint(1, 5)):
            leaf = device.leaf(
                10 * number + seq,
                rng.choice((100, 100, 200)),
                rng.randrange(60_000, 64_000),
                rng.choice(("water/quay", "water/dam")),
            )
            leaves.append(leaf)
            inputs.append(("early", device.early(leaf)))
            if rng.random() < 0.3:
                inputs.append(("segment", device.segment(leaf, chained=False)))
    pairs = [(home.one, three, 70_000), (home.two, again, 50_000), (home.one, home.two, 66_000)]
    for seq, (asker, answerer, true_ms) in enumerate(rng.sample(pairs, rng.randrange(3)), 50):
        for device, record in zip((asker, answerer), exchange(asker, answerer, true_ms, seq), strict=True):
            inputs.append(("early", device.early(record)))
    mean = three.mean(rng.sample(leaves, 2), 90, true_ms=70_000)
    inputs += [("early", three.early(mean)), ("token", home.ops.endorse(home.two.signer.public))]
    if rng.random() < 0.4:
        inputs.append(("token", home.ops.revoke(rng.choice(devices).id)))
    if rng.random() < 0.3:
        inputs.append(("early", home.one.early(home.one.leaf(0, 999))))
    inputs += [("segment", one) for one in home.contact]
    fold = Fold(home.mesh)
    fold.tokens(*home.tokens, three.holder, three.attestation, again.holder, again.attestation)
    rng.shuffle(inputs)
    for kind, data in inputs:
        fold.put(kind, data)
        if rng.random() < 0.4:
            fold.put("solve")
    fold.put("solve")
    return home, fold


@pytest.mark.parametrize("seed", WORLDS)
def test_verdicts_of_those_whom_news_did_not_concern_are_those_of_judging_all_anew(seed):
    _, fold = scattered(seed)
    essence = {one: found[:2] + found[4:6] for one, found in fold.state.verdicts.items()}
    told = len(fold.events)
    judge_all(fold.state)
    assert essence == {one: found[:2] + found[4:6] for one, found in fold.state.verdicts.items()}
    fold.put("solve")
    assert [one[0] for one in fold.events[told:]] in (["place"], []), "nothing but the solve itself is told"


@pytest.mark.parametrize("seed", WORLDS)
def test_placements_asked_for_one_by_one_are_those_of_placing_all_at_once(seed):
    home, fold = scattered(seed)
    state = fold.state
    solved, evidence = state.times.home, evidence_of(state, home.mesh.id)
    assert solved is None or evidence.digest() == state.times.digest
    stamps = {} if solved is None else {one.id: stamp_of(one.observation) for one in state.entries.values()}
    whole = {} if solved is None else place(evidence, solved.anchor, stamps.values()).placements
    for identity, entry in state.entries.items():
        assert when.placement(state, entry) == (whole[stamps[identity]] if whole else None)


@pytest.mark.parametrize("seed", WORLDS)
def test_the_picture_drawn_piece_by_piece_is_the_one_drawn_from_all_claims(seed):
    _, fold = scattered(seed)
    state = fold.state
    shown = [
        entry
        for entry in state.entries.values()
        if state.verdicts[entry.id].state == "admitted" and state.verdicts[entry.id].code != "evidence"
    ]
    timed = when.intervals(state, shown)
    claims = [
        one for entry in shown for one in claims_of(state.trust, entry, timed.get(entry.id, (None, None)), 0)
    ]
    order, expected = Order(claims), {}
    for contest in contests(claims, order, {}):
        latest = [contest.claims[index] for index in order.latest(contest.claims)]
        pick = min(latest, key=lambda one: (one.device, -one.boot, -one.ticks_ms, one.id))
        rivals = contest.rivals.get(contest.claims.index(pick), ())
        found = tuple(sorted(contest.claims[one].id for one in rivals))
        expected[contest.subject, contest.property] = (pick.id, found, "local")
    assert state.canvas.rows == expected
    state.canvas = Canvas(state.tables)
    for entry in shown:
        state.entries.unmark(entry.n, SHOWN)
    judge_all(state)
    picture.redraw(state)
    assert state.canvas.rows == expected


def test_a_solved_timeline_is_read_back_as_it_was():
    _, fold = scattered(1)
    solved = fold.state.times.home
    assert read(solved.to_cbor()) == solved and isinstance(solved, Solved)


def test_a_boot_that_lasts_longer_changes_no_placement_unless_another_boot_is_beside_it():
    home = Home()
    fold = home.fold()
    book = EvidenceBook()
    copies = [home.one.early(home.one.leaf(seq, true_ms=60_000 + seq)) for seq in range(3)]
    for copy in copies:
        fold.put("early", copy)
    entries = [one for one in fold.state.entries.values() if one.observation[obs.FORMAT] != obs.TIME_FORMAT]
    book.note(entries[:1], False, ())
    edition, readings = book.edition, book.readings
    book.note(entries[1:2], False, ())
    assert (book.edition, book.readings) == (edition, readings + 1)
    beside = {**entries[0].observation, obs.TREF: [2, 5]}
    book.note([entries[0]._replace(id=b"\x01" * 32, observation=beside)], False, ())
    edition = book.edition
    book.note(entries[2:], False, ())
    assert book.edition > edition


def test_between_two_readings_within_the_validity_nothing_is_placed():
    home = Home()
    fold = home.fold()
    for seq in range(6):
        fold.put("early", home.one.early(home.one.leaf(seq, true_ms=60_000 + seq)))
    fold.put("solve")
    entries = [one for one in fold.state.entries.values() if one.observation[obs.STREAM] == obs.READINGS]
    assert [fold.state.verdicts[one.id].code for one in entries] == ["admitted"] * 6
    middle = entries[2]
    known = fold.state.times.valid[middle.credential, 1]
    assert known[0] < middle.observation[obs.TREF][1] < known[1] and NBF < EXP
    sitting = Sitting(fold.state)
    sitting.prepare(entries)
    assert sitting.judge(middle) is sitting.judge(entries[3]), "those alike share one verdict"


def test_a_boot_is_not_placed_beyond_what_a_clock_can_read_nor_beyond_its_validity():
    home = Home()
    fold = home.fold()
    for seq, ms in enumerate((60_000, 70_000, limits.COUNT_MAX)):
        fold.put("early", home.one.early(home.one.leaf(seq, true_ms=60_000, tref=[1, ms])))
        fold.put("solve")
    codes = [fold.verdict(home.one.leaf(seq, true_ms=60_000, tref=[1, ms]))[1]
             for seq, ms in enumerate((60_000, 70_000, limits.COUNT_MAX))]  # fmt: skip
    assert codes == ["admitted", "admitted", "credential-expired"]
    key = (tokens.token_id(home.one.holder.data), 1)
    assert 70_000 < fold.state.times.valid[key][1] < limits.COUNT_MAX, "what lies ahead was looked at once"
