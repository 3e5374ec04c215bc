"""Contacts between two boots as one estimator sees them, and lines through them.

Decides what the estimators beside are given for nothing: the true mean of the delays, so that one way
is as good as two. Units: seconds, as floats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldpost.simulated_fleet.world import Readings, World

S = 1e9
Floats = np.ndarray


@dataclass(frozen=True, eq=False)
class Sightings:
    """n messages: boots (one number each) that sent and heard, and both readings in s, the delay's mean taken off."""

    sent_by: np.ndarray
    heard_by: np.ndarray
    sent_s: Floats
    heard_s: Floats


def boot_numbers(readings: Readings) -> np.ndarray:
    """One number for each boot of each device."""
    return readings.device * 10_000 + readings.boot


def sightings(world: World) -> Sightings:
    mean_s = (world.plan.delays.least_ns + world.plan.delays.mean_ns) / S
    return Sightings(
        boot_numbers(world.tx), boot_numbers(world.rx), world.tx.t_ns / S, world.rx.t_ns / S - mean_s
    )


def zero_s(world: World) -> float:
    """The anchor's reading of the gateway's clock, in s."""
    return float((world.tx if world.gateway_sent else world.rx).t_ns[world.zero] / S)


def line(x: Floats, y: Floats) -> tuple[float, float, float]:
    """(slope - 1, y at x = 0, mean square of what is left) of the least squares line; slope 1 through one point."""
    shift = y - x
    middle = float(x.mean())
    spread = float(np.sum((x - middle) ** 2))
    if spread < 1.0:
        return 0.0, float(shift.mean()), float(shift.var())
    gain = float(np.sum((x - middle) * shift) / spread)
    start = float(shift.mean()) - gain * middle
    return gain, start, float(np.mean((shift - gain * x - start) ** 2))
