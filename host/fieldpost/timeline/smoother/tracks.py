"""Boots as tracks of knots: at each knot a phase and a rate, between them the cubic that both give.

Units: phase in ms, rate in ppm, local time in ks, so that a ppm gains one ms in a ks. Decides where knots stand and
about which straight line a phase is told; refuses to know who met whom but for that line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from fieldpost.timeline.columns import Clocks, Ints, Stamps, joined

KS_NS = 1e12
MS_NS = 1e6
STEP_KS_MAX = 7.2  # two hours: a cubic follows a day's swing and most weather
CONTACTS_A_STEP = 4
SHORTEST_KS = 0.1  # knots nearer to each other tell a rate no better and spoil the numbers
TIGHTEST_PPM = 1e-2  # a clock that is stated to be perfect is not, to a float

Floats = np.ndarray
Curves = Callable[
    [Ints, Ints], Floats
]  # (track[n], reading ns[n]) -> ms that each of H curves gained: float[n, H]


@dataclass(frozen=True, eq=False)
class Tracks:
    """C boots. `start`: int[C + 1], track c owns knots start[c]..start[c + 1] - 1, `step_ks[c]` apart from `first_ns`.

    `origin_ns`: about what true time since the anchor the first reading had. `joined`: whether contacts lead from it
    to the anchor. `middle_ppm`, `half_ppm`: the stated range of rates.
    """

    device: Ints
    boots: Ints
    keys: Ints
    first_ns: Ints
    origin_ns: Ints
    joined: np.ndarray
    step_ks: Floats
    start: Ints
    middle_ppm: Floats
    half_ppm: Floats

    @property
    def knots(self) -> int:
        return int(self.start[-1])

    @cached_property
    def track_of_knot(self) -> Ints:
        return np.repeat(np.arange(len(self.device)), np.diff(self.start))

    @cached_property
    def knot_ns(self) -> Ints:
        """The reading at each knot."""
        track = self.track_of_knot
        within = np.arange(self.knots) - self.start[track]
        return self.first_ns[track] + np.rint(within * self.step_ks[track] * KS_NS).astype(np.int64)

    def unknowns(self, curves: int, devices: int) -> int:
        """Phase and rate of each knot, and the weights of each device's curves and of the fleet's."""
        return 2 * self.knots + (devices + 1) * curves

    def find(self, stamps: Stamps) -> Ints:
        """The track of each stamp, -1 where its boot has none."""
        keys = boot_keys(stamps, self.boots)
        place = np.clip(np.searchsorted(self.keys, keys), 0, len(self.keys) - 1)
        return np.where((keys >= 0) & (self.keys[place] == keys), place, -1)

    def line_ms(self, track: Ints, t_ns: Ints) -> Floats:
        """By how much the straight line that phases are told about leaves origin + (reading - first)."""
        return self.middle_ppm[track] * ((t_ns - self.first_ns[track]) / KS_NS)

    def rows_at(self, track: Ints, t_ns: Ints, curves: Curves, devices: int) -> sparse.csr_matrix:
        """The phase at n readings as a linear function of all unknowns: sparse float[n, unknowns].

        Beyond the first and last knot a track goes straight on, but for its curves.
        """
        length = (t_ns - self.first_ns[track]) / KS_NS
        step = self.step_ks[track]
        last = np.diff(self.start)[track] - 2
        within = np.clip(np.floor(length / step).astype(np.int64), 0, last)
        knot = self.start[track] + within
        at = length / step - within
        s = np.clip(at, 0, 1)
        ahead = 3 * s**2 - 2 * s**3
        rate_here = (s**3 - 2 * s**2 + s + np.minimum(at, 0)) * step
        rate_ahead = (s**3 - s**2 + np.maximum(at - 1, 0)) * step
        here, there = curves(track, self.knot_ns[knot]), curves(track, self.knot_ns[knot + 1])
        told = curves(track, t_ns) - here - ahead[:, None] * (there - here)
        n, count = len(track), told.shape[1]
        columns = [2 * knot, 2 * knot + 1, 2 * knot + 2, 2 * knot + 3]
        own = 2 * self.knots + self.device[track] * count
        columns += [own + curve for curve in range(count)]
        values = [1 - ahead, rate_here, ahead, rate_ahead, *told.T]
        places = (np.tile(np.arange(n), len(columns)), np.concatenate(columns))
        shape = (n, self.unknowns(count, devices))
        return sparse.csr_matrix((np.concatenate(values), places), shape=shape)

    def bridge_ms2(self, track: Ints, t_ns: Ints, walk: Floats) -> Floats:
        """The variance that a rate walking `walk` ppm^2 a ks adds between knots, and beyond the ends."""
        length = (t_ns - self.first_ns[track]) / KS_NS
        step = self.step_ks[track]
        reach = (np.diff(self.start)[track] - 1) * step
        at = np.clip(length, 0, reach) / step % 1
        beyond = np.maximum(0, -length) + np.maximum(0, length - reach)
        return walk * ((step * at * (1 - at)) ** 3 + beyond**3) / 3


def boot_keys(stamps: Stamps, boots: Ints) -> Ints:
    """One number for (device, boot), rising with both; -1 for a boot that is not listed."""
    place = np.clip(np.searchsorted(boots, stamps.boot), 0, len(boots) - 1)
    return np.where(boots[place] == stamps.boot, stamps.device * len(boots) + place, -1)


def dead_reckoning(
    tx: Stamps, rx: Stamps, ends: tuple[Ints, Ints], first_ns: Ints, least_ns: Ints, anchor: tuple[int, int]
) -> tuple[Ints, np.ndarray]:
    """(origin of each track, whether it was reached), from the anchor along the fewest contacts, at rate one."""
    count = len(first_ns)
    pairs = np.concatenate((ends[0], ends[1])), np.concatenate((ends[1], ends[0]))
    # What takes a track's line to the other's: origin(b) - origin(a), as this message tells it.
    sent, heard = tx.t_ns - first_ns[ends[0]], rx.t_ns - first_ns[ends[1]]
    shift = sent + least_ns - heard
    shifts = np.concatenate((shift, -shift))
    keys, places = np.unique(pairs[0] * count + pairs[1], return_index=True)
    graph = sparse.csr_matrix((np.ones(len(keys)), (keys // count, keys % count)), shape=(count, count))
    order, came_from = csgraph.breadth_first_order(graph, anchor[0], return_predecessors=True)
    origin, reached = np.zeros(count, np.int64), np.zeros(count, bool)
    origin[anchor[0]], reached[anchor[0]] = first_ns[anchor[0]] - anchor[1], True
    for track in order[1:]:
        near = came_from[track]
        edge = places[np.searchsorted(keys, int(near) * count + int(track))]
        origin[track], reached[track] = origin[near] + shifts[edge], True
    return origin, reached


def lay_tracks(clocks: Clocks, tx: Stamps, rx: Stamps, least_ns: Ints, anchor: Stamps) -> Tracks:
    """Tracks of every boot that sent or heard, and of the anchor's (one stamp)."""
    every = joined([tx, rx, anchor])
    boots = np.unique(every.boot)
    keys = boot_keys(every, boots)
    known, track, contacts = np.unique(keys, return_inverse=True, return_counts=True)
    first = np.full(len(known), np.iinfo(np.int64).max)
    last = np.full(len(known), np.iinfo(np.int64).min)
    np.minimum.at(first, track, every.t_ns)
    np.maximum.at(last, track, every.t_ns)
    span = (last - first) / KS_NS
    wanted = np.maximum(contacts / CONTACTS_A_STEP, span / STEP_KS_MAX)
    steps = np.maximum(1, np.ceil(np.minimum(wanted, 4 * span / STEP_KS_MAX + 8))).astype(np.int64)
    device = known // len(boots)
    ends = track[: len(tx)], track[len(tx) : -1]
    at = int(track[-1]), int(anchor.t_ns[0])
    origin, reached = dead_reckoning(tx, rx, ends, first, least_ns, at)
    lo, hi = clocks.lo_ppb[device] / 1e3, clocks.hi_ppb[device] / 1e3
    middle = (lo + hi) / 2
    # So that the anchor's phase is 0: the straight line about which phases are told passes through it.
    origin -= int(np.rint(middle[at[0]] * (at[1] - first[at[0]]) / KS_NS * MS_NS))
    return Tracks(
        device, boots, known, first, origin, reached, np.maximum(span / steps, SHORTEST_KS),
        np.concatenate(([0], np.cumsum(steps + 1))), middle, np.maximum((hi - lo) / 2, TIGHTEST_PPM),
    )  # fmt: skip
