"""When each device lives: boots, and the seconds without power between them.

Decides that a gateway keeps its power, and that a fleet's first boots lie within the hour before true time 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldpost.clock_models.temperature import HOUR_NS
from fieldpost.simulated_fleet.plan import Plan

S = 1_000_000_000
OUTAGE_NS = (1 * S, 60 * S)
EARLY, LATE = 0.6, 1.4  # of the time between reboots


@dataclass(frozen=True, eq=False)
class Boots:
    """Boot k of a device lives from starts_ns[k] up to ends_ns[k], true time."""

    starts_ns: np.ndarray
    ends_ns: np.ndarray

    def boot_at(self, true_ns: np.ndarray) -> np.ndarray:
        """Which boot lives then, -1 while there is no power. Any shape."""
        boot = np.searchsorted(self.starts_ns, true_ns, "right") - 1
        return np.where((boot >= 0) & (true_ns < self.ends_ns[boot]), boot, -1)


def boots(rng: np.random.Generator, plan: Plan, device: int) -> Boots:
    """The boots of one device over the plan's span."""
    starts, ends = [int(rng.integers(-HOUR_NS, 0))], []
    every = None if plan.is_gateway(device) else plan.reboot_every_ns
    at = 0 if every is None else int(rng.uniform(0, LATE) * every)
    while every is not None and at < plan.span_ns:
        ends.append(at)
        starts.append(at + int(rng.integers(*OUTAGE_NS)))
        at = starts[-1] + int(rng.uniform(EARLY, LATE) * every)
    ends.append(plan.span_ns + 24 * HOUR_NS)
    return Boots(np.array(starts, np.int64), np.array(ends, np.int64))
