"""The air between radios: who hears a frame, and who misses it.

Decides by time on air, position, fades, collisions, half duplex and duty cycle; all chance comes from one seed. A
caller `begin`s a frame and `land`s it at its end, in simulated or in real time. It never looks inside a frame, and it
keeps no time of its own.

Path loss: 31 dB at 1 m (free space at 868 MHz) and 30 dB for each factor of ten in distance, antennas near the ground.
Sensitivity: -174 dBm/Hz, 6 dB noise figure, and the modem's SNR of -7.5 dB at SF7, 2.5 dB less for each step up.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from fieldpost.emulator.airtime import Bucket
from fieldpost.emulator.losses import Independent, Losses
from fieldwire.link_terms import Lora

FREQUENCY_HZ = 868_100_000
NEAR_LOSS_DB = 31.0
DECADE_LOSS_DB = 30.0
NOISE_DBM_HZ = -174.0
NOISE_FIGURE_DB = 6.0
CAPTURE_DB = 6.0  # a frame that is this much stronger than what it meets survives


def path_loss_db(distance_m: float) -> float:
    return NEAR_LOSS_DB + DECADE_LOSS_DB * math.log10(max(distance_m, 1.0))


def noise_dbm(terms: Lora) -> float:
    return NOISE_DBM_HZ + 10 * math.log10(terms.bandwidth_hz) + NOISE_FIGURE_DB


def sensitivity_dbm(terms: Lora) -> float:
    return noise_dbm(terms) - 7.5 - 2.5 * (terms.factor - 7)


@dataclass(slots=True)
class Radio:
    """One node's radio, as it is set now. `bucket`: its duty cycle, None: unlimited."""

    terms: Lora
    x_m: float = 0.0
    y_m: float = 0.0
    power_dbm: float = 14.0
    channel_hz: int = FREQUENCY_HZ
    bucket: Bucket | None = None

    def hears_like(self, other: "Radio") -> bool:
        """Whether the two are set to the same channel, spreading factor and bandwidth."""
        mine, theirs = self.terms, other.terms
        return (self.channel_hz, mine.factor, mine.bandwidth_hz) == (
            other.channel_hz,
            theirs.factor,
            theirs.bandwidth_hz,
        )


@dataclass(eq=False, slots=True)
class Flight:
    """A frame on the air. `strength_dbm`: at radios set like its sender; `spoiled`: where it is missed, and why."""

    sender: str
    frame: bytes
    start_us: int
    end_us: int
    strength_dbm: dict[str, float]
    spoiled: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame as one radio received it."""

    receiver: str
    frame: bytes
    rssi_dbm: float
    snr_db: float


@dataclass(slots=True)
class Counts:
    """Frames sent, and what became of each at each radio set like its sender's."""

    sent: int = 0
    air_us: int = 0
    heard: int = 0
    lost: int = 0  # by chance
    collided: int = 0
    deaf: int = 0  # the receiver was sending
    far: int = 0
    parted: int = 0
    refused: int = 0  # by the duty cycle, or because the sender was sending


