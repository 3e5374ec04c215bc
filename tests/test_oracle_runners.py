"""The independent verifiers accept what cbor2 and PyNaCl make by hand, and notice each kind of damage."""

import hashlib

import cbor2
import nacl.signing
import pytest
from oracle_run import ask_cwt, ask_receipt

KEY = nacl.signing.SigningKey(bytes(range(32)))
PUBLIC = bytes(KEY.verify_key)
COSE_KEY = cbor2.dumps({1: 1, -1: 6, -2: PUBLIC}, canonical=True)
KID = hashlib.sha256(COSE_KEY).digest()[:8]
LEAVES = [b"leaf-%d" % n for n in range(5)]


def signed(protected: dict, unprotected: dict, payload: bytes | None, covered: bytes) -> bytes:
    """A COSE_Sign1 over `covered`, carrying `payload` (None: detached)."""
    header = cbor2.dumps(protected, canonical=True)
    signature = KEY.sign(cbor2.dumps(["Signature1", header, b"", covered])).signature
    return cbor2.dumps(cbor2.CBORTag(18, [header, unprotected, payload, signature]), canonical=True)


def root_and_path(leaves: list[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """RFC 9162 2.1.1 and 2.1.3.1, as the recursions stand there."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest(), []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, left_path = root_and_path(leaves[:half], min(index, half - 1))
    right, right_path = root_and_path(leaves[half:], max(index - half, 0))
    root = hashlib.sha256(b"\1" + left + right).digest()
    return root, (left_path + [right] if index < half else right_path + [left])


def receipt_of(index: int, leaves: list[bytes] = LEAVES) -> bytes:
    root, path = root_and_path(leaves, index)
    seal = [bytes(8), 1, 0, 0, len(leaves), 3, bytes(16), bytes(16), None, 0]
    protected = {1: -8, 4: KID, 16: 65002, 395: 1, -65601: seal}
    proof = cbor2.dumps([len(leaves), index, path])
    return signed(protected, {396: {-1: [proof]}}, None, root)


def test_python_cwt_verifies_a_signed_message_and_reads_its_claims(tmp_path):
    payload = cbor2.dumps(
        {4: 2_000_000_000, 5: 1_700_000_000, 8: {1: cbor2.loads(COSE_KEY)}, -65702: "survey/north"}
    )
    [answer] = ask_cwt(tmp_path, COSE_KEY, signed({1: -8, 4: KID, 16: 65003}, {}, payload, payload))
    assert answer["valid"] and answer["protected"]["16"] == 65003
    assert answer["claims"]["-65702"] == "survey/north"
    assert answer["payload_sha256"] == hashlib.sha256(payload).hexdigest()


def test_python_cwt_reads_claims_that_hold_a_tag_as_a_stamp_with_utc_does(tmp_path):
    payload = cbor2.dumps({4: [1, 9, cbor2.CBORTag(1001, {1: 1_795_400_601, -2: 0})]})
    [answer] = ask_cwt(tmp_path, COSE_KEY, signed({1: -8, 4: KID, 16: 65001}, {}, payload, payload))
    assert answer["valid"]
    assert answer["claims"]["4"] == [1, 9, {"tag": 1001, "value": {"1": 1_795_400_601, "-2": 0}}]


def test_python_cwt_refuses_another_payload_another_key_and_another_kid(tmp_path):
    payload = cbor2.dumps([1, 2])
    good = signed({1: -8, 4: KID}, {}, payload, payload)
    forged = signed({1: -8, 4: KID}, {}, payload, cbor2.dumps([1, 3]))
    foreign_kid = signed({1: -8, 4: bytes(8)}, {}, payload, payload)
    assert [a["valid"] for a in ask_cwt(tmp_path, COSE_KEY, good, forged, foreign_kid)] == [
        True,
        False,
        False,
    ]
    other = bytes(nacl.signing.SigningKey(bytes(32)).verify_key)
    other_key = cbor2.dumps({1: 1, -1: 6, -2: other}, canonical=True)
    assert [a["valid"] for a in ask_cwt(tmp_path, other_key, good)] == [False]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_scitt_cose_verifies_a_receipt_for_each_leaf_of_a_tree(tmp_path, size):
    leaves = LEAVES[:size]
    pairs = [(receipt_of(index, leaves), leaves[index]) for index in range(size)]
    answers = ask_receipt(tmp_path, COSE_KEY, *pairs)
    root = root_and_path(leaves, 0)[0].hex()
    assert [(a["valid"], a["root"], a["size"], a["index"]) for a in answers] == [
        (True, root, size, index) for index in range(size)
    ]
    assert answers[0]["labels"] == ["-65601", "16", "4"]


def test_scitt_cose_refuses_a_receipt_for_another_leaf(tmp_path):
    [answer] = ask_receipt(tmp_path, COSE_KEY, (receipt_of(2), LEAVES[3]))
    assert not answer["valid"] and answer["failed_at"] == "signature"


def test_scitt_cose_refuses_a_receipt_that_carries_its_root(tmp_path):
    root, path = root_and_path(LEAVES, 0)
    proof = cbor2.dumps([5, 0, path])
    attached = signed({1: -8, 4: KID, 395: 1}, {396: {-1: [proof]}}, root, root)
    [answer] = ask_receipt(tmp_path, COSE_KEY, (attached, LEAVES[0]))
    assert not answer["valid"] and "detached" in answer["errors"][0]
