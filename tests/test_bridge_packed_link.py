"""Packed segments on a bridge with a disk: kept as they were sealed, and what expands to other bytes blames nobody."""

import pytest
from fold_world import Home
from test_bridge_device_link import K_DEV, Cable

from fieldwire import observation as obs
from fieldwire.salt import Salts, salt_key


@pytest.fixture
def home():
    return Home()


def packed_cable(home, key, **named):
    """A cable whose bridge takes packed segments under that salt key."""
    cable = Cable(home, **named)
    cable.salt_key = key
    cable.link.salt_key_for = lambda device: cable.salt_key
    cable.link._session = None
    cable.link.opened()
    cable.call()
    return cable


def seal(cable, count, first=0):
    device = cable.home.one
    salts = Salts(salt_key(K_DEV), device.id, device.incarnation)
    leaves = [
        device.leaf(seq, true_ms=60_000 * seq, salt=salts.at(obs.READINGS, seq))
        for seq in range(first, first + count)
    ]
    return cable.journal.seal(*leaves)


def stored(cable):
    return sorted(data for (data,) in cable.store.query("SELECT data FROM envelope WHERE kind = 'segment'"))


def received_bytes(cable):
    """Counts what comes from the device."""
    sizes, heard = [], cable.link.heard
    cable.link.heard = lambda one: sizes.append(len(one)) or heard(one)
    return sizes


def test_packed_segments_are_kept_as_they_were_sealed_and_freed(home):
    cable = packed_cable(home, salt_key(K_DEV))
    sizes = received_bytes(cable)
    segments = [seal(cable, 8, 8 * n) for n in range(6)]
    cable.run(3_000)
    assert stored(cable) == sorted(segments) and not cable.journal.kept
    assert sum(sizes) < sum(map(len, segments)) // 2, "the tokens are among these"


def test_a_wrong_salt_key_costs_a_second_offer_and_leaves_no_word_against_the_device(home):
    cable = packed_cable(home, bytes(32))
    segments = [seal(cable, 8, 8 * n) for n in range(4)]
    cable.run(20_000)
    assert stored(cable) == sorted(segments) and not cable.journal.kept and not cable.of("rejected")
    assert not cable.store.query("SELECT * FROM refusal")
    assert cable.of("closed") == []


def test_a_salt_key_that_is_gone_between_two_calls_costs_a_second_offer(home):
    cable = packed_cable(home, salt_key(K_DEV), frame_max=256)
    segments = [seal(cable, 8, 8 * n) for n in range(6)]
    cable.run(500, cut_after=9)
    cable.link.opened()
    cable.salt_key = None
    cable.call()
    cable.run(20_000)
    assert stored(cable) == sorted(segments) and not cable.journal.kept and not cable.of("rejected")


def test_a_packed_segment_that_waits_for_its_tokens_is_promised_when_they_come(home):
    cable = packed_cable(home, salt_key(K_DEV), desk_holds=False)
    seal(cable, 8)
    cable.run(1_000)
    assert not cable.of("custody") and cable.journal.kept
    cable.desk.submit("token", home.one.holder.data)
    cable.run(20_000)
    assert len(cable.of("custody")) == 1 and not cable.journal.kept


def test_a_false_segment_is_rejected_though_it_went_packed_at_first(home):
    cable = packed_cable(home, salt_key(K_DEV))
    forged = home.one.segment(home.one.leaf(0), signer=home.two.signer)
    cable.journal.kept[0] = cable.journal.past[0] = forged
    cable.run(20_000)
    assert [one[2] for one in cable.of("rejected")] == [0] and cable.journal.kept
