"""Bounds about one anchor: for any stamp of a known device, the least and the most true time since the anchor.

Decides nothing that the graph does not prove; a side without proof is None. Gives the path of evidence behind each
side, and every device that a bound rests on, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from fieldpost.timeline.asked import Asked, locate
from fieldpost.timeline.columns import stamps_of
from fieldpost.timeline.evidence import Device, Evidence, Interval, Stamp
from fieldpost.timeline.graph import Graph, Told, build
from fieldpost.timeline.kernels import LIMIT
from fieldpost.timeline.paths import contradiction
from fieldpost.timeline.sides import Side, about
from fieldpost.timeline.steps import Step, Trace
from fieldpost.timeline.tighten import Conflict


@dataclass(frozen=True)
class Certificate:
    """Stamps that cannot all hold, in order, and the devices that this rests on.

    It means a lie or a bound stated too tight; which of the two it does not say.
    """

    stamps: tuple[Stamp, ...]
    devices: frozenset[Device]


def interval_of(lower: int, upper: int) -> Interval:
    """Two lengths, LIMIT for none, as an interval."""
    return (None if lower >= LIMIT else -lower), (None if upper >= LIMIT else upper)


@dataclass(frozen=True)
class Bounds:
    """The solved graph about one anchor. With a contradiction every interval is (None, None)."""

    graph: Graph
    anchor: Stamp
    contradiction: Certificate | None

    @property
    def told(self) -> Told:
        if self.graph.told is None:
            raise ValueError("columns that were made without evidence have no names")
        return self.graph.told

    def holds(self, device: Device) -> bool:
        """Whether this device is one of those that are not left out."""
        index = self.told.index.get(device)
        return index is not None and not self.graph.out[index]

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """(lower, upper)."""
        return about(self.graph, stamps_of([self.anchor], self.told.index))

    def asked(self, stamps: Iterable[Stamp]) -> Asked:
        return locate(self.graph.columns, self.graph.out, stamps_of(stamps, self.told.index))

    def intervals(self, stamps: Iterable[Stamp]) -> list[Interval]:
        """[lo, hi] of each in ns since the anchor; from both neighbours on its own clock, rounded outward."""
        asked = self.asked(stamps)
        if self.contradiction is not None:
            return [(None, None)] * len(asked)
        lower, upper = (side.farthest(asked).tolist() for side in self.sides)
        return [interval_of(lo, hi) for lo, hi in zip(lower, upper)]

    def interval(self, stamp: Stamp) -> Interval:
        return self.intervals([stamp])[0]

    @cached_property
    def _traces(self) -> tuple[Trace, Trace]:
        lower, upper = self.sides
        return Trace(lower, self.told, self.anchor), Trace(upper, self.told, self.anchor)

    def devices(self, stamp: Stamp) -> frozenset[Device]:
        """Every device that the two sides of this stamp's interval rest on."""
        asked = self.asked([stamp])
        found = self._traces[0].devices(asked) | self._traces[1].devices(asked)
        return self.told.devices(found)

    def path(self, stamp: Stamp) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The binding paths (lo, hi) of the worst cases: hi leads from the anchor to the stamp, lo back to it."""
        if self.contradiction is not None:
            return (), ()
        asked = self.asked([stamp])
        return self._traces[0].path(stamp, asked), self._traces[1].path(stamp, asked)


def certificate(graph: Graph, conflict: Conflict) -> Certificate:
    if graph.told is None:
        raise ValueError("columns that were made without evidence have no names")
    return Certificate(tuple(map(graph.told.stamp, conflict.nodes)), graph.told.devices(conflict.devices))


def bounds_about(graph: Graph, anchor: Stamp, conflict: Conflict | None = None) -> Bounds:
    """A graph that was found free of contradiction (or holds the conflict that was found), about one stamp."""
    return Bounds(graph, anchor, None if conflict is None else certificate(graph, conflict))


def solve(evidence: Evidence, anchor: Stamp, leave_out: frozenset[Device] = frozenset()) -> Bounds:
    """Bounds of everything about `anchor`, from all evidence that does not touch the devices left out."""
    graph = build(evidence, leave_out)
    return bounds_about(graph, anchor, contradiction(graph))
