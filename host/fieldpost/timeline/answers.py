"""Answers to an evidence file's questions, in the order of the file, as rows for JSON.

Decides nothing of its own: intervals are `place`'s, verdicts `order`'s, `point` and `sigma` those of `points`.
`dt` is the exact bound of one pair (b after a): for people; no verdict rests on it.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any

from fieldpost.timeline.decimals import seconds
from fieldpost.timeline.evidence import Anchor, Interval, Stamp
from fieldpost.timeline.isolate import Graphs
from fieldpost.timeline.jsonl import Place, Relate, Request
from fieldpost.timeline.order import Causality, Verdict, order
from fieldpost.timeline.place import (
    Contradiction,
    Spreading,
    Timeline,
    both_intervals,
    place_on,
    same,
    strict_alone,
)
from fieldpost.timeline.points import Point, likely
from fieldpost.timeline.utc import utc_bounds, utc_interval
from fieldpost.timeline.words import interval_words, path_words

SHOWN = {"strict": ("strict",), "resilient": ("resilient",), "both": ("strict", "resilient")}


def widened(interval: Interval, by_ns: int) -> Interval:
    lo, hi = interval
    return (None if lo is None else lo - by_ns), (None if hi is None else hi + by_ns)


def told(interval: Interval | None) -> list[str | None] | None:
    return None if interval is None else [seconds(side) for side in interval]


def as_given(stamp: Stamp, t: Any) -> dict[str, Any]:
    """A stamp as its line had it; a number that no JSON writer would repeat exactly is told as its text."""
    if isinstance(t, Decimal):
        t = float(t) if Decimal(repr(float(t))) == t else str(t)
    return {"device": stamp.device, "boot": stamp.boot, "t": t}


class Answers:
    """One request, solved about its anchor; pairs are solved about one of them when they are asked for."""

    def __init__(self, request: Request, interval: str, k: int):
        self.request = request
        self.interval = interval
        self.judged = "strict" if interval == "strict" else "resilient"
        self.spreading: Spreading = strict_alone if interval == "strict" else both_intervals
        self.graphs = Graphs(request.evidence, same)
        self.causality = Causality(request.causals)
        stamps = [*request.stamp_of.values(), *(claim.at for claim in request.evidence.claims)]
        self.timeline = place_on(self.graphs, Anchor(request.anchor), stamps, self.spreading)
        self.offset = utc_bounds(request.evidence.claims, self.timeline.placements, k, self.judged)
        self._about: dict[Stamp, Timeline] = {}

    def rows(self) -> list[dict[str, Any]]:
        """One row a question; the contradiction, where there is one, comes last."""
        found = [
            self.placed(question) if isinstance(question, Place) else self.related(question)
            for question in self.request.questions
        ]
        if self.timeline.contradiction is not None:
            found.append(self.contradicted(self.timeline.contradiction))
        return found

    def slack(self, *stamps: Stamp) -> int:
        """A nanosecond for each reading that was cut to one."""
        return sum(stamp in self.request.cut for stamp in stamps)

    def placed(self, question: Place) -> dict[str, Any]:
        placement = self.timeline.placements[question.at]
        slack = self.slack(question.at, self.request.anchor)
        row: dict[str, Any] = {"id": question.id}
        for name in SHOWN[self.interval]:
            row[name] = told(widened(getattr(placement, name), slack))
        row |= {
            "depends_on": list(placement.depends_on),
            **self.pointed(question.at),
            "status": placement.status,
        }
        if self.request.evidence.claims:
            utc = utc_interval(self.offset, widened(getattr(placement, self.judged), slack))
            row["utc"] = told(utc)
        return row

    @cached_property
    def points(self) -> dict[Stamp, Point]:
        """Of every placed reading that has one, without the word of devices that may have lied."""
        found = self.timeline.contradiction
        suspected = set() if found is None else {unit for one in found.suspects for unit in one}
        suspected -= {self.request.anchor.device}
        placements = self.timeline.placements
        strict = {stamp: placements[stamp].strict for stamp in self.request.stamp_of.values()}
        devices = [unit for unit in suspected if not isinstance(unit, tuple)]
        return likely(self.request.evidence, self.request.anchor, devices, strict)

    def pointed(self, stamp: Stamp) -> dict[str, Any]:
        at, sigma = self.points.get(stamp, (None, None))
        return {"point": seconds(at), "sigma": seconds(sigma)}

    def related(self, question: Relate) -> dict[str, Any]:
        a, b = self.request.stamp_of[question.a], self.request.stamp_of[question.b]
        verdict = order(a, b, self.timeline.placements, self.causality, self.judged)
        if a not in self._about:
            wanted = {self.request.stamp_of[q.b] for q in self.request.questions
                      if isinstance(q, Relate) and q.a == question.a}  # fmt: skip
            self._about[a] = place_on(self.graphs, Anchor(a), wanted | {b}, self.spreading)
        lo, hi = widened(getattr(self._about[a].placements[b], self.judged), self.slack(a, b))
        reason = verdict.reason
        if verdict.verdict in ("concurrent", "unknown") and ((lo or 0) > 0 or (hi or 0) < 0):
            reason += "; dt alone tells them apart (to read, not to decide by)"
        row = {"a": question.a, "b": question.b, "verdict": verdict.verdict}
        return row | {"dt": told((lo, hi)), "reason": reason, "witness": self.witness(verdict)}

    def witness(self, verdict: Verdict) -> list[Any]:
        """Stamps as they stand in the file where ticks or a path decide, else the two ends that do not overlap."""
        found = []
        for one in verdict.witness:
            if isinstance(one, Stamp):
                found.append(as_given(one, self.request.verbatim[one]))
            else:
                found.append(seconds(one))
        return found

    def why(self, name: str, ends: int | None) -> list[str]:
        """What bounds a placed id, in words: its intervals, then the evidence of each side of strict."""
        stamp = self.request.stamp_of[name]
        placement = self.timeline.placements[stamp]
        lines = [f"{name}: {placement.status}, {interval_words(placement.strict)} after the anchor"]
        if self.judged == "resilient" and placement.resilient != placement.strict:
            lines.append(f"although any one other device may lie: {interval_words(placement.resilient)}")
        if placement.depends_on:
            lines.append("a side of it rests on " + " and on ".join(map(str, placement.depends_on)))
        return lines + path_words(*self.timeline.path(stamp), ends)

    def contradicted(self, found: Contradiction) -> dict[str, Any]:
        stamps = [as_given(stamp, self.request.verbatim[stamp]) for stamp in found.certificate.stamps]
        row = {"contradiction": stamps, "suspects": [list(units) for units in found.suspects]}
        return row | ({"parts": [self.contradicted(part) for part in found.parts]} if found.parts else {})
