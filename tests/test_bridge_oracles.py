"""Libraries that are not ours verify what our code makes: python-cwt tokens, scitt-cose receipts."""

import hashlib

import pytest
from oracle_run import ask_cwt, ask_receipt
from vector_inputs import DEVICE
from vector_seals import body_of, hashes, leaves_of, sealed
from vectors_io import load_json

from fieldwire import cbor, cose, keys, merkle, rotation, seal, tokens


def cose_key(public: str) -> bytes:
    return cbor.encode(keys.cose_key(bytes.fromhex(public)))


@pytest.mark.parametrize(
    "name",
    ["early", "credential", "endorsement", "boot", "equivalence", "revocation", "schema_token"],
)
def test_python_cwt_accepts_and_refuses_the_signatures_that_we_do(tmp_path, name):
    rows = load_json(name)
    accepted = [row for row in rows if row["error"] is None]
    forged = [row for row in rows if row["error"] == "signature-bad"]
    assert accepted
    for row in [*accepted, *forged]:
        [answer] = ask_cwt(tmp_path, cose_key(row["public"]), bytes.fromhex(row["hex"]))
        assert answer["valid"] == (row["error"] is None), (row["name"], answer)


def test_python_cwt_verifies_each_layer_of_a_rotation_under_its_own_key_alone(tmp_path):
    row = load_json("rotation")[0]
    token = tokens.decode(bytes.fromhex(row["hex"]))
    accepted = token.claims[tokens.ACCEPTED]
    statement = rotation.decode(accepted)
    issuer = tokens.decode(bytes.fromhex(row["issuer"]))
    layers = [
        (issuer.public, token.data),
        (statement.new, accepted),
        (statement.old, statement.acceptance.payload),
    ]
    for public, data in layers:
        for other, _ in layers:
            [answer] = ask_cwt(tmp_path, cose_key(other.hex()), data)
            assert answer["valid"] == (other == public)


def test_python_cwt_reads_the_observation_and_the_type_of_an_early_copy(tmp_path):
    row = load_json("early")[0]
    [answer] = ask_cwt(tmp_path, cose_key(row["public"]), bytes.fromhex(row["hex"]))
    assert answer["payload_sha256"] == hashlib.sha256(bytes.fromhex(row["payload"])).hexdigest()
    assert answer["protected"]["16"] == cose.EARLY and answer["unprotected"] == {}
    assert answer["protected"]["4"] == keys.kid(bytes.fromhex(row["public"])).hex()


def test_python_cwt_reads_the_claims_of_a_credential_as_a_cwt(tmp_path):
    row = next(one for one in load_json("credential") if one["name"] == "An authority names a device.")
    [answer] = ask_cwt(tmp_path, cose_key(row["public"]), bytes.fromhex(row["hex"]))
    claims = answer["claims"]
    assert claims["4"] == 4_102_444_800 and claims["5"] == 1_767_225_600
    assert claims["-65702"] == "north/ridge" and claims["-65704"] == ["observe", "time"]
    device = next(one for one in load_json("key") if one["name"].startswith("The key of a device"))
    assert claims["8"] == {"1": {"1": 1, "-1": 6, "-2": device["public"]}}


def test_scitt_cose_verifies_a_receipt_for_each_leaf_of_a_seal(tmp_path):
    rows = [row for row in load_json("receipt") if row["error"] is None]
    pairs = [(bytes.fromhex(row["hex"]), bytes.fromhex(row["leaf"])) for row in rows]
    answers = ask_receipt(tmp_path, cose_key(rows[0]["public"]), *pairs)
    root = load_json("segment")[0]["root"]
    assert [(one["valid"], one["root"], one["size"], one["index"]) for one in answers] == [
        (True, root, 5, index) for index in range(5)
    ]
    assert answers[0]["labels"] == ["-65601", "16", "4"]


def test_scitt_cose_refuses_the_receipts_whose_proof_does_not_reach_the_signed_root(tmp_path):
    rows = [row for row in load_json("receipt") if row["error"] in ("signature-bad", "seal-leaf")]
    assert len(rows) == 4
    for row in rows:
        pair = bytes.fromhex(row["hex"]), bytes.fromhex(row["leaf"])
        [answer] = ask_receipt(tmp_path, cose_key(row["public"]), pair)
        assert not answer["valid"], row["name"]


def test_scitt_cose_verifies_receipts_of_the_largest_seal(tmp_path):
    leaves = leaves_of(0, 64)
    made = sealed(body_of(count=64), leaves)
    receipts = [(seal.receipt(made, hashes(leaves), index), leaves[index]) for index in (0, 31, 63)]
    answers = ask_receipt(tmp_path, cose_key(DEVICE.public.hex()), *receipts)
    assert [one["index"] for one in answers if one["valid"]] == [0, 31, 63]
    assert {one["root"] for one in answers} == {merkle.root(hashes(leaves)).hex()}
