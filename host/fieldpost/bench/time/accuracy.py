"""How far points lie from the truth, and whether their sigma says so, beside what others would have said.

Outdoor clocks of 32 kHz with a gateway every 12 hours and a peer every two, for a week; and for 30 days with one device
in ten that ever reaches a gateway, in a ring of neighbours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fieldpost.bench.line import Line
from fieldpost.bench.time.segments import by_segments
from fieldpost.bench.time.simple import by_last_offset, by_line
from fieldpost.bench.time.solved import anchor_of, strict_spread
from fieldpost.clock_models.temperature import DAY_NS
from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.plan import Plan
from fieldpost.simulated_fleet.world import World, make_world
from fieldpost.timeline.smoother.smooth import clipped, smooth

SEEDS = 2
WEEK = Plan(observations=5000)
MONTH = Plan(span_ns=30 * DAY_NS, gateway_share=0.1, neighbours=6, observations=20_000)
MS, S = 1e6, 1e9


@dataclass(frozen=True, eq=False)
class Points:
    """Errors and sigmas in ms of one world's observations; NaN where no contact joins one to the anchor."""

    error_ms: np.ndarray
    sigma_ms: np.ndarray

    def within(self, sigmas: float) -> float:
        """The share of errors within so many sigmas."""
        known = ~np.isnan(self.error_ms)
        return float(np.mean(np.abs(self.error_ms[known]) <= sigmas * self.sigma_ms[known]))


def points(world: World) -> Points:
    """Of every observation, clipped into its strict interval."""
    asked = records.as_columns(world.observed)
    known, point, sigma = smooth(records.rows(world), anchor_of(world)).at(asked)
    spread = strict_spread(world)
    point, sigma = clipped(point, sigma, -spread.lower, spread.upper)
    return Points(np.where(known, (point - world.truth_ns) / MS, np.nan), sigma / MS)


def off_ms(world: World, told_s: np.ndarray) -> np.ndarray:
    """Absolute errors in ms of an estimator beside, of what it placed."""
    error = np.abs(told_s - world.truth_ns / S) * 1e3
    return error[~np.isnan(error)]


def error_lines(seed: int) -> Iterator[Line]:
    started = time.perf_counter()
    worlds = [make_world(WEEK, seed * 1000 + one) for one in range(SEEDS)]
    found = [points(world) for world in worlds]
    error = np.abs(np.concatenate([one.error_ms for one in found]))
    spent = time.perf_counter() - started
    both = Points(error, np.concatenate([one.sigma_ms for one in found]))
    means, tails = {}, {}
    for name, estimate in (("linear per boot", by_line), ("last offset", by_last_offset)):
        off = np.concatenate([off_ms(world, estimate(world)) for world in worlds])
        means[name], tails[name] = float(off.mean()), float(np.quantile(off, 0.95))
    means |= {"within 1 sigma": both.within(1), "within 2 sigma": both.within(2)}
    mean, tail = float(np.nanmean(error)), float(np.nanquantile(error, 0.95))
    yield Line("time/error_mean_ms", mean, "ms", "lower", len(error), seed, spent, 25.0, means)
    yield Line("time/error_p95_ms", tail, "ms", "lower", len(error), seed, spent, 70.0, tails)


def ppm(world: World, error_ms: np.ndarray) -> float:
    """The 99th percentile of errors as a share of the time since the anchor, of what was placed (is no NaN)."""
    elapsed_s = np.maximum(np.abs(world.truth_ns) / S, 1.0)
    return float(np.nanquantile(np.abs(error_ms) * 1e3 / elapsed_s, 0.99))


def month_lines(seed: int) -> Iterator[Line]:
    started = time.perf_counter()
    world = make_world(MONTH, seed)
    found = points(world)
    spent = time.perf_counter() - started
    beside = {
        "after Phoenix": ppm(world, by_segments(world) * 1e3 - world.truth_ns / MS),
        "within 1 sigma": found.within(1),
        "within 2 sigma": found.within(2),
    }
    value = ppm(world, found.error_ms)
    yield Line("time/p99_ppm_30d", value, "ppm", "lower", len(found.error_ms), seed, spent, 2.0, beside)


def lines(seed: int) -> Iterator[Line]:
    yield from error_lines(seed)
    yield from month_lines(seed)
