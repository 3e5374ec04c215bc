"""Events, their tree and its checkpoints: appended, never edited, the same for the same inputs. SPEC 15"""

import hashlib

import pytest
from fold_world import Home, key

from fieldpost.model import Input
from fieldpost.pipeline import Bridge
from fieldpost.recorder import Log, checkpoint, event, read_event
from fieldpost.signing import verify
from fieldwire import cbor, cose, keys, merkle
from fieldwire import observation as obs
from fieldwire.errors import WireError


def test_an_event_is_six_parts_and_reads_back_by_name():
    data = event("admit", (2, 77), [b"id"], b"policy", "admitted", {"state": "admitted"})
    assert cbor.decode(data) == ["admit", [2, 77], [b"id"], b"policy", "admitted", {"state": "admitted"}]
    found = read_event(data)
    assert (found["kind"], found["at"], found["policy"], found["outcome"]) == (
        "admit",
        [2, 77],
        b"policy",
        "admitted",
    )


@pytest.mark.parametrize("value", [{}, [], ["admit", [1, 2], [], None, "x"], [1, [1, 2], [], None, "x", {}]])
def test_what_is_no_event_is_refused(value):
    with pytest.raises(WireError) as raised:
        read_event(cbor.encode(value))
    assert raised.value.code == "event-shape"


def test_the_log_is_the_tree_of_rfc_9162_at_every_size():
    log, events = Log(), [event("mode", (1, n), [], None, "open", {"n": n}) for n in range(40)]
    assert log.root() == hashlib.sha256(b"").digest()
    for index, data in enumerate(events):
        assert log.append(data) == index and log.size == index + 1
        hashes = [hashlib.sha256(b"\x00" + one).digest() for one in events[: log.size]]
        assert log.root() == merkle.root(hashes)
        for first in range(1, log.size + 1):
            path = merkle.consistency_path(hashes, first)
            assert merkle.verify_consistency(first, log.size, path, merkle.root(hashes[:first]), log.root())


def test_an_edited_event_gives_another_root():
    one, other = Log(), Log()
    for n in range(8):
        one.append(event("mode", (1, n), [], None, "open", {}))
        other.append(event("mode", (1, n), [], None, "open" if n != 3 else "partitioned", {}))
    assert one.root() != other.root()


def test_a_checkpoint_names_the_bridge_the_size_and_the_root_under_its_key():
    bridge = key("bridge")
    data = checkpoint(keys.thumbprint(bridge.public), 9, b"\x05" * 32, bridge)
    message = cose.decode(data, cose.CHECKPOINT)
    cose.check(message, bridge.public, verify)
    assert cbor.decode(message.payload) == [keys.thumbprint(bridge.public), 9, b"\x05" * 32]
    with pytest.raises(WireError):
        cose.check(message, key("other").public, verify)


def story(home):
    """Inputs of every kind that a quiet bridge meets, good and bad."""
    one = home.one
    chain = [one.segment(one.leaf(seq)) for seq in range(3)]
    forged = home.two.early(one.leaf(7))
    late = home.mesh.device("late", home.ops)
    inputs = [
        ("config", cbor.encode([home.mesh.id, b"\x07" * 32, "alpha", 1])),
        ("root", home.mesh.root.public),
    ]
    inputs += [("early", late.early(late.leaf(0)))]
    inputs += [("token", token) for token in home.tokens] + [
        ("segment", one) for one in [*home.contact, *chain]
    ]
    inputs += [("early", forged), ("segment", chain[0]), ("segment", chain[1][:-1]), ("solve", b"")]
    inputs += [
        ("token", late.holder.data),
        ("token", late.attestation),
        ("token", home.ops.revoke(one.id)),
        ("solve", b""),
    ]
    return [Input(n, kind, (1, 10 * n), data) for n, (kind, data) in enumerate(inputs, 1)]


def told(inputs):
    bridge = Bridge()
    outcomes = [bridge.apply(one) for one in inputs]
    return [one.events for one in outcomes], [one.rows for one in outcomes]


def test_the_same_inputs_in_the_same_order_give_the_same_events_and_rows():
    inputs = story(Home())
    assert told(inputs) == told(inputs) == told(story(Home()))


def test_what_follows_never_changes_what_was_recorded():
    inputs = story(Home())
    events, rows = told(inputs)
    for count in (5, 12, len(inputs) - 2):
        assert told(inputs[:count]) == (events[:count], rows[:count])


def test_every_refusal_of_the_story_is_an_event_that_names_the_bytes_and_the_remedy():
    home = Home()
    events = [read_event(one) for several in told(story(home))[0] for one in several]
    refused = [one for one in events if one["kind"] == "refused"]
    assert {one["outcome"] for one in refused} == {"signature-bad", "cbor-truncated"}
    assert all(one["inputs"] and one["detail"]["reason"] and one["detail"]["remedy"] for one in refused)
    revoked = [one for one in events if one["kind"] == "admit" and one["outcome"] == "credential-revoked"]
    assert obs.observation_id(home.one.leaf(0)) in revoked[0]["inputs"]
    assert any(one["outcome"] == "replayed" for one in events) and any(
        one["outcome"] == "held" for one in events
    )


def test_an_event_of_many_inputs_has_the_bytes_that_the_codec_gives_it():
    for count in (0, 1, 7, 8, 23, 24, 255, 256, 1_024):
        for size in (32, 16):
            inputs = [bytes([one % 256]) * size for one in range(count)]
            expected = cbor.encode(["admit", [3, 70_000], inputs, None, "admitted", {"state": "admitted"}])
            assert event("admit", (3, 70_000), inputs, None, "admitted", {"state": "admitted"}) == expected
    mixed = [bytes(32)] * 9 + [b"short"]
    assert event("a", (0, 0), mixed, b"p", "o", {}) == cbor.encode(["a", [0, 0], mixed, b"p", "o", {}])
