"""Sessions on a hostile channel: seeded schedules of loss, copies, delays, cuts, crashes, replays, forgeries.

In each schedule the channel is hostile for a while and then kind. At every custody the bridge must have the
very bytes; at the end all is drained and both sides hold the same.
"""

import heapq
import random

import pytest
from session_fakes import (
    BRIDGE,
    DEVICE,
    INCARNATION,
    K_DEV,
    K,
    Keeper,
    Link,
    Outbox,
    seal_hash,
)

from fieldwire import custody, session_frames
from fieldwire.session import BridgeSession, DeviceSession

HOSTILE_MS = 3_000
PATIENCE_MS = 3_600_000
WRONG_KEY = bytes(32)
ALL = ("loss", "copy", "delay", "flip", "replay", "forge", "cut", "crash")


class Channel:
    """Rates of one schedule's faults, in frames; all zero is the kind channel."""

    def __init__(self, rng, kinds):
        self.loss, self.copy, self.delay, self.flip, self.replay, self.forge = (
            rng.choice((0, 0.05, 0.3)) if kind in kinds else 0
            for kind in ("loss", "copy", "delay", "flip", "replay", "forge")
        )
        self.cut = rng.choice((0, 0.01, 0.05)) if "cut" in kinds else 0
        self.crash = rng.choice((0, 0.01, 0.05)) if "crash" in kinds else 0


class World:
    """One device and one bridge; arrivals, restarts and the bridge's writes are events in simulated time."""

    def __init__(self, seed, kinds, device_key=K_DEV):
        self.rng = random.Random(seed)
        self.channel = Channel(self.rng, kinds)
        self.link = Link(self.rng.choice((64, 96, 222, 1024)), self.rng.choice((9_600, 115_200)), 5)
        size_max = self.link.frame_max * 5
        segments = [(self.rng.randrange(4), number, self.rng.randrange(40, size_max)) for number in range(4)]
        self.outbox = Outbox([100] * self.rng.randrange(2), [(0, 9, 90)], segments)
        self.keeper = Keeper([identity for identity, _ in self.outbox.tokens()])
        self.device_key = device_key
        self.key = K
        self.now_ms = 0
        self.queue = []
        self.order = 0
        self.past = []
        self.closed = []
        self.device = None
        self.new_bridge(None)
        self.new_device()
        for number in range(4, 8):
            size = self.rng.randrange(40, size_max)
            self.at(self.rng.randrange(HOSTILE_MS), self.seal, self.rng.randrange(4), number, size)

    def seal(self, stream, number, size):
        self.outbox.add(stream, number, size)
        self.device.wake(self.now_ms)

    def new_device(self):
        sending = None if self.device is None or self.rng.random() < 0.3 else self.device.sending
        nonce = self.rng.randbytes(8)
        self.device = DeviceSession(DEVICE, 1, self.device_key, nonce, self.outbox, self.link, sending)
        self.device.open(self.now_ms)

    def new_bridge(self, incoming):
        self.bridge = BridgeSession(
            BRIDGE, 1, self.rng.randbytes(8), self.key_for, self.keeper.holdings, self.link, incoming
        )

    def key_for(self, device):
        return self.key if device == DEVICE else None

    def at(self, delay_ms, action, *arguments):
        self.order += 1
        heapq.heappush(self.queue, (self.now_ms + delay_ms, self.order, action, arguments))

    def run(self, until_ms):
        while True:
            self.settle()
            due = [one.deadline() for one in (self.device, self.bridge)]
            if self.queue:
                due.append(self.queue[0][0])
            due = [one for one in due if one is not None]
            if not due or min(due) > until_ms:
                return
            self.now_ms = max(self.now_ms, min(due))
            while self.queue and self.queue[0][0] <= self.now_ms:
                _, _, action, arguments = heapq.heappop(self.queue)
                action(*arguments)
            self.device.on_deadline(self.now_ms)
            self.bridge.on_deadline(self.now_ms)

    def settle(self):
        """Hands out all frames and events; a burst takes its time on the wire."""
        for from_device in (True, False):
            wire_at_ms = 0
            while True:
                source = self.device if from_device else self.bridge
                frame = source.to_send(self.now_ms)
                self.take_events()
                if frame is None:
                    break
                assert len(frame) <= self.link.frame_max
                wire_at_ms += self.link.wire_ms(len(frame))
                self.transmit(from_device, frame, wire_at_ms)

    def transmit(self, from_device, frame, delay_ms):
        rng, channel = self.rng, self.channel
        self.past.append((from_device, frame))
        if rng.random() < channel.cut:
            self.new_device()
        if rng.random() < channel.crash:
            self.crash()
        if rng.random() < channel.replay:
            self.at(delay_ms + rng.randrange(200), self.arrive, *rng.choice(self.past))
        if rng.random() < channel.forge:
            self.at(delay_ms, self.arrive, *self.forged())
        for _ in range(1 + (rng.random() < channel.copy)):
            if rng.random() < channel.loss:
                continue
            late_ms = rng.randrange(400) if rng.random() < channel.delay else 0
            self.at(delay_ms + late_ms, self.arrive, from_device, self.flipped(frame))

    def flipped(self, frame):
        if self.rng.random() >= self.channel.flip:
            return frame
        altered = bytearray(frame)
        altered[self.rng.randrange(len(frame))] ^= 1 << self.rng.randrange(8)
        return bytes(altered)

    def forged(self):
        """A frame by someone on the link who knows everything but the keys."""
        rng = self.rng
        stream, segment = rng.choice(sorted(self.outbox.past))
        place = (INCARNATION, stream, segment, segment)
        known_hash = seal_hash(self.outbox.past[(stream, segment)])
        mac = custody.custody_mac(WRONG_KEY, DEVICE, BRIDGE, *place, known_hash)
        frame = session_frames.encode("CUSTODY", [*place, mac])
        tag = custody.tag(WRONG_KEY, custody.BRIDGE_ROLE, bytes(8), bytes(8), frame)
        number = int.from_bytes(rng.randbytes(4), "big")
        key = [INCARNATION, stream, segment]
        return rng.choice(
            (
                (False, frame + tag),
                (True, session_frames.encode_data(number, rng.randrange(4), rng.randbytes(24))),
                (True, session_frames.encode_poll(number % 8192, key)),
                (True, session_frames.encode_hello(0, DEVICE, rng.randbytes(8), bytes(4)) + bytes(8)),
                (True, session_frames.encode_hello(0, bytes(16), rng.randbytes(8), bytes(4)) + bytes(8)),
                (rng.random() < 0.5, rng.randbytes(rng.randrange(1, 40))),
            )
        )

    def arrive(self, from_device, frame):
        sink = self.bridge if from_device else self.device
        sink.receive(frame, self.now_ms)
        self.take_events()

    def crash(self):
        """The bridge loses all that is not durable."""
        self.keeper.written = []
        self.new_bridge(None)

    def take_events(self):
        while True:
            event = self.bridge.next_event()
            if event is None:
                break
            self.keeper.take(event, self.bridge)
            if self.keeper.written:
                self.at(self.rng.randrange(60), self.commit)
            if event[0] == "closed":
                self.closed.append(event[1])
                self.new_bridge(self.bridge.incoming)
        while True:
            event = self.device.next_event()
            if event is None:
                break
            if event[0] == "custody":
                self.free(*event[1:])
            elif event[0] == "closed":
                self.closed.append(event[1])
                self.at(100, self.reopen, self.device)

    def commit(self):
        self.keeper.commit(self.bridge)

    def reopen(self, ended):
        if self.device is ended:
            self.new_device()

    def free(self, incarnation, stream, first, last):
        assert incarnation == INCARNATION
        for segment in range(first, last + 1):
            if (stream, segment) in self.outbox.kept:
                assert self.keeper.durable.get((stream, segment)) == self.outbox.past[(stream, segment)]
        self.outbox.free(stream, first, last)

    def become_kind(self):
        self.channel = Channel(self.rng, ())


