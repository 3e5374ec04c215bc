"""What the bridge takes for an observation, and what it refuses whoever sent it. SPEC 5.7, 6, 10.3"""

import pytest
from fold_world import BUILD, FORMAT, Home, Mesh, item, seal_hash

from fieldpost import verify
from fieldpost.model import Missing, Refusal
from fieldpost.verify import GRADE_DEBUG, GRADE_ENDORSED, GRADE_NONE, GRADE_SELF
from fieldwire import cbor, cose, seal, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError


@pytest.fixture
def home():
    return Home()


@pytest.fixture
def trust(home):
    return home.fold().state.trust


def code_of(opener, data, trust):
    try:
        found = opener(data, trust)
    except WireError as error:
        return error.code
    return found.code if isinstance(found, Refusal) else "verified"


def flipped(data, at=-1):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def test_an_early_copy_opens_to_the_observation_under_its_own_authority(home, trust):
    leaf = home.one.leaf(3, level=7)
    [entry] = verify.open_early(home.one.early(leaf), trust)
    assert (entry.id, entry.leaf, entry.mesh, entry.authority) == (
        obs.observation_id(leaf),
        leaf,
        home.mesh.id,
        "ops",
    )
    assert (entry.credential, entry.seal_hash, entry.segment) == (home.one.holder.id, None, None)


def test_a_segment_opens_to_all_its_leaves_in_order_and_each_crosses_alone(home, trust):
    leaves = [home.one.leaf(seq, level=seq) for seq in range(5)]
    segment = home.one.segment(*leaves)
    opened = verify.open_segment(segment, trust)
    assert [(one.leaf, one.index) for one in opened] == [(leaf, index) for index, leaf in enumerate(leaves)]
    assert {one.seal_hash for one in opened} == {seal_hash(segment)}
    for index, entry in enumerate(opened):
        [alone] = verify.open_item(verify.item_of("segment", segment, index), trust)
        assert (alone.id, alone.seal_hash, alone.segment, alone.index) == (
            entry.id, entry.seal_hash, entry.segment, index,
        )  # fmt: skip


def test_an_item_of_a_lone_leaf_has_an_empty_path_and_an_early_copy_crosses_as_it_is(home, trust):
    leaf = home.one.leaf(0)
    segment = home.one.segment(leaf)
    assert cbor.decode(verify.item_of("segment", segment, 0))[4] == []
    [sealed] = verify.open_item(verify.item_of("segment", segment, 0), trust)
    [early] = verify.open_item(verify.item_of("early", home.one.early(leaf), 0), trust)
    assert sealed.id == early.id and early.seal_hash is None
    crossed = verify.item_of("segment", segment, 0)
    assert verify.item_of("item", crossed, 0) is crossed


def bad_early(home):
    one, two, leaf = home.one, home.two, home.one.leaf(0)
    other_boot = tokens.token_id(one.attest(2))
    whole = one.early(leaf)
    return {
        "another key signed it": (two.early(leaf), "signature-bad"),
        "its signature is altered": (flipped(whole), "signature-bad"),
        "it is cut": (whole[:-1], "cbor-truncated"),
        "a byte follows it": (whole + b"\x00", "cbor-trailing"),
        "it is no canonical encoding": (b"\xd2\x98\x04" + whole[2:], "cbor-not-shortest"),
        "it is not signed": (leaf, "cose-shape"),
        "its payload is left out": (cose.sign_detached(cose.EARLY, leaf, one.signer, {}), "cose-shape"),
        "it is relabelled": (cose.sign(cose.SCHEMA, leaf, one.signer), "cose-typ"),
        "it names another device": (one.early(one.leaf(0, device=two.id)), "device-mismatch"),
        "its credential is another device's": (one.early(one.leaf(0, credential=two.holder.id)), "device-mismatch"),
        "its attestation is another device's": (
            one.early(one.leaf(0, boot_attestation=tokens.token_id(two.attestation))), "token-chain",
        ),
        "its boot is another one": (one.early(one.leaf(0, tref=[2, 5])), "token-chain"),
        "its credential is not held": (one.early(one.leaf(0, credential=b"\x09" * 16)), "credential-unknown"),
        "its attestation is not held": (one.early(one.leaf(0, boot_attestation=other_boot)), "attestation-unknown"),
    }  # fmt: skip


