"""Custody, rejection and session tags: golden vectors, and what each binds."""

from vectors_io import hexed, load_json, unhex

from fieldwire import custody


def _expected(row):
    """The MAC that a receiver computes from a row's inputs."""
    kind = row["kind"]
    if kind == "link-key":
        return custody.link_key(unhex(row["k_dev"]), unhex(row["bridge"]))
    key = unhex(row["key"])
    if kind == "tag":
        nonces = unhex(row["device_nonce"]), unhex(row["bridge_nonce"])
        return custody.tag(key, row["role"], *nonces, unhex(row["frame"]))
    log = key, unhex(row["device"]), unhex(row["bridge"]), unhex(row["incarnation"]), row["stream"]
    if kind == "custody":
        return custody.custody_mac(*log, row["first"], row["last"], unhex(row["seal_hash"]))
    return custody.reject_mac(*log, row["segment"], row["code"])


def test_every_vector_matches_or_does_not_as_it_says():
    rows = load_json("custody")
    for row in rows:
        matches = custody.matches(_expected(row), unhex(row["hex"]))
        assert matches == row.get("matches", True), row["name"]
    assert {row["kind"] for row in rows} == {"link-key", "tag", "custody", "reject"}


def test_a_mac_of_another_length_or_type_never_matches():
    assert custody.matches(b"12345678", b"12345678")
    for found in (b"", b"1234567", b"123456789", None, "12345678", 0):
        assert not custody.matches(b"12345678", found)


def test_a_tag_changes_with_role_nonces_and_frame():
    base = (b"k" * 32, 0, b"d" * 8, b"b" * 8, b"frame")
    others = [base[:1] + (1,) + base[2:], base[:2] + (b"D" * 8,) + base[3:], base[:3] + (b"B" * 8, b"frame")]
    others += [base[:4] + (b"framf",), (b"K" * 32,) + base[1:]]
    assert len({hexed(custody.tag(*inputs)) for inputs in [base] + others}) == 6


def test_custody_of_one_range_frees_no_other():
    log = b"k" * 32, b"d" * 16, b"b" * 32, b"i" * 8
    macs = set()
    for stream, first, last in ((0, 0, 1), (1, 0, 1), (0, 1, 1), (0, 0, 2), (0, 0, 257)):
        macs.add(custody.custody_mac(*log, stream, first, last, bytes(32)))
    assert len(macs) == 5
