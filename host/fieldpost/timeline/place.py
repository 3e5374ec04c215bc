"""Where observations stand on a timeline: [earliest, latest] in ns since the anchor, strictly and
resiliently.

strict: from all devices that are not quarantined. resilient: the hull of strict and of every solve that
leaves out one unit x, x neither the observed device's nor one of the anchor's (these are assumed honest):
one liar whom nothing contradicts cannot push it off the truth. Where the evidence contradicts itself both
are hulls over the alternatives of `isolate` that spare the anchor and the observed device. Decides who is
quarantined; refuses a point estimate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from fieldpost.timeline.bounds import Bounds, Certificate, bounds_about, interval_of
from fieldpost.timeline.columns import Stamps, stamps_of
from fieldpost.timeline.evidence import Anchor, Device, Evidence, Interval, Stamp
from fieldpost.timeline.isolate import Finding, Graphs, Unit, Units, unit_key
from fieldpost.timeline.spread import Spread, resilient, strict
from fieldpost.timeline.steps import Step

UNPLACED: Interval = (None, None)


@dataclass(frozen=True, slots=True)
class Placement:
    """status: two-sided | one-sided | unplaced | quarantined, by the strict interval.

    depends_on: units without whom a side that strict bounds has no bound. assumptions: digest of the clocks assumed
    in the solve that placed it (`Evidence.assumptions_digest`).
    """

    at: Stamp
    strict: Interval
    resilient: Interval
    depends_on: tuple[Unit, ...]
    status: str
    assumptions: bytes = b""


@dataclass(frozen=True)
class Contradiction:
    """What cannot all hold, and who it may be: alternatives, each a smallest set of units.

    parts: the same, told apart where several things that share no suspect cannot hold.
    """

    certificate: Certificate
    suspects: tuple[tuple[Unit, ...], ...]
    parts: tuple[Contradiction, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """All placements about one anchor. `worlds`: the solves that strict is the hull of, usually one."""

    anchor: Anchor
    placements: dict[Stamp, Placement]
    contradiction: Contradiction | None
    quarantined: frozenset[Unit]
    worlds: tuple[Bounds, ...]

    def path(self, stamp: Stamp) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The binding path (lo, hi) of the strict interval: the evidence that gave each side."""
        bounded = [world for world in self.worlds if world.holds(stamp.device)]
        if not bounded:
            return (), ()
        if len(bounded) == 1:
            return bounded[0].path(stamp)
        lowest = min(bounded, key=lambda world: _low(world.interval(stamp)[0]))
        highest = max(bounded, key=lambda world: _high(world.interval(stamp)[1]))
        return lowest.path(stamp)[0], highest.path(stamp)[1]


def _low(lo: int | None) -> tuple[bool, int]:
    return (False, 0) if lo is None else (True, lo)


def _high(hi: int | None) -> tuple[bool, int]:
    return (True, 0) if hi is None else (False, hi)


def hull(intervals: Iterable[Interval]) -> Interval:
    """The least interval that holds all of them; (None, None) of none."""
    found = list(intervals)
    if not found:
        return UNPLACED
    return min((lo for lo, _ in found), key=_low), max((hi for _, hi in found), key=_high)


def side_status(interval: Interval) -> str:
    return ("two-sided", "one-sided", "unplaced")[interval.count(None)]


def same(device: Device) -> Unit:
    """The unit of a device inside one mesh: itself."""
    return device


class Solutions:
    """What is solved about one anchor. Only sets of units that leave no conflict are ever left out."""

    def __init__(self, graphs: Graphs, anchor: Anchor):
        self.graphs = graphs
        self.anchor = anchor
        self.assumptions = graphs.evidence.assumptions_digest
        self.units = graphs.units(frozenset(graphs.told.index))
        number = {unit: place for place, unit in enumerate(self.units)}
        self.unit_of = np.array([number[graphs.unit_of(device)] for device in graphs.told.index], np.int64)
        self.spared = np.array([unit in anchor.devices for unit in self.units], bool)

    def stamps(self, stamps: Iterable[Stamp]) -> Stamps:
        return stamps_of(stamps, self.graphs.told.index)


Spreading = Callable[[Solutions, Units, Stamps], Spread]


