"""One cable: what is durable is promised, what is false is rejected by number, what goes down arrives. SPEC 8"""

import hashlib
import logging

import pytest
from fold_world import NBF, Home, item, key, seal_hash

from fieldpost import device_link
from fieldpost.codes import CODES
from fieldpost.desk import Desk
from fieldpost.device_link import DeviceLink, code_number
from fieldpost.own_log import OwnLog
from fieldpost.pipeline import Bridge
from fieldpost.store import Store
from fieldwire import cbor, cose, custody, frame, keys, tokens
from fieldwire import observation as obs
from fieldwire.error_numbers import NUMBER
from fieldwire.link_terms import Serial
from fieldwire.session import DeviceSession

BRIDGE = key("bridge")
THUMBPRINT = keys.thumbprint(BRIDGE.public)
K_DEV = b"k" * 32


class Random:
    def __init__(self, name):
        self.name, self.count = name, 0

    def __call__(self, size):
        self.count += 1
        return hashlib.sha256(f"{self.name} {self.count}".encode()).digest()[:size]


class Journal:
    """A device's outbox over real segments: tokens, early copies, and segments until they are freed or rejected."""

    def __init__(self, device, given):
        self.device, self.given, self.copies, self.kept, self.past = device, list(given), [], {}, {}

    def seal(self, *leaves):
        data = self.device.segment(*leaves)
        number = len(self.past)
        self.kept[number] = self.past[number] = data
        return data

    def tokens(self):
        return [tokens.token_id(one) for one in self.given]

    def token(self, identity):
        return {tokens.token_id(one): one for one in self.given}[identity]

    def early(self):
        return [(self.device.incarnation, obs.READINGS, seq, data) for seq, data in enumerate(self.copies)]

    def places(self, streams):
        return [
            (self.device.incarnation, obs.READINGS, n) for n in sorted(self.kept) if obs.READINGS in streams
        ]

    def length(self, incarnation, stream, segment):
        return len(self.kept.get(segment, b""))

    def read_segment(self, incarnation, stream, segment, offset, size):
        return self.kept.get(segment, b"")[offset : offset + size]

    def seal_hash(self, incarnation, stream, segment):
        return seal_hash(self.past[segment]) if segment in self.past else None


