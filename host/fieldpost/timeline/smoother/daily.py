"""What a rate follows besides its own walk: the hour of the day, or a logged temperature.

Decides which curves a device's rate is a sum of; their weights are unknowns of the device, shared by all its boots.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fieldpost.timeline.columns import Ints
from fieldpost.timeline.smoother.tracks import KS_NS, Curves, Floats, Tracks

DAY_KS = 86.4
HARMONICS = 2
MIDDLE_C = 20.0


def daily_curves(tracks: Tracks) -> Curves:
    """The day's first two harmonics: integrals of cos and sin of the hour, in ms a ppm."""
    turn = 2 * np.pi / DAY_KS * np.arange(1, HARMONICS + 1)

    def curves(track: Ints, t_ns: Ints) -> Floats:
        since = tracks.origin_ns[track] + (t_ns - tracks.first_ns[track])
        angle = (since / KS_NS)[:, None] * turn
        return np.concatenate((np.sin(angle) / turn, -np.cos(angle) / turn), axis=1)

    return curves


def warm_curves(tracks: Tracks, logs: Mapping[tuple[int, int], tuple[Ints, Floats]]) -> Curves:
    """The temperature and its square, integrated over local time, in ms for a ppm at 10 K from the middle.

    `logs`: by (device, boot), readings in ns, rising, and degrees C; linear between them, constant beyond. A boot
    without a log keeps the middle.
    """
    known = {}
    for (device, boot), (t_ns, celsius) in logs.items():
        place = int(np.searchsorted(tracks.boots, boot))
        warmth = (np.asarray(celsius, float) - MIDDLE_C) / 10
        known[device * len(tracks.boots) + place] = (np.asarray(t_ns, np.int64), warmth)
    found = [known.get(int(key)) for key in tracks.keys]

    def curves(track: Ints, t_ns: Ints) -> Floats:
        gained = np.zeros((len(track), 2))
        for one in np.unique(track):
            log, mine = found[one], track == one
            if log is not None:
                log_ns, warmth = log
                gained[mine] = integrals(log_ns, warmth, t_ns[mine], int(tracks.first_ns[one]))
        return gained

    return curves


def integrals(log_ns: Ints, warmth: Floats, at_ns: Ints, from_ns: int) -> Floats:
    """Of the warmth and of its square, from `from_ns` to each reading, in ks: float[n, 2]."""
    log, at = (log_ns - from_ns) / KS_NS, (at_ns - from_ns) / KS_NS
    step = np.diff(log)
    slope = np.diff(warmth) / step
    mean, square = (
        (warmth[1:] + warmth[:-1]) / 2,
        (warmth[1:] ** 2 + warmth[1:] * warmth[:-1] + warmth[:-1] ** 2) / 3,
    )
    sums = np.stack([np.concatenate(([0], np.cumsum(step * part))) for part in (mean, square)], axis=1)
    place = np.clip(np.searchsorted(log, at, "right") - 1, 0, len(log) - 1)
    past = at - log[place]
    grade = np.where((place < len(slope)) & (past > 0), np.append(slope, 0.0)[place], 0.0)
    here = warmth[place]
    linear = past * here + grade * past**2 / 2
    squared = past * here**2 + grade * here * past**2 + grade**2 * past**3 / 3
    return sums[place] + np.stack([linear, squared], axis=1)


def no_curves(track: Ints, t_ns: Ints) -> Floats:
    return np.zeros((len(track), 0))
