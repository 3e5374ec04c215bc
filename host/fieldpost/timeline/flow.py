"""Shortest lengths over chains and the edges between them: alternating sweeps to a fixed point.

Ostrovsky and Patt-Shamir (PODC 1999): the shortest path from the anchor is the best upper bound that rates and
exchanges allow, the shortest path to it the best lower bound. The fixed point is one, whatever the order of relaxing,
so compiled loops and numpy give the same integers. Decides nothing about what a length means.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline import kernels
from fieldpost.timeline.columns import Ints
from fieldpost.timeline.compiled import kernel
from fieldpost.timeline.kernels import GIGA, LIMIT

MODERATE = float(1 << 60)
ROUNDS_UNTIL_FIXED = 1 << 40


def ahead(from_ns: Ints, to_ns: Ints, lo_ppb: Ints, hi_ppb: Ints) -> Ints:
    """`kernels.ahead` for arrays: the largest true(to) - true(from), ns; LIMIT where it is no bound."""
    dt = to_ns - from_ns
    far = np.minimum(np.abs(dt), LIMIT)
    whole, rest = far // GIGA, far % GIGA
    most = far + np.where(far < LIMIT, whole * hi_ppb - (-rest * hi_ppb) // GIGA, 0)
    least = far + whole * lo_ppb + (rest * lo_ppb) // GIGA
    return np.where(dt >= 0, np.minimum(most, LIMIT), -np.minimum(least, LIMIT))


def plus(length: Ints, step: Ints | int) -> Ints:
    """`kernels.plus` for arrays."""
    barred = (length >= LIMIT) | (step >= LIMIT)
    return np.where(barred, LIMIT, np.maximum(np.where(barred, 0, length) + step, -LIMIT))


@dataclass(frozen=True)
class Links:
    """Edges by node: those of node i are first[i]..first[i + 1] - 1; the other end, ns, the edge's number."""

    first: Ints
    node: NDArray[np.int32]
    w: Ints
    edge: Ints


def links(own: Ints, other: Ints, w: Ints, edge: Ints, nodes: int) -> Links:
    """Edges grouped by their own end, in the order of their numbers."""
    first = np.zeros(nodes + 1, np.int64)
    compiled = kernel("grouped", nodes + len(own))
    if compiled is not None:
        node, weight, place = np.empty((3, len(own)), np.int64)
        compiled(own, other, w, first, node, weight, place)
        return Links(first, node.astype(np.int32), weight, edge[place])
    order = np.argsort(own, kind="stable")
    np.cumsum(np.bincount(own, minlength=nodes), out=first[1:])
    return Links(first, other[order].astype(np.int32), w[order], edge[order])


@dataclass(frozen=True)
class Flow:
    """A graph read in one direction. up[i]: from node i to i + 1, down[i]: back, int64[N], LIMIT: no step."""

    start: Ints
    chain_of: Ints
    up: Ints
    down: Ints
    out: Links
    into: Links

    def reverse(self) -> Flow:
        """The same graph with every edge turned: shortest paths to the seeds."""
        return Flow(self.start, self.chain_of, self.down, self.up, self.into, self.out)

    @property
    def size(self) -> int:
        return len(self.up) + len(self.out.node)

    @cached_property
    def lanes(self) -> list[Ints]:
        """Chains by powers of two of their lengths, int64[chains, width] each: their nodes, the last one repeated."""
        begin, count = self.start[:-1], np.diff(self.start)
        found = []
        for power in np.unique(np.ceil(np.log2(count[count > 1]))):
            chosen = (count > 1) & (np.ceil(np.log2(np.maximum(count, 1))) == power)
            across = np.arange(count[chosen].max())
            found.append(begin[chosen, None] + np.minimum(across, count[chosen, None] - 1))
        return found


