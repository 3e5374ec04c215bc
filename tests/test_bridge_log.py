"""The log's root is computed from its events, and is held against a root or a checkpoint from elsewhere."""

import json
import sqlite3

import pytest
from sample_cli import copy_of, document, run, world

from fieldpost.log_check import Leaves, against_checkpoint
from fieldpost.recorder import checkpoint, event
from fieldpost.signing import Signer
from fieldpost.store import Store
from fieldwire import cbor, cose, merkle
from fieldwire.errors import WireError


def events():
    store = Store.read_only(world().alpha.path)
    found = list(store.events())
    store.close()
    return found


def test_the_root_is_that_of_rfc_9162_over_the_stored_bytes():
    found = document("log", "verify")
    assert found["size"] == len(events()) and found["valid"]
    assert found["root"] == merkle.root([merkle.leaf_hash(one) for one in events()]).hex()


def test_an_earlier_root_is_accepted_and_another_is_answered_no():
    earlier = merkle.root([merkle.leaf_hash(one) for one in events()[:20]]).hex()
    assert document("log", "verify", "--size", 20, "--root", earlier)["valid"]
    found = document("log", "verify", "--size", 21, "--root", earlier, exit_code=1)
    assert found["code"] == "log-root" and not found["valid"] and found["remedy"]
    assert "are named" in document("log", "verify", "--size", 9999, "--root", earlier, exit_code=1)["reason"]


def test_a_size_alone_gives_the_root_of_that_many_events_and_more_than_there_are_is_answered_no():
    found = document("log", "verify", "--size", 20)
    assert (found["size"], found["root"]) == (20, Leaves.of(events()).root(20).hex())
    found = document("log", "verify", "--size", 9999, exit_code=1)
    assert found["size"] == len(events()) and found["code"] == "log-root" and not found["valid"]


def test_a_root_that_is_none_is_a_usage_error():
    for given in ("00", "xyz", "0" * 63):
        assert run("log", "verify", "--root", given).exit_code == 2


def test_a_checkpoint_of_this_bridge_is_accepted_and_of_another_log_is_not(tmp_path):
    alpha, leaves = world().alpha, Leaves.of(events())
    path = tmp_path / "checkpoint.cose"
    path.write_bytes(checkpoint(alpha.thumbprint, 30, leaves.root(30), alpha.own.signer))
    assert document("log", "verify", "--checkpoint", path)["valid"]
    path.write_bytes(checkpoint(alpha.thumbprint, 30, leaves.root(31), alpha.own.signer))
    assert document("log", "verify", "--checkpoint", path, exit_code=1)["code"] == "log-root"


def test_a_checkpoint_by_a_stranger_or_of_another_shape_is_refused():
    leaves, trust, own = Leaves.of(events()), world().alpha.state.trust, world().alpha.own.signer
    root = leaves.root()
    stranger = checkpoint(b"s" * 32, leaves.size, root, Signer(b"s" * 32))
    borrowed = checkpoint(world().alpha.thumbprint, leaves.size, root, Signer(b"s" * 32))
    shapes = [
        cose.sign(cose.CHECKPOINT, cbor.encode(value), own) for value in ([1, 2], [b"o" * 32, True, root], {})
    ]
    found = [against_checkpoint(leaves, one, trust) for one in (stranger, borrowed, *shapes)]
    assert [one and one.code for one in found] == ["credential-unknown", "signature-bad", *["cose-shape"] * 3]


def test_an_event_that_does_not_decode_is_named(tmp_path):
    path = copy_of(world().alpha, tmp_path)
    database = sqlite3.connect(path)
    database.execute("UPDATE event SET data = x'00' WHERE n = 8")
    database.commit()
    database.close()
    result = run("log", "verify", store=path)
    assert result.exit_code == 3 and "event-shape: event 7:" in result.stderr
    with pytest.raises(WireError):
        Leaves.of([event("a", (1, 2), [], None, "b", {}), b"\x80"])


def test_events_are_listed_by_kind_and_from_the_end():
    lines = [
        json.loads(line) for line in run("log", "list", "--kind", "refused", "--json").stdout.splitlines()
    ]
    assert {one["outcome"] for one in lines} == {"cbor-truncated", "signature-bad"}
    assert [one["event"] for one in lines] == sorted(one["event"] for one in lines)
    last = run("log", "list", "--last", 2).stdout.splitlines()
    assert last[-1].split()[:2] == [str(len(events()) - 1), "decide"] and len(last) == 4
