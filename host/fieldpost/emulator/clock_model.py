"""A crystal's clock for an emulated board: the same models that time is estimated against, as a course of pieces.

Decides nothing about crystals, and draws from the seed alone.
"""

import numpy as np

from fieldpost.clock_models.clock import random_clock
from fieldpost.clock_models.crystal import at_cut, tuning_fork
from fieldpost.clock_models.temperature import DAY_NS, INDOOR, OUTDOOR
from fieldpost.emulator.clock_course import ClockCourse

MAKES = {"tuning-fork": tuning_fork, "at-cut": at_cut}
CLIMATES = {"outdoor": OUTDOOR, "indoor": INDOOR}


def modelled(make: str, climate: str, days: int, seed: bytes) -> ClockCourse:
    """The course of one clock over so many days of the world; the last piece goes on behind them."""
    rng = np.random.default_rng(int.from_bytes(seed, "big"))
    clock = random_clock(rng, MAKES[make], CLIMATES[climate], days * DAY_NS)
    celsius = [] if clock.celsius is None else (clock.celsius * 1000).round().astype(int).tolist()
    return ClockCourse(clock.pieces(), list(zip(clock.starts_ns.tolist(), celsius, strict=True)))
