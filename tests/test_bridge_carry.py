"""A mule on the line: what it carries is verified as its origin's, kept once, answered with the origin's custody."""

import hashlib

import pytest
from fold_world import Home, seal_hash
from test_bridge_device_link import K_DEV, THUMBPRINT, Cable

from fieldwire import custody, tokens
from fieldwire import observation as obs
from fieldwire.session import DeviceSession
from fieldwire.session_carried import Carried


class Store:
    """What a mule has of device two, with the tokens given."""

    def __init__(self, device, given):
        self.device = device
        self.given = {tokens.token_id(one): one for one in given}
        self.kept, self.past = {}, {}

    def take(self, *leaves):
        place = (self.device.id, self.device.incarnation, obs.READINGS, len(self.past))
        self.kept[place] = self.past[place] = self.device.segment(*leaves)
        return place

    def segments(self):
        return [(place, len(data)) for place, data in sorted(self.kept.items())]

    def needs(self, place):
        return list(self.given)

    def token(self, identity):
        return self.given[identity]

    def read(self, place, at, size):
        return self.kept.get(place, b"")[at : at + size]


class MuleCable(Cable):
    """Device one is the mule, with `load`; what the bridge answered for it is in `told`."""

    def __init__(self, home, load, desk=None, **named):
        self.load = load
        super().__init__(home, **named)
        if desk is not None:
            self.link.desk = self.desk = desk

    def call(self, journal=None):
        sending = None if self.session is None else self.session.sending
        super().call(journal)
        self.session = DeviceSession(
            self.journal.device.id,
            1,
            K_DEV,
            self.nonce(8),
            self.journal,
            self.terms,
            sending,
            Carried(self.load),
        )
        self.session.open(self.now)

    def run(self, ms, cut_after=None):
        super().run(ms, cut_after)
        for *log, first, last, _ in self.of("carried"):
            for segment in range(first, last + 1):
                self.load.kept.pop((*log, segment), None)

    def segments_kept(self):
        return [data for (data,) in self.store.query("SELECT data FROM envelope WHERE kind = 'segment'")]


@pytest.fixture
def home():
    return Home()


def load_of(home, count=3):
    load = Store(home.two, [home.two.holder.data, home.two.attestation])
    for number in range(count):
        load.take(*(home.two.leaf(4 * number + i) for i in range(4)))
    return load


def custody_of(place, first, data):
    key = custody.link_key(K_DEV, THUMBPRINT)
    return custody.custody_mac(key, place[0], THUMBPRINT, *place[1:3], first, place[3], seal_hash(data))


def test_what_a_mule_brings_is_kept_and_answered_with_custody_that_its_origin_can_check(home):
    cable = MuleCable(home, load_of(home))
    cable.run(3_000)
    assert sorted(cable.segments_kept()) == sorted(cable.load.past.values()) and not cable.load.kept
    device, incarnation, stream, first, last, mac = max(cable.of("carried"), key=lambda row: row[4])
    place = (device, incarnation, stream, last)
    assert (first, last) == (0, 2) and mac == custody_of(place, 0, cable.load.past[place])
    assert cable.link.device == home.one.id and device == home.two.id


def test_the_mules_own_segments_are_freed_beside_those_that_it_carries(home):
    cable = MuleCable(home, load_of(home))
    for number in range(3):
        cable.journal.seal(*(home.one.leaf(4 * number + i) for i in range(4)))
    cable.run(4_000)
    assert not cable.journal.kept and not cable.load.kept and len(cable.segments_kept()) == 6


def test_two_mules_bring_the_same_segments_and_the_bridge_keeps_them_once(home):
    load = load_of(home)
    cable = MuleCable(home, load)
    cable.run(3_000)
    load.kept = dict(load.past)
    cable.call()
    cable.run(3_000)
    assert not load.kept and len(cable.segments_kept()) == 3
    assert {mac for *_, mac in cable.of("carried")} == {
        custody_of(place, 0, data) for place, data in load.past.items()
    }


def test_a_forged_segment_is_refused_the_second_time_and_the_mule_lets_it_go(home):
    load = load_of(home, 1)
    ((place, data),) = load.kept.items()
    load.kept[place] = data[:-1] + bytes((data[-1] ^ 1,))
    cable = MuleCable(home, load)
    cable.run(20_000)
    assert cable.of("carried") == [(*place[:3], 0, 0, None)] and not cable.segments_kept()


def test_a_segment_under_anothers_name_gets_no_custody_under_it(home):
    load = load_of(home, 1)
    ((place, data),) = load.kept.items()
    load.kept = {(hashlib.sha256(b"nobody").digest()[:16], *place[1:]): data}
    cable = MuleCable(home, load)
    cable.run(5_000)
    assert not [mac for *_, mac in cable.of("carried") if mac is not None] and load.kept


def test_custody_ends_with_the_carried_segment_since_its_origin_may_have_freed_what_follows(home):
    load = load_of(home, 3)
    cable = MuleCable(home, load)
    cable.run(3_000)
    place = sorted(load.past)[0]
    load.kept = {place: load.past[place]}
    cable.call()
    cable.run(3_000)
    assert cable.of("carried")[-1][3:] == (0, 0, custody_of(place, 0, load.past[place]))
