"""The true clock that all boards of a fleet share and none of them sees.

Decides how emulated time runs against the host's monotonic clock. It refuses to decide any board's clock:
each adds its own drift.
"""

import time
from dataclasses import dataclass


def monotonic_us() -> int:
    """The host's monotonic clock, the same that MicroPython's `time.ticks_us` reads there."""
    return time.monotonic_ns() // 1000


@dataclass(frozen=True, slots=True)
class World:
    """`scale` emulated seconds pass in each second of the host; `utc_ms` was true UTC at `started_us`."""

    started_us: int
    utc_ms: int
    scale: int

    def now_utc_ms(self) -> int:
        return self.utc_ms + (monotonic_us() - self.started_us) * self.scale // 1000


def start_world(scale: int = 1, utc_ms: int | None = None) -> World:
    """A world that starts now; its UTC is the host's unless given."""
    return World(monotonic_us(), time.time_ns() // 1_000_000 if utc_ms is None else utc_ms, scale)
