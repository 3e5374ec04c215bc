"""One number for each placed reading: the likely time where contacts allow an estimate, else the middle of strict.

Decides what is shown to people beside an interval; nothing rests on it. Whole microseconds, inside the interval, since
floats end differently on different machines below that. Refuses an estimate of a device that some explanation of a
contradiction names, and of evidence that is too large for one: these have the middle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from fieldpost.timeline.columns import LIMIT, index_of, rows_of, stamps_of
from fieldpost.timeline.decimals import uniform_sigma
from fieldpost.timeline.evidence import Device, Evidence, Interval, Stamp
from fieldpost.timeline.smoother.smooth import clipped, smooth

SMOOTHED_MAX = 50_000  # exchanges; more would take minutes
SHOWN_NS = 1000
Point = tuple[int, int]  # ns since the anchor, and its sigma in ns


def likely(
    evidence: Evidence, anchor: Stamp, suspected: Iterable[Device], asked: Mapping[Stamp, Interval]
) -> dict[Stamp, Point]:
    """Points of those asked, each with its strict interval, that have a side at least; the others have none."""
    bounded = {stamp: interval for stamp, interval in asked.items() if interval != (None, None)}
    middles = {stamp: middle for stamp, interval in bounded.items() if (middle := middle_of(interval))}
    if not bounded or not 0 < len(evidence.exchanges) <= SMOOTHED_MAX:
        return middles
    index = index_of(evidence)
    out = np.zeros(len(index), bool)
    out[[index[device] for device in suspected]] = True
    smoothed = smooth(rows_of(evidence), stamps_of([anchor], index), out)
    stamps = stamps_of(bounded, index)
    known, at_ns, sigma_ns = smoothed.at(stamps)
    lo_ns = np.array([-LIMIT if lo is None else lo for lo, _ in bounded.values()], np.int64)
    hi_ns = np.array([LIMIT if hi is None else hi for _, hi in bounded.values()], np.int64)
    shown_ns, sigma_ns = clipped(rounded(at_ns), sigma_ns, lo_ns, hi_ns)
    estimates = zip(bounded, known, shown_ns.tolist(), np.ceil(sigma_ns / SHOWN_NS).astype(np.int64).tolist())
    return middles | {stamp: (at, sigma * SHOWN_NS) for stamp, told, at, sigma in estimates if told}


def rounded(ns: np.ndarray) -> np.ndarray:
    return (ns + SHOWN_NS // 2) // SHOWN_NS * SHOWN_NS


def middle_of(interval: Interval) -> Point | None:
    """The middle of two sides and the spread of an even chance between them; None where one is missing."""
    lo, hi = interval
    return None if lo is None or hi is None else ((lo + hi) // 2, uniform_sigma(hi - lo))
