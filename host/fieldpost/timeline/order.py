"""Which of two observations came first, why, and by what witness.

Decides in one sequence: the ticks of one boot, the boots of one device, a causal path, disjoint intervals;
else they are concurrent, and unknown where one has no interval at all. Never by a bound of the pair alone:
two verdicts of one timeline can then not contradict a third. A side without bound is concurrent with
everything.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldpost.timeline.evidence import Causal, Device, Stamp
from fieldpost.timeline.place import Placement


@dataclass(frozen=True, slots=True)
class Verdict:
    """verdict: before | after | concurrent | unknown, of a to b. witness: the stamps or the two ends that
    decide.
    """

    verdict: str
    reason: str
    witness: tuple[Stamp | int, ...]


class Causality:
    """Who can have led to whom: causal edges, and each device's own order of ticks and boots."""

    def __init__(self, causals: Iterable[Causal]):
        self._effects: dict[Stamp, list[Stamp]] = defaultdict(list)
        for causal in sorted(set(causals), key=lambda item: item.key):
            self._effects[causal.earlier].append(causal.later)
        self._sources: dict[Device, list[tuple[int, int]]] = defaultdict(list)
        for stamp in sorted(self._effects, key=lambda item: item.key):
            self._sources[stamp.device].append((stamp.boot, stamp.t_ns))

    def path(self, start: Stamp, end: Stamp) -> tuple[Stamp, ...]:
        """The stamps of a causal path with the fewest edges from start to end; () when there is none."""
        came_from: dict[Stamp, Stamp | None] = {start: None}
        queue = deque([start])
        while queue:
            at = queue.popleft()
            if at.device == end.device and (at.boot, at.t_ns) <= (end.boot, end.t_ns):
                if at != end:
                    came_from[end] = at
                return self._trace(came_from, end)
            sources = self._sources.get(at.device, [])
            for boot, t_ns in sources[bisect_left(sources, (at.boot, at.t_ns)) :]:
                source = Stamp(at.device, boot, t_ns)
                for effect in self._effects[source]:
                    if effect not in came_from:
                        came_from.setdefault(source, at)
                        came_from[effect] = source
                        queue.append(effect)
        return ()

    def _trace(self, came_from: dict[Stamp, Stamp | None], end: Stamp) -> tuple[Stamp, ...]:
        found: list[Stamp] = []
        at: Stamp | None = end
        while at is not None:
            found.append(at)
            at = came_from[at]
        return tuple(found[::-1])


def order(
    a: Stamp,
    b: Stamp,
    placements: Mapping[Stamp, Placement],
    causality: Causality,
    interval: str = "resilient",
) -> Verdict:
    """The order of a and b. `interval`: the one that the agreement names, strict or resilient."""
    if interval not in ("strict", "resilient"):
        raise ValueError(f"interval must be strict or resilient, not {interval!r}")
    if a.device == b.device:
        if a == b:
            return Verdict("concurrent", "one reading of one clock", (a, b))
        reason = "ticks of one boot" if a.boot == b.boot else "boots of one device"
        return Verdict("before" if (a.boot, a.t_ns) < (b.boot, b.t_ns) else "after", reason, (a, b))
    forward, backward = causality.path(a, b), causality.path(b, a)
    if forward and backward:
        return Verdict("concurrent", "causal paths both ways", forward + backward)
    if forward or backward:
        return Verdict("before" if forward else "after", "causal path", forward or backward)
    if a not in placements or b not in placements:
        return Verdict("unknown", "no placement", ())
    (a_lo, a_hi), (b_lo, b_hi) = getattr(placements[a], interval), getattr(placements[b], interval)
    for stamp, ends in ((a, (a_lo, a_hi)), (b, (b_lo, b_hi))):
        if ends == (None, None):
            return Verdict("unknown", f"{placements[stamp].status}: no {interval} interval", (stamp,))
    if a_hi is not None and b_lo is not None and a_hi < b_lo:
        return Verdict("before", f"disjoint {interval} intervals", (a_hi, b_lo))
    if b_hi is not None and a_lo is not None and b_hi < a_lo:
        return Verdict("after", f"disjoint {interval} intervals", (b_hi, a_lo))
    return Verdict("concurrent", f"{interval} intervals overlap", ())
