"""Rate ranges, narrowed by contacts under the stated wander: exactly four rounds, from scratch.

Two contacts of chain A with chain B bound A's mean rate between them through B's clock. All rates of one boot lie in
a window of the stated width, so no rate of A lies further from that mean than the width. Each round takes the ranges
of the round before, so the order of chains never matters; no anchor enters, so neither does the gauge. Decides
nothing about who lies: an empty range comes back as a conflict. Which devices a range rests on is found when asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline import kernels
from fieldpost.timeline.columns import EXCHANGE, Columns, Ints
from fieldpost.timeline.compiled import kernel
from fieldpost.timeline.flow import ahead
from fieldpost.timeline.kernels import GIGA, LOOP_LIMIT, RATIO_LIMIT

ROUNDS = 4

Sides = tuple[Ints, Ints]  # (lo, hi)


@dataclass(frozen=True)
class Crossings:
    """Exchange edges by (chain a, chain b): group g is first[g]..first[g + 1] - 1 of `out` and of `back`.

    `out` lists edges in their order, `back` by arrival. reverse[g]: the group (b, a), or -1. All int64.
    """

    a: Ints
    b: Ints
    first: Ints
    reverse: Ints
    out: Ints
    back: Ints


def crossings(columns: Columns) -> Crossings:
    edge = np.flatnonzero(columns.kind == EXCHANGE)
    chains = len(columns.start) - 1
    u, v = columns.u[edge], columns.v[edge]
    key = columns.chain_of[u] * chains + columns.chain_of[v]
    found, first = np.unique(np.sort(key), return_index=True)
    a, b = found // max(chains, 1), found % max(chains, 1)
    at = np.minimum(np.searchsorted(found, b * chains + a), max(len(found) - 1, 0))
    reverse = np.where(found[at] == b * chains + a, at, -1) if len(found) else at
    out = edge[np.argsort(key, kind="stable")]
    back = edge[np.lexsort((columns.w[edge], u, v, key))]
    return Crossings(a, b, np.append(first, len(edge)), reverse, out, back)


@dataclass(frozen=True)
class Ground:
    """What all graphs of one evidence share."""

    columns: Columns

    @cached_property
    def met(self) -> Crossings:
        return crossings(self.columns)


@dataclass(frozen=True)
class Conflict:
    """Evidence that cannot all hold: its nodes in order, and every device (index) that it rests on."""

    nodes: tuple[int, ...]
    devices: frozenset[int]


@dataclass(frozen=True)
class Rounds:
    """ranges: stated, then after each round that was run. loops: by round, the crossings (out * E + back) that gave
    each side of each chain in it, or -1. empty: the first chain left without a rate, or -1.
    """

    ranges: list[Sides]
    loops: list[Sides]
    empty: int


@dataclass(frozen=True)
class Rates:
    """Ranges of all chains after the rounds, int64[C] in ppb. `empty`: the first chain left without a rate, or -1."""

    columns: Columns
    crossings: Crossings | None  # None: no clock states a wander
    active: NDArray[np.bool_]  # groups none of whose chains is left out
    lo: Ints
    hi: Ints
    empty: int

    @cached_property
    def rounds(self) -> Rounds:
        """How these ranges came about."""
        if self.crossings is None:
            return Rounds([stated(self.columns)], [], -1)
        return _exact(self.columns, self.crossings, self.active)

    @property
    def loops(self) -> list[Sides]:
        return self.rounds.loops

    def loop(self, chain: int, side: int, rounds: int) -> tuple[int, int, int] | None:
        """(round, out, back) of the loop that gave a side by the end of so many rounds; None: it is as stated."""
        for at in range(min(rounds, len(self.loops)) - 1, -1, -1):
            found = int(self.loops[at][side][chain])
            if found >= 0:
                return at, *divmod(found, len(self.columns.u))
        return None

    @cached_property
    def _rests(self) -> dict[tuple[int, int], frozenset[int]]:
        return {}

    def rests_on(self, chain: int, rounds: int = ROUNDS) -> frozenset[int]:
        """Devices (indices) that the two sides of a chain's range rest on."""
        known = self._rests.get((chain, rounds))
        if known is None:
            known = frozenset((int(self.columns.chain_device[chain]),))
            for side in (0, 1):
                found = self.loop(chain, side, rounds)
                if found is not None:
                    known |= self.rests_on(int(self.columns.chain_of[self.columns.v[found[1]]]), found[0])
            self._rests[chain, rounds] = known
        return known

    def conflict(self) -> Conflict | None:
        if self.empty < 0:
            return None
        nodes: list[int] = []
        for side in (0, 1):
            found = self.loop(self.empty, side, ROUNDS)
            if found is not None:
                u, v = self.columns.u, self.columns.v
                nodes += [int(u[found[1]]), int(v[found[1]]), int(u[found[2]]), int(v[found[2]])]
        return Conflict(tuple(nodes), self.rests_on(self.empty))


def stated(columns: Columns) -> Sides:
    """Each chain's range as its device's clock is assumed. int64[C], ppb."""
    return columns.clocks.lo_ppb[columns.chain_device], columns.clocks.hi_ppb[columns.chain_device]


