"""Sessions under seeded schedules of faults: a hostile while, then a kind one in which all must drain.

Each schedule is one seed. Faults: frames lost, copied, delayed, flipped, shortened, replayed, forged; a line cut at any
byte; a bridge that crashes before its disk has written, or comes back with an older disk; a device that is formatted;
another device or another bridge on the line; where segments travel packed, a salt key that is wrong or gone. Unsafe: a
segment freed that no bridge ever had, bytes that differ from those sealed, or a place that seems forked. Stuck: what a
kind channel does not drain.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fieldpost.bench.link.fault_ends import STREAMS, Disk, Log, seal_hash
from fieldpost.bench.link.fault_packed import CHANGES, SHARE, SaltedDisk, SealedLog
from fieldwire import custody, frame, session_frames
from fieldwire.link_terms import Lora, Serial
from fieldwire.session import BridgeSession, DeviceSession

HOSTILE_MS = 3_000
PATIENCE_MS = 7_200_000
WRONG_KEY = bytes(32)
DEVICES = (bytes(range(16)), bytes(range(100, 116)))
BRIDGES = (bytes(range(32, 64)), bytes(range(132, 164)))
# Kind of fault: rates from which a schedule draws one, in chances a frame.
RATES: dict[str, tuple[float, ...]] = {
    "loss": (0, 0, 0.05, 0.3),
    "copy": (0, 0, 0.05, 0.3),
    "delay": (0, 0, 0.05, 0.3),
    "flip": (0, 0, 0.05, 0.3),
    "replay": (0, 0, 0.05, 0.3),
    "forge": (0, 0, 0.05, 0.3),
    "cut": (0, 0, 0.01, 0.05),
    "crash": (0, 0, 0.01, 0.05),
    "restore": (0, 0, 0.03, 0.1),
    "format": (0, 0, 0.02, 0.05),
    "device": (0, 0, 0.03, 0.1),
    "bridge": (0, 0, 0.03, 0.1),
}
ALL = tuple(RATES)
LINKS: tuple[Serial | Lora, ...] = (
    Serial(9_600, 5, 64),
    Serial(115_200, 5, 96),
    Serial(115_200, 5, 222),
    Lora(7, 500_000, 64),
)


class Unsafe(Exception):
    """Something was freed that was not kept, or kept that was not sealed."""


class Stuck(Exception):
    """A kind channel does not drain."""


class World:
    """The device and the bridge that are on the line, and those that may take their places."""

    def __init__(self, seed: int | str, kinds: Sequence[str]) -> None:
        random = self.random = Random(f"faults/{seed}")
        self.rates = {kind: random.choice(RATES[kind]) if kind in kinds else 0 for kind in RATES}
        self.link = random.choice(LINKS)
        others = bool(self.rates["device"]), bool(self.rates["bridge"])
        packing = Random(f"packed/{seed}")
        self.packs = packing.random() < SHARE
        self.rates["salt"] = packing.choice(CHANGES) if self.packs else 0
        self.logs, self.disks = (self.sealed if self.packs else self.opaque)(*others)
        self.log, self.disk = self.logs[0], self.disks[0]
        self.now_ms = 0
        self.closed: list[str] = []
        self.dropped: dict[str, int] = {}
        self.past: list[tuple[bool, bytes]] = []
        self.queue: list[tuple[int, int, Callable[..., None], tuple]] = []
        self.order = 0
        self.torn: dict[bool, bytes] = {True: b"", False: b""}
        self.device: Any = None
        self.bridge: Any = None
        self.new_bridge(None)
        self.new_device(None)
        for _ in range(3):
            self.at(random.randrange(HOSTILE_MS), self.seal, random.choice(self.logs))

    # What there is

    def opaque(self, two_devices: bool, two_bridges: bool) -> tuple[list[Log], list[Disk]]:
        """Segments of random bytes."""
        random, size_max = self.random, self.link.frame_max * 4
        logs = [Log(DEVICES[0], random, random.randrange(2), 3, size_max)]
        if two_devices:
            logs.append(Log(DEVICES[1], random, 0, 2, size_max))
        return logs, [Disk(BRIDGES[n], logs) for n in range(1 + two_bridges)]

    def sealed(self, two_devices: bool, two_bridges: bool) -> tuple[list[Log], list[Disk]]:
        """Segments of readings, which may travel packed."""
        logs = [SealedLog(one, self.random, 1, 4) for one in DEVICES[: 1 + two_devices]]
        return list(logs), [SaltedDisk(BRIDGES[n], logs) for n in range(1 + two_bridges)]

    def new_device(self, sending: Any) -> None:
        self.count(self.device)
        nonce = self.random.randbytes(8)
        self.device = DeviceSession(self.log.device, 1, self.log.k_dev, nonce, self.log, self.link, sending)
        self.device.open(self.now_ms)

    def new_bridge(self, incoming: Any) -> None:
        self.count(self.bridge)
        disk, nonce = self.disk, self.random.randbytes(8)
        self.bridge = BridgeSession(
            disk.thumbprint,
            1,
            nonce,
            disk.keys.get,
            disk.holdings,
            self.link,
            incoming,
            disk.salt_keys.get,
        )

    def count(self, session: Any) -> None:
        for code, count in session.dropped.items() if session is not None else ():
            self.dropped[code] = self.dropped.get(code, 0) + count

    def seal(self, log: Log) -> None:
        log.seal()
        if log is self.log:
            self.device.wake(self.now_ms)

    # Time

    def at(self, delay_ms: int, action: Callable[..., None], *arguments: Any) -> None:
        self.order += 1
        heapq.heappush(self.queue, (self.now_ms + delay_ms, self.order, action, arguments))

    def run(self, until_ms: int, done: Callable[[], bool] = lambda: False) -> None:
        """Frames, deadlines and faults in order, until nothing is due any more."""
        while True:
            self.settle()
            due = [one for one in (self.device.deadline(), self.bridge.deadline()) if one is not None]
            if self.queue:
                due.append(self.queue[0][0])
            if not due or min(due) > until_ms or done():
                return
            self.now_ms = max(self.now_ms, min(due))
            while self.queue and self.queue[0][0] <= self.now_ms:
                _, _, action, arguments = heapq.heappop(self.queue)
                action(*arguments)
            self.device.on_deadline(self.now_ms)
            self.bridge.on_deadline(self.now_ms)

    def settle(self) -> None:
        """Hands out all frames and events; a burst takes its time on the wire."""
        for from_device in (True, False):
            wire_at_ms = 0
            while True:
                source = self.device if from_device else self.bridge
                sent = source.to_send(self.now_ms)
                self.take_events()
                if sent is None:
                    break
                if len(sent) > self.link.frame_max:
                    raise Unsafe(f"a frame of {len(sent)} bytes on a link of {self.link.frame_max}")
                wire_at_ms += self.link.wire_ms(len(sent))
                self.transmit(from_device, sent, wire_at_ms)

    # The channel

    def happens(self, kind: str) -> bool:
        rate = self.rates[kind]
        return rate > 0 and self.random.random() < rate

    def transmit(self, from_device: bool, sent: bytes, delay_ms: int) -> None:
        random = self.random
        self.past.append((from_device, sent))
        self.change_ends(from_device, sent)
        if self.happens("replay"):
            self.at(delay_ms + random.randrange(200), self.arrive, *random.choice(self.past))
        if self.happens("forge"):
            self.at(delay_ms, self.arrive, *self.forged())
        for _ in range(2 if self.happens("copy") else 1):
            if self.happens("loss"):
                continue
            late_ms = random.randrange(400) if self.happens("delay") else 0
            for one in self.on_the_line(from_device, sent):
                self.at(delay_ms + late_ms, self.arrive, from_device, self.damaged(one))

    def change_ends(self, from_device: bool, sent: bytes) -> None:
        random = self.random
        if self.happens("cut"):
            framed = frame.encode(sent)
            self.torn[from_device] = framed[: random.randrange(len(framed))]
            self.new_device(None if random.random() < 0.3 else self.device.sending)
        if self.happens("format"):
            self.log.format(2)
            self.new_device(None)
        if self.happens("device"):
            self.log = random.choice(self.logs)
            self.new_device(None)
        if self.happens("crash"):
            self.disk.crash()
            self.new_bridge(None)
        if self.happens("restore"):
            self.disk.restore()
            self.new_bridge(None)
            self.at(random.randrange(1_000), self.disk.back_up)
        if self.happens("bridge"):
            self.disk.crash()
            self.disk = random.choice(self.disks)
            self.new_bridge(None)
            if random.random() < 0.5:  # the device saw the cable go; otherwise it has to find out
                self.new_device(self.device.sending)

        if self.happens("salt") and isinstance(self.disk, SaltedDisk):
            self.disk.change(self.log.device, random)

    def on_the_line(self, from_device: bool, sent: bytes) -> list[bytes]:
        """What comes out of the deframer; a cut left a piece of an earlier frame in it."""
        torn, self.torn[from_device] = self.torn[from_device], b""
        return frame.Deframer().feed(torn + frame.encode(sent)) if torn else [sent]

    def damaged(self, sent: bytes) -> bytes:
        if not self.happens("flip"):
            return sent
        if self.random.random() < 0.2:
            return sent[: self.random.randrange(1, len(sent) + 1)]
        altered = bytearray(sent)
        altered[self.random.randrange(len(sent))] ^= 1 << self.random.randrange(8)
        return bytes(altered)

    def forged(self) -> tuple[bool, bytes]:
        """A frame by someone on the link who knows everything but the keys."""
        random, log = self.random, self.log
        incarnation, stream, segment = place = random.choice(list(log.past))
        custody_of = (incarnation, stream, segment, segment)
        mac = custody.custody_mac(
            WRONG_KEY, log.device, self.disk.thumbprint, *custody_of, seal_hash(log.past[place])
        )
        said = session_frames.encode("CUSTODY", [*custody_of, mac])
        tag = custody.tag(WRONG_KEY, custody.BRIDGE_ROLE, bytes(8), bytes(8), said)
        number = random.getrandbits(13)
        choices: list[tuple[bool, bytes]] = [
            (False, said + tag),
            (True, session_frames.encode_data(number, random.randrange(STREAMS), [random.randbytes(24)])),
            (True, session_frames.encode_poll(number, list(place))),
            (True, session_frames.encode_call(log.device, random.randbytes(8), bytes(4))),
            (True, session_frames.encode_call(bytes(16), random.randbytes(8), bytes(4))),
            (random.random() < 0.5, random.randbytes(random.randrange(1, 40))),
        ]
        return random.choice(choices)

    def arrive(self, from_device: bool, sent: bytes) -> None:
        sink = self.bridge if from_device else self.device
        sink.receive(sent, self.now_ms)
        self.take_events()

    # What the ends have to say

    def take_events(self) -> None:
        while (event := self.bridge.next_event()) is not None:
            if event[0] == "closed":
                self.closed.append(event[1])
                self.new_bridge(self.bridge.incoming)
                continue
            self.disk.take(event, self.bridge)
            if self.disk.written:
                self.at(self.random.randrange(60), self.commit, self.disk)
        while (event := self.device.next_event()) is not None:
            if event[0] == "custody":
                self.free(*event[1:])
            elif event[0] == "closed":
                self.closed.append(event[1])
                self.at(100, self.reopen, self.device)

    def commit(self, disk: Disk) -> None:
        if disk is self.disk:
            disk.commit(self.bridge)

    def reopen(self, ended: Any) -> None:
        if self.device is ended:
            self.new_device(None if self.random.random() < 0.3 else ended.sending)

    def free(self, incarnation: bytes, stream: int, first: int, last: int) -> None:
        past = self.log.past
        for place in self.log.free(incarnation, stream, first, last):
            if not any(disk.ever.get((self.log.device, place)) == past[place] for disk in self.disks):
                raise Unsafe(f"{place[1:]} was freed and is nowhere")

    # The end

    def become_kind(self) -> None:
        self.rates = dict.fromkeys(self.rates, 0)

    def drain(self) -> None:
        """Each device in turn drains to the first bridge."""
        if self.disk is not self.disks[0]:
            self.disk = self.disks[0]
            self.new_bridge(None)
        for log in self.logs:
            if self.log is not log:
                self.log = log
                self.new_device(None)
            self.run(self.now_ms + PATIENCE_MS)
            if log.kept or self.device.state != "idle":
                raise Stuck(
                    f"{len(log.kept)} kept, {self.device.state}, {self.bridge.state}, {self.closed[-3:]}"
                )

    def judge(self) -> None:
        for disk in self.disks:
            if disk.forked:
                raise Unsafe("an honest device seems forked")
        for log in self.logs:
            for place, data in log.past.items():
                if not any(disk.ever.get((log.device, place)) == data for disk in self.disks):
                    raise Unsafe(f"{place[1:]} is nowhere at the end")


def play(seed: int | str, kinds: Sequence[str] = ALL) -> World:
    """One schedule from its beginning to its end. Raises Unsafe or Stuck."""
    world = World(seed, kinds)
    world.run(HOSTILE_MS)
    world.become_kind()
    world.drain()
    world.judge()
    return world


@dataclass(slots=True)
class Tally:
    """Schedules that were played, and the seeds of those that failed, with why."""

    played: int = 0
    unsafe: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.played += other.played
        self.unsafe += other.unsafe
        self.stuck += other.stuck


def tally(seeds: Iterable[int], kinds: Sequence[str] = ALL) -> Tally:
    found = Tally()
    for seed in seeds:
        found.played += 1
        try:
            play(seed, kinds)
        except Unsafe as failure:
            found.unsafe.append(f"{seed}: {failure}")
        except Stuck as failure:
            found.stuck.append(f"{seed}: {failure}")
    return found
