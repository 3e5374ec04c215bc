"""What a picture of a timeline shows: a row for each device, its intervals, its exchanges, and who is suspected.

Decides nothing of its own: intervals and suspects are `place`'s. Names are foreign text and stay as they came
until they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fieldpost.timeline.evidence import Anchor, Device, Evidence, Interval, Stamp, device_key
from fieldpost.timeline.isolate import Graphs
from fieldpost.timeline.place import Placement, Timeline, place_on, strict_alone
from fieldpost.timeline.words import device_words

DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Bar:
    """One placed observation; its point is None where a side has no bound."""

    name: str
    strict: Interval
    resilient: Interval
    status: str

    @property
    def point_ns(self) -> int | None:
        lo, hi = self.strict
        return None if lo is None or hi is None else (lo + hi) // 2


@dataclass(frozen=True, slots=True)
class Row:
    """One device. `standing`: honest as far as is known, suspect (one of several), or quarantined.

    met_ns: where its exchanges stand, by the middle of their intervals.
    """

    name: str
    standing: str
    is_anchor: bool
    bars: tuple[Bar, ...]
    met_ns: tuple[int, ...]


@dataclass(frozen=True)
class Drawn:
    """Rows by name, the anchor's first."""

    title: str
    anchor: str
    rows: tuple[Row, ...]


def drawn(
    title: str,
    graphs: Graphs,
    timeline: Timeline,
    name_of: Mapping[Stamp, str],
    name: Callable[[Device], str] = device_words,
) -> Drawn:
    """The picture of a timeline. `name_of`: what was observed at each placed stamp."""
    evidence, anchor = graphs.evidence, timeline.anchor
    suspected = {unit for units in suspects_of(timeline) for unit in units}
    met = met_at(graphs, anchor)
    bars: dict[Device, list[Bar]] = {device: [] for device in evidence.assumption_of}
    for stamp, placement in timeline.placements.items():
        if stamp in name_of:
            bars[stamp.device].append(bar_of(name_of[stamp], placement))
    rows = []
    for device in sorted(
        bars, key=lambda one: (one != anchor.at.device, counted(name(one)), device_key(one))
    ):
        standing = (
            "quarantined"
            if device in timeline.quarantined
            else "suspect"
            if device in suspected
            else "honest"
        )
        own = tuple(sorted(bars[device], key=lambda one: (one.point_ns is None, one.point_ns or 0, one.name)))
        rows.append(
            Row(name(device), standing, device == anchor.at.device, own, tuple(sorted(met.get(device, ()))))
        )
    return Drawn(title, f"{name(anchor.at.device)}, boot {anchor.at.boot}", tuple(rows))


def counted(name: str) -> list[tuple[bool, int, str]]:
    """Sorts names as people count: d2 before d10."""
    found = re.findall(r"[0-9]{1,18}|[^0-9]+", name)
    return [(True, int(part), "") if part[0] in DIGITS else (False, 0, part) for part in found]


def suspects_of(timeline: Timeline) -> tuple:
    return () if timeline.contradiction is None else timeline.contradiction.suspects


def bar_of(name: str, placement: Placement) -> Bar:
    return Bar(name, placement.strict, placement.resilient, placement.status)


def met_at(graphs: Graphs, anchor: Anchor) -> dict[Device, set[int]]:
    """Where each device's exchanges stand, those that have a bound on both sides."""
    stamps = stamps_of_exchanges(graphs.evidence)
    placements = place_on(graphs, anchor, stamps, strict_alone).placements
    found: dict[Device, set[int]] = {}
    for stamp, placement in placements.items():
        lo, hi = placement.strict
        if lo is not None and hi is not None:
            found.setdefault(stamp.device, set()).add((lo + hi) // 2)
    return found


def stamps_of_exchanges(evidence: Evidence) -> Iterable[Stamp]:
    return sorted(
        {end for one in evidence.exchanges for end in (one.tx, one.rx)}, key=lambda stamp: stamp.key
    )
