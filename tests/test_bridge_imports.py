"""What enters, what waits, what is refused, and what is a fork; whatever order it comes in. SPEC 6.4, 6.5, 7.7"""

import itertools
import random

import pytest
from fold_world import Fold, Home, item, seal_hash

from fieldpost import imports
from fieldwire import cbor, cose, limits, tokens
from fieldwire import observation as obs


@pytest.fixture
def home():
    return Home()


@pytest.fixture
def fold(home):
    return home.fold()


def events(fold, kind):
    return [one for one in fold.events if one[0] == kind]


def test_an_envelope_is_kept_as_it_came_with_a_row_for_each_observation(home, fold):
    leaves = [home.one.leaf(seq) for seq in range(3)]
    segment = home.one.segment(*leaves)
    fold.put("segment", segment)
    [name] = [key for key, row in fold.tables["envelope"].items() if row[2] == segment]
    rows = [fold.tables["observation"][obs.observation_id(leaf),] for leaf in leaves]
    assert [(row[13], row[14], row[15], row[16]) for row in rows] == [
        (name[0], index, leaf, 1) for index, leaf in enumerate(leaves)
    ]
    assert events(fold, "import")[-1][2] == [name[0], *(obs.observation_id(leaf) for leaf in leaves)]


def bad_inputs(home):
    """(kind, bytes, code) of each kind of bad bytes."""
    one, leaf = home.one, home.one.leaf(9)
    early = one.early(leaf)
    segment = one.segment(leaf, chained=False)
    return {
        "truncated": ("early", early[:40], "cbor-truncated"),
        "truncated segment": ("segment", segment[:-1], "cbor-truncated"),
        "not canonical": ("early", early[:1] + b"\x98\x04" + early[2:], "cbor-not-shortest"),
        "not signed": ("early", leaf, "cose-shape"),
        "wrongly signed": ("early", early[:-1] + bytes([early[-1] ^ 1]), "signature-bad"),
        "oversized early copy": ("early", early + bytes(limits.EARLY_MAX), "cbor-size"),
        "oversized segment": ("segment", segment + bytes(limits.SEGMENT_MAX), "cbor-size"),
        "oversized item": ("item", item(segment) + bytes(imports.ITEM_MAX), "cbor-size"),
        "of no type": ("item", cbor.encode("hello"), "item-shape"),
        "claimed by an unknown key": ("early", home.two.early(leaf), "signature-bad"),
        "a token's bytes": ("early", home.ops.data, "cose-typ"),
        "beyond any device's life": ("early", one.early(one.leaf(9, tref=[1, 2**63])), "observation-shape"),
    }


@pytest.mark.parametrize("why", bad_inputs(Home()))
def test_bad_bytes_are_refused_recorded_and_disturb_nothing_when(home, fold, why):
    good = home.one.segment(home.one.leaf(0), home.one.leaf(1))
    fold.put("segment", good)
    fold.put("solve")
    kept = ("observation", "verdict", "timeline", "claim", "envelope", "picture", "token")
    before = {table: dict(fold.tables[table]) for table in kept}
    kind, data, code = bad_inputs(home)[why]
    fold.put(kind, data)
    assert fold.refusal(data) == code
    event, row = fold.events[-1], next(iter(fold.tables["refusal"].values()))
    assert (event[0], event[4]) == ("refused", code) and event[5]["remedy"] == row[3] != ""
    fold.put("solve")
    assert {table: fold.tables[table] for table in kept} == before


def test_oversized_bytes_are_refused_before_they_are_looked_at(fold, monkeypatch):
    monkeypatch.setitem(imports.OPENERS, "segment", lambda *_: pytest.fail("an oversized segment was opened"))
    fold.put("segment", bytes(limits.SEGMENT_MAX + 1))
    assert fold.refusal(bytes(limits.SEGMENT_MAX + 1)) == "cbor-size"


