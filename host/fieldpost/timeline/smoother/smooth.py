"""The joint estimate: a likely time and its sigma for any reading, from all contacts at once.

Decides how wild rates walk by what messages that were held back say, and how long delays are by all of them. Its points
are for people: no interval, order or verdict rests on them. `clipped` keeps them inside what is proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from fieldpost.timeline.columns import LIMIT, Ints, Rows, Stamps
from fieldpost.timeline.smoother.daily import DAY_KS, HARMONICS, daily_curves, no_curves, warm_curves
from fieldpost.timeline.smoother.delays import LEAST_MS, Delays, fitted
from fieldpost.timeline.smoother.newton import System, drawn, least_squares, most_likely
from fieldpost.timeline.smoother.prior import prior_rows, walks
from fieldpost.timeline.smoother.tracks import KS_NS, MS_NS, Curves, Floats, Tracks, lay_tracks

PROBES = 48  # solutions of random right sides; sigma is known to a tenth
ANCHOR_SHARE = 1e-3  # of the mean delay: how exactly the anchor is held
BLURS = (0.5, 0.25, 0.125)
WALKS = tuple(10.0**power for power in range(-4, 4))  # ppm^2 a ks
UNEXPLAINED, BY_THE_HOUR, BY_WARMTH = 4, 3, 2  # what a rate usually walks beside such curves: places in WALKS
DAYS_LEAST = 2
HELD_FROM = 64  # messages; with fewer none can be spared
BLOCKS, HELD = 64, 8


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Everything estimated; `at` tells it for readings."""

    tracks: Tracks
    curves: Curves
    devices: int
    walk: float
    delays: Delays
    z: Floats
    probes: Floats

    def at(self, stamps: Stamps) -> tuple[np.ndarray, Ints, Floats]:
        """(known bool[n], point ns since the anchor int64[n], sigma ns float[n]).

        Unknown is a reading of a boot that no contact joins to the anchor: its point and sigma are 0.
        """
        track = self.tracks.find(stamps)
        known = (track >= 0) & self.tracks.joined[np.maximum(track, 0)]
        own, t_ns = track[known], stamps.t_ns[known]
        rows = self.tracks.rows_at(own, t_ns, self.curves, self.devices)
        point, sigma = np.zeros(len(stamps), np.int64), np.zeros(len(stamps))
        told_ms = rows @ self.z + self.tracks.line_ms(own, t_ns)
        line_ns = self.tracks.origin_ns[own] + (t_ns - self.tracks.first_ns[own])
        point[known] = line_ns + np.rint(told_ms * MS_NS).astype(np.int64)
        pace = walks(self.tracks, self.walk)[own]
        variance = np.mean((rows @ self.probes) ** 2, axis=1) + self.tracks.bridge_ms2(own, t_ns, pace)
        sigma[known] = np.sqrt(variance) * MS_NS
        return known, point, sigma