@pytest.mark.parametrize("why", bad_early(Home()))
def test_an_early_copy_is_refused_when(home, trust, why):
    data, code = bad_early(home)[why]
    assert code_of(verify.open_early, data, trust) == code


def test_a_credential_and_an_attestation_of_one_other_device_do_not_lend_a_voice(home, trust):
    borrowed = {"credential": home.two.holder.id, "boot_attestation": tokens.token_id(home.two.attestation)}
    early = home.one.early(home.one.leaf(0, **borrowed))
    assert code_of(verify.open_early, early, trust) == "device-mismatch"
    posing = home.one.early(home.one.leaf(0, device=home.two.id, **borrowed))
    assert code_of(verify.open_early, posing, trust) == "signature-bad"


def bad_segments(home):
    one, two = home.one, home.two
    leaves = [one.leaf(seq) for seq in range(3)]
    whole = one.segment(*leaves, chained=False)
    sealed = cbor.decode(whole)[0]
    lone = one.segment(one.leaf(0), chained=False)
    receipt = seal.receipt(sealed, [obs.observation_id(leaf) for leaf in leaves], 0)
    elsewhere = tokens.token_id(two.attestation)
    return {
        "another key signed the seal": (one.segment(*leaves, chained=False, signer=two.signer), "signature-bad"),
        "a leaf is altered": (seal.encode_segment(sealed, [*leaves[:2], one.leaf(2, level=1)]), "signature-bad"),
        "a leaf is missing": (seal.encode_segment(sealed, leaves[:2]), "seal-shape"),
        "leaves are in another order": (seal.encode_segment(sealed, leaves[::-1]), "signature-bad"),
        "a receipt stands for the seal": (seal.encode_segment(receipt, leaves), "seal-shape"),
        "a leaf skips a number": (one.segment(one.leaf(0), one.leaf(2), chained=False), "seal-leaf"),
        "a leaf is of another boot": (one.segment(leaves[0], one.leaf(1, tref=[9, 5]), chained=False), "seal-leaf"),
        "a leaf is another device's": (one.segment(leaves[0], one.leaf(1, device=two.id), chained=False), "seal-leaf"),
        "a leaf names another attestation": (
            one.segment(leaves[0], one.leaf(1, boot_attestation=elsewhere), chained=False), "seal-leaf",
        ),
        "the attestation is of another boot": (one.segment(one.leaf(0, tref=[9, 5]), chained=False), "token-chain"),
        "it is cut": (lone[:-1], "cbor-truncated"),
        "it is no list of two": (cbor.encode([sealed]), "seal-shape"),
    }  # fmt: skip


@pytest.mark.parametrize("why", bad_segments(Home()))
def test_a_segment_is_refused_when(home, trust, why):
    data, code = bad_segments(home)[why]
    assert code_of(verify.open_segment, data, trust) == code