def strict_alone(solutions: Solutions, removed: Units, stamps: Stamps) -> Spread:
    """The strict interval; the resilient one is not computed: (None, None)."""
    return strict(solutions.graphs.graph(removed), solutions.stamps([solutions.anchor.at]), stamps)


def both_intervals(solutions: Solutions, removed: Units, stamps: Stamps) -> Spread:
    graph, anchor = solutions.graphs.graph(removed), solutions.stamps([solutions.anchor.at])
    return resilient(graph, anchor, stamps, solutions.unit_of, solutions.spared)


def place_alike(
    solutions: Solutions, worlds: list[Units], stamps: list[Stamp], spreading: Spreading
) -> Iterator[Placement]:
    """Stamps for which the same worlds count, by the hull over these."""
    asked = solutions.stamps(stamps)
    spreads = [spreading(solutions, removed, asked) for removed in worlds]
    sides = [
        np.maximum.reduce([getattr(spread, name) for spread in spreads]).tolist() if spreads else None
        for name in ("lower", "upper", "resilient_lower", "resilient_upper")
    ]
    depends: dict[int, set[Unit]] = defaultdict(set)
    for spread in spreads:
        for unit, places in spread.depends.items():
            for place in places.tolist():
                depends[place].add(solutions.units[unit])
    for place, stamp in enumerate(stamps):
        if not spreads:
            yield Placement(stamp, UNPLACED, UNPLACED, (), "unplaced", solutions.assumptions)
            continue
        lower, upper, wide_lower, wide_upper = (side[place] for side in sides if side is not None)
        found = interval_of(lower, upper)
        on = tuple(sorted(depends[place], key=unit_key))
        wide = interval_of(wide_lower, wide_upper)
        yield Placement(stamp, found, wide, on, side_status(found), solutions.assumptions)


def place_on(
    graphs: Graphs, anchor: Anchor, stamps: Iterable[Stamp], spreading: Spreading = both_intervals
) -> Timeline:
    """Places every stamp about `anchor.at`. The anchor's devices must be units of their own in `graphs`."""
    solutions = Solutions(graphs, anchor)
    finding = graphs.finding
    quarantined = frozenset() if finding is None else finding.certain
    worlds_of: dict[Unit | None, tuple[Units, ...]] = {}

    def worlds(unit: Unit | None) -> tuple[Units, ...]:
        if unit not in worlds_of:
            worlds_of[unit] = (frozenset(),) if finding is None else finding.worlds(unit, anchor.devices)
        return worlds_of[unit]

    placements: dict[Stamp, Placement] = {}
    alike: dict[tuple[Units, ...], list[Stamp]] = defaultdict(list)
    for stamp in stamps:
        own = graphs.unit_of(stamp.device)
        status = "quarantined" if own in quarantined else "unplaced"
        placements[stamp] = Placement(stamp, UNPLACED, UNPLACED, (), status, solutions.assumptions)
        if own not in quarantined:
            alike[worlds(own)].append(stamp)
    for found, group in alike.items():
        placements.update(
            (placed.at, placed) for placed in place_alike(solutions, list(found), group, spreading)
        )
    solved = tuple(bounds_about(graphs.graph(removed), anchor.at) for removed in worlds(None))
    return Timeline(anchor, placements, contradiction_of(finding), quarantined, solved)


def contradiction_of(finding: Finding | None) -> Contradiction | None:
    """What a finding says, whole and, where it has several parts, each alone."""
    if finding is None:
        return None
    told = tuple(
        Contradiction(certificate, _sorted(part.alternatives))
        for certificate, part in zip(finding.certificates, finding.parts)
    )
    whole = _sorted(finding.alternatives)
    return Contradiction(finding.certificate, whole, told if len(told) > 1 else ())


def _sorted(alternatives: Iterable[Units]) -> tuple[tuple[Unit, ...], ...]:
    return tuple(tuple(sorted(units, key=unit_key)) for units in alternatives)


def place(
    evidence: Evidence, anchor: Anchor, stamps: Iterable[Stamp], unit_of: Callable[[Device], Unit] = same
) -> Timeline:
    """Places every stamp about `anchor.at`. Devices of the anchor are units of their own, never left out."""

    def unit(device: Device) -> Unit:
        return device if device in anchor.devices else unit_of(device)

    return place_on(Graphs(evidence, unit), anchor, stamps)