def test_what_is_as_long_as_allowed_is_opened(home, fold):
    leaves = [home.one.leaf(seq, payload=bytes(350)) for seq in range(limits.SEGMENT_LEAVES_MAX)]
    segment = home.one.segment(*leaves)
    assert limits.SEGMENT_MAX * 0.9 < len(segment) <= limits.SEGMENT_MAX
    fold.put("segment", segment)
    assert fold.refusal(segment) is None and len(fold.state.entries) == 2 + len(leaves)


def test_the_same_bytes_again_are_replayed_and_change_nothing(home, fold):
    segment, early = home.one.segment(home.one.leaf(0)), home.two.early(home.two.leaf(0))
    fold.put("segment", segment)
    fold.put("early", early)
    entries = dict(fold.state.entries)
    for kind, data in (("segment", segment), ("early", early)):
        fold.put(kind, data)
        assert fold.refusal(data) == "replayed" and fold.events[-1][4] == "replayed"
    assert fold.state.entries == entries and not fold.state.forks


def test_an_early_copy_and_its_leaf_are_one_observation_in_either_order(home):
    leaf = home.one.leaf(0, stream=obs.URGENT)
    early, segment = home.one.early(leaf), home.one.segment(leaf)
    for order in itertools.permutations([("early", early), ("segment", segment), ("item", item(segment))]):
        fold = home.fold()
        for kind, data in order:
            fold.put(kind, data)
        entry = fold.state.entries[obs.observation_id(leaf)]
        assert len(fold.state.entries) == 3 and entry.seal_hash == seal_hash(segment) and not fold.state.forks
        assert fold.tables["observation"][entry.id,][16] == 1
        assert len(fold.tables["envelope"]) == 2 + 3


def test_envelopes_wait_for_their_tokens_and_then_enter(home):
    one = home.one
    segment, early = one.segment(one.leaf(0), one.leaf(1)), one.early(one.leaf(0, stream=obs.URGENT))
    for order in itertools.permutations(home.tokens):
        fold = Fold(home.mesh)
        fold.put("segment", segment)
        fold.put("early", early)
        assert fold.refusal(segment) == fold.refusal(early) == "credential-unknown"
        fold.tokens(*order)
        assert len(fold.state.entries) == 3 and not fold.state.waiting and not fold.state.wanted
        assert fold.tables["refusal"] == {}, "what waited and came in is refused no more"


def test_what_waited_and_then_proves_false_is_refused(home):
    forged = home.two.early(home.one.leaf(0))
    fold = Fold(home.mesh)
    fold.put("early", forged)
    assert fold.refusal(forged) == "credential-unknown"
    fold.tokens(*home.tokens)
    assert fold.refusal(forged) == "signature-bad" and not fold.state.entries and not fold.state.waiting


def test_no_more_envelopes_wait_than_the_limit_and_the_oldest_give_way(home, monkeypatch):
    monkeypatch.setattr(imports, "WAITING_MAX", 3)
    fold = Fold(home.mesh)
    copies = [home.one.early(home.one.leaf(seq)) for seq in range(5)]
    for data in copies:
        fold.put("early", data)
    assert [fold.refusal(data) for data in copies] == ["quota"] * 2 + ["credential-unknown"] * 3
    fold.put("early", copies[4])
    assert fold.refusal(copies[4]) == "credential-unknown" and len(fold.state.waiting) == 3
    fold.tokens(*home.tokens)
    assert len(fold.state.entries) == 3 and not fold.state.waiting and not fold.state.wanted
    fold.put("early", copies[0])
    assert len(fold.state.entries) == 4 and fold.refusal(copies[0]) is None


def test_strangers_drive_out_strangers_and_nobody_whose_credential_is_held(home, monkeypatch):
    """SPEC 7.7: a share for each authority whose signature holds, one for all that nobody known has signed."""
    monkeypatch.setattr(imports, "WAITING_MAX", 3)
    fold = Fold(home.mesh)
    fold.tokens(home.ops, home.one.holder)
    known = [home.one.early(home.one.leaf(seq)) for seq in range(3)]
    for data in known:
        fold.put("early", data)
    assert [fold.refusal(data) for data in known] == ["attestation-unknown"] * 3
    for seq in range(40):
        fold.put("early", home.two.early(home.two.leaf(seq)))
    assert [fold.refusal(data) for data in known] == ["attestation-unknown"] * 3
    assert len(fold.state.waiting) == 6
    fold.tokens(home.one.attestation)
    assert len(fold.state.entries) == 3 and len(fold.state.waiting) == 3


