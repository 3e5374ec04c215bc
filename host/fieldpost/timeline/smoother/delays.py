"""What a message says by when it was heard: how unlikely an excess delay is, with the slope and bend of that.

A message is never early: its excess over the stated least is exponential, blurred by a normal, so that the shortest
delays tell most and the long ones little. Where the stated least is below zero, two heard one event: the middle is
likeliest, and outliers count by their distance alone (Huber 1964). Decides nothing about ceilings: clipping does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from fieldpost.timeline.smoother.tracks import Floats

LN_ROOT_2PI = 0.9189385332046727
LN_2 = 0.6931471805599453


@dataclass(frozen=True, eq=False)
class Delays:
    """`late[i]`: whether exchange i is a message. `mean_ms` of the excess, its blur, and the spread of the others."""

    late: np.ndarray
    mean_ms: float
    blur_ms: float
    spread_ms: float

    def unlikely(self, excess_ms: Floats) -> tuple[Floats, Floats, Floats]:
        """Minus log likelihood of each excess, its slope and its bend (never negative)."""
        beside = excess_ms / self.spread_ms
        bent = np.abs(beside) <= 1
        value = np.where(bent, beside**2 / 2, np.abs(beside) - 0.5)
        slope = np.clip(beside, -1, 1) / self.spread_ms
        bend = np.where(bent, 1.0, 0.0) / self.spread_ms**2
        value[self.late], slope[self.late], bend[self.late] = self._exponential(excess_ms[self.late])
        return value, slope, bend

    def _exponential(self, excess_ms: Floats) -> tuple[Floats, Floats, Floats]:
        place = excess_ms / self.blur_ms - self.blur_ms / self.mean_ms
        below = log_ndtr(place)
        pull = np.exp(-0.5 * place**2 - LN_ROOT_2PI - below)
        value = excess_ms / self.mean_ms - below
        bend = np.maximum(pull * (pull + place), 0.0) / self.blur_ms**2
        return value, 1 / self.mean_ms - pull / self.blur_ms, bend

    def information(self, excess_ms: Floats) -> Floats:
        """What each exchange tells, in ms^-2: its bend, and of a message no less than its mean delay alone would."""
        bend = self.unlikely(excess_ms)[2]
        return np.where(self.late, np.maximum(bend, self.mean_ms**-2.0), bend)

    def expected_ms(self) -> Floats:
        return np.where(self.late, self.mean_ms, 0.0)

    def spread(self) -> Floats:
        """Each exchange's standard deviation, roughly."""
        return np.where(self.late, self.mean_ms, self.spread_ms)


def fitted(late: np.ndarray, excess_ms: Floats, blur: float, least_ms: float = 1e-6) -> Delays:
    """Delays whose medians are those of the excesses; `blur` as a share of the mean."""
    told, beside = excess_ms[late], np.abs(excess_ms[~late])
    mean = (
        max(float(np.median(told)) / LN_2, float(np.median(np.abs(told))) / 4, least_ms) if len(told) else 1.0
    )
    spread = max(1.4826 * float(np.median(beside)), least_ms) if len(beside) else 1.0
    return Delays(late, mean, blur * mean, 1.345 * spread)
