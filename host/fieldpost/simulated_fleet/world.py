"""What the fleet's devices recorded, and the truth about each reading.

Decides that a stamp's true time is the moment at which its tick began, that a message is lost when either device has
no power, and that the zero is the gateway's stamp in its first exchange. Liars alter the record, never the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np

from fieldpost.clock_models.clock import Clock, random_clock
from fieldpost.simulated_fleet.boots import Boots, boots
from fieldpost.simulated_fleet.contacts import messages
from fieldpost.simulated_fleet.lies import added_ns
from fieldpost.simulated_fleet.plan import Plan

CLIMATE_SPREAD_C = 3.0
SWING_SPREAD = 0.3


@dataclass(frozen=True, eq=False)
class Readings:
    """Columns of one length: device (its place), boot, the reading in ns, and the true ns at which it began."""

    device: np.ndarray
    boot: np.ndarray
    t_ns: np.ndarray
    true_ns: np.ndarray

    def __len__(self) -> int:
        return len(self.device)

    def at(self, chosen: np.ndarray) -> Readings:
        """The chosen ones: places or a mask."""
        return Readings(self.device[chosen], self.boot[chosen], self.t_ns[chosen], self.true_ns[chosen])


@dataclass(frozen=True, eq=False)
class World:
    """tx[i] was heard as rx[i]; `observed` are honest readings to place. `zero`: which exchange is the anchor's.

    `gateway_sent`: whether the anchor is its sending.
    """

    plan: Plan
    seed: int
    clocks: tuple[Clock, ...] = field(repr=False)
    boots: tuple[Boots, ...] = field(repr=False)
    tx: Readings
    rx: Readings
    observed: Readings
    zero: int
    gateway_sent: bool

    @property
    def zero_ns(self) -> int:
        """The true time of the anchor."""
        return int((self.tx if self.gateway_sent else self.rx).true_ns[self.zero])

    @property
    def truth_ns(self) -> np.ndarray:
        """True time since the anchor, of each observation."""
        return self.observed.true_ns - self.zero_ns


def generator(seed: int, part: str) -> np.random.Generator:
    """Each part of a world draws from a stream of its own, so that a longer one leaves the others as they are."""
    return np.random.default_rng([seed, crc32(part.encode())])


def clock_of_device(plan: Plan, seed: int, device: int) -> Clock:
    rng = generator(seed, f"clock {device}")
    kind = plan.gateway if plan.is_gateway(device) else plan.kind
    climate = replace(
        plan.climate,
        mean_c=plan.climate.mean_c + rng.uniform(-CLIMATE_SPREAD_C, CLIMATE_SPREAD_C),
        swing_c=plan.climate.swing_c * rng.uniform(1 - SWING_SPREAD, 1 + SWING_SPREAD),
    )
    return random_clock(rng, kind.make, climate, plan.span_ns, kind.walk_ppb)


def read_at(
    clocks: tuple[Clock, ...], lives: tuple[Boots, ...], device: np.ndarray, true_ns: np.ndarray
) -> Readings:
    """What these devices read at these true times; boot -1 where there was no power."""
    boot = np.empty(len(device), np.int64)
    reading, began = np.zeros(len(device), np.int64), np.zeros(len(device), np.int64)
    order = np.argsort(device, kind="stable")
    cuts = np.searchsorted(device[order], np.arange(len(clocks) + 1))
    for place, (clock, life) in enumerate(zip(clocks, lives)):
        mine = order[cuts[place] : cuts[place + 1]]
        boot[mine] = life.boot_at(true_ns[mine])
        for number, start in enumerate(life.starts_ns.tolist()):
            own = mine[boot[mine] == number]
            reading[own] = clock.reading_ns(true_ns[own], start)
            began[own] = clock.tick_ns(reading[own], start)
    return Readings(device, boot, reading, began)


def lied(plan: Plan, told: Readings, peer: np.ndarray) -> Readings:
    """The readings as the plan's liars recorded them."""
    reading = told.t_ns.copy()
    for lie in plan.lies:
        own = told.device == lie.device
        reading[own] += added_ns(lie, told.true_ns[own], peer[own], plan.span_ns)
    return replace(told, t_ns=reading)


def observations(plan: Plan, seed: int, clocks: tuple[Clock, ...], lives: tuple[Boots, ...]) -> Readings:
    """Readings of honest field devices, evenly spread over devices and time, in the order of true time."""
    rng = generator(seed, "observations")
    liars = {lie.device for lie in plan.lies}
    honest = np.array([place for place in range(plan.meshes, plan.total) if place not in liars])
    wanted = plan.observations + plan.observations // 50 + 10  # some fall into times without power
    device = honest[rng.integers(0, len(honest), wanted)]
    found = read_at(clocks, lives, device, rng.integers(0, plan.span_ns, wanted))
    found = found.at(np.flatnonzero(found.boot >= 0)[: plan.observations])
    return found.at(np.lexsort((found.device, found.true_ns)))


def first_exchange(tx: Readings, rx: Readings) -> tuple[int, bool]:
    """Which exchange with the first gateway came first, and whether the gateway sent it."""
    with_gateway = np.flatnonzero((tx.device == 0) | (rx.device == 0))
    if not len(with_gateway):
        raise ValueError("nobody ever reached the first gateway: such a world has no anchor")
    first = int(with_gateway[np.argmin(tx.true_ns[with_gateway])])
    return first, bool(tx.device[first] == 0)


def make_world(plan: Plan, seed: int) -> World:
    """The world of this plan and seed. Raises ValueError where nobody meets the first gateway, or it lies."""
    if any(plan.is_gateway(lie.device) for lie in plan.lies):
        raise ValueError("a gateway carries the anchor, which is assumed honest: let a field device lie")
    clocks = tuple(clock_of_device(plan, seed, device) for device in range(plan.total))
    lives = tuple(boots(generator(seed, f"boots {device}"), plan, device) for device in range(plan.total))
    sent = messages(generator(seed, "contacts"), plan)
    tx = read_at(clocks, lives, sent.sender, sent.sent_ns)
    rx = read_at(clocks, lives, sent.receiver, sent.heard_ns)
    kept = np.flatnonzero((tx.boot >= 0) & (rx.boot >= 0))
    tx, rx = tx.at(kept), rx.at(kept)
    zero, gateway_sent = first_exchange(tx, rx)
    observed = observations(plan, seed, clocks, lives)
    return World(
        plan, seed, clocks, lives, lied(plan, tx, rx.device), lied(plan, rx, tx.device), observed, zero,
        gateway_sent,
    )  # fmt: skip
