"""The graph of differences: a node for each stamp, an edge (u, v, w) for each proof that T(v) <= T(u) + w.

Decides which evidence becomes which edge. Leaving devices out drops every edge that touches them but keeps
the other devices' stamps, so that a bound without them is never narrower than a bound with them, to the
nanosecond.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from fieldpost.timeline.evidence import Causal, Device, Evidence, Exchange, Stamp
from fieldpost.timeline.rates import ahead
from fieldpost.timeline.tighten import Conflict, Range, tighten

Link = tuple[int, int]  # (node, ns)
Origin = Exchange | Causal | None  # the evidence of an edge; None is the order of two boots


@dataclass(frozen=True, slots=True)
class Chain:
    """One boot of one device: its nodes are start..end-1, in the order of its own clock."""

    device: Device
    boot: int
    start: int
    end: int


@dataclass(frozen=True)
class Graph:
    """Nodes in canonical order, chains over them, edges across chains, and each chain's range of rates."""

    evidence: Evidence
    left_out: frozenset[Device]
    stamps: list[Stamp]
    chains: list[Chain]
    edges: list[tuple[int, int, int]]
    origins: list[Origin]
    ranges: list[Range]
    conflict: Conflict | None
    bit_of: dict[Device, int]

    @cached_property
    def chain_of(self) -> list[int]:
        return [place for place, chain in enumerate(self.chains) for _ in range(chain.start, chain.end)]

    @cached_property
    def ticks(self) -> list[int]:
        return [stamp.t_ns for stamp in self.stamps]

    @cached_property
    def place_of(self) -> dict[tuple[Device, int], int]:
        return {(chain.device, chain.boot): place for place, chain in enumerate(self.chains)}

    @cached_property
    def boots(self) -> dict[Device, list[int]]:
        """Each device's chains, boots rising."""
        found = defaultdict(list)
        for place, chain in enumerate(self.chains):
            found[chain.device].append(place)
        return dict(found)

    @cached_property
    def steps(self) -> tuple[list[int], list[int]]:
        """For neighbours i, i+1 of one chain: the largest T(i+1) - T(i), and the largest T(i) - T(i+1)."""
        up, down = [0] * len(self.stamps), [0] * len(self.stamps)
        for chain, rates in zip(self.chains, self.ranges):
            for i in range(chain.start, chain.end - 1):
                up[i] = ahead(self.ticks[i], self.ticks[i + 1], rates.lo, rates.hi)
                down[i] = ahead(self.ticks[i + 1], self.ticks[i], rates.lo, rates.hi)
        return up, down

    def devices(self, bits: int) -> frozenset[Device]:
        return frozenset(device for device, bit in self.bit_of.items() if bits & bit)

    def rates_of(self, device: Device, boot: int) -> tuple[int, int] | None:
        place = self.place_of.get((device, boot))
        if place is not None:
            return self.ranges[place].lo, self.ranges[place].hi
        stated = self.evidence.assumption_of.get(device)
        return None if stated is None or device in self.left_out else (stated.rate_lo_ppb, stated.rate_hi_ppb)

    def links(self, stamp: Stamp) -> tuple[list[Link], list[Link]]:
        """How any stamp of a known device hangs on its neighbours: (out, in).

        out: T(node) <= T(stamp) + ns. in: T(stamp) <= T(node) + ns. Beyond the ends of a boot stand the
        last stamp of the boot before and the first of the boot after.
        """
        own = self.boots.get(stamp.device, [])
        out, into = [], []
        place = self.place_of.get((stamp.device, stamp.boot))
        start = end = 0
        if place is not None:
            chain, rates = self.chains[place], self.ranges[place]
            start = bisect_left(self.ticks, stamp.t_ns, chain.start, chain.end)
            end = start
            if start < chain.end and self.ticks[start] == stamp.t_ns:
                return [(start, 0)], [(start, 0)]
            for node in (start - 1, end):
                if chain.start <= node < chain.end:
                    out.append((node, ahead(stamp.t_ns, self.ticks[node], rates.lo, rates.hi)))
                    into.append((node, ahead(self.ticks[node], stamp.t_ns, rates.lo, rates.hi)))
        if place is None or start == self.chains[place].start:
            before = [self.chains[p].end - 1 for p in own if self.chains[p].boot < stamp.boot]
            out += [(node, 0) for node in before[-1:]]
        if place is None or end == self.chains[place].end:
            after = [self.chains[p].start for p in own if self.chains[p].boot > stamp.boot]
            into += [(node, 0) for node in after[:1]]
        return out, into

    def largest(self, origin: Stamp, stamp: Stamp) -> int | None:
        """The largest T(stamp) - T(origin) by one device's own clock alone, or None."""
        if origin.device != stamp.device or stamp.device in self.left_out:
            return None
        if origin.boot != stamp.boot:
            return 0 if stamp.boot < origin.boot else None
        rates = self.rates_of(stamp.device, stamp.boot)
        return None if rates is None else ahead(origin.t_ns, stamp.t_ns, *rates)


def cross_edges(
    evidence: Evidence, node_of: dict[Stamp, int]
) -> tuple[list[tuple[int, int, int]], list[Origin]]:
    """Edges of exchanges, then of causal order; those with an end that is no node are left out."""
    edges, origins = [], []
    for exchange in evidence.exchanges:
        tx, rx = node_of.get(exchange.tx), node_of.get(exchange.rx)
        if tx is not None and rx is not None:
            edges.append((rx, tx, -exchange.dmin_ns))
            origins.append(exchange)
            if exchange.dmax_ns is not None:
                edges.append((tx, rx, exchange.dmax_ns))
                origins.append(exchange)
    for causal in evidence.causals:
        earlier, later = node_of.get(causal.earlier), node_of.get(causal.later)
        if earlier is not None and later is not None:
            edges.append((later, earlier, 0))
            origins.append(causal)
    return edges, origins


def build(evidence: Evidence, left_out: frozenset[Device] = frozenset()) -> Graph:
    """The graph of the evidence without these devices, its rates tightened."""
    stamps = [stamp for stamp in evidence.stamps() if stamp.device not in left_out]
    chains: list[Chain] = []
    start = 0
    for end in range(1, len(stamps) + 1):
        head = stamps[start]
        if end == len(stamps) or (stamps[end].device, stamps[end].boot) != (head.device, head.boot):
            chains.append(Chain(head.device, head.boot, start, end))
            start = end
    bit_of = {item.device: 1 << place for place, item in enumerate(evidence.assumptions)}
    stated, wander = [], []
    for chain in chains:
        assumed, bit = evidence.assumption_of[chain.device], bit_of[chain.device]
        stated.append(Range(assumed.rate_lo_ppb, assumed.rate_hi_ppb, bit, bit, bit))
        wander.append(assumed.wander_ppb)
    edges, origins = cross_edges(evidence, {stamp: node for node, stamp in enumerate(stamps)})
    contacts = [edge for edge, origin in zip(edges, origins) if isinstance(origin, Exchange)]
    chain_of = [place for place, chain in enumerate(chains) for _ in range(chain.start, chain.end)]
    ranges, conflict = tighten(stated, wander, contacts, chain_of, [stamp.t_ns for stamp in stamps])
    for earlier, later in pairwise(chains):
        if earlier.device == later.device:  # boot k ends before boot k + 1 begins
            edges.append((later.start, earlier.end - 1, 0))
            origins.append(None)
    return Graph(evidence, left_out, stamps, chains, edges, origins, ranges, conflict, bit_of)