def check_schedule(seed, kinds):
    world = World(seed, kinds)
    world.run(HOSTILE_MS)
    world.become_kind()
    world.run(PATIENCE_MS)
    assert not world.outbox.kept, (seed, world.device.state, world.bridge.state, world.closed)
    assert world.device.state == "idle", (seed, world.device.state)
    assert world.keeper.durable == world.outbox.past
    for identity, data in world.outbox.tokens():
        assert world.keeper.tokens[identity] == data
    if "flip" not in kinds and "forge" not in kinds:
        assert world.keeper.unproven == 0, (seed, "an item was put together wrongly")
    return world


@pytest.mark.parametrize(
    "kinds",
    [
        ("loss",),
        ("copy", "delay"),
        ("loss", "copy", "delay"),
        ("cut",),
        ("crash",),
        ("loss", "cut", "crash"),
        ("flip",),
        ("replay", "forge"),
        ALL,
    ],
    ids="+".join,
)
def test_whatever_the_channel_does_only_what_the_bridge_keeps_is_freed_and_all_drains(kinds):
    for seed in range(240):
        check_schedule(seed, kinds)


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_thirty_thousand_more_schedules_free_nothing_that_the_bridge_lacks(block):
    for seed in range(10_000 + block * 1_500, 10_000 + (block + 1) * 1_500):
        check_schedule(seed, ALL)


def test_under_a_wrong_device_key_nothing_is_sent_and_nothing_freed():
    for seed in range(100):
        world = World(seed, ("loss", "copy", "delay", "replay"), WRONG_KEY)
        world.run(HOSTILE_MS)
        assert sorted(world.outbox.kept) == sorted(world.outbox.past)
        assert not world.keeper.durable and not world.keeper.tokens and not world.keeper.early
        assert world.device.state == "calling"


def test_a_device_without_a_key_at_the_bridge_frees_nothing():
    for seed in range(100):
        world = World(seed, ("loss", "copy", "forge"))
        world.key = None
        world.run(HOSTILE_MS)
        assert sorted(world.outbox.kept) == sorted(world.outbox.past)
        assert not any(not from_device for from_device, _ in world.past), "the bridge is not silent"


def test_the_schedules_reach_what_they_are_for():
    dropped, closed = {}, {}
    for seed in range(60):
        world = check_schedule(seed, ALL)
        for side in (world.device, world.bridge):
            for code, count in side.dropped.items():
                dropped[code] = dropped.get(code, 0) + count
        for reason in world.closed:
            closed[reason] = closed.get(reason, 0) + 1
    for code in ("frame-state", "frame-tag", "frame-stale", "frame-unknown"):
        assert dropped.get(code), (code, dropped)
    for reason in ("timeout", "frame-critical", "bye"):
        assert closed.get(reason), (reason, closed)
