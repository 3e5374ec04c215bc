"""Seals, segments, receipts and crossing items: golden vectors, and that they hold together."""

from vectors_io import load_json, raises, unhex
from wire_opens import check

from fieldwire import merkle, seal
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer, verify
from fieldwire.keys import device_id

SIGNER = Ed25519Signer(bytes(range(32)))
DEVICE = device_id(SIGNER.public)


def _leaves(count):
    made = obs.decode(unhex(load_json("observation")[0]["hex"]))
    made[obs.DEVICE] = DEVICE
    leaves = []
    for seq in range(count):
        made[obs.SEQ] = seq
        leaves.append(obs.encode(made))
    return leaves


def _body(count, segment=0, previous=None):
    made = obs.decode(_leaves(1)[0])
    place = made[obs.INCARNATION], made[obs.STREAM], segment, 0, count, made[obs.TREF][0]
    return seal.SealBody(*place, made[obs.CREDENTIAL], made[obs.BOOT_ATTESTATION], previous, 0)


def _sealed(count):
    leaves = _leaves(count)
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    return seal.seal(_body(count), merkle.root(hashes), SIGNER), leaves, hashes


def test_every_seal_vector_is_accepted_or_refused_as_it_says():
    check("seal")


def test_every_segment_vector_is_accepted_or_refused_as_it_says():
    check("segment")


def test_every_receipt_vector_is_accepted_or_refused_as_it_says():
    check("receipt")


def test_every_crossing_item_vector_is_accepted_or_refused_as_it_says():
    check("item")


def test_each_leaf_of_segments_of_several_sizes_proves_itself():
    for count in (1, 2, 3, 8, 13):
        data, leaves, hashes = _sealed(count)
        body, whole, opened, root = seal.open_segment(
            seal.encode_segment(data, leaves), SIGNER.public, DEVICE, verify
        )
        assert body.count == count and [leaf for _, leaf in opened] == leaves and root == merkle.root(hashes)
        for index in (0, count // 2, count - 1):
            path = merkle.inclusion_path(hashes, index)
            _, alone, made = seal.open_item(data, leaves[index], index, path, SIGNER.public, DEVICE, verify)
            assert alone == whole and made[obs.SEQ] == index
            if count > 1:
                receipt = seal.receipt(data, hashes, index)
                assert seal.open_receipt(receipt, leaves[index], SIGNER.public, DEVICE, verify)[1] == whole


def test_a_receipt_keeps_protected_headers_and_signature_of_its_seal():
    data, _, hashes = _sealed(4)
    sealed, _ = seal.decode(data)
    cut, _ = seal.decode(seal.receipt(data, hashes, 2))
    assert cut.protected_bytes == sealed.protected_bytes and cut.signature == sealed.signature
    assert list(cut.unprotected) == [396] and not sealed.unprotected


def test_no_receipt_is_cut_from_a_receipt_or_from_a_seal_of_one_leaf():
    data, _, hashes = _sealed(2)
    raises("seal-shape", seal.receipt, seal.receipt(data, hashes, 0), hashes, 1)
    alone, _, hashes = _sealed(1)
    raises("seal-shape", seal.receipt, alone, hashes, 0)


def test_a_seal_hash_ignores_the_signature_and_binds_everything_else():
    data, _, hashes = _sealed(3)
    message, _ = seal.decode(data)
    root = merkle.root(hashes)
    found = seal.seal_hash(message.protected_bytes, root)
    again = seal.seal(_body(3), root, SIGNER)
    assert seal.seal_hash(seal.decode(again)[0].protected_bytes, root) == found
    later = seal.decode(seal.seal(_body(3, 1, bytes(32)), root, SIGNER))[0]
    assert seal.seal_hash(later.protected_bytes, root) != found
    assert seal.seal_hash(message.protected_bytes, bytes(32)) != found


def test_a_seal_that_breaks_the_rules_is_not_made():
    raises("seal-shape", seal.seal, _body(3, 1), bytes(32), SIGNER)
    raises("seal-shape", seal.seal, _body(65), bytes(32), SIGNER)


def test_a_segment_beyond_the_limit_is_refused_unread():
    raises("seal-shape", seal.decode_segment, bytes(32_769))
