"""The convex hull estimator: every line that a boot's contacts with the gateway allow, and the interval they span.

After Duda et al. (ICDCS 1987), as trace tools use it: one linear function a boot and a reference host. It proves its
interval only if clocks were lines. Decides nothing where no line, or no bounded set of lines, is allowed.
"""

from __future__ import annotations

import numpy as np

from fieldpost.bench.time.pairs import Floats, S, boot_numbers
from fieldpost.simulated_fleet.world import World


def allowed(own: Floats, most: Floats, least: Floats) -> Floats:
    """Corners (start, gain) of all start + gain x own between `least` and `most`: float[k, 2]; inf: unbounded there."""
    upper, lower = np.isfinite(most), np.isfinite(least)
    x = np.concatenate((own[upper], own[lower]))
    y = np.concatenate((most[upper], least[lower]))
    i, j = np.triu_indices(len(x), 1)
    apart = np.abs(x[i] - x[j]) > 1e-3
    i, j = i[apart], j[apart]
    gain = (y[i] - y[j]) / (x[i] - x[j])
    start = y[i] - gain * x[i]
    told = start[:, None] + gain[:, None] * own
    slack = 1e-9
    fits = np.all((told <= most + slack) & (told >= least - slack), axis=1)
    return np.stack((start[fits], gain[fits]), axis=1)


def constraints(world: World) -> dict[int, tuple[Floats, Floats, Floats]]:
    """By boot: readings at contacts with the gateway, and the most and the least shift to the gateway's clock."""
    least_s = world.plan.delays.stated_least_ns / S
    boots = boot_numbers(world.tx), boot_numbers(world.rx)
    tx, rx = world.tx.t_ns / S, world.rx.t_ns / S
    found = {}
    calls, answers = boots[1] == 0, boots[0] == 0
    for boot in np.unique(np.concatenate((boots[0][calls], boots[1][answers]))):
        sent, heard = calls & (boots[0] == boot), answers & (boots[1] == boot)
        own = np.concatenate((tx[sent], rx[heard]))
        none = np.full(sent.sum(), -np.inf), np.full(heard.sum(), np.inf)
        most = np.concatenate((rx[sent] - least_s - tx[sent], none[1]))
        least = np.concatenate((none[0], tx[heard] + least_s - rx[heard]))
        found[int(boot)] = own, most, least
    return found


def hull_contains(world: World) -> tuple[float, int, int]:
    """(share of observations inside the interval, how many had one, boots that no line fits)."""
    boots, own_s = boot_numbers(world.observed), world.observed.t_ns / S
    true_s = world.observed.true_ns / S
    origin_s = float(world.clocks[0].tick_ns(np.array([0]), int(world.boots[0].starts_ns[0]))[0] / S)
    inside = placed = failed = 0
    for boot, (own, most, least) in constraints(world).items():
        mine = boots == boot
        corners = allowed(own, most, least)
        if not len(corners):
            failed += bool(np.isfinite(most).sum() > 1 and np.isfinite(least).sum() > 1)
            continue
        x = own_s[mine]
        told = x[:, None] + corners[:, 0] + corners[:, 1] * x[:, None] + origin_s
        inside += int(np.sum((told.min(axis=1) <= true_s[mine]) & (true_s[mine] <= told.max(axis=1))))
        placed += len(x)
    return (inside / placed if placed else float("nan")), placed, failed
