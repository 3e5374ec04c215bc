"""What a fleet is: how many clocks of which kind, when they reboot and meet, how long messages take, who lies.

Decides the defaults: outdoor watch crystals that see a gateway every 12 hours and a peer every two, the model that
figures are given for. Refuses to know seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fieldpost.clock_models.crystal import Maker, at_cut, disciplined, tuning_fork
from fieldpost.clock_models.temperature import DAY_NS, HOUR_NS, OUTDOOR, Climate

MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of clocks, and what is stated about it: true = local x (1 + r), r in [lo, hi], wandering so far."""

    make: Maker
    rate_lo_ppb: int
    rate_hi_ppb: int
    wander_ppb: int | None
    walk_ppb: float = 10.0  # in the root of an hour


WATCH = Kind(tuning_fork, -100_000, 100_000, 50_000)
MAIN_CRYSTAL = Kind(at_cut, -60_000, 60_000, 30_000)
STEERED = Kind(disciplined, -10, 10, None, walk_ppb=0.0)


@dataclass(frozen=True, slots=True)
class Delays:
    """least + Exp(mean), never above `most`; `stated_least` is what the evidence says of it, without a ceiling."""

    least_ns: int = 5 * MS
    mean_ns: int = 80 * MS
    most_ns: int = 500 * MS
    stated_least_ns: int = 4 * MS

    def drawn(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """int64 ns."""
        late = np.rint(rng.exponential(self.mean_ns, count)).astype(np.int64)
        return np.minimum(self.least_ns + late, self.most_ns)


@dataclass(frozen=True, slots=True)
class Lie:
    """`device`: its place among all devices, gateways first. Only readings in exchanges are altered.

    kind: step (by size, from then on) | rate (grows to size at the end) | two-faced (size to one half of its peers,
    -size to the other) | quiet (a step for those who want it below what evidence can show).
    """

    device: int
    kind: str
    size_ns: int
    after_ns: int


Schedule = Callable[[np.random.Generator, "Plan"], tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Plan:
    """One fleet. `devices`: field devices of each mesh, beside its one gateway.

    `gateway_share`: of the devices, who ever reach the gateway (at least one a mesh). `neighbours`: how many others
    a device can meet at all; None is every one of its mesh. `bridges`: contacts between mesh 0 and each other mesh.
    `schedule` replaces the contacts by any of its own: (who calls, who answers, true ns).
    """

    devices: int = 50
    meshes: int = 1
    span_ns: int = 7 * DAY_NS
    gateway_every_ns: int = 12 * HOUR_NS
    peer_every_ns: int = 2 * HOUR_NS
    reboot_every_ns: int | None = 3 * DAY_NS
    gateway_share: float = 1.0
    neighbours: int | None = None
    one_way: float = 0.3
    bridges: int = 1
    observations: int = 1000
    kind: Kind = WATCH
    gateway: Kind = STEERED
    climate: Climate = OUTDOOR
    delays: Delays = Delays()
    lies: tuple[Lie, ...] = ()
    schedule: Schedule | None = None

    @property
    def total(self) -> int:
        """All devices: the gateway of each mesh first, then the field devices mesh by mesh."""
        return self.meshes * (self.devices + 1)

    def is_gateway(self, device: int) -> bool:
        return device < self.meshes

    def mesh_of(self, device: int) -> int:
        return device if self.is_gateway(device) else (device - self.meshes) // self.devices

    def field_devices(self, mesh: int) -> range:
        first = self.meshes + mesh * self.devices
        return range(first, first + self.devices)

    def name(self, device: int) -> str:
        """`gateway` and `node-07`, or `gateway-1` and `node-1-07` where there are several meshes.

        Names sort as the devices do.
        """
        mesh = self.mesh_of(device)
        among = "" if self.meshes == 1 else f"-{mesh:0{len(str(self.meshes - 1))}d}"
        if self.is_gateway(device):
            return f"gateway{among}"
        place = device - self.field_devices(mesh).start
        return f"node{among}-{place:0{max(2, len(str(self.devices - 1)))}d}"