def bad_items(home):
    leaves = [home.one.leaf(seq) for seq in range(5)]
    segment = home.one.segment(*leaves, chained=False)
    path = cbor.decode(item(segment, 1))[4]
    early = home.one.early(leaves[0])
    return {
        "its index is another leaf's": (item(segment, 1, index=2), "signature-bad"),
        "its index lies outside": (item(segment, 1, index=5), "seal-shape"),
        "its index is true": (item(segment, 1, index=True), "seal-shape"),
        "its leaf is another one": (item(segment, 1, leaf=leaves[2]), "signature-bad"),
        "its path is too short": (item(segment, 1, path=path[:-1]), "seal-leaf"),
        "its path is too long": (item(segment, 1, path=[*path, bytes(32)]), "seal-leaf"),
        "its path holds no hashes": (item(segment, 1, path=[b"x"]), "seal-leaf"),
        "its path is no list": (item(segment, 1, path=7), "seal-shape"),
        "its path is longer than any log's": (item(segment, 1, path=[bytes(32)] * 41), "seal-shape"),
        "false stands for 0": (cbor.encode([False, early]), "item-shape"),
        "true stands for 1": (cbor.encode([True, *cbor.decode(item(segment, 1))[1:]]), "item-shape"),
        "its kind is unknown": (cbor.encode([2, early]), "item-shape"),
        "a part is missing": (cbor.encode(cbor.decode(item(segment, 1))[:4]), "item-shape"),
        "it is no list": (cbor.encode({0: early}), "item-shape"),
        "it is empty": (cbor.encode([]), "item-shape"),
        "its early copy is no bytes": (cbor.encode([0, "early"]), "item-shape"),
    }  # fmt: skip


@pytest.mark.parametrize("why", bad_items(Home()))
def test_a_crossing_item_is_refused_when(home, trust, why):
    data, code = bad_items(home)[why]
    assert code_of(verify.open_item, data, trust) == code


def test_what_is_missing_is_named_so_that_it_can_be_waited_for(home):
    fold = Home("bravo").fold(home.mesh.root.public)
    early, segment = home.one.early(home.one.leaf(0)), home.one.segment(home.one.leaf(0))
    for opener, data in (
        (verify.open_early, early),
        (verify.open_segment, segment),
        (verify.open_item, item(segment)),
    ):
        found = opener(data, fold.state.trust)
        assert isinstance(found, Missing) and found.what == home.one.holder.id
    fold.tokens(home.ops, home.one.holder)
    found = verify.open_early(early, fold.state.trust)
    assert isinstance(found, Missing) and found.what == tokens.token_id(home.one.attestation)


OTHER = b"\x55" * 32
GRADES = {
    "no endorsement is held": ([], {}, GRADE_NONE),
    "its measurement is listed": ([{}], {}, GRADE_ENDORSED),
    "its measurement is not listed": ([{"measurements": [OTHER]}], {}, GRADE_SELF),
    "a second endorsement lists it": ([{"measurements": [OTHER]}, {}], {}, GRADE_ENDORSED),
    "its debug port is open": ([{}], {"dbgstat": 0}, GRADE_DEBUG),
    "the endorsement is of other hardware": ([{"hardware": b"other"}], {}, GRADE_NONE),
}


@pytest.mark.parametrize("why", GRADES)
def test_the_grade_follows_from_endorsements_and_attestation_when(home, trust, why):
    endorsements, boot, grade = GRADES[why]
    one = home.one
    one.attestation = one.attest(1, **boot)
    for data in [one.attestation, *(home.ops.endorse(one.signer.public, **terms) for terms in endorsements)]:
        assert not isinstance(trust.add(data), Refusal)
    [entry] = verify.open_early(one.early(one.leaf(0)), trust)
    assert entry.grade == grade


def test_an_endorsement_by_another_mesh_lifts_no_grade(home, trust):
    bravo = Mesh("bravo")
    trust.add_root(bravo.root.public)
    foreign = bravo.authority()
    for data in (foreign.data, foreign.endorse(home.one.signer.public, [BUILD])):
        assert not isinstance(trust.add(data), Refusal)
    [entry] = verify.open_early(home.one.early(home.one.leaf(0)), trust)
    assert entry.grade == GRADE_NONE


def test_the_format_and_payload_are_not_this_stages_matter(home, trust):
    odd = home.one.early(home.one.leaf(0, payload=b"\xff", format=FORMAT))
    assert code_of(verify.open_early, odd, trust) == "verified"
