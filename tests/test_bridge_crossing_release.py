"""What leaves for a peer mesh, with what proves it, and what stays at home. SPEC 10.3, 11"""

import pytest
from fold_world import Fold, Home, exchange
from test_bridge_admission import agreed

from fieldpost.crossing import closure, release
from fieldpost.verify import item_of
from fieldwire import cbor, tokens
from fieldwire import observation as obs


@pytest.fixture
def home():
    return Home("alpha")


PEER = Home("bravo")


def started(home, **terms):
    fold = home.fold(PEER.mesh.root.public)
    fold.put("agreement", agreed(home.mesh, PEER.mesh, **terms))
    return fold


def put(fold, *pairs):
    """Early copies of (device, leaf) each; then everything is judged."""
    for device, leaf in pairs:
        fold.put("early", device.early(leaf))
    fold.put("solve")
    return [obs.observation_id(leaf) for _, leaf in pairs]


def mode(fold, channel, name, *withheld):
    fold.put("mode", cbor.encode([channel, name, list(withheld)]))


def test_what_is_admitted_and_in_scope_crosses_with_time_evidence_and_nothing_else(home):
    fold = started(home)
    water, road = put(fold, (home.one, home.one.leaf(0)), (home.one, home.one.leaf(1, subject="road")))
    found = release(fold.state, PEER.mesh.id)
    evidence = {
        one for one, entry in fold.state.entries.items() if entry.observation[obs.FORMAT] == obs.TIME_FORMAT
    }
    assert set(found.ids) == {water} | evidence and road not in found.ids and found.withheld == ()


def test_without_an_agreement_or_direction_nothing_crosses(home):
    fold = home.fold()
    put(fold, (home.one, home.one.leaf(0)))
    assert release(fold.state, PEER.mesh.id).ids == ()
    inward = started(home, directions=((PEER.mesh.id, home.mesh.id),))
    [water] = put(inward, (home.one, home.one.leaf(0)))
    assert water not in release(inward.state, PEER.mesh.id).ids


@pytest.mark.parametrize(
    "name,crosses", [("open", True), ("one-way-out", True), ("partitioned", False), ("one-way-in", False)]
)
def test_a_channels_mode_decides_over_the_whole_crossing(home, name, crosses):
    fold = started(home)
    [water] = put(fold, (home.one, home.one.leaf(0)))
    lone = home.mesh.device("lone", home.ops)
    fold.tokens(lone.holder, home.ops.revoke(lone.id))
    mode(fold, "boundary", name)
    fold.put("solve")
    found = release(fold.state, PEER.mesh.id)
    assert (water in found.ids, bool(found.tokens)) == (crosses, crosses)


def test_a_withheld_tree_stays_and_is_named_with_its_code(home):
    fold = started(home)
    lake, quay = put(fold, (home.one, home.one.leaf(0, subject="water/lake")), (home.one, home.one.leaf(1)))
    mode(fold, "boundary", "open", "water/lake")
    found = release(fold.state, PEER.mesh.id)
    assert quay in found.ids and lake not in found.ids and found.withheld == ((lake, "channel-withheld"),)


def test_a_source_that_may_not_cross_is_kept_back_and_what_derives_from_it_goes(home):
    secret, lake = home.two.leaf(0, subject="private/well"), home.two.leaf(1, subject="water/lake")
    derived = home.one.mean([secret, lake], seq=0)
    fold = started(home)
    private, withheld, mean = put(fold, (home.two, secret), (home.two, lake), (home.one, derived))
    mode(fold, "boundary", "open", "water/lake")
    found = release(fold.state, PEER.mesh.id)
    assert mean in found.ids and not {private, withheld} & set(found.ids)
    assert dict(found.withheld) == {private: "agreement-scope", withheld: "channel-withheld"}


def test_sources_go_before_what_derives_from_them(home):
    first, second = home.two.leaf(0), home.two.leaf(1)
    middle = home.one.mean([first, second], seq=0)
    top = home.one.mean([middle], seq=1)
    fold = started(home)
    ids = put(fold, (home.one, top), (home.one, middle), (home.two, second), (home.two, first))
    found = release(fold.state, PEER.mesh.id).ids
    assert found.index(ids[3]) < found.index(ids[1]) < found.index(ids[0]) and len(found) == len(set(found))
    assert closure(fold.state, ids[0])[-1] == ids[0]


def test_what_a_case_stopped_stays_save_what_was_decided(home):
    fold = started(home)
    decided, open_ = put(fold, (home.one, home.one.leaf(0)), (home.one, home.one.leaf(1)))
    fold.state.stopped["water"], fold.state.decided = b"\x01" * 16, {decided}
    found = release(fold.state, PEER.mesh.id)
    assert decided in found.ids and found.withheld == ((open_, "scope-stopped"),)


def test_what_is_not_admitted_and_what_is_foreign_stays(home):
    fold = started(home)
    lone = home.mesh.device("lone", home.ops)
    fold.tokens(lone.holder, lone.attestation, *PEER.tokens)
    undated, foreign = put(fold, (lone, lone.leaf(0)), (PEER.one, PEER.one.leaf(0)))
    assert not {undated, foreign} & set(release(fold.state, PEER.mesh.id).ids)


def test_a_strangers_bridge_verifies_and_weighs_all_that_crosses(home):
    """Endorsement and schema are signed by authorities that stand in no device's chain; they go along."""
    maker, words = home.mesh.authority("maker"), home.mesh.authority("words")
    schema_token = tokens.issue_schema(tokens.decode(home.schema).message.payload, words.signer)
    home.tokens = [token for token in home.tokens if token != home.schema]
    fold = started(home)
    fold.tokens(maker, words, schema_token, maker.endorse(home.one.signer.public))
    near, far = exchange(home.one, PEER.one, 2_000, seq=5)
    put(fold, (home.one, home.one.leaf(0)), (home.one, near))
    found = release(fold.state, PEER.mesh.id)
    other = Fold(PEER.mesh, [home.mesh.root.public])
    other.tokens(*PEER.tokens)
    other.put("agreement", agreed(home.mesh, PEER.mesh))
    other.tokens(PEER.ops.equate((home.mesh.id, home.ops), (PEER.mesh.id, PEER.ops)))
    for segment in PEER.contact:
        other.put("segment", segment)
    other.put("early", PEER.one.early(far))
    other.tokens(*found.tokens)
    for identity in found.ids:
        row = fold.tables["envelope"][fold.state.entries.envelope_of(fold.state.entries[identity]),]
        other.put("item", item_of(row[1], row[2], fold.state.entries[identity].index))
    other.put("solve")
    assert other.verdict(home.one.leaf(0)) == ("admitted", "admitted-mapped")
    assert other.state.entries[obs.observation_id(home.one.leaf(0))].grade == 3
    assert (obs.observation_id(home.one.leaf(0)), "level") in other.tables[
        "claim"
    ] and not other.state.trust.waiting


def test_our_own_revocations_go_with_their_issuers_first_and_others_do_not(home):
    fold = started(home)
    theirs = PEER.ops.revoke(PEER.two.id)
    own = home.ops.revoke(home.two.id)
    fold.tokens(*PEER.tokens, theirs, own)
    fold.put("solve")
    sent = release(fold.state, PEER.mesh.id).tokens
    assert own in sent and theirs not in sent and sent.index(home.ops.data) < sent.index(own)
