"""How warm a crystal is over the days: a daily swing, weather that walks, and clouds that come and go.

Decides the shape and the range of temperatures; refuses to know a calendar: the true time 0 is midnight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS

Floats = np.ndarray


@dataclass(frozen=True, slots=True)
class Climate:
    """Degrees C. `swing_c`: half of the daily range; the warmest hour is `warmest_h`.

    `weather_c`: what the mean walks in a day (it returns within days); `cloud_c`: the deviation of an AR(1) noise
    whose memory is `cloud_h` hours. Temperatures stay within `coldest_c` and `hottest_c`.
    """

    mean_c: float = 12.0
    swing_c: float = 11.0
    weather_c: float = 2.5
    cloud_c: float = 1.0
    cloud_h: float = 2.0
    warmest_h: float = 15.0
    coldest_c: float = -10.0
    hottest_c: float = 45.0


OUTDOOR = Climate()
INDOOR = Climate(mean_c=21.0, swing_c=1.5, weather_c=0.3, cloud_c=0.2, coldest_c=12.0, hottest_c=32.0)
WEATHER_MEMORY_H = 96.0


def autoregressive(rng: np.random.Generator, count: int, deviation: float, memory_steps: float) -> Floats:
    """`count` values of a stationary AR(1) noise with this standard deviation."""
    kept = float(np.exp(-1.0 / memory_steps))
    noise = rng.standard_normal(count) * deviation
    scale = np.sqrt(1.0 - kept * kept)
    values = np.empty(count)
    value = 0.0
    for place, step in enumerate(noise.tolist()):
        value = step if place == 0 else kept * value + scale * step
        values[place] = value
    return values


def daily(climate: Climate, at_ns: np.ndarray) -> Floats:
    """The mean and its daily swing at these true times."""
    turn = 2 * np.pi * (at_ns / DAY_NS - climate.warmest_h / 24)
    return climate.mean_c + climate.swing_c * np.cos(turn)


def temperatures(rng: np.random.Generator, climate: Climate, at_ns: np.ndarray) -> Floats:
    """Degrees C at evenly spaced true times (int64 ns, at least two)."""
    step_h = float(at_ns[1] - at_ns[0]) / HOUR_NS
    spread = climate.weather_c * np.sqrt(WEATHER_MEMORY_H / 48)  # walks weather_c in a day
    weather = autoregressive(rng, len(at_ns), spread, WEATHER_MEMORY_H / step_h)
    clouds = autoregressive(rng, len(at_ns), climate.cloud_c, climate.cloud_h / step_h)
    return np.clip(daily(climate, at_ns) + weather + clouds, climate.coldest_c, climate.hottest_c)
