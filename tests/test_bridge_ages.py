"""Each verdict names every piece of trust that it rests on, and its age. SPEC 7.8"""

from fold_world import Home
from sample_cli import document, world
from test_bridge_admission import Abroad

from fieldwire import cbor, tokens
from fieldwire import observation as obs


def ages(fold, leaf):
    """{token id or agreement digest: age in ms} of a verdict, as it is stored."""
    row = fold.tables["verdict"][obs.observation_id(leaf),]
    return dict(map(tuple, cbor.decode(row[8])))


def judged(home, leaf, *more):
    fold = home.fold()
    fold.tokens(*more)
    fold.put("early", home.one.early(leaf))
    fold.put("solve")
    return fold


def test_an_own_verdict_rests_on_the_chain_the_attestation_and_what_endorses_it():
    home = Home()
    leaf, vouched = home.one.leaf(0), home.ops.endorse(home.one.signer.public)
    fold = judged(home, leaf, vouched)
    wanted = {
        home.ops.id,
        home.one.holder.id,
        tokens.token_id(home.one.attestation),
        tokens.token_id(vouched),
    }
    assert set(ages(fold, leaf)) == wanted


def test_an_endorsement_that_does_not_count_is_not_relied_on():
    home = Home()
    leaf, other = home.one.leaf(0), home.ops.endorse(home.one.signer.public, hardware=b"another board")
    assert tokens.token_id(other) not in ages(judged(home, leaf, other), leaf)


def test_a_translated_verdict_rests_on_the_statement_its_issuers_chain_and_the_agreement():
    abroad = Abroad()
    leaf = abroad.far.one.leaf(0)
    abroad.judged(leaf)
    relied = ages(abroad.fold, leaf)
    assert {tokens.token_id(abroad.equivalence), abroad.home.ops.id, abroad.far.ops.id} <= set(relied)
    assert abroad.fold.state.agreement_digest in relied
    assert relied[abroad.far.ops.id] > relied[abroad.fold.state.agreement_digest] > 0


def test_a_refusal_rests_on_the_revocation_or_the_statement_that_was_met():
    home = Home()
    leaf = home.one.leaf(0)
    revoked = home.ops.revoke(home.one.id)
    assert tokens.token_id(revoked) in ages(judged(home, leaf, revoked), leaf)
    abroad = Abroad()
    negative = abroad.equate(negative=True)
    abroad.fold.tokens(negative)
    far = abroad.far.one.leaf(0)
    assert abroad.judged(far)[1] == "denied"
    assert tokens.token_id(negative) in ages(abroad.fold, far)


def test_a_rotated_devices_late_word_rests_on_the_rotation():
    home = Home()
    heir = home.mesh.device("heir", home.ops, boot=2)
    moved = home.ops.rotate(home.one, heir)
    leaf = home.one.leaf(9)
    fold = judged(home, leaf, heir.holder, moved)
    assert fold.verdict(leaf)[1] == "credential-rotated" and tokens.token_id(moved) in ages(fold, leaf)


def test_a_refusal_of_false_bytes_names_its_trust_too():
    home = Home()
    sources = [home.one.leaf(seq) for seq in range(2)]
    fold = home.fold()
    false = home.two.mean(sources, level=1)
    for device, leaf in ((home.one, sources[0]), (home.one, sources[1]), (home.two, false)):
        fold.put("early", device.early(leaf))
    fold.put("solve")
    assert fold.verdict(false)[1] == "derivation-false" and home.two.holder.id in ages(fold, false)


def test_why_tells_the_age_of_each_piece():
    for name in ("relay", "visitor", "expired"):
        found = document("why-not" if name != "relay" else "why", world().ids[name].hex(), exit_code=0)
        [step] = [one for one in found["steps"] if one["stage"] == "admit"]
        assert list(step["ages_ms"]) == step["inputs"] and len(step["inputs"]) > 3
        assert all(isinstance(age, int) and age >= 0 for age in step["ages_ms"].values())


def test_an_age_is_the_time_since_the_piece_arrived():
    home = Home()
    leaf = home.one.leaf(0)
    fold = judged(home, leaf)
    arrived = fold.state.arrived[home.ops.id][1]
    assert ages(fold, leaf)[home.ops.id] == fold.state.at[1] - arrived