class Medium:
    """Radios by name. `losses(sender, receiver, random)` makes a pair's model when it is first needed."""

    def __init__(
        self,
        seed: int | str = 0,
        losses: Callable[[str, str, Random], Losses] = lambda _sender, _receiver, random: Independent(
            0.0, random
        ),
    ) -> None:
        self.radios: dict[str, Radio] = {}
        self.counts = Counts()
        self._seed = seed
        self._make_losses = losses
        self._losses: dict[tuple[str, str], Losses] = {}
        self._extra_db: dict[tuple[str, str], float] = {}
        self._apart: set[frozenset[str]] = set()
        self._flights: list[Flight] = []  # in the air
        self._busy_us: dict[str, int] = {}  # until when a radio sends

    def set_losses(self, sender: str, receiver: str, losses: Losses) -> None:
        """One direction's model; give the same object to both for a fade that both suffer."""
        self._losses[sender, receiver] = losses

    def set_gain(self, sender: str, receiver: str, extra_db: float) -> None:
        """What one direction has over the path loss, such as a quieter place or a better antenna."""
        self._extra_db[sender, receiver] = extra_db

    def part(self, a: str, b: str) -> None:
        """They are out of contact; what is on the air between them is lost."""
        self._apart.add(frozenset((a, b)))
        for flight in self._flights:
            for sender, receiver in ((a, b), (b, a)):
                if flight.sender == sender and receiver in flight.strength_dbm:
                    flight.spoiled.setdefault(receiver, "parted")

    def meet(self, a: str, b: str) -> None:
        self._apart.discard(frozenset((a, b)))

    def strength_dbm(self, sender: str, receiver: str) -> float:
        one, other = self.radios[sender], self.radios[receiver]
        distance_m = math.hypot(one.x_m - other.x_m, one.y_m - other.y_m)
        return one.power_dbm - path_loss_db(distance_m) + self._extra_db.get((sender, receiver), 0.0)

    def ready_us(self, name: str, size: int, now_us: int) -> int:
        """When a radio may begin a frame of that size, by its own sending and its duty cycle."""
        radio = self.radios[name]
        free_us = max(now_us, self._busy_us.get(name, 0))
        return free_us if radio.bucket is None else radio.bucket.ready_us(radio.terms.wire_us(size), free_us)

    def begin(self, name: str, frame: bytes, now_us: int) -> Flight | None:
        """The frame leaves now; to be landed at its `end_us`. None: refused, since `ready_us` is later."""
        radio = self.radios[name]
        if not 0 < len(frame) <= radio.terms.frame_max:
            raise ValueError(f"a frame of {len(frame)} bytes; this radio takes 1 to {radio.terms.frame_max}")
        if self.ready_us(name, len(frame), now_us) > now_us:
            self.counts.refused += 1
            return None
        air_us = radio.terms.wire_us(len(frame))
        if radio.bucket is not None:
            radio.bucket.spend(air_us, now_us)
        others = [other for other in self.radios if other != name and radio.hears_like(self.radios[other])]
        strength = {other: self.strength_dbm(name, other) for other in others}
        flight = Flight(name, frame, now_us, now_us + air_us, strength)
        for other in others:
            if frozenset((name, other)) in self._apart:
                flight.spoiled[other] = "parted"
            elif strength[other] < sensitivity_dbm(radio.terms):
                flight.spoiled[other] = "far"
        for met in self._flights:
            if met.end_us > now_us:
                self._collide(flight, met)
        self._flights.append(flight)
        self._busy_us[name] = flight.end_us
        self.counts.sent += 1
        self.counts.air_us += air_us
        return flight

    def land(self, flight: Flight) -> list[Heard]:
        """Who heard the frame, now that it has ended; whoever landed is out of the air."""
        self._flights.remove(flight)
        heard = []
        floor_dbm = noise_dbm(self.radios[flight.sender].terms)
        for receiver, rssi_dbm in flight.strength_dbm.items():
            fate = flight.spoiled.get(receiver)
            if fate is None:
                fate = "lost" if self._losses_of(flight.sender, receiver).lost(flight.end_us) else "heard"
            setattr(self.counts, fate, getattr(self.counts, fate) + 1)
            if fate == "heard":
                heard.append(Heard(receiver, flight.frame, rssi_dbm, rssi_dbm - floor_dbm))
        return heard

    def _collide(self, one: Flight, other: Flight) -> None:
        """Two frames overlap: neither sender hears the other; elsewhere only one that is much stronger survives."""
        for flight, against in ((one, other), (other, one)):
            if against.sender in flight.strength_dbm:
                flight.spoiled.setdefault(against.sender, "deaf")
            for receiver, strength in flight.strength_dbm.items():
                if receiver == against.sender or receiver not in against.strength_dbm:
                    continue
                if against.spoiled.get(receiver) == "parted":
                    continue
                if strength < against.strength_dbm[receiver] + CAPTURE_DB:
                    flight.spoiled.setdefault(receiver, "collided")

    def _losses_of(self, sender: str, receiver: str) -> Losses:
        pair = (sender, receiver)
        if pair not in self._losses:
            random = Random(f"{self._seed}/{sender}/{receiver}")
            self._losses[pair] = self._make_losses(sender, receiver, random)
        return self._losses[pair]
