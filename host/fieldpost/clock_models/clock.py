"""A clock as pieces of constant gain: true nanoseconds to local ones and back, in integers alone.

Decides that gains are whole parts per billion for a whole piece, so that a board, a bench and a test that take the
same pieces read the same ticks. Refuses randomness: `random_clock` takes it as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldpost.clock_models.crystal import Maker, random_walk
from fieldpost.clock_models.temperature import HOUR_NS, Climate, temperatures

GIGA = 1_000_000_000
PIECE_NS = 600 * GIGA

Ints = np.ndarray


def gained(dt_ns: Ints, ppb: Ints) -> Ints:
    """floor(dt x ppb / 10^9), in two parts that stay inside 64 bits."""
    return dt_ns // GIGA * ppb + dt_ns % GIGA * ppb // GIGA


@dataclass(frozen=True, eq=False)
class Clock:
    """Gain `rates_ppb[i]` holds from true time `starts_ns[i]` on; the first piece reaches back without end.

    `locals_ns[i]` is what the clock reads at `starts_ns[i]`: 0 at the first.
    """

    starts_ns: Ints
    rates_ppb: Ints
    hz: int
    locals_ns: Ints
    celsius: np.ndarray | None = None

    def local_ns(self, true_ns: Ints) -> Ints:
        """The clock's own time in ns, before it is cut to ticks. Any shape."""
        true_ns = np.asarray(true_ns, np.int64)
        piece = np.clip(np.searchsorted(self.starts_ns, true_ns, "right") - 1, 0, None)
        dt = true_ns - self.starts_ns[piece]
        return self.locals_ns[piece] + dt + gained(dt, self.rates_ppb[piece])

    def true_ns(self, local_ns: Ints) -> Ints:
        """The first true nanosecond at which the clock reads at least this. Any shape."""
        local_ns = np.asarray(local_ns, np.int64)
        piece = np.clip(np.searchsorted(self.locals_ns, local_ns, "right") - 1, 0, None)
        wanted, ppb = local_ns - self.locals_ns[piece], self.rates_ppb[piece]
        dt = wanted.copy() if wanted.ndim else wanted
        for _ in range(8):  # each round leaves at most the gain's share of what was missing
            dt = dt + (wanted - dt - gained(dt, ppb))
        earlier = dt - 1
        dt = np.where(earlier + gained(earlier, ppb) >= wanted, earlier, dt)
        return self.starts_ns[piece] + dt

    def reading_ns(self, true_ns: Ints, boot_ns: int = 0) -> Ints:
        """What a device that booted at true time `boot_ns` reads: whole ticks since then, as ns rounded up."""
        since = self.local_ns(true_ns) - self.local_ns(np.array(boot_ns))
        ticks = since // GIGA * self.hz + since % GIGA * self.hz // GIGA
        return ticks // self.hz * GIGA - (-(ticks % self.hz * GIGA) // self.hz)

    def tick_ns(self, reading_ns: Ints, boot_ns: int = 0) -> Ints:
        """The true time at which a device that booted at `boot_ns` began to read this: when its stamp holds."""
        return self.true_ns(np.asarray(reading_ns, np.int64) + self.local_ns(np.array(boot_ns)))

    def pieces(self) -> list[tuple[int, int]]:
        """[(true ns, gain in ppb)], for whoever must do without numpy; equal neighbours are one piece."""
        kept = np.concatenate(([True], np.diff(self.rates_ppb) != 0))
        return list(zip(self.starts_ns[kept].tolist(), self.rates_ppb[kept].tolist()))


def clock_of(starts_ns: Ints, rates_ppb: Ints, hz: int, celsius: np.ndarray | None = None) -> Clock:
    """A clock from rising true times and integer gains. Raises ValueError when one has no place."""
    starts, rates = np.asarray(starts_ns, np.int64), np.asarray(rates_ppb, np.int64)
    if len(starts) != len(rates) or not len(starts) or np.any(np.diff(starts) <= 0):
        raise ValueError("a clock needs one gain for each start, and starts that rise")
    dt = np.diff(starts)
    locals_ns = np.concatenate(([0], np.cumsum(dt + gained(dt, rates[:-1]))))
    return Clock(starts, rates, hz, locals_ns, celsius)


def steady_clock(rate_ppb: int, hz: int = GIGA) -> Clock:
    """One gain for ever."""
    return clock_of(np.array([0]), np.array([rate_ppb]), hz)


def random_clock(
    rng: np.random.Generator,
    make: Maker,
    climate: Climate,
    span_ns: int,
    walk_ppb: float = 10.0,
    piece_ns: int = PIECE_NS,
) -> Clock:
    """A clock over true times 0..span: a crystal of this make in this climate, walking `walk_ppb` in an hour.

    `celsius` holds the temperature of each piece.
    """
    starts = np.arange(-(-span_ns // piece_ns) + 2, dtype=np.int64) * piece_ns
    crystal = make(rng)
    celsius = temperatures(rng, climate, starts)
    walk = random_walk(rng, len(starts), piece_ns / HOUR_NS, walk_ppb)
    rates = np.rint(crystal.gain_ppb(celsius) + walk).astype(np.int64)
    return clock_of(starts, rates, crystal.hz, celsius)
