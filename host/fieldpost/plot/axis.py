"""The axis of time: its unit, its round steps, and where a time stands on it.

Decides how a span of nanoseconds is told to people: in the unit that keeps numbers short, at five to ten round
places. Integers until the place on the page.
"""

from __future__ import annotations

from dataclasses import dataclass

S = 1_000_000_000
# Unit, its length, and the round steps within it; a step above the last is a round number of the last unit.
UNITS = (
    ("ns", 1, (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    ("µs", 1_000, (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    ("ms", 1_000_000, (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    ("s", S, (1, 2, 5, 10, 15, 30)),
    ("min", 60 * S, (1, 2, 5, 10, 15, 30)),
    ("h", 3_600 * S, (1, 2, 3, 6, 12)),
    ("d", 86_400 * S, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)),
)
STEPS_MAX = 10


@dataclass(frozen=True, slots=True)
class Axis:
    """[lo, hi] ns on the page from `left` to `right`, in pixels."""

    lo_ns: int
    hi_ns: int
    left: float
    right: float

    def x(self, ns: int) -> float:
        """Where a time stands; what lies outside stands at the edge. To a tenth of a pixel."""
        inside = min(max(ns, self.lo_ns), self.hi_ns)
        return round(
            self.left + (self.right - self.left) * (inside - self.lo_ns) / (self.hi_ns - self.lo_ns), 1
        )

    def unit_and_step(self) -> tuple[str, int, int]:
        """(name, its ns, the step in ns): the least round step with at most ten places."""
        span = self.hi_ns - self.lo_ns
        for name, unit_ns, steps in UNITS:
            for step in steps:
                if span <= step * unit_ns * STEPS_MAX:
                    return name, unit_ns, step * unit_ns
        name, unit_ns, steps = UNITS[-1]
        return name, unit_ns, steps[-1] * unit_ns * max(1, span // (steps[-1] * unit_ns * STEPS_MAX))

    def marks(self) -> list[tuple[int, str]]:
        """(ns, number in the unit) of the round places, rising."""
        _, unit_ns, step = self.unit_and_step()
        first = -(-self.lo_ns // step) * step
        return [(at, str(at // unit_ns)) for at in range(first, self.hi_ns + 1, step)]


def axis_over(times_ns: list[int], left: float, right: float) -> Axis:
    """An axis that holds all these times and the zero, with a little room at both ends."""
    lo, hi = min([0, *times_ns]), max([0, *times_ns])
    room = max((hi - lo) // 40, 1)
    return Axis(lo - room, hi + room, left, right)
