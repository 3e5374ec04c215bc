"""What a mule carries: its frames, and how a session takes other devices' segments and answers for them. SPEC 8.11"""

from session_fakes import (
    BRIDGE,
    DEVICE,
    INCARNATION,
    K_DEV,
    Keeper,
    Link,
    Outbox,
    Pair,
    events_of,
    seal_hash,
    sealed,
    tries_mutations,
)
from vectors_io import load_json, raises, unhex

from fieldwire import carry_frames, custody
from fieldwire.session import DeviceSession
from fieldwire.session_carried import Carried
from fieldwire.session_outgoing import Outgoing
from fieldwire.transfer_head import CARRIED, SEGMENT, TOKEN

ORIGIN = bytes(range(200, 216))
K_ORIGIN = bytes(range(96, 128))
CREDENTIAL = b"the origin's credential, of many bytes"
TOKEN_ID = b"credential of it"
FIRST, SECOND = (ORIGIN, INCARNATION, 1, 0), (ORIGIN, INCARNATION, 1, 1)


def plain(value):
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value


def test_every_frame_of_a_mule_means_what_its_vector_says():
    for row in load_json("carry"):
        frame = unhex(row["hex"])
        if row["error"] is not None:
            raises(row["error"], carry_frames.decode, frame)
            continue
        kind, body = carry_frames.decode(frame)
        assert (kind, plain(body)) == (row["type"], row["body"]), row["name"]
        assert carry_frames.encode(kind, body) == frame, row["name"]


class Store:
    """A mule's store of two segments by one device."""

    def __init__(self, *sizes):
        self.kept = {(ORIGIN, INCARNATION, 1, n): sealed(1, n, size) for n, size in enumerate(sizes)}

    def segments(self):
        return [(place, len(self.kept[place])) for place in sorted(self.kept)]

    def needs(self, place):
        return [TOKEN_ID]

    def token(self, identity):
        return CREDENTIAL

    def read(self, place, at, size):
        return self.kept.get(place, b"")[at : at + size]


class CarryingPair(Pair):
    """The bridge keeps what is carried and, where `answers`, says so; the mule lets go of what is answered."""

    def __init__(self, store, knows=True, answers=True, **named):
        super().__init__(Outbox(tokens=[60], segments=[(1, 0, 300)]), Keeper(), **named)
        self.store = store
        self.knows = knows
        self.answers = answers
        self.arrived = []
        self.told = []
        self.device = DeviceSession(
            DEVICE, 3, K_DEV, b"device-1", self.outbox, self.link, carried=Carried(store)
        )

    def key_for(self, device):
        if device == ORIGIN:
            return custody.link_key(K_ORIGIN, BRIDGE) if self.knows else None
        return super().key_for(device)

    def _drain(self):
        for event in events_of(self.bridge):
            self.bridge_events.append(event)
            carried = event[1] == CARRIED if event[0] == "item" else event[0] == "awaited" and len(event) == 5
            if not carried:
                self.keeper.take(event, self.bridge)
                self.keeper.commit(self.bridge)
                continue
            place = event[2] if event[0] == "item" else event[1:]
            if event[0] == "item":
                self.arrived.append((place, event[3]))
            if self.answers:
                known = dict(self.arrived)[place]
                self.bridge.answer_carried(*place[:3], 0, place[3], seal_hash(known))
        for event in events_of(self.device):
            self.device_events.append(event)
            if event[0] == "custody":
                self.outbox.free(*event[2:])
            elif event[0] == "carried":
                self.told.append(event[1:])
                for segment in range(event[4], event[5] + 1):
                    self.store.kept.pop((ORIGIN, INCARNATION, 1, segment), None)


def run(pair, until_ms=60_000):
    pair.device.open(pair.now_ms)
    pair.run(until_ms)
    return pair


def mac_of(last, data):
    key = custody.link_key(K_ORIGIN, BRIDGE)
    return custody.custody_mac(key, ORIGIN, BRIDGE, INCARNATION, 1, 0, last, seal_hash(data))


