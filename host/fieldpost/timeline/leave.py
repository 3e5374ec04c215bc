"""Bounds with one unit less: only what rested on that unit is solved again.

Without a unit proofs only go. So a range stays whose loop of contacts is left, and a length whose path is left; what
stays is not looked at. The same integers as a whole solve without the unit. Decides which units that works for: not
where the anchor's own clock or the number of cases changes; those are for a whole solve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline.asked import Asked
from fieldpost.timeline.columns import Columns, Ints
from fieldpost.timeline.flow import entries
from fieldpost.timeline.graph import Graph
from fieldpost.timeline.kernels import ABOVE, BELOW, LIMIT
from fieldpost.timeline.sides import Side
from fieldpost.timeline.steps import climbed
from fieldpost.timeline.tighten import ROUNDS
from fieldpost.timeline.windows import Cases, parted


@dataclass(frozen=True)
class Less:
    """What goes with one unit: its chains; and the chains whose ranges widen without it, with these ranges in ppb."""

    unit: int
    gone: Ints
    is_gone: NDArray[np.uint8]
    wider: Ints
    lo: Ints
    hi: Ints


class Ranges:
    """The ranges of all chains with one unit less."""

    def __init__(self, graph: Graph, unit_of: Ints, code: SimpleNamespace):
        columns, rates = graph.columns, graph.rates
        self.code, self.chains = code, len(rates.lo)
        self.wander = columns.clocks.wander_ppb[columns.chain_device]
        unit = unit_of[columns.chain_device]
        self.order = np.argsort(unit, kind="stable")
        self.first = np.searchsorted(unit[self.order], np.arange(int(unit_of.max(initial=-1)) + 2))
        self.is_tightened = rates.crossings is not None and bool(rates.active.any())
        if rates.crossings is None or not self.is_tightened:
            return
        met, edges = rates.crossings, len(columns.u)
        reverse = np.where(rates.active, met.reverse, -1)
        self.groups = np.searchsorted(met.a, np.arange(self.chains + 1))
        self.crossed = (met.b, met.first, reverse, met.out, met.back, columns.u, columns.v, columns.w)
        self.crossed = (*self.crossed, columns.node.t_ns)
        told = rates.rounds
        ranges = told.ranges + told.ranges[-1:] * (ROUNDS + 1 - len(told.ranges))
        self.known = np.ascontiguousarray(np.array(ranges).swapaxes(0, 1))
        self.through = np.full((2, ROUNDS, self.chains), -1)
        for at, loops in enumerate(told.loops):
            for side, loop in enumerate(loops):
                met_chain = columns.chain_of[columns.v[np.maximum(loop, 0) // edges]]
                self.through[side, at] = np.where(loop >= 0, met_chain, -1)

    def without(self, unit: int) -> Less:
        gone = self.order[self.first[unit] : self.first[unit + 1]]
        is_gone = np.zeros(self.chains, np.uint8)
        is_gone[gone] = 1
        if not self.is_tightened:
            return Less(unit, gone, is_gone, gone[:0], gone[:0], gone[:0])
        found = self.known.copy()
        by = (np.empty(self.chains, np.int64), np.empty(self.chains, np.int64))
        args = (self.groups, self.crossed, self.wander, self.through, self.known, found, by)
        self.code.rates_without(is_gone, *args)
        lo, hi = found[:, -1]
        wider = np.flatnonzero((lo != self.known[0, -1]) | (hi != self.known[1, -1]))
        return Less(unit, gone, is_gone, wider, lo[wider], hi[wider])


def slot_of(asked: Asked, columns: Columns) -> Ints:
    """Where each stamp stands: i + c right before node i of chain c, one more behind its last; -1 on no chain."""
    first = columns.start[asked.chain]
    return np.where(asked.chain < 0, -1, np.where(asked.below < 0, first, asked.below + 1) + asked.chain)


@dataclass
class Found:
    """One side of the stamps: what holds with all units, the worst with one less, and who is bounded by whom alone."""

    strict: Ints
    worst: Ints
    lost: dict[int, list[Ints]] = field(default_factory=dict)  # by unit: places of stamps

    def lose(self, unit: int, places: Ints) -> None:
        if len(places):
            self.lost.setdefault(unit, []).append(places)


class Lane:
    """One side in one case of the anchor's clock, solved with all units. `asked` stands in the order of `slot_of`."""

    def __init__(self, side: Side, start: int, asked: Asked, code: SimpleNamespace):
        columns = side.graph.columns
        self.side, self.asked, self.code = side, asked, code
        self.flow, self.columns = side.flow, columns
        out, into = self.flow.out, self.flow.into
        self.out, self.into = (out.first, out.node, out.w), (into.first, into.node, into.w)
        self.seeds, self.length = side.seeds[start], side.lengths[start]
        self.arrival = np.minimum(entries(self.flow, self.length), self.seeds)
        nodes, chains = len(columns.chain_of), len(columns.start) - 1
        self.tight = np.zeros(nodes, np.uint8)
        told = (side.cases.lo, side.cases.hi, side.cases.split)
        code.tight_nodes(columns.start, columns.node.t_ns, told, self.arrival, side.forward, self.tight)
        self.steps = (self.flow.up.copy(), self.flow.down.copy())
        self.cases = tuple(one.copy() for one in told)
        self.found = (self.length.copy(), self.arrival.copy())
        marked, changed = np.zeros((2, nodes), np.uint8)
        self.moved, self.touched = np.empty((2, nodes), np.int64)
        self.scratch = (marked, self.moved, changed, np.full(chains, nodes), np.full(chains, -1))
        self.dirty = np.empty(chains, np.int64)
        self.marks = (marked, np.zeros(chains, np.uint8), self.touched, self.dirty)
        self.ends = np.empty((2, int(np.diff(columns.start).max(initial=1))), np.int64)
        self.anchor = (int(side.anchor.chain[0]), int(side.anchor.t_ns[0]), start if side.starts > 1 else -1)
        self.lost = (np.zeros(len(asked), np.uint8), np.empty(len(asked), np.int64))
        self.slots = np.searchsorted(slot_of(asked, columns), np.arange(nodes + chains + 1))

    @cached_property
    def tree(self) -> tuple[Ints, Ints, Ints, Ints]:
        """How each node was reached, its place in the queue, the queue, and where the children of a place begin."""
        by, queue = climbed(self.flow, self.length, self.seeds)
        node, first = np.arange(len(by)), self.out[0]
        owner = np.repeat(node, np.diff(first))
        edge = by >= 0
        parent = np.where(by == BELOW, node - 1, np.where(by == ABOVE, node + 1, -1))
        parent[edge] = owner[by[edge]]
        place = np.full(len(by), -1)
        place[queue] = np.arange(len(queue))
        above = parent[queue]
        rising = np.where(above >= 0, place[np.maximum(above, 0)], -1)
        return by, place, queue, np.searchsorted(rising, np.arange(len(queue) + 1))

    @cached_property
    def hung(self) -> tuple[Ints, ...]:
        """Below, above, across, reading and direct way of each asked stamp."""
        asked, forward = self.asked, self.side.forward
        across = asked.after if forward else asked.before
        return asked.below, asked.above, across, asked.t_ns, self.side.direct(asked, 0)

    @cached_property
    def off(self) -> Ints:
        """Stamps in boots without a node, beside a boot that has some."""
        return np.flatnonzero((self.asked.chain < 0) & (self.hung[2] >= 0))

    def leave(self, less: Less, found: Found) -> None:
        """Raises the worst of the stamps that the unit mattered to."""
        start, t, forward = self.columns.start, self.columns.node.t_ns, self.side.forward
        self._widen(less, less.lo, less.hi)
        known_steps = (self.flow.up, self.flow.down)
        self.code.steps_of(less.wider, start, t, less.lo, less.hi, forward, *self.steps)
        count = self.code.lengths_without(
            less.gone, less.wider, start, self.columns.chain_of, self.steps, known_steps, self.tree, self.seeds,
            self.out, self.into, self.found[0], self.scratch,
        )  # fmt: skip
        moved, known = self.moved[:count], (self.length, self.arrival)
        touched, dirty = self.code.arrivals_without(
            moved, self.columns.chain_of, self.columns.chain_device, less.is_gone, self.seeds, self.out, self.into,
            known, self.found, self.tight, self.marks,
        )  # fmt: skip
        is_wider = np.zeros(len(start) - 1, np.uint8)
        is_wider[less.wider] = 1
        lost = self.code.worst_without(
            np.union1d(self.dirty[:dirty], less.wider), is_wider, start, t, self.cases, known, self.found, self.anchor,
            self.hung, self.slots, forward, found.strict, found.worst, self.lost, self.ends,
        )  # fmt: skip
        found.lose(less.unit, self.lost[1][:lost].copy())
        self._leave_off(less, found)
        self.found[0][moved] = self.length[moved]
        self.found[1][self.touched[:touched]] = self.arrival[self.touched[:touched]]
        rates = self.side.graph.rates
        self._widen(less, rates.lo[less.wider], rates.hi[less.wider])
        lo, hi = rates.lo[less.wider], rates.hi[less.wider]
        self.code.steps_of(less.wider, start, t, lo, hi, forward, *self.steps)

    def _widen(self, less: Less, lo: Ints, hi: Ints) -> None:
        """Puts the cases of these ranges in the place of those of the chains that widen."""
        if len(less.wider):
            clocks, device = self.columns.clocks, self.columns.chain_device
            part = parted(lo, hi, clocks.wander_ppb[device[less.wider]], len(self.side.cases))
            for whole, some in zip(self.cases, (part.lo, part.hi, part.split)):
                whole[..., less.wider] = some

    def _leave_off(self, less: Less, found: Found) -> None:
        if not len(self.off):
            return
        across, direct = self.hung[2][self.off], self.hung[4][self.off]
        far = self.found[0][across]
        is_other = (far != self.length[across]) & (less.is_gone[self.columns.chain_of[across]] == 0)
        here = self.off[is_other]
        way = np.minimum(direct, far)[is_other]
        found.worst[here] = np.maximum(found.worst[here], way)
        found.lose(less.unit, here[(way >= LIMIT) & (found.strict[here] < LIMIT)])


def is_local(graph: Graph, base: Side, of_all: Cases, less: Less, unit_of: Ints) -> bool:
    """Whether only what hangs below the unit changes without it: not the anchor's clock, not the number of cases."""
    anchor = base.anchor
    if unit_of[max(int(anchor.device[0]), 0)] == less.unit or int(anchor.chain[0]) in less.wider:
        return False
    if len(of_all) > 1:
        return True
    columns = graph.columns
    stated, wander = columns.clocks, columns.clocks.wander_ppb[columns.chain_device]
    device = columns.chain_device[less.gone]
    room = np.append(stated.hi_ppb[device] - stated.lo_ppb[device], less.hi - less.lo)
    window = np.append(wander[less.gone], wander[less.wider])
    return not ((window >= 0) & (room > window)).any()


def lanes(sides: tuple[Side, Side], asked: Asked, code: SimpleNamespace) -> Iterator[tuple[int, Lane]]:
    """Every side in every case of the anchor, one at a time: none is kept."""
    for place, side in enumerate(sides):
        for start in range(side.starts):
            yield place, Lane(side, start, asked, code)