def _fall(length: Ints, node: Ints, step: Ints) -> None:
    """Lowers each row's lengths by what stands before them in the row; step[i] leads to place i from the one before.

    length: int64[..., N], node: int64[chains, width], step: int64[..., chains, width - 1].
    """
    far = np.zeros((*step.shape[:-1], node.shape[1]), np.int64)
    np.cumsum(step, axis=-1, out=far[..., 1:])
    held = length[..., node]
    reach = np.where(held >= LIMIT, np.iinfo(np.int64).max, held - far)
    best = np.minimum.accumulate(reach, axis=-1)
    known = best < np.iinfo(np.int64).max
    found = np.where(known, np.clip(np.where(known, best, 0) + far, -LIMIT, LIMIT), LIMIT)
    length[..., node] = np.minimum(held, found)


def sweep_chains(flow: Flow, length: Ints, up: Ints, down: Ints) -> None:
    """Every chain once forward and once back, in place: within chains that is a fixed point.

    length, up, down: int64[N], or several of them at once, int64[..., N].
    """
    compiled = kernel("sweep", flow.size)
    if length.ndim == 1 and compiled is not None:
        compiled(flow.start, up, down, length)
    elif compiled is None and is_moderate(flow.start, up, down):
        for node in flow.lanes:
            same = node[:, 1:] == node[:, :-1]
            _fall(length, node, np.where(same, 0, up[..., node[:, :-1]]))
            _fall(length, node[:, ::-1], np.where(same, 0, down[..., node[:, :-1]])[..., ::-1])
    elif length.ndim > 1:
        ups, downs = np.broadcast_to(up, length.shape), np.broadcast_to(down, length.shape)
        for one, own_up, own_down in zip(length, ups, downs):
            sweep_chains(flow, one, np.ascontiguousarray(own_up), np.ascontiguousarray(own_down))
    else:
        found = length.tolist()
        kernels.sweep(flow.start.tolist(), up.tolist(), down.tolist(), found)
        length[:] = found


def is_moderate(start: Ints, up: Ints, down: Ints) -> bool:
    """Whether sums along chains stay far inside 64 bits; a step that is no bound counts for nothing."""
    far = np.where(up < LIMIT, np.abs(up.astype(float)), 0) + np.where(
        down < LIMIT, np.abs(down.astype(float)), 0
    )
    return not far.size or float(np.add.reduceat(far, start[:-1], axis=-1).max()) < MODERATE


def entries(flow: Flow, length: Ints) -> Ints:
    """What the edges between chains alone bring to each node, ns, int64[..., N]; LIMIT where none does."""
    into = flow.into
    found = np.full(length.shape, LIMIT)
    some = into.first[:-1] < into.first[1:]
    if some.any():
        brought = plus(length[..., into.node], into.w)
        found[..., some] = np.minimum.reduceat(brought, into.first[:-1][some], axis=-1)
    return found


def settle(flow: Flow, length: Ints, fallen: Ints, rounds: int = ROUNDS_UNTIL_FIXED) -> bool:
    """Relaxes `length` in place, int64[N] or several of them at once; True at the fixed point.

    `fallen` are the nodes that others may not know yet.
    """
    compiled = kernel("settle", flow.size)
    if compiled is None:
        for _ in range(rounds):
            before = length.copy()
            sweep_chains(flow, length, flow.up, flow.down)
            np.minimum(length, entries(flow, length), out=length)
            if np.array_equal(before, length):
                return True
        return False
    if length.ndim > 1:
        return min([settle(flow, one, fallen, rounds) for one in length])
    changed = np.zeros(len(length), np.uint8)
    changed[fallen] = 1
    chains = len(flow.start) - 1
    low, high = np.full(chains, len(length)), np.full(chains, -1)
    np.minimum.at(low, flow.chain_of[fallen], fallen)
    np.maximum.at(high, flow.chain_of[fallen], fallen)
    out = flow.out
    args = (flow.start, flow.chain_of, flow.up, flow.down, out.first, out.node, out.w)
    return compiled(*args, length, changed, low, high, rounds)