def test_what_is_carried_goes_after_all_that_is_the_mules_own_and_after_its_tokens():
    store = Store(400, 2_000)
    whole = dict(store.kept)
    pair = run(CarryingPair(store))
    items = [(event[1], event[2]) for event in pair.bridge_events if event[0] == "item"]
    assert [kind for kind, _ in items] == [TOKEN, SEGMENT, TOKEN, CARRIED, CARRIED]
    assert items[2][1] == TOKEN_ID and dict(pair.arrived) == whole
    assert not pair.outbox.kept and not store.kept and ("idle",) in pair.device_events


def test_custody_for_what_is_carried_is_the_origins_and_the_mule_hands_it_on_unread():
    store = Store(400, 2_000)
    data = dict(store.kept)
    pair = run(CarryingPair(store))
    assert pair.told == [
        FIRST[:3] + (0, 0, mac_of(0, data[FIRST])),
        FIRST[:3] + (0, 1, mac_of(1, data[SECOND])),
    ]
    assert not [event for event in pair.device_events if event[0] == "custody" and event[1] == ORIGIN]


def test_every_single_bit_mutation_of_an_answer_for_what_is_carried_is_refused():
    pair = CarryingPair(Store(400))
    tried = tries_mutations(pair)
    run(pair)
    assert "CARRIED" in tried and len(pair.told) == 1 and not pair.store.kept


def test_a_bridge_without_the_origins_key_says_that_it_gives_no_custody():
    store = Store(400)
    pair = run(CarryingPair(store, knows=False))
    assert pair.told == [FIRST[:3] + (0, 0, None)] and len(pair.arrived) == 1


def test_the_answer_for_a_carried_segment_that_was_lost_is_asked_for():
    pair = CarryingPair(Store(400))
    lost = []

    def lose_the_first_answer(from_device, frame):
        if not from_device and frame[0] == 0x0C and not lost:
            lost.append(frame)
            return True
        return False

    pair.lost = lose_the_first_answer
    run(pair)
    assert lost and len(pair.told) == 1 and len(pair.arrived) == 1 and not pair.store.kept


def test_a_carried_segment_without_any_answer_goes_again_and_the_session_lives():
    pair = run(CarryingPair(Store(400), answers=False), 30_000)
    assert pair.device.state in ("idle", "polling") and len(pair.arrived) >= 2 and pair.store.kept


def test_what_is_carried_crosses_a_slow_radio_whose_frames_have_51_bytes():
    pair = run(CarryingPair(Store(400), link=Link(51, 9_600, 20)))
    assert len(pair.told) == 1 and not pair.store.kept


def test_a_device_that_carries_nothing_takes_no_answer_for_it():
    pair = Pair(Outbox(segments=[(1, 0, 300)]), Keeper())
    pair.device.open(pair.now_ms)
    pair.run()
    pair.bridge.answer_carried(*FIRST[:3], 0, 0, None)
    pair.run()
    assert pair.device.dropped == {"frame-unknown": 1}


def test_nothing_that_is_carried_goes_where_a_bridge_wants_certain_segments_or_no_more_bytes():
    for places, budget in (([[INCARNATION, 1, [[0, 9]]]], None), (None, 399)):
        carried = Carried(Store(400))
        outgoing = Outgoing(Outbox(), carried)
        outgoing.take_want(places, budget)
        assert outgoing.next_item([]) is None


def test_a_carried_segment_that_was_delivered_is_asked_about_in_the_next_contact_and_not_sent_again():
    store = Store(400)
    pair = run(CarryingPair(store, answers=False), 1_200)
    assert len(pair.arrived) == 1 and store.kept
    after = CarryingPair(store, bridge_nonce=b"bridge-2", incoming=pair.bridge.incoming)
    after.device = DeviceSession(
        DEVICE, 3, K_DEV, b"2-device", pair.outbox, after.link, pair.device.sending, Carried(store)
    )
    after.outbox, after.now_ms = pair.outbox, pair.now_ms
    after.arrived = list(pair.arrived)
    run(after, pair.now_ms + 30_000)
    assert len(after.arrived) == 1 and len(after.told) == 1 and not store.kept