class Cable:
    """A device with its journal, a bridge with its desk, and what happens between them; `events` are the device's."""

    def __init__(self, home, known=True, desk_holds=True, frame_max=2_048):
        self.home, self.now, self.events, self.known = home, 0, [], known
        self.store = Store(":memory:")
        self.desk = Desk(self.store, Bridge(), BRIDGE, lambda: (1, self.now))
        things = [
            ("config", cbor.encode([home.mesh.id, THUMBPRINT, "alpha", 1])),
            ("root", home.mesh.root.public),
        ]
        given = [home.ops.data, home.schema, *([home.one.holder.data] if desk_holds else [])]
        self.desk.submit_many(things + [("token", one) for one in given])
        agent = home.mesh.credential("agent", "boundary", ("boundary", "observe"), 0, signer=BRIDGE)
        attestation = tokens.issue(cose.BOOT, tokens.decode(home.one.attestation).claims, BRIDGE)
        self.desk.submit_many([("token", agent.data), ("token", attestation)])
        own = OwnLog(BRIDGE, agent.id, tokens.token_id(attestation), Random("own"))
        self.journal = Journal(home.one, [home.one.attestation])
        self.sent, self.changes = bytearray(), []
        self.link = DeviceLink(
            self.desk, own, THUMBPRINT, Serial(115_200, 5, frame_max), self.key_for, Random("bridge"),
            lambda: self.now, self.sent.extend, 1, lambda: self.changes.append(self.now),
        )  # fmt: skip
        self.session = None
        self.terms, self.nonce = Serial(115_200, 5, frame_max), Random("device")
        self.link.opened()
        self.call()

    def key_for(self, device):
        enrolled = (self.home.one.id, self.home.two.id) if self.known else ()
        return custody.link_key(K_DEV, THUMBPRINT) if device in enrolled else None

    def call(self, journal=None):
        """The device begins a new session."""
        device = (journal or self.journal).device
        sending = None if journal is not None or self.session is None else self.session.sending
        self.session = DeviceSession(
            device.id, 1, K_DEV, self.nonce(8), journal or self.journal, self.terms, sending
        )
        self.session.open(self.now)
        self.deframer = frame.Deframer()
        self.sent.clear()

    def run(self, ms, cut_after=None):
        """Time passes; frames go to and fro, the bridge's to be lost after `cut_after` of the device's."""
        carried = 0
        for _ in range(ms // 5):
            self.now += 5
            if self.session.deadline() is not None and self.now >= self.session.deadline():
                self.session.on_deadline(self.now)
            while (out := self.session.to_send(self.now)) is not None:
                carried += 1
                if cut_after is not None and carried > cut_after:
                    return
                self.link.received(frame.encode(out))
            self.link.tick()
            for one in self.deframer.feed(bytes(self.sent)):
                self.session.receive(one, self.now)
            self.sent.clear()
            while (event := self.session.next_event()) is not None:
                self.events.append(event)
                if event[0] == "custody":
                    for number in range(event[3], event[4] + 1):
                        self.journal.kept.pop(number, None)
                elif event[0] == "closed":
                    self.call()

    def of(self, name):
        return [event[1:] for event in self.events if event[0] == name]


@pytest.fixture
def home():
    return Home()


def test_a_journal_is_drained_kept_and_freed(home):
    cable = Cable(home)
    segments = [cable.journal.seal(*(home.one.leaf(4 * n + i) for i in range(4))) for n in range(5)]
    cable.run(3_000)
    assert not cable.journal.kept and ("idle",) in cable.events
    stored = [data for (data,) in cable.store.query("SELECT data FROM envelope WHERE kind = 'segment'")]
    assert sorted(stored) == sorted(segments) and cable.changes


def test_custody_follows_durable_keeping_and_never_goes_before_it(home, monkeypatch):
    cable = Cable(home)
    cable.journal.seal(home.one.leaf(0))
    submit, order = cable.desk.submit, []

    def failing(kind, data):
        if kind == "segment":
            order.append("refused by the disk")
            raise OSError("no room")
        return submit(kind, data)

    monkeypatch.setattr(cable.desk, "submit", failing)
    with pytest.raises(OSError):
        cable.run(2_000)
    assert order and not cable.of("custody") and cable.journal.kept
    monkeypatch.undo()
    cable.link.opened()
    cable.call()
    cable.run(20_000)  # it was given once, so that the device asks a few times before it offers it again
    assert cable.of("custody") == [(home.one.incarnation, obs.READINGS, 0, 0)] and not cable.journal.kept


def test_custody_names_the_whole_durable_range_around_the_segment_that_is_awaited(home):
    cable = Cable(home)
    for n in range(6):
        cable.journal.seal(home.one.leaf(n))
    grants, told = [], cable.link._session.grant_custody
    cable.link._session.grant_custody = lambda *place: grants.append(place[2:4]) or told(*place)
    cable.run(3_000)
    assert grants[-1] == (0, 5) and not cable.journal.kept
    assert max(one[3] for one in cable.of("custody")) == 5


def test_a_segment_that_fails_once_is_sent_again_and_only_the_same_bytes_are_rejected(home, monkeypatch):
    cable = Cable(home)
    whole = cable.journal.seal(home.one.leaf(0))
    submit, given = cable.desk.submit, []

    def damaged_once(kind, data):
        if kind == "segment":
            given.append(data)
            return submit(kind, data[:-9] + bytes(9) if len(given) == 1 else data)
        return submit(kind, data)

    monkeypatch.setattr(cable.desk, "submit", damaged_once)
    cable.run(3_000)
    assert given == [whole, whole] and ("closed", "lost") in cable.events
    assert not cable.journal.kept and not cable.of("rejected")


def test_a_false_segment_is_rejected_by_its_stable_number_and_the_others_pass(home):
    cable = Cable(home)
    cable.journal.seal(home.one.leaf(0))
    number = len(cable.journal.past)
    forged = home.one.segment(home.one.leaf(1), chained=False, signer=home.two.signer)
    cable.journal.kept[number] = cable.journal.past[number] = forged
    cable.run(3_000)
    assert cable.of("rejected") == [(home.one.incarnation, obs.READINGS, number, NUMBER["signature-bad"])]
    assert [one[2:] for one in cable.of("custody")] == [(0, 0)]


def test_every_code_has_one_number_on_the_link():
    assert code_number("signature-bad") == 15 and code_number("quota") == 154
    assert len({code_number(name) for name in (*NUMBER, *CODES)}) == len(NUMBER) + len(CODES)


def test_a_segment_that_waits_for_its_tokens_is_neither_promised_nor_rejected_until_they_come(home):
    cable = Cable(home, desk_holds=False)
    cable.journal.seal(home.one.leaf(0))
    cable.run(1_000)
    assert not cable.of("custody") and not cable.of("rejected") and cable.journal.kept
    cable.desk.submit("token", home.one.holder.data)
    cable.run(20_000)
    assert len(cable.of("custody")) == 1 and not cable.journal.kept, "it was asked for and answered"
    assert not cable.of("rejected")


def test_one_leaf_of_a_segment_that_crossed_gives_no_custody_of_the_whole(home):
    cable = Cable(home)
    segment = cable.journal.seal(home.one.leaf(0), home.one.leaf(1))
    cable.desk.submit("token", home.one.attestation)
    cable.desk.submit("item", item(segment))
    assert cable.link.holdings(home.one.id)[0] == []
    cable.run(2_000)
    assert cable.link.holdings(home.one.id)[0] == [[home.one.incarnation, obs.READINGS, [[0, 0]]]]
    assert len(cable.desk.state.entries) == 2 and not cable.journal.kept


def test_a_segment_that_rots_on_the_device_is_not_freed_because_one_leaf_of_it_crossed(home):
    cable = Cable(home)
    segment = cable.journal.seal(home.one.leaf(0), home.one.leaf(1))
    cable.desk.submit("token", home.one.attestation)
    cable.desk.submit("item", item(segment))
    cable.journal.kept[0] = segment[:-9] + bytes(9)
    cable.run(3_000)
    assert cable.journal.kept and not cable.of("custody") and len(cable.of("rejected")) == 1


def test_a_device_without_a_key_is_told_of_once_and_gets_no_answer(home, caplog):
    cable = Cable(home, known=False)
    with caplog.at_level(logging.WARNING):
        cable.run(1_000)
        cable.link.opened()
        cable.call()
        cable.run(1_000)
    told = [one.getMessage() for one in caplog.records]
    assert len(told) == 1 and home.one.id.hex() in told[0] and "hand this bridge its key" in told[0]
    assert not cable.events and cable.link.device is None
    cable.known = True
    cable.call()
    cable.run(1_000)
    assert cable.link.device == home.one.id


def test_a_cut_line_goes_on_where_it_was(home):
    cable = Cable(home, frame_max=256)
    for n in range(3):
        cable.journal.seal(*(home.one.leaf(8 * n + i) for i in range(8)))
    for cut in range(3, 60, 7):
        cable.run(500, cut_after=cut)
        cable.link.opened()
        cable.call()
    cable.run(4_000)
    assert not cable.journal.kept and len(cable.desk.state.entries) >= 24
    segments = cable.store.query("SELECT count(*), count(DISTINCT data) FROM input WHERE kind = 'segment'")
    assert segments == [(3, 3)], "nothing whole was sent again"


def test_a_cable_that_was_pulled_for_a_moment_costs_no_call(home):
    cable = Cable(home, frame_max=256)
    cable.journal.seal(*(home.one.leaf(n) for n in range(30)))
    cable.run(500, cut_after=14)
    cable.sent.clear()  # what was on the cable
    cable.link.opened()
    cable.run(1_000)
    assert not cable.journal.kept and len(cable.of("established")) == 1


def test_an_item_longer_than_any_contact_arrives_piece_by_piece(home):
    cable = Cable(home, frame_max=256)
    cable.journal.seal(*(home.one.leaf(n) for n in range(30)))
    for _ in range(12):
        cable.run(500, cut_after=14)
        cable.link.opened()
        cable.call()
    assert len(cable.desk.state.whole[home.one.id]) == 1


def test_objects_go_down_in_order_one_at_a_time_and_each_once(home):
    cable = Cable(home)
    cable.run(500)
    objects = [b"object %d" % n for n in range(5)]
    for one in objects:
        cable.link.hand_down(one)
    cable.run(1_000)
    assert [data for (data,) in cable.of("object")] == objects


def test_an_object_that_was_not_answered_goes_down_on_the_next_line(home):
    cable = Cable(home)
    cable.run(500)
    cable.link.hand_down(b"first")
    cable.link.hand_down(b"second")
    cable.sent.clear()
    cable.link.opened()
    cable.call()
    cable.run(1_000)
    assert [data for (data,) in cable.of("object")] == [b"first", b"second"]


def test_what_was_meant_for_one_device_does_not_reach_another_on_the_same_line(home):
    cable = Cable(home)
    cable.run(500)
    cable.link.hand_down(b"for one")
    cable.sent.clear()
    cable.call(Journal(home.two, [home.two.attestation]))
    cable.run(1_000)
    assert cable.link.device == home.two.id and not cable.of("object")
    cable.call()
    cable.run(1_000)
    assert [data for (data,) in cable.of("object")] == [b"for one"]


def test_an_object_too_long_for_a_frame_is_told_of_and_breaks_nothing(home, caplog):
    cable = Cable(home)
    cable.run(500)
    cable.link.hand_down(bytes(3_000))
    assert "fits no frame" in caplog.text
    cable.link.hand_down(bytes(2_048 - device_link.OBJECT_OVERHEAD))
    cable.run(1_000)
    assert [len(data) for (data,) in cable.of("object")] == [2_048 - device_link.OBJECT_OVERHEAD]


def test_a_time_exchange_is_written_down_by_both_sides_alike(home):
    cable = Cable(home)
    cable.run(500)
    assert cable.session.ask_time(b"x" * 8, cable.now)
    cable.run(500)
    [mine] = [payload for (payload,) in cable.of("exchange")]
    [(data,)] = cable.store.query("SELECT data FROM input WHERE kind = 'early'")
    theirs = cbor.decode(obs.decode(cose.decode(data).payload)[obs.PAYLOAD])
    assert mine[0] == 0 and theirs[0] == 1 and mine[2:8] == theirs[2:8] and theirs[8] is None
    assert cable.desk.state.entries, "the bridge's own record verifies"


def test_the_bridge_names_what_it_holds_of_a_device(home):
    cable = Cable(home)
    for n in (0, 1, 2):
        cable.journal.seal(home.one.leaf(n))
    cable.run(2_000)
    held, known = cable.link.holdings(home.one.id)
    assert held == [[home.one.incarnation, obs.READINGS, [[0, 2]]]]
    assert set(known) == {home.ops.id, home.one.holder.id, tokens.token_id(home.one.attestation)}
    assert cable.link.holdings(home.two.id) == ([], [])
    assert device_link.ranges([5, 1, 2, 2, 7, 6]) == [[1, 2], [5, 7]]


def test_noise_on_the_line_breaks_nothing(home):
    cable = Cable(home)
    cable.journal.seal(home.one.leaf(0))
    noise = Random("noise")
    for _ in range(50):
        cable.link.received(noise(32) + b"\x00" + noise(20))
        cable.run(20)
    cable.run(2_000)
    assert not cable.journal.kept


def test_revocations_of_the_own_mesh_are_handed_down_once_each_after_their_issuers(home):
    cable = Cable(home)
    cable.run(500)
    assert cable.of("object") == []
    revocation = home.ops.revoke(home.two.id)
    for _ in range(2):
        cable.desk.submit("token", revocation)
        cable.link.hand_down_revocations()
        cable.run(1_000)
    cable.link.opened()
    cable.call()
    cable.run(1_000)
    objects = [cbor.decode(data) for (data,) in cable.of("object")]
    assert objects == [["credential", home.ops.data], ["revocation", revocation]]


def test_a_revocation_that_came_while_the_device_was_away_is_handed_down_when_it_calls(home):
    cable = Cable(home)
    revocation = home.ops.revoke(home.two.id)
    cable.desk.submit("token", revocation)
    cable.run(1_000)
    assert [cbor.decode(data)[0] for (data,) in cable.of("object")] == ["credential", "revocation"]


def test_only_the_latest_revocations_of_the_own_mesh_are_handed_down(home):
    cable = Cable(home)
    ids = [bytes((number,)) * 16 for number in range(device_link.REVOCATIONS_MAX + 4)]
    for number, target in enumerate(ids):
        cable.desk.submit(
            "token", home.ops.sign(cose.REVOCATION, {tokens.TARGET: target, tokens.NBF: NBF + number})
        )
    abroad = Home("bravo")
    for kind, data in (
        ("root", abroad.mesh.root.public),
        ("token", abroad.ops.data),
        ("token", abroad.ops.revoke(ids[0])),
    ):
        cable.desk.submit(kind, data)
    found = [cbor.decode(objects[-1])[1] for _, objects in device_link.revocation_objects(cable.desk.state)]
    assert [tokens.decode(one).claims[tokens.TARGET] for one in found] == ids[4:]
