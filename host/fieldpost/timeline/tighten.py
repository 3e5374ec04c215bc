"""Rate ranges, narrowed by contacts under the stated wander: exactly four rounds, from scratch.

Two contacts of chain A with chain B bound A's mean rate between them through B's clock. All rates of one
boot lie in a window of the stated width, so no rate of A lies further from that mean than the width. Each
round takes the ranges of the round before, so the order of chains never matters; no anchor enters, so
neither does the gauge. Decides nothing about who lies: an empty range comes back as a conflict.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, replace

from fieldpost.timeline.rates import GIGA, ahead

ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Range:
    """Rates of one chain in ppb; each side with the devices (bit set) and the contacts (nodes) that gave
    it.
    """

    lo: int
    hi: int
    own: int  # the bit of the chain's own device
    lo_devices: int
    hi_devices: int
    lo_nodes: tuple[int, ...] = ()
    hi_nodes: tuple[int, ...] = ()

    @property
    def devices(self) -> int:
        return self.lo_devices | self.hi_devices


@dataclass(frozen=True, slots=True)
class Conflict:
    """Evidence that cannot all hold: its nodes in order, and every device (bit set) that it rests on."""

    nodes: tuple[int, ...]
    devices: int


@dataclass(frozen=True, slots=True)
class Loop:
    """Out of chain A at node `start`, along chain B from `enter` to `leave`, back into A at node `end`."""

    start: int
    enter: int
    leave: int
    end: int
    slack_ns: int  # what both crossings add


def partners(out: list, back: list, ticks: list[int]) -> list[tuple]:
    """Which crossings to close into loops: each with those 1, 2, 4, ... places away in time, first and last.

    Long loops know the rate best; all pairs would be quadratic in the number of contacts.
    """
    back = sorted(back, key=lambda edge: (ticks[edge[1]], edge))
    times = [ticks[edge[1]] for edge in back]
    pairs = []
    for edge in out:
        middle = bisect_left(times, ticks[edge[0]])
        chosen = {0, len(back) - 1}
        step = 1
        while step <= len(back):
            chosen.update(place for place in (middle - step, middle + step - 1) if 0 <= place < len(back))
            step *= 2
        pairs += [(edge, back[place]) for place in sorted(chosen)]
    return pairs


def loops(
    edges: list[tuple[int, int, int]], chain_of: list[int], ticks: list[int]
) -> dict[tuple, list[Loop]]:
    """By (chain A, chain B): the loops that bound A's rate. `edges`: (u, v, w) means T(v) <= T(u) + w."""
    crossings = defaultdict(list)
    for edge in edges:
        crossings[chain_of[edge[0]], chain_of[edge[1]]].append(edge)
    found = {}
    for (a, b), out in sorted(crossings.items()):
        back = crossings.get((b, a))
        if back:
            found[a, b] = [
                Loop(e[0], e[1], f[0], f[1], e[2] + f[2])
                for e, f in partners(out, back, ticks)
                if ticks[e[0]] != ticks[f[1]]
            ]
    return found


def narrowed(own: Range, other: Range, loop: Loop, ticks: list[int], wander_ppb: int) -> Range:
    """`own` after one loop through `other`."""
    most = loop.slack_ns + ahead(ticks[loop.enter], ticks[loop.leave], other.lo, other.hi)
    local = ticks[loop.end] - ticks[loop.start]
    nodes = (loop.start, loop.enter, loop.leave, loop.end)
    if local > 0:  # true(end) - true(start) <= most
        hi = -(((local - most) * GIGA) // local) + wander_ppb
        if hi < own.hi:
            return replace(own, hi=hi, hi_devices=own.own | other.devices, hi_nodes=nodes)
        return own
    lo = ((local - most) * GIGA) // -local - wander_ppb  # true(start) - true(end) >= -most
    if lo > own.lo:
        return replace(own, lo=lo, lo_devices=own.own | other.devices, lo_nodes=nodes)
    return own


def tighten(
    stated: list[Range],
    wander: list[int | None],
    edges: list[tuple[int, int, int]],
    chain_of: list[int],
    ticks: list[int],
) -> tuple[list[Range], Conflict | None]:
    """Ranges of all chains after four rounds, and the first empty one as a conflict."""
    by_chains = {
        pair: found for pair, found in loops(edges, chain_of, ticks).items() if wander[pair[0]] is not None
    }
    ranges = stated
    for _ in range(ROUNDS):
        before, ranges = ranges, list(ranges)
        for (a, b), found in by_chains.items():
            for loop in found:
                ranges[a] = narrowed(ranges[a], before[b], loop, ticks, wander[a])
            own = ranges[a]
            if own.lo > own.hi:
                return ranges, Conflict(own.lo_nodes + own.hi_nodes, own.devices)
        if ranges == before:
            break  # further rounds would change nothing
    return ranges, None
