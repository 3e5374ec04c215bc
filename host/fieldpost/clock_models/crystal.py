"""How much a crystal gains, in parts per billion: by its make, by temperature, and by its own random walk.

Decides the curves of two cuts. A tuning fork of 32,768 Hz loses by the square of the distance from its turnover; an
AT cut follows a cubic about its inflection. A gain of g: local elapsed = true elapsed x (1 + g). Refuses to know time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TUNING_FORK_HZ = 32_768
AT_CUT_HZ = 1_000_000  # a microsecond counter fed by the main crystal

Floats = np.ndarray


@dataclass(frozen=True, slots=True)
class TuningFork:
    """`skew_ppb` at the turnover temperature; `curve_ppb` per K^2, below zero."""

    skew_ppb: float
    curve_ppb: float = -34.0
    turnover_c: float = 25.0
    hz: int = TUNING_FORK_HZ

    def gain_ppb(self, celsius: Floats) -> Floats:
        return self.skew_ppb + self.curve_ppb * (celsius - self.turnover_c) ** 2


@dataclass(frozen=True, slots=True)
class AtCut:
    """`skew_ppb` at the inflection; the slope there in ppb per K, and the cubic in ppb per K^3."""

    skew_ppb: float
    slope_ppb: float = -90.0
    cubic_ppb: float = 0.105
    inflection_c: float = 26.0
    hz: int = AT_CUT_HZ

    def gain_ppb(self, celsius: Floats) -> Floats:
        away = celsius - self.inflection_c
        return self.skew_ppb + self.slope_ppb * away + self.cubic_ppb * away**3


@dataclass(frozen=True, slots=True)
class Disciplined:
    """A clock that something better steers, or a perfect one: no temperature enters."""

    skew_ppb: float = 0.0
    hz: int = AT_CUT_HZ

    def gain_ppb(self, celsius: Floats) -> Floats:
        return np.full(len(celsius), self.skew_ppb)


Crystal = TuningFork | AtCut | Disciplined


def tuning_fork(rng: np.random.Generator) -> TuningFork:
    """Skew within 50 ppm, -.034 +- .002 ppm/K^2 about 25 +- 1.5 C."""
    return TuningFork(rng.uniform(-50e3, 50e3), -34 + rng.uniform(-2, 2), 25 + rng.uniform(-1.5, 1.5))


def at_cut(rng: np.random.Generator) -> AtCut:
    """Skew within 20 ppm; an angle of cut that leaves some ppm over the outdoor range."""
    return AtCut(rng.uniform(-20e3, 20e3), rng.uniform(-250, 0), 0.105 + rng.uniform(-0.01, 0.01))


def disciplined(rng: np.random.Generator) -> Disciplined:
    """A gateway's clock under a time service: within 5 ppb."""
    return Disciplined(rng.uniform(-5, 5))


Maker = Callable[[np.random.Generator], Crystal]


def random_walk(rng: np.random.Generator, count: int, step_h: float, ppb_per_sqrt_h: float) -> Floats:
    """`count` values of a frequency that starts at 0 and walks by this much in an hour."""
    steps = rng.standard_normal(count) * ppb_per_sqrt_h * np.sqrt(step_h)
    steps[0] = 0.0
    return np.cumsum(steps)