def test_what_names_a_held_credential_without_its_signature_waits_in_nobodys_share(home):
    fold = Fold(home.mesh)
    fold.tokens(home.ops, home.one.holder)
    forged = home.one.early(home.one.leaf(0))[:-1] + b"\x00"
    sealed = home.one.segment(home.one.leaf(1), signer=home.two.signer, chained=False)
    for kind, data in (("early", forged), ("segment", sealed), ("item", item(sealed))):
        fold.put(kind, data)
        assert fold.refusal(data) == "signature-bad" and not fold.state.waiting


def test_two_contents_at_one_position_are_a_fork_from_the_earlier_reading_on(home):
    one = home.one
    before = one.leaf(0, true_ms=50_000)
    pair = [one.leaf(1, level=1, true_ms=70_000), one.leaf(1, level=2, true_ms=60_000)]
    after = one.leaf(2, true_ms=80_000)
    for order in itertools.permutations([before, *pair, after]):
        fold = home.fold()
        for leaf in order:
            fold.put("early", one.early(leaf))
        fold.put("solve")
        assert fold.state.forks == {one.id: (1, 60_000)}
        assert [fold.verdict(leaf)[1] for leaf in (before, *pair, after)] == ["admitted"] + ["forked"] * 3
        [row] = fold.tables["fork"].values()
        assert row == (one.id, *sorted(map(obs.observation_id, pair)), 1, 60_000)


def histories(home):
    """Three segments of one device, and forks of it: rivals at 1, and a successor of what nobody holds."""
    one = home.one
    chain = [one.segment(one.leaf(seq, true_ms=60_000 + 1_000 * seq)) for seq in range(3)]
    hashes = [seal_hash(segment) for segment in chain]
    return chain, {
        "another seal at one place": one.segment(
            one.leaf(11, true_ms=61_500), number=1, previous=hashes[0], chained=False
        ),
        "another seal over the same leaf": one.segment(
            one.leaf(1, true_ms=61_000),
            one.leaf(2, true_ms=62_000),
            number=1,
            previous=hashes[0],
            chained=False,
        ),
        "a broken link to the one before": one.segment(
            one.leaf(12, true_ms=63_000), number=3, previous=hashes[0], chained=False
        ),
        "a broken link from the one after": one.segment(
            one.leaf(13, true_ms=61_000), number=1, previous=hashes[1], chained=False
        ),
    }


@pytest.mark.parametrize("why", ["another seal at one place", "another seal over the same leaf",
                                 "a broken link to the one before", "a broken link from the one after"])  # fmt: skip
def test_a_fork_of_seals_is_found_in_every_order_and_ends_alike(home, why):
    chain, forks = histories(home)
    ends = set()
    for order in itertools.permutations([*chain, forks[why]]):
        fold = home.fold()
        for segment in order:
            fold.put("segment", segment)
        fold.put("solve")
        assert home.one.id in fold.state.forks
        codes = tuple(
            sorted((one.id, fold.state.verdicts[one.id].code) for one in fold.state.entries.values())
        )
        ends.add((fold.state.forks[home.one.id], codes, tuple(sorted(fold.tables["fork"].values()))))
    assert len(ends) == 1
    since, codes, _ = ends.pop()
    # A seal that names another one before it says that there are two of those: the fork lies there.
    assert since == (
        1,
        {"a broken link to the one before": 62_000, "a broken link from the one after": 60_000}.get(
            why, 61_000
        ),
    )
    later = {one.id for one in fold.state.entries.values() if one.observation[obs.TREF][1] >= since[1]}
    assert {one for one, code in codes if code == "forked"} == {
        one for one in later if fold.state.entries[one].observation[obs.DEVICE] == home.one.id
    }


