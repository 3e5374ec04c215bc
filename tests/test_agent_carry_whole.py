"""Whole boards: one lets its log be carried, one is the mule between a device and a bridge. SPEC 8.11"""

from agent_world import Bridge, config, segments_left
from carry_world import BRIDGE, INTERVAL_MS, Log, OwnLog, Quiet, Whom
from fake_flash import FakeFlash
from test_agent_whole import K_DEV, MESH, contact, enrolled

from fieldagent.carry_mule import Mule
from fieldagent.carry_origin import Origin
from fieldagent.carry_store import CarryStore
from fieldagent.drivers.uart import FrameLink
from fieldagent.journal_files import Files
from fieldagent.local_link import LocalLink
from fieldwire import custody, merkle, seal, tokens
from fieldwire.transfer_head import CARRIED


class Dumb:
    """No bridge on the cable."""

    def __init__(self, pipe):
        pipe.cut = True

    def turn(self, now_ms):
        pass


class CarryingBridge(Bridge):
    """Answers for what a mule brings, once its seal verifies under the tokens that came with it."""

    def __init__(self, pipe):
        super().__init__(pipe, K_DEV)
        self.carried = {}

    def _on(self, event):
        if event[0] == "item" and event[1] == CARRIED:
            self.carried[event[2]] = self._open(event[3])[1]
        asked = event[2] if event[0] == "item" else event[1:]
        if event[0] in ("item", "awaited") and len(asked) == 4:
            self.session.answer_carried(*asked[:3], asked[3], asked[3], self.carried[asked])
        else:
            super()._on(event)


class OnAir:
    """A part at the other end of a board's local link."""

    def __init__(self, part, pipe):
        self._part = part
        self._link = FrameLink(pipe)

    def turn(self, now_ms):
        due_ms = self._part.deadline()
        if due_ms is not None and now_ms >= due_ms:
            self._part.on_deadline(now_ms)
        for one in self._link.receive():
            self._part.receive(one, now_ms)
        while self._link.is_clear(now_ms):
            one = self._part.to_send(now_ms)
            if one is None:
                return
            self._link.send(one, now_ms)


class Meets:
    """`world` of a contact: `make(link terms)` is the part that the board meets over its local link."""

    def __init__(self, make):
        self._make = make
        self._met = None

    def __call__(self, now_ms, board, bridge):
        if self._met is None:
            self._met = OnAir(self._make(FrameLink(board.air)), board.air)
        self._met.turn(now_ms)


class Ours(Whom):
    mesh_id = MESH.id
    root = MESH.root.public


class Deaf(Quiet):
    """A neighbour that says nothing and hears beacons."""

    def receive(self, frame, now_ms):
        pass


def test_a_board_hands_its_log_to_a_mule_and_frees_what_a_bridge_kept_of_it():
    flash, host = enrolled(1, config(neighbours=True, hand_over=True, beacon_ms=INTERVAL_MS))
    files = Files("", FakeFlash())
    files.folder("state")
    store = CarryStore(files, 1 << 20, OwnLog())

    def mule(link):
        return LocalLink(Deaf(), [Mule(Ours, files, store, link, INTERVAL_MS, lambda now_ms: None)])

    contact(flash, Dumb, list(range(40)), 20_000, world=Meets(mule))
    taken = store.segments()
    assert len(taken) > 3 and segments_left(flash), "it hands over, and frees nothing for that"
    key = custody.link_key(K_DEV, BRIDGE)
    for place, length in taken:
        seal_hash = sealed(store.read(place, 0, length))
        mac = custody.custody_mac(key, host.device, BRIDGE, *place[1:], place[3], seal_hash)
        store.settle(BRIDGE, *place[:3], place[3], place[3], mac)
    before = len(segments_left(flash))
    contact(flash, Dumb, [], 10_000, world=Meets(mule))
    assert not store.receipts_for(host.device)
    assert len(segments_left(flash)) <= before - len(taken) + 3, (
        "what the second boot itself left, and no more"
    )


def sealed(data):
    """Seal hash of a segment."""
    seal_bytes, leaves = seal.decode_segment(data)
    message, _ = seal.decode(seal_bytes)
    return seal.seal_hash(message.protected_bytes, merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]))


def test_a_board_carries_a_devices_segments_to_a_bridge_and_the_custody_back():
    flash, _ = enrolled(1, config(neighbours=True, carry={"bytes": 1 << 20}, beacon_ms=INTERVAL_MS))
    log = Log(3, MESH, K_DEV)
    places = [log.seal(4, 100) for _ in range(3)]
    freed = []
    origins = []

    def origin(link):
        origins.append(Origin(log.device, log.k_dev, log, link.frame_max, INTERVAL_MS))
        return origins[-1]

    def meets(make):
        met = Meets(make)

        def turn(now_ms, board, bridge):
            met(now_ms, board, bridge)
            event = origins[-1].next_event()
            while event is not None:
                freed.append(event)
                log.kept.pop(event[4], None)
                event = origins[-1].next_event()

        return turn

    contact(flash, Dumb, [1, 2, 3], 10_000, world=meets(origin))
    assert len([name for name in flash.kept if name.startswith("/carry/") and name.endswith(".seg")]) == 3
    bridge, _ = contact(flash, CarryingBridge, [4, 5], 20_000, world=meets(origin))
    assert sorted(bridge.carried) == places and len(bridge.segments) >= 1, "its own log went as well"
    assert {(event[3], event[4]) for event in freed} == {(0, 0), (1, 1), (2, 2)}
    assert all(bridge.tokens[tokens.token_id(data)] == data for data in log.held)
    assert not [name for name in flash.kept if name.startswith("/carry/") and not name.endswith("custody")]
