"""Where observations stand on a timeline: [earliest, latest] in ns since the anchor, strictly and
resiliently.

strict: from all devices that are not quarantined. resilient: the hull of strict and of every solve that
leaves out one unit x, x neither the observed device's nor one of the anchor's (these are assumed honest):
one liar whom nothing contradicts cannot push it off the truth. Where the evidence contradicts itself both
are hulls over the alternatives of `isolate` that spare the anchor and the observed device. Decides who is
quarantined; refuses a point estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fieldpost.timeline.bounds import Bounds, Certificate, Step, bounds_about
from fieldpost.timeline.evidence import Anchor, Device, Evidence, Interval, Stamp
from fieldpost.timeline.isolate import Finding, Graphs, Unit, Units, unit_key

UNPLACED: Interval = (None, None)


@dataclass(frozen=True, slots=True)
class Placement:
    """status: two-sided | one-sided | unplaced | quarantined, by the strict interval.

    depends_on: units without whom a side that strict bounds has no bound.
    """

    at: Stamp
    strict: Interval
    resilient: Interval
    depends_on: tuple[Unit, ...]
    status: str


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
        bounded = [world for world in self.worlds if stamp.device not in world.graph.left_out]
        if not bounded:
            return (), ()
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
    """Bounds about one anchor without these or those units, each solved once; only sets that leave no
    conflict.
    """

    def __init__(self, graphs: Graphs, anchor: Anchor):
        self.graphs = graphs
        self.anchor = anchor
        self._bounds: dict[Units, Bounds] = {}

    def bounds(self, without: Units) -> Bounds:
        if without not in self._bounds:
            self._bounds[without] = bounds_about(self.graphs.graph(without), self.anchor.at)
        return self._bounds[without]


PlaceOne = Callable[[Solutions, Stamp, list[Units]], Placement]


def strict_alone(solutions: Solutions, stamp: Stamp, worlds: list[Units]) -> Placement:
    """One stamp by the hull over `worlds`; its resilient interval is not computed: (None, None)."""
    strict = hull(solutions.bounds(removed).interval(stamp) for removed in worlds)
    return Placement(stamp, strict, UNPLACED, (), side_status(strict))


def both_intervals(solutions: Solutions, stamp: Stamp, worlds: list[Units]) -> Placement:
    """One stamp by the hull over `worlds`. A unit that no binding path touches need not be left out."""
    graphs = solutions.graphs
    spared = solutions.anchor.devices | {graphs.unit_of(stamp.device)}
    strict = hull(solutions.bounds(removed).interval(stamp) for removed in worlds)
    lo, hi = strict
    resilient = strict
    depends_on: set[Unit] = set()
    for removed in worlds:
        for left_out in graphs.units(solutions.bounds(removed).devices(stamp)):
            if left_out in spared or left_out in removed:
                continue
            without = solutions.bounds(removed | {left_out}).interval(stamp)
            resilient = hull((resilient, without))
            if (lo is not None and without[0] is None) or (hi is not None and without[1] is None):
                depends_on.add(left_out)
    return Placement(stamp, strict, resilient, tuple(sorted(depends_on, key=unit_key)), side_status(strict))


def place_on(
    graphs: Graphs, anchor: Anchor, stamps: Iterable[Stamp], place_one: PlaceOne = both_intervals
) -> Timeline:
    """Places every stamp about `anchor.at`. The anchor's devices must be units of their own in `graphs`."""
    solutions = Solutions(graphs, anchor)
    finding = graphs.finding
    quarantined = frozenset() if finding is None else finding.certain
    worlds_of: dict[Unit | None, list[Units]] = {}

    def worlds(unit: Unit | None) -> list[Units]:
        if unit not in worlds_of:
            solved = (frozenset(),) if finding is None else finding.worlds(unit, anchor.devices)
            worlds_of[unit] = list(solved)
        return worlds_of[unit]

    placements = {}
    for stamp in stamps:
        own = graphs.unit_of(stamp.device)
        if own in quarantined:
            placements[stamp] = Placement(stamp, UNPLACED, UNPLACED, (), "quarantined")
        else:
            placements[stamp] = place_one(solutions, stamp, worlds(own))
    solved = tuple(solutions.bounds(removed) for removed in worlds(None))
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
