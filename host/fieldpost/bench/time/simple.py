"""Two estimators that many systems use: a device's last offset to the gateway, and a line for each boot.

Decides nothing where a boot never met the gateway: such readings are left out, in these estimators' favour.
"""

from __future__ import annotations

import numpy as np

from fieldpost.bench.time.pairs import Floats, S, boot_numbers, line, sightings, zero_s
from fieldpost.simulated_fleet.world import World


def gateway_points(world: World) -> dict[int, tuple[Floats, Floats]]:
    """By boot: its own readings at contacts with the gateway, rising, and the gateway's."""
    seen = sightings(world)
    sent, heard = seen.sent_by == 0, seen.heard_by == 0
    boot = np.concatenate((seen.sent_by[heard], seen.heard_by[sent]))
    own = np.concatenate((seen.sent_s[heard], seen.heard_s[sent]))
    gateway = np.concatenate((seen.heard_s[heard], seen.sent_s[sent]))
    found = {}
    for one in np.unique(boot):
        mine = np.flatnonzero(boot == one)
        mine = mine[np.argsort(own[mine])]
        found[int(one)] = own[mine], gateway[mine]
    return found


def by_last_offset(world: World) -> Floats:
    """Seconds since the anchor of each observation, NaN where there is none."""
    found = np.full(len(world.observed), np.nan)
    boots, own_s = boot_numbers(world.observed), world.observed.t_ns / S
    for boot, (own, gateway) in gateway_points(world).items():
        mine = boots == boot
        last = np.clip(np.searchsorted(own, own_s[mine], "right") - 1, 0, None)
        found[mine] = own_s[mine] + (gateway - own)[last] - zero_s(world)
    return found


def by_line(world: World) -> Floats:
    """Seconds since the anchor of each observation, NaN where there is none."""
    found = np.full(len(world.observed), np.nan)
    boots, own_s = boot_numbers(world.observed), world.observed.t_ns / S
    for boot, (own, gateway) in gateway_points(world).items():
        gain, start, _ = line(own, gateway)
        mine = boots == boot
        found[mine] = own_s[mine] * (1 + gain) + start - zero_s(world)
    return found