def tighten(ground: Ground, left_out: NDArray[np.bool_]) -> Rates:
    """Ranges after four rounds, by contacts of devices that are not left out (bool[D])."""
    columns = ground.columns
    out = left_out[columns.chain_device]
    wander = columns.clocks.wander_ppb[columns.chain_device]
    if (wander < 0).all():
        return Rates(columns, None, out[:0], *stated(columns), -1)
    met = ground.met
    active = (met.reverse >= 0) & ~out[met.a] & ~out[met.b] & (wander[met.a] >= 0)
    if not active.any():
        return Rates(columns, met, active, *stated(columns), -1)
    if kernel("rates_round", len(columns.u)) is None:
        lo, hi = _by_arrays(columns, met, active)
        if (lo <= hi).all():
            return Rates(columns, met, active, lo, hi, -1)
    rounds = _exact(columns, met, active)
    rates = Rates(columns, met, active, *rounds.ranges[-1], rounds.empty)
    rates.__dict__["rounds"] = rounds
    return rates


def _exact(columns: Columns, met: Crossings, active: NDArray[np.bool_]) -> Rounds:
    """The rounds by the kernel."""
    chains = len(columns.start) - 1
    reverse = np.where(active, met.reverse, -1)
    wander = columns.clocks.wander_ppb[columns.chain_device]
    given = (met.a, met.b, met.first, reverse, met.out, met.back, columns.u, columns.v, columns.w)
    given = (*given, columns.node.t_ns, wander)
    after = stated(columns)
    compiled = kernel("rates_round", len(columns.u))
    listed = None if compiled else [column.tolist() for column in given]
    found = Rounds([after], [], -1)
    for _ in range(ROUNDS):
        before, after = after, (after[0].copy(), after[1].copy())
        by = (np.full(chains, -1), np.full(chains, -1))
        if compiled is not None:
            empty = compiled(*given, before, after, by)
        else:
            sides = [tuple(side.tolist() for side in pair) for pair in (before, after, by)]
            empty = kernels.rates_round(*(listed or ()), *sides)
            for pair, told in ((after, sides[1]), (by, sides[2])):
                pair[0][:], pair[1][:] = told
        found.ranges.append(after)
        found.loops.append(by)
        if empty >= 0 or not ((by[0] >= 0) | (by[1] >= 0)).any():
            return Rounds(found.ranges, found.loops, empty)
    return found


def _ratio_ppb(part: Ints, whole: Ints) -> Ints:
    """`kernels.ratio_ppb` for arrays."""
    quotient = part // whole
    rest = part - quotient * whole
    found = (rest.astype(float) / whole.astype(float) * 1e9).astype(np.int64)
    over = rest * GIGA - found * whole  # wraps, and is small once it has
    for _ in range(2):
        found += over // whole
        over = rest * GIGA - found * whole
    return np.clip(quotient, -RATIO_LIMIT, RATIO_LIMIT) * GIGA + np.where(
        np.abs(quotient) < RATIO_LIMIT, found, 0
    )


def _partners(columns: Columns, met: Crossings, active: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """All loops as arrays: the group, the crossing out and the crossing back of each."""
    group = np.repeat(np.arange(len(met.a)), np.diff(met.first))
    groups = group[active[group]]
    out = met.out[active[group]]
    nodes = len(columns.chain_of)
    turned = met.reverse[groups]
    begin, end = met.first[turned], met.first[turned + 1]
    middle = np.searchsorted(group * nodes + columns.v[met.back], turned * nodes + columns.u[out])
    steps = 2 ** np.arange(max(int((end - begin).max()), 1).bit_length())
    places = [begin, end - 1, *(middle - step for step in steps), *(middle + step - 1 for step in steps)]
    allowed = [None, None, *steps, *steps]
    found = []
    for place, step in zip(places, allowed):
        good = (place >= begin) & (place < end) & (True if step is None else step <= end - begin)
        found.append((groups[good], out[good], met.back[place[good]]))
    listed = [np.concatenate(part) for part in zip(*found)]
    apart = columns.u[listed[1]] != columns.v[listed[2]]
    return listed[0][apart], listed[1][apart], listed[2][apart]


def _by_arrays(columns: Columns, met: Crossings, active: NDArray[np.bool_]) -> Sides:
    """The rounds by numpy; after a round that leaves a range empty the rest is not run."""
    group, e, f = _partners(columns, met, active)
    t = columns.node.t_ns
    a, b = met.a[group], met.b[group]
    local = t[columns.v[f]] - t[columns.u[e]]
    span = np.abs(local)
    slack = np.clip(columns.w[e] + columns.w[f], -LOOP_LIMIT, LOOP_LIMIT)
    wander = columns.clocks.wander_ppb[columns.chain_device][a]
    enter, leave = t[columns.v[e]], t[columns.u[f]]
    lo, hi = stated(columns)
    for _ in range(ROUNDS):
        through = ahead(enter, leave, lo[b], hi[b])
        good = (span < LOOP_LIMIT) & (through < LOOP_LIMIT)
        part = np.where(good, local - (slack + np.clip(through, -LOOP_LIMIT, LOOP_LIMIT)), 0)
        rate = _ratio_ppb(part, np.where(good, span, 1))
        rise, fall = good & (local > 0), good & (local < 0)
        before = lo, hi
        lo, hi = lo.copy(), hi.copy()
        np.minimum.at(hi, a[rise], (wander - rate)[rise])
        np.maximum.at(lo, a[fall], (rate - wander)[fall])
        if (lo > hi).any() or (np.array_equal(lo, before[0]) and np.array_equal(hi, before[1])):
            break
    return lo, hi
