"""Channels: a mode that is set is an input and an event, and stays over a restart."""

import hashlib

import pytest
from sample_cli import copy_of, document, run, world

from fieldpost import keyfile
from fieldpost.pipeline import Bridge
from fieldpost.store import Store


@pytest.fixture
def desk(tmp_path):
    """A copy of alpha's store with the bridge's key beside it."""
    path = copy_of(world().alpha, tmp_path)
    keyfile.create(tmp_path / "bridge.key", hashlib.sha256(b"alpha bridge").digest())
    return path


def test_a_mode_that_is_set_is_listed_recorded_and_kept(desk):
    words = (
        "channel",
        "set",
        "boundary",
        "partitioned",
        "--withhold",
        "harbor/private",
        "--withhold",
        "harbor/b",
    )
    assert run(*words, store=desk).exit_code == 0
    wanted = {"channel": "boundary", "mode": "partitioned", "withheld": ["harbor/b", "harbor/private"]}
    assert document("channel", "list", store=desk) == {"channels": [wanted]}
    assert "partitioned channel boundary, withheld harbor/b harbor/private" in " ".join(
        run("log", "list", "--last", 1, store=desk).stdout.split()
    )
    store, bridge = Store.read_only(desk), Bridge()
    for item in store.inputs():
        bridge.apply(item)
    store.close()
    assert bridge.state.mode_of("boundary").mode == "partitioned"
    assert document("rebuild", store=desk)["identical"]


def test_setting_it_back_withholds_nothing_more(desk):
    run("channel", "set", "boundary", "one-way-out", "--withhold", "harbor/b", store=desk)
    assert run("channel", "set", "boundary", "open", store=desk).exit_code == 0
    [row] = document("channel", "list", store=desk)["channels"]
    assert (row["mode"], row["withheld"]) == ("open", [])


@pytest.mark.parametrize(
    "words", [("boundary", "half-open"), ("boundary", "open", "--withhold", "Harbor/*"), ("No Name", "open")]
)
def test_what_is_no_mode_subject_or_name_is_a_usage_error(desk, words):
    assert run("channel", "set", *words, store=desk).exit_code == 2
    assert document("channel", "list", store=desk) == {"channels": []}


def test_only_the_bridges_own_key_sets_a_mode(desk, tmp_path):
    other = tmp_path / "other.key"
    keyfile.create(other, b"o" * 32)
    result = run("channel", "set", "boundary", "open", "--key", other, store=desk)
    assert result.exit_code == 2 and "is not this bridge's key" in result.stderr
    result = run("channel", "set", "boundary", "open", "--key", tmp_path / "none.key", store=desk)
    assert result.exit_code == 3 and "none.key" in result.stderr
