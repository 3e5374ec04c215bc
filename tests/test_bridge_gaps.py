"""Gap records: what they may say, and how a chain of seals goes on over what a device dropped. SPEC 6.6"""

import itertools

import pytest
from fold_world import Home, seal_hash
from vectors_io import load_json

from fieldpost import gaps
from fieldpost.explain import explain, kept_out, why_not
from fieldpost.gaps import Dropped, Refused
from fieldpost.inspect import inspect
from fieldpost.model import Input
from fieldpost.pipeline import Bridge
from fieldpost.reading import met_named, only
from fieldpost.store import Store
from fieldwire import cbor
from fieldwire import observation as obs
from fieldwire.errors import WireError

ROWS = [row for row in load_json("exchange") if row["kind"] == "gap-record"]
GOOD = [row for row in ROWS if row["error"] is None and row.get("cddl") != "refuses"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_bridge_reads_a_gap_record_or_says_that_it_is_none(row):
    if row in GOOD:
        told = gaps.read(bytes.fromhex(row["hex"]))
        assert told and all(one.words().startswith(("dropped by", "refused by")) for one in told)
        return
    with pytest.raises(WireError) as refused:
        gaps.read(bytes.fromhex(row["hex"]))
    assert refused.value.code == "payload-schema"


def test_both_kinds_of_entries_are_told_in_words():
    dropped = Dropped(b"\x01" * 8, 3, 4, 9, "journal full", (60, 121), b"p" * 32, b"h" * 32)
    assert dropped.words() == (
        "dropped by the device: journal full: segments 4 to 9 of stream 3 (incarnation 0101010101010101, seq 60 to 121)"
    )
    refused = Refused(b"\x01" * 8, 1, 302, (7, 5_000), 88, "went on")
    assert refused.words() == (
        "refused by the device: went on: 88 readings of stream 1 from boot 7, 5000 ms on"
    )


class Dropping:
    """A device that sealed four segments, dropped the two in the middle, and said so."""

    def __init__(self, home):
        self.one = home.one
        self.leaves = [self.one.leaf(seq) for seq in range(4)]
        self.chain = [self.one.segment(leaf) for leaf in self.leaves]
        self.record = self.gap(seal_hash(self.chain[0]), seal_hash(self.chain[2]))
        self.told = self.one.segment(self.record)
        self.good = [
            [self.one.incarnation, obs.URGENT, seal_hash(self.told)],
            [self.one.incarnation, obs.READINGS, seal_hash(self.chain[3])],
        ]

    def gap(self, previous, last, seq=0):
        entry = [self.one.incarnation, obs.READINGS, 1, 2, "journal full", 1, 2, previous, last]
        return self.one.leaf(
            seq,
            stream=obs.URGENT,
            subject="log/gap",
            format=obs.GAP_FORMAT,
            payload=cbor.encode([entry]),
        )


def test_a_good_chain_goes_on_over_what_a_gap_record_on_a_good_chain_names():
    home = Home()
    world = Dropping(home)
    inputs = [("segment", data) for data in (world.chain[0], world.chain[3], world.told)]
    inputs += [("early", world.one.early(world.record)), ("token", home.ops.revoke(world.one.id, world.good))]
    for order in itertools.permutations(inputs):
        fold = home.fold()
        for kind, data in order:
            fold.put(kind, data)
        fold.put("solve")
        assert fold.verdict(world.leaves[0])[1] != "credential-revoked"
        assert fold.verdict(world.leaves[3])[1] != "credential-revoked"


def test_a_gap_record_that_is_on_no_good_chain_itself_carries_no_chain():
    home = Home()
    world = Dropping(home)
    forged = world.one.segment(world.one.leaf(90), number=7, previous=b"\x03" * 32, chained=False)
    claim = world.gap(seal_hash(forged), seal_hash(world.chain[2]), seq=77)
    after = world.one.segment(claim)
    fold = home.fold()
    fold.tokens(home.ops.revoke(world.one.id, world.good))
    for data in (world.chain[0], world.chain[3], forged, after):
        fold.put("segment", data)
    fold.put("early", world.one.early(world.record))
    fold.put("solve")
    assert fold.verdict(world.one.leaf(90))[1] == "credential-revoked"
    assert fold.verdict(world.leaves[0])[1] == "credential-revoked"
    fold.put("segment", world.told)
    fold.put("solve")
    assert fold.verdict(world.leaves[0])[1] != "credential-revoked"
    assert fold.verdict(world.one.leaf(90))[1] == "credential-revoked"


def test_another_device_cannot_carry_a_chain_over_a_gap():
    home = Home()
    world = Dropping(home)
    other = Dropping(home)
    other.one = home.two
    foreign = home.two.segment(other.gap(seal_hash(world.chain[0]), seal_hash(world.chain[2])))
    good = world.good[1:]
    fold = home.fold()
    fold.tokens(home.ops.revoke(world.one.id, good))
    for data in (world.chain[0], world.chain[3], foreign):
        fold.put("segment", data)
    fold.put("solve")
    assert fold.verdict(world.leaves[0])[1] == "credential-revoked"
    assert fold.verdict(world.leaves[3])[1] != "credential-revoked"


def stored(tmp_path, home, *inputs):
    """A store that a bridge wrote over the home's tokens and these (kind, bytes)."""
    bridge, store = Bridge(), Store(tmp_path / "alpha.store")
    first = [
        ("config", cbor.encode([home.mesh.id, b"\x07" * 32, home.mesh.name, 1])),
        ("root", home.mesh.root.public),
    ]
    first += [("token", data) for data in home.tokens] + [("segment", data) for data in home.contact]
    with store.writing():
        for n, (kind, data) in enumerate([*first, *inputs, ("solve", b"")], 1):
            item = Input(n, kind, (1, 10 * n), data)
            store.put(item, bridge.apply(item))
    return store


def test_what_was_dropped_is_told_as_dropped_and_not_as_missing(tmp_path):
    home = Home()
    world = Dropping(home)
    derived = world.one.mean(world.leaves[:2], seq=4)
    inputs = [("segment", data) for data in (world.chain[0], world.chain[3], world.told)]
    store = stored(tmp_path, home, *inputs, ("early", world.one.early(derived)))
    last = seal_hash(world.chain[2])
    told = why_not(store, only(met_named(store, last.hex()[:12]), last.hex()))
    assert (told["outcome"], told["code"]) == ("not-held", "dropped")
    assert told["reason"].startswith("dropped by the device: journal full: segments 1 to 2 of stream 1")
    lost = obs.observation_id(world.leaves[1])
    told = why_not(store, only(met_named(store, lost.hex()), lost.hex()))
    assert told["code"] == "dropped" and "dropped by the device: journal full" in told["reason"]
    lineage = why_not(store, obs.observation_id(derived))["steps"]
    assert [one["code"] for one in lineage if one["stage"] == "lineage"] == ["dropped"]
    assert [one["code"] for one in kept_out(store)].count("dropped") == 1
    store.close()


def test_a_missing_source_that_no_gap_record_names_is_missing(tmp_path):
    home = Home()
    world = Dropping(home)
    derived = world.one.mean([world.leaves[3]], seq=4)
    store = stored(tmp_path, home, ("segment", world.told), ("early", world.one.early(derived)))
    told = why_not(store, obs.observation_id(world.leaves[3]))
    assert (told["outcome"], told["code"]) == ("not-held", "incomplete") and "it is not held" in told[
        "reason"
    ]
    store.close()


def test_inspect_and_why_say_what_a_gap_record_says(tmp_path):
    home = Home()
    world = Dropping(home)
    [said] = inspect(world.record)["tree"]["payload"]
    assert said.startswith("dropped by the device: journal full: segments 1 to 2 of stream 1")
    store = stored(tmp_path, home, ("segment", world.told))
    [verified] = [
        one for one in explain(store, obs.observation_id(world.record))["steps"] if one["stage"] == "verify"
    ]
    assert said in verified["reason"]
    store.close()


def test_a_gap_record_that_is_none_is_kept_and_tells_nothing(tmp_path):
    home = Home()
    broken = home.one.leaf(0, stream=obs.URGENT, subject="log/gap", format=obs.GAP_FORMAT, payload=b"\x80")
    store = stored(tmp_path, home, ("early", home.one.early(broken)))
    story = explain(store, obs.observation_id(broken))
    assert any("a gap record that tells nothing" in one["reason"] for one in story["steps"])
    assert "dropped" not in [one["code"] for one in kept_out(store)]
    store.close()
