"""What a message says by when it was heard: how unlikely an excess delay is, with the slope and bend of that.

A message is never early: its excess over the stated least is exponential, blurred by a normal, so that the shortest
delays tell most and the long ones little. Where the stated least is below zero, two heard one event: the middle is
likeliest, and outliers count by their distance alone (Huber 1964). Decides nothing about ceilings: clipping does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_ndtr

from fieldpost.timeline.smoother.tracks import Floats

LN_ROOT_2PI = 0.9189385332046727
LN_2 = 0.6931471805599453
LN_3 = 1.0986122886681098
FAR_BELOW = -1e3  # there the pull of a normal's tail is its distance, to a millionth
LEAST_MS = 1e-3  # finer than a microsecond nothing is told
STEADIEST = 0.01  # of a delay: none is believed to vary less
FLOOR_FROM = 32  # messages; fewer tell a mean delay but no floor
SPREAD_FROM = 8  # exchanges that are no messages; fewer may agree by chance
BALANCINGS = 6


@dataclass(frozen=True, eq=False)
class Delays:
    """`late[i]`: whether exchange i is a message: `floor_ms` late, and exponentially later, `mean_ms` in the mean.

    `blur_ms` of that, and the `spread_ms` of exchanges that are no messages.
    """

    late: np.ndarray
    floor_ms: float
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
        late = excess_ms - self.floor_ms
        place = late / self.blur_ms - self.blur_ms / self.mean_ms
        below = log_ndtr(place)
        near = np.maximum(place, FAR_BELOW)
        pull = np.where(place > FAR_BELOW, np.exp(-0.5 * near**2 - LN_ROOT_2PI - log_ndtr(near)), -place)
        value = late / self.mean_ms - below
        bend = np.maximum(pull * (pull + place), 0.0) / self.blur_ms**2
        return value, 1 / self.mean_ms - pull / self.blur_ms, bend

    def information(self, excess_ms: Floats) -> Floats:
        """What each exchange tells, in ms^-2: its bend, and of a message no less than its mean delay alone would."""
        bend = self.unlikely(excess_ms)[2]
        return np.where(self.late, np.maximum(bend, self.mean_ms**-2.0), bend)

    def expected_ms(self) -> Floats:
        return np.where(self.late, self.floor_ms + self.mean_ms, 0.0)

    def spread(self) -> Floats:
        """Each exchange's standard deviation, roughly."""
        return np.where(self.late, self.mean_ms, self.spread_ms)


def fitted(late: np.ndarray, excess_ms: Floats, blur: float, stated_ms: float) -> Delays:
    """Delays that these excesses look like; `blur` as a share of the mean.

    `stated_ms`: the spread that is stated of exchanges that are no messages; what few of them show is not trusted.

    The mean and the floor by two quantiles of an exponential, the floor then such that the pulls of all messages add up
    to nothing: else those that go one way would move the other end by it.
    """
    told, beside = excess_ms[late], np.abs(excess_ms[~late])
    seen = 1.4826 * float(np.median(beside)) if len(beside) >= SPREAD_FROM else stated_ms
    spread = 1.345 * max(seen, LEAST_MS)
    if not len(told):
        return Delays(late, 0.0, 1.0, blur, spread)
    if len(told) < FLOOR_FROM:
        mean = max(float(np.median(np.abs(told))) / LN_2, LEAST_MS)
        return Delays(late, 0.0, mean, blur * mean, spread)
    quarter, half, most = np.quantile(told, (0.25, 0.5, 0.75))
    mean = max(float(most - quarter) / LN_3, STEADIEST * abs(float(half)), LEAST_MS)
    delays = Delays(late, float(half) - LN_2 * mean, mean, blur * mean, spread)
    for _ in range(BALANCINGS):
        _, slope, bend = delays.unlikely(excess_ms)
        move = float(slope[late].sum() / max(bend[late].sum(), 1e-300))
        delays = replace(delays, floor_ms=delays.floor_ms + float(np.clip(move, -blur * mean, blur * mean)))
    return delays
