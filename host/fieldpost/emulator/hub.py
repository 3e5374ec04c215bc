"""The air between boards: carries whole frames between those that are in contact.

Decides who hears whom, how late, and what is lost, all from one seed. Frames are what lies between zero
bytes; the hub never looks inside. Collisions, airtime and half duplex are not modelled here.
"""

import asyncio
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

CHUNK_BYTES = 4096
# Longer than any frame on any link: a sender that never ends its frame is cut here.
FRAME_BYTES_MAX = 4096


@dataclass(slots=True)
class Counts:
    """Frames, counted once for each receiver; `sent` once for each sender's frame."""

    sent: int = 0
    carried: int = 0
    carried_bytes: int = 0
    lost: int = 0
    unheard: int = 0
    oversize: int = 0


@dataclass(slots=True)
class _Radio:
    descriptor: int
    partial: bytearray = field(default_factory=bytearray)


class Hub:
    """Relays frames between attached radios along a contact plan.

    Each directed pair draws its latency (uniform, whole ms of emulated time) and loss from its own seeded
    source, so that one pair's traffic does not change another's fate.
    """

    def __init__(
        self, seed: int = 0, latency_ms: tuple[int, int] = (20, 120), loss: float = 0.0, scale: int = 1
    ) -> None:
        self.counts = Counts()
        self.loss = loss
        self._latency_ms = latency_ms
        self._scale = scale
        self._seed = seed
        self._radios: dict[str, _Radio] = {}
        self._contacts: set[frozenset[str]] = set()
        self._dice: dict[tuple[str, str], random.Random] = {}

    def attach(self, name: str, descriptor: int) -> None:
        """A board's radio is on; `descriptor` is the hub's end of it and now belongs to the hub."""
        self.detach(name)
        os.set_blocking(descriptor, False)
        self._radios[name] = _Radio(descriptor)
        asyncio.get_running_loop().add_reader(descriptor, self._on_readable, name)

    def detach(self, name: str) -> None:
        radio = self._radios.pop(name, None)
        if radio is not None:
            asyncio.get_running_loop().remove_reader(radio.descriptor)
            os.close(radio.descriptor)

    def connect(self, a: str, b: str) -> None:
        if a == b:
            raise ValueError(f"{a} cannot be in contact with itself")
        self._contacts.add(frozenset((a, b)))

    def disconnect(self, a: str, b: str) -> None:
        """End the contact; frames still in the air are lost."""
        self._contacts.discard(frozenset((a, b)))

    def neighbours(self, name: str) -> list[str]:
        return sorted(other for pair in self._contacts if name in pair for other in pair - {name})

    def close(self) -> None:
        for name in list(self._radios):
            self.detach(name)

    def _on_readable(self, name: str) -> None:
        radio = self._radios[name]
        try:
            data = os.read(radio.descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.detach(name)
            return
        for frame in self._frames(radio, data):
            self._broadcast(name, frame)

    def _frames(self, radio: _Radio, data: bytes) -> Iterable[bytes]:
        radio.partial += data
        *whole, rest = bytes(radio.partial).split(b"\0")
        radio.partial[:] = rest
        if len(rest) > FRAME_BYTES_MAX:
            radio.partial.clear()
            self.counts.oversize += 1
        for frame in whole:
            if len(frame) > FRAME_BYTES_MAX:
                self.counts.oversize += 1
            elif frame:
                yield frame

    def _broadcast(self, name: str, frame: bytes) -> None:
        self.counts.sent += 1
        for other in self.neighbours(name):
            dice = self._dice.setdefault((name, other), random.Random(f"{self._seed}/{name}/{other}"))
            latency_ms = dice.randint(*self._latency_ms)
            if dice.random() < self.loss:
                self.counts.lost += 1
                continue
            delay_s = latency_ms / 1000 / self._scale
            asyncio.get_running_loop().call_later(delay_s, self._deliver, name, other, frame)

    def _deliver(self, name: str, other: str, frame: bytes) -> None:
        radio = self._radios.get(other)
        if radio is None or frozenset((name, other)) not in self._contacts:
            self.counts.unheard += 1
            return
        try:
            os.write(radio.descriptor, b"\0" + frame + b"\0")
        except OSError:
            # The receiver's buffer is full or its power just went.
            self.counts.unheard += 1
            return
        self.counts.carried += 1
        self.counts.carried_bytes += len(frame)
