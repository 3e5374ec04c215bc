"""How often the resilient interval of an honest observation holds the truth, and whether any order verdict is wrong.

Half of the worlds have one liar, with the largest lie of a series that no evidence contradicts. Every pair of a world's
observations is looked at: a verdict by disjoint intervals is wrong where the truth has it the other way.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from fieldpost.bench.line import Line
from fieldpost.bench.time.hull import hull_contains
from fieldpost.bench.time.solved import contradicts, resilient_spread
from fieldpost.clock_models.temperature import DAY_NS
from fieldpost.simulated_fleet.plan import MS, Lie, Plan
from fieldpost.simulated_fleet.world import World, make_world
from fieldpost.timeline.columns import Ints
from fieldpost.timeline.spread import Spread

SEEDS = 20
HULLS = 4
OBSERVATIONS = 1_000_000
PLAN = Plan(devices=24, span_ns=7 * DAY_NS)
SIZES_MS = (30_000, 3000, 1000, 300, 100, 30, 10)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one world or many: observations placed and held, those that some verdict has wrong, and strict ones held."""

    placed: int
    held: int
    wrong: int
    strictly: int

    def plus(self, other: Tally) -> Tally:
        return Tally(
            self.placed + other.placed,
            self.held + other.held,
            self.wrong + other.wrong,
            self.strictly + other.strictly,
        )


def with_undetected_liar(plan: Plan, seed: int) -> World:
    """The world of this seed in which one device tells the largest lie that nothing contradicts; none if all do."""
    rng = np.random.default_rng(seed)
    honest = make_world(plan, seed)
    spared = {int(honest.tx.device[honest.zero]), int(honest.rx.device[honest.zero])}
    liar = int(rng.choice([device for device in range(plan.meshes, plan.total) if device not in spared]))
    kind, sign = ("step", "rate", "two-faced")[rng.integers(3)], int(rng.choice([-1, 1]))
    after = int(rng.uniform(0.1, 0.6) * plan.span_ns)
    for size_ms in SIZES_MS:
        lie = Lie(liar, kind, sign * size_ms * MS, after)
        world = make_world(replace(plan, lies=(lie,)), seed)
        if not contradicts(world):
            return world
    return honest


def world_of(plan: Plan, seed: int) -> World:
    return make_world(plan, seed) if seed % 2 else with_undetected_liar(plan, seed)


def held(lower: Ints, upper: Ints, truth: Ints) -> np.ndarray:
    """Whether [-lower, upper] holds the truth; LIMIT is no bound."""
    return (-lower <= truth) & (truth <= upper)


def wrongly_ordered(lower: Ints, upper: Ints, truth: Ints) -> int:
    """How many observations some other is said to precede, by disjoint intervals, that came later."""
    by_end = np.argsort(upper, kind="stable")
    latest = np.maximum.accumulate(truth[by_end])
    before = np.searchsorted(upper[by_end], -lower, "left")  # so many end before this one begins
    told = before > 0
    return int(np.sum(latest[before[told] - 1] > truth[told]))


def tally(world: World, spread: Spread) -> Tally:
    truth = world.truth_ns
    found = held(spread.resilient_lower, spread.resilient_upper, truth)
    wrong = wrongly_ordered(spread.resilient_lower, spread.resilient_upper, truth)
    return Tally(len(truth), int(found.sum()), wrong, int(held(spread.lower, spread.upper, truth).sum()))


def total(seed: int, seeds: int, observations: int, plan: Plan = PLAN) -> Tally:
    """Over `seeds` worlds with as many observations in all."""
    found = Tally(0, 0, 0, 0)
    for one in range(seeds):
        world = world_of(replace(plan, observations=-(-observations // seeds)), seed * 1000 + one)
        found = found.plus(tally(world, resilient_spread(world)))
    return found


def lines(seed: int, seeds: int = SEEDS, observations: int = OBSERVATIONS) -> Iterator[Line]:
    started = time.perf_counter()
    found = total(seed, seeds, observations)
    spent = time.perf_counter() - started
    hulls = [hull_contains(make_world(PLAN, seed * 1000 + one))[:2] for one in range(HULLS)]
    hull = sum(share * placed for share, placed in hulls) / sum(placed for _, placed in hulls)
    beside = {"strict": found.strictly / found.placed, "convex hull": hull}
    share = found.held / found.placed
    yield Line("time/containment", share, "ratio", "higher", found.placed, seed, spent, 1.0, beside)
    yield Line("time/wrong_order", found.wrong, "verdicts", "lower", found.placed, seed, spent, 0)
