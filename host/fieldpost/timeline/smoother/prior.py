"""What is likely of clocks before anybody met: rates within their range that walk, and go on through a reboot.

Decides whitened rows, each of which is a standard normal deviate: their squares sum to minus twice the log likelihood.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from fieldpost.timeline.columns import Ints
from fieldpost.timeline.smoother.tracks import TIGHTEST_PPM, Curves, Floats, Tracks

PHASE_MS = 1e5  # a phase is told about dead reckoning, which goes wrong by less than that
CURVE_PPM = 3.0  # how far a device's weight of a curve lies from the fleet's
FLEET_PPM = 50.0
OUTAGE_KS = 10.0  # what a boot may have missed of the walk of its device's rate
WALK_SHARE = 50.0  # a rate that walks over its stated range within so many ks is as wild as one can be


class Entries:
    """Rows of a sparse matrix, added block by block."""

    def __init__(self) -> None:
        self.count = 0
        self.parts: list[tuple[Ints, Ints, Floats]] = []

    def add(self, *terms: tuple[Ints, Floats]) -> None:
        """As many rows as each term has columns; each row is the sum of its terms."""
        rows = self.count + np.arange(len(terms[0][0]))
        self.parts += [(rows, column, value) for column, value in terms]
        self.count += len(rows)

    def matrix(self, width: int) -> sparse.csr_matrix:
        rows, columns, values = (np.concatenate(part) for part in zip(*self.parts))
        return sparse.csr_matrix((values, (rows, columns)), shape=(self.count, width))


def walks(tracks: Tracks, walk: float) -> Floats:
    """ppm^2 a ks of each track: no clock walks wilder than its stated range allows."""
    return np.minimum(walk, tracks.half_ppm**2 / WALK_SHARE)


def prior_rows(tracks: Tracks, curves: Curves, count: int, devices: int, walk: float) -> sparse.csr_matrix:
    """Rows over all unknowns: (phase, rate) of each knot, `count` weights of each device's curves, and the fleet's."""
    entries = Entries()
    track = tracks.track_of_knot
    pace = walks(tracks, walk)
    here = np.flatnonzero(track[1:] == track[:-1])
    step, own = tracks.step_ks[track[here]], pace[track[here]]
    phase, rate = np.sqrt(12 / (step**3 * own)), np.sqrt(1 / (step * own))
    gained = curves(track[here], tracks.knot_ns[here + 1]) - curves(track[here], tracks.knot_ns[here])
    weights = 2 * tracks.knots + tracks.device[track[here]] * count
    terms = [(weights + curve, -phase * gained[:, curve]) for curve in range(count)]
    half = -phase * step / 2
    entries.add((2 * here + 2, phase), (2 * here, -phase), (2 * here + 1, half), (2 * here + 3, half), *terms)
    entries.add((2 * here + 3, rate), (2 * here + 1, -rate))
    first = tracks.start[:-1]
    again = np.flatnonzero(tracks.device[1:] == tracks.device[:-1]) + 1
    through = 1 / np.sqrt(pace[again] * OUTAGE_KS)
    entries.add((2 * first[again] + 1, through), (2 * first[again] - 1, -through))
    new = np.setdiff1d(np.arange(len(first)), again)
    entries.add((2 * first[new] + 1, 1 / tracks.half_ppm[new]))
    entries.add((2 * first, np.where(tracks.joined, 1 / PHASE_MS, 1.0)))
    if count:
        curve_priors(entries, tracks, count, devices)
    return entries.matrix(tracks.unknowns(count, devices))


def curve_priors(entries: Entries, tracks: Tracks, count: int, devices: int) -> None:
    """Each device's weights are near the fleet's, which may be any; those of steadier clocks are near 0.

    Without the fleet's, what all devices share would be taken for unlikely, as often as there are devices.
    """
    half = np.full(devices, TIGHTEST_PPM)
    half[tracks.device] = tracks.half_ppm
    own = 2 * tracks.knots + np.arange(devices * count)
    fleet = 2 * tracks.knots + devices * count + np.tile(np.arange(count), devices)
    wild = np.repeat(half >= CURVE_PPM, count)
    spread = 1 / np.minimum(CURVE_PPM, np.repeat(half, count))
    entries.add((own[wild], spread[wild]), (fleet[wild], -spread[wild]))
    entries.add((own[~wild], spread[~wild]))
    entries.add((2 * tracks.knots + devices * count + np.arange(count), np.full(count, 1 / FLEET_PPM)))