def test_a_fork_shown_leaf_by_leaf_begins_where_it_would_with_whole_segments(home):
    one = home.one
    base = one.segment(*(one.leaf(seq, true_ms=60_000 + seq) for seq in range(3)))
    rival = one.segment(
        *(one.leaf(9 + seq, true_ms=60_001 + seq) for seq in range(3)), number=0, chained=False
    )
    pieces = [("item", item(segment, index)) for segment in (base, rival) for index in range(3)]
    orders = [random.Random(seed).sample(pieces, 6) for seed in range(20)]
    for order in [*orders, [("segment", base), ("segment", rival)], [("segment", rival), ("segment", base)]]:
        fold = home.fold()
        for kind, data in order:
            fold.put(kind, data)
        assert fold.state.forks == {one.id: (1, 60_000)}


def test_late_segments_holes_and_lower_numbers_prove_nothing(home):
    one = home.one
    chain = [one.segment(one.leaf(seq)) for seq in (0, 5, 6, 40)]
    for order in itertools.permutations(chain):
        fold = home.fold()
        for segment in order:
            fold.put("segment", segment)
        assert not fold.state.forks and len(fold.state.entries) == 6


def test_another_incarnation_and_stream_are_other_chains(home, fold):
    one = home.one
    fold.put("segment", one.segment(one.leaf(0)))
    fold.put("segment", one.segment(one.leaf(0, stream=obs.BULK)))
    fold.put("segment", one.segment(one.leaf(0, incarnation=b"12345678")))
    assert not fold.state.forks and len(fold.state.entries) == 5


def test_a_segment_is_whole_only_when_it_came_whole(home, fold):
    segment = home.one.segment(home.one.leaf(0), home.one.leaf(1))
    fold.put("item", item(segment, 0))
    place = (home.one.incarnation, obs.READINGS, 0)
    assert place not in fold.state.whole[home.one.id]
    fold.put("segment", segment)
    assert fold.state.whole[home.one.id][place] == seal_hash(segment)


def test_a_foreign_tokens_flood_does_not_touch_what_is_held(home, fold):
    stranger = Home("bravo")
    before = set(fold.state.arrived)
    fold.tokens(*stranger.tokens)
    assert set(fold.state.arrived) == before
    assert {fold.refusal(one) for one in stranger.tokens} == {"token-issuer-unknown"}
    fold.put("root", stranger.mesh.root.public)
    assert all(map(fold.held, stranger.tokens)) and not fold.tables["refusal"]


def test_a_boot_attestation_that_comes_after_its_segments_lets_them_in(home):
    one = home.one
    later = one.attest(2)
    one.boot = 2
    leaf = one.leaf(7, boot_attestation=tokens.token_id(later))
    segment = one.segment(leaf)
    fold = home.fold()
    fold.put("segment", segment)
    assert fold.refusal(segment) == "attestation-unknown"
    fold.tokens(later)
    assert obs.observation_id(leaf) in fold.state.entries


def test_a_signed_object_of_another_type_is_no_early_copy(home, fold):
    data = cose.sign(cose.CHECKPOINT, home.one.leaf(0), home.one.signer)
    fold.put("early", data)
    assert fold.refusal(data) == "cose-typ"


def test_two_contents_that_one_token_lets_in_together_are_a_fork():
    home = Home()
    for make in (home.one.early, lambda leaf: home.one.segment(leaf, chained=False)):
        kind = "early" if make == home.one.early else "segment"
        fold = Fold(home.mesh)
        fold.tokens(*[one for one in home.tokens if one is not home.one.attestation])
        for level in (100, 200):
            fold.put(kind, make(home.one.leaf(0, level)))
        assert not fold.state.entries and len(fold.state.waiting) == 2
        fold.tokens(home.one.attestation)
        assert len(fold.state.entries) == 2 and home.one.id in fold.state.forks
        assert len(fold.state.chains.forked) == (0 if kind == "early" else 2)
