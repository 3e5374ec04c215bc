"""How a board's clock runs over the world's time, and how warm its die is: pieces that a file or a model gives.

Decides how pieces become points that the board joins by straight lines, in whole microseconds. It refuses to know any
crystal: a model says the pieces, and a constant drift is one piece.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

GIGA = 1_000_000_000
Points = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class ClockCourse:
    """True nanoseconds since the world began, in order, the first 0.

    `rates_ppb`: (ns, what the clock gains from then on, in parts per billion). `die_mc`: (ns, thousandths of a degree
    Celsius), joined by straight lines; empty: the model knows no temperature.
    """

    rates_ppb: Sequence[tuple[int, int]]
    die_mc: Sequence[tuple[int, int]] = ()


def constant(drift_ppm: int) -> ClockCourse:
    return ClockCourse(((0, drift_ppm * 1_000),))


def gained_us(course: ClockCourse) -> Points:
    """(true us, us that the clock has gained by then), one point a piece and one on the last piece's line."""
    gained_ns = 0
    points: Points = []
    for (at_ns, ppb), (end_ns, _) in pairwise(course.rates_ppb):
        points.append((at_ns // 1_000, gained_ns // 1_000))
        gained_ns += (end_ns - at_ns) * ppb // GIGA
    at_ns, ppb = course.rates_ppb[-1]
    at_us, gained = at_ns // 1_000, gained_ns // 1_000
    return [*points, (at_us, gained), (at_us + GIGA, gained + ppb)]


def warmth_mc(course: ClockCourse) -> Points:
    """(true us, thousandths of a degree); the last one stays."""
    points = [(at_ns // 1_000, mc) for at_ns, mc in course.die_mc]
    at_us, mc = points[-1]
    return [*points, (at_us + 1, mc)]


def packed(points: Iterable[tuple[int, int]]) -> bytes:
    """As `board_curve` reads them."""
    return b"".join(struct.pack("<qq", *point) for point in points)
