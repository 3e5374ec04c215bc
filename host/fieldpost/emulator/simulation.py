"""Runs sans-I/O cores over a medium in simulated time.

Decides the order of events and nothing else: a core has five methods, a medium `ready_us`, `begin` and `land`. A node
that was listening needs its turn-around before it sends, and its core is asked for the next frame when its own radio is
free. Nobody listens before talking: what meets on the air collides.
"""

import heapq
from collections.abc import Callable
from typing import Any, Protocol

from fieldpost.emulator.medium import Heard

# Cores may wait for something that has no deadline, such as silence on the channel.
LOOK_US = 250_000


class Core(Protocol):
    """What runs on a node: a session, or a reference scheme."""

    def receive(self, frame: bytes, now_ms: int) -> None: ...

    def to_send(self, now_ms: int) -> bytes | None: ...

    def deadline(self) -> int | None: ...

    def on_deadline(self, now_ms: int) -> None: ...


class Carrier(Protocol):
    """A Medium or a SerialLine."""

    def ready_us(self, name: str, size: int, now_us: int, /) -> int: ...

    def begin(self, name: str, frame: bytes, now_us: int, /) -> Any: ...

    def land(self, flight: Any, /) -> list[Heard]: ...


class _Node:
    def __init__(self, name: str, core: Core, turnaround_us: int, half_duplex: bool) -> None:
        self.name = name
        self.core = core
        self.turnaround_us = turnaround_us
        self.half_duplex = half_duplex
        self.free_us = 0
        self.listening = True
        self.pending: bytes | None = None  # handed out by the core and not on the air yet
        self.sent = 0
        self.sent_bytes = 0


class Simulation:
    """`settle()` is called after each step of a core: the application takes events there."""

    def __init__(self, carrier: Carrier, settle: Callable[[], None], now_us: int = 0) -> None:
        self.now_us = now_us
        self.seen: Callable[[str, bytes], None] | None = None  # told of each frame that is sent
        self._carrier = carrier
        self._settle = settle
        self._nodes: dict[str, _Node] = {}
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0

    @property
    def now_ms(self) -> int:
        return self.now_us // 1_000

    def join(self, name: str, core: Core, turnaround_ms: int, half_duplex: bool) -> None:
        """A node is there from now on; a node of that name is replaced and keeps its place on the air."""
        old = self._nodes.get(name)
        node = self._nodes[name] = _Node(name, core, turnaround_ms * 1_000, half_duplex)
        if old is not None:
            node.free_us, node.sent, node.sent_bytes = old.free_us, old.sent, old.sent_bytes

    def leave(self, name: str) -> None:
        """The node's core is gone; what it sent is still on its way."""
        self._nodes.pop(name, None)

    def sent_bytes(self, name: str) -> int:
        return self._nodes[name].sent_bytes

    def at(self, at_us: int, action: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._queue, (at_us, self._order, action))

    def run(self, until_us: int, done: Callable[[], bool] = lambda: False) -> bool:
        """Goes on until `done()` or the time has come; True when done."""
        while not done():
            for node in list(self._nodes.values()):
                self._pull(node)
            if done():
                return True
            next_us = self._next_us()
            if next_us > until_us:
                self.now_us = until_us
                return False
            self.now_us = next_us
            while self._queue and self._queue[0][0] <= self.now_us:
                heapq.heappop(self._queue)[2]()
            self._deadlines()
        return True

    def _next_us(self) -> int:
        times = [self.now_us + LOOK_US]
        if self._queue:
            times.append(self._queue[0][0])
        for node in self._nodes.values():
            if node.free_us > self.now_us:
                times.append(node.free_us)
            due_ms = node.core.deadline()
            if due_ms is not None and due_ms * 1_000 > self.now_us:
                times.append(due_ms * 1_000)
        return min(times)

    def _deadlines(self) -> None:
        for node in list(self._nodes.values()):
            due_ms = node.core.deadline()
            if due_ms is not None and due_ms * 1_000 <= self.now_us:
                node.core.on_deadline(self.now_ms)
                self._settle()

    def _pull(self, node: _Node) -> None:
        if node.free_us > self.now_us:
            return
        if node.pending is None:
            node.pending = node.core.to_send(self.now_ms)
            self._settle()
            if node.pending is None:
                node.listening = True
                return
            if node.half_duplex and node.listening:
                node.listening = False
                node.free_us = self.now_us + node.turnaround_us
                return
        frame = node.pending
        node.free_us = self._carrier.ready_us(node.name, len(frame), self.now_us)
        if node.free_us == self.now_us:
            node.pending = None
            self._begin(node, frame)

    def _begin(self, node: _Node, frame: bytes) -> None:
        flight = self._carrier.begin(node.name, frame, self.now_us)
        node.free_us = flight.end_us
        node.sent += 1
        node.sent_bytes += len(frame)
        if self.seen is not None:
            self.seen(node.name, frame)
        self.at(flight.end_us, lambda: self._land(flight))

    def _land(self, flight: Any) -> None:
        for heard in self._carrier.land(flight):
            node = self._nodes.get(heard.receiver)
            if node is None:
                continue
            if node.half_duplex:
                self._hand(node, heard.frame)
            else:
                at_us = self.now_us + node.turnaround_us
                self.at(at_us, lambda node=node, frame=heard.frame: self._hand(node, frame))

    def _hand(self, node: _Node, frame: bytes) -> None:
        if self._nodes.get(node.name) is node:
            node.core.receive(frame, self.now_ms)
            self._settle()