@dataclass(frozen=True, eq=False)
class Contacts:
    """The exchanges that are told, as arrays, and their rows over the unknowns."""

    heard: sparse.csr_matrix
    sent: sparse.csr_matrix
    told_ms: Floats
    late: np.ndarray
    stated_ms: float
    held: np.ndarray
    anchor: sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class Fit:
    """Tracks, curves and contacts, for whatever walk is tried."""

    tracks: Tracks
    curves: Curves
    count: int
    usual: int
    devices: int
    contacts: Contacts

    def system(self, walk: float, mean_ms: float, kept: np.ndarray) -> System:
        prior = prior_rows(self.tracks, self.curves, self.count, self.devices, walk)
        held = self.contacts.anchor / max(ANCHOR_SHARE * mean_ms, LEAST_MS)
        heard, sent = self.contacts.heard[kept], self.contacts.sent[kept]
        rows = sparse.vstack([prior, held], format="csr")
        return System(rows, heard, sent, (heard - sent).tocsr(), self.contacts.told_ms[kept])

    def first(self) -> tuple[Floats, Delays]:
        """Unknowns by least squares, its delays fitted three times over, from a mean of 100 ms."""
        late = self.contacts.late
        delays = Delays(late, 0.0, 100.0, 50.0, max(self.contacts.stated_ms, LEAST_MS))
        every = np.ones(len(late), bool)
        z = np.zeros(0)
        for blur in (BLURS[0],) * 3:
            system = self.system(WALKS[self.usual], delays.mean_ms, every)
            z = least_squares(system, delays)
            delays = fitted(late, system.excess_ms(z), blur, self.contacts.stated_ms)
        return z, delays

    def refined(
        self, walk: float, z: Floats, delays: Delays, blurs: tuple[float, ...]
    ) -> tuple[Floats, Delays]:
        """The most likely unknowns by every message, the blur narrowed step by step."""
        every = np.ones(len(self.contacts.late), bool)
        system = self.system(walk, delays.mean_ms, every)
        for blur in blurs:
            delays = fitted(self.contacts.late, system.excess_ms(z), blur, self.contacts.stated_ms)
            z = most_likely(system, delays, z)
        return z, delays

    def probes(self, walk: float, z: Floats, delays: Delays) -> Floats:
        """Draws from the posterior about z, from a fixed seed."""
        system = self.system(walk, delays.mean_ms, np.ones(len(self.contacts.late), bool))
        return drawn(system, delays, z, np.random.default_rng(0), PROBES)

    def held_back(self, walk: float, z: Floats, delays: Delays) -> tuple[Floats, Floats]:
        """How unlikely each message is that was held back, by the unknowns that the others give; and those."""
        held = self.contacts.held
        kept = replace(delays, late=delays.late[~held])
        system = self.system(walk, delays.mean_ms, ~held)
        z = most_likely(system, kept, z)
        between = (self.contacts.heard[held] - self.contacts.sent[held]) @ z + self.contacts.told_ms[held]
        return replace(delays, late=delays.late[held]).unlikely(between)[0], z

    def walk(self, z: Floats, delays: Delays) -> float:
        """The usual walk, or a wilder one under which messages that were held back are likelier.

        A calmer one only where they are plainly so: too calm a walk makes sigma a lie, too wild a one little harm.
        """
        place = self.usual
        if not self.contacts.held.any():
            return WALKS[place]
        score, z = self.held_back(WALKS[place], z, delays)
        while place + 1 < len(WALKS):
            wilder, z = self.held_back(WALKS[place + 1], z, delays)
            if wilder.sum() >= score.sum():
                break
            place, score = place + 1, wilder
        while 0 < place <= self.usual:
            calmer, z = self.held_back(WALKS[place - 1], z, delays)
            if not plainly_less(calmer, score):
                break
            place, score = place - 1, calmer
        return WALKS[place]


def plainly_less(one: Floats, other: Floats) -> bool:
    """Whether the first of two lists of paired scores is less, beyond two standard errors of their difference."""
    gap = other - one
    return float(gap.sum()) > 2 * float(gap.std()) * np.sqrt(len(gap))


def held_back(true_ns: Ints) -> np.ndarray:
    """One block in eight of the messages in their order of time, as bool[n]; none of a few."""
    if len(true_ns) < HELD_FROM:
        return np.zeros(len(true_ns), bool)
    held = np.empty(len(true_ns), bool)
    blocks = np.arange(len(true_ns)) * BLOCKS // len(true_ns)
    held[np.argsort(true_ns, kind="stable")] = blocks % HELD == HELD // 2
    return held


def chosen(stamps: Stamps, kept: np.ndarray) -> Stamps:
    return Stamps(stamps.device[kept], stamps.boot[kept], stamps.t_ns[kept])


def contacts_of(tracks: Tracks, curves: Curves, rows: Rows, anchor: Stamps, kept: np.ndarray) -> Contacts:
    """The exchanges of tracks that are joined to the anchor, among those kept."""
    devices = len(rows.clocks.lo_ppb)
    tx, rx = chosen(rows.tx, kept), chosen(rows.rx, kept)
    ends = tracks.find(tx), tracks.find(rx)
    own = np.flatnonzero(tracks.joined[ends[0]])
    least, most = rows.dmin_ns[kept][own], rows.dmax_ns[kept][own]
    late = (least >= 0) | (most >= LIMIT)
    middle = np.where(late, least, least // 2 + np.where(late, 0, most) // 2)
    widths = (most - least)[~late] / MS_NS
    stated_ms = float(np.median(widths)) / np.sqrt(12) if len(widths) else LEAST_MS
    sides, lines, true = [], [], []
    for stamps, track in zip((tx, rx), ends):
        at, t_ns = track[own], stamps.t_ns[own]
        sides.append(tracks.rows_at(at, t_ns, curves, devices))
        lines.append(tracks.line_ms(at, t_ns))
        true.append(tracks.origin_ns[at] + (t_ns - tracks.first_ns[at]))
    told_ms = (true[1] - true[0] - middle) / MS_NS + lines[1] - lines[0]
    start = tracks.rows_at(tracks.find(anchor), anchor.t_ns, curves, devices)
    return Contacts(sides[1], sides[0], told_ms, late, stated_ms, held_back(true[0]), start)


def smooth(
    rows: Rows,
    anchor: Stamps,
    left_out: np.ndarray | None = None,
    logs: Mapping[tuple[int, int], tuple[Ints, Floats]] | None = None,
) -> Smoothed:
    """The joint estimate about one stamp, without the exchanges of devices that are left out (bool[D]).

    `logs`: die temperatures by (device, boot): readings in ns, rising, and degrees C. With them a rate follows the
    temperature, else the hour of the day where the evidence spans DAYS_LEAST.
    """
    devices = len(rows.clocks.lo_ppb)
    out = np.zeros(devices, bool) if left_out is None else left_out
    kept = ~(out[rows.tx.device] | out[rows.rx.device])
    tracks = lay_tracks(rows.clocks, chosen(rows.tx, kept), chosen(rows.rx, kept), rows.dmin_ns[kept], anchor)
    curves, count, usual = no_curves, 0, UNEXPLAINED
    if logs:
        curves, count, usual = warm_curves(tracks, logs), 2, BY_WARMTH
    elif days(tracks) >= DAYS_LEAST:
        curves, count, usual = daily_curves(tracks), 2 * HARMONICS, BY_THE_HOUR
    fit = Fit(tracks, curves, count, usual, devices, contacts_of(tracks, curves, rows, anchor, kept))
    z, delays = fit.first()
    z, delays = fit.refined(WALKS[usual], z, delays, BLURS)
    walk = fit.walk(z, delays)
    z, delays = fit.refined(walk, z, delays, BLURS[-1:])
    return Smoothed(tracks, curves, devices, walk, delays, z, fit.probes(walk, z, delays))


def days(tracks: Tracks) -> float:
    """What the joined tracks span, in days of local time."""
    ends = tracks.origin_ns + tracks.knot_ns[tracks.start[1:] - 1] - tracks.first_ns
    own = tracks.joined
    return float(ends[own].max() - tracks.origin_ns[own].min()) / KS_NS / DAY_KS


def clipped(point_ns: Ints, sigma_ns: Floats, lo_ns: Ints, hi_ns: Ints) -> tuple[Ints, Floats]:
    """Points moved into their intervals, and no sigma above that of an even spread over the interval.

    -LIMIT and LIMIT stand for sides without a bound.
    """
    bounded = (lo_ns > -LIMIT) & (hi_ns < LIMIT)
    width = np.where(bounded, hi_ns - lo_ns, LIMIT).astype(float)
    return np.clip(point_ns, lo_ns, hi_ns), np.minimum(sigma_ns, width / np.sqrt(12))
