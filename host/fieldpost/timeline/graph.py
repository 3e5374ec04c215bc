"""The graph of differences: a node for each stamp, an edge (u, v, w) for each proof that T(v) <= T(u) + w.

Leaving devices out drops every edge that touches them but keeps the other devices' stamps, so that a bound without
them is never narrower than a bound with them, to the nanosecond. The columns are shared by all graphs of one evidence.
Decides which proofs count, never what follows from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline.columns import CAUSAL, EXCHANGE, Columns, Ints, columns, index_of, rows_of
from fieldpost.timeline.compiled import kernel
from fieldpost.timeline.evidence import Causal, Device, Evidence, Exchange, Stamp
from fieldpost.timeline.flow import Flow, ahead, links
from fieldpost.timeline.kernels import LIMIT
from fieldpost.timeline.tighten import Conflict, Ground, Rates, tighten

Origin = Exchange | Causal | None  # the evidence of an edge; None is the order of two boots


@dataclass(frozen=True, slots=True)
class Range:
    """Rates of one chain in ppb."""

    lo: int
    hi: int


def steps(columns: Columns, lo: Ints, hi: Ints) -> tuple[Ints, Ints]:
    """up, down, int64[N]: the largest T(i + 1) - T(i) and T(i) - T(i + 1), by each chain's rates; LIMIT at its end."""
    t, chain = columns.node.t_ns, columns.chain_of
    up, down = np.full(len(t), LIMIT), np.full(len(t), LIMIT)
    compiled = kernel("chain_steps", len(t))
    if compiled is not None:
        compiled(chain, t, lo, hi, up, down)
        return up, down
    inner = np.flatnonzero(chain[1:] == chain[:-1])
    near, far, of = t[inner], t[inner + 1], chain[inner]
    up[inner], down[inner] = ahead(near, far, lo[of], hi[of]), ahead(far, near, lo[of], hi[of])
    return up, down


@dataclass(frozen=True)
class Graph:
    """Columns without some devices (`out`: bool[D]), and the range of rates of each chain."""

    ground: Ground
    out: NDArray[np.bool_]
    rates: Rates
    told: Told | None = None  # names, where the columns were made from evidence

    @property
    def columns(self) -> Columns:
        return self.ground.columns

    @property
    def conflict(self) -> Conflict | None:
        return self.rates.conflict()

    @property
    def ranges(self) -> list[Range]:
        """Of the chains that are not left out."""
        kept = ~self.out[self.columns.chain_device]
        return [Range(int(lo), int(hi)) for lo, hi in zip(self.rates.lo[kept], self.rates.hi[kept])]

    @cached_property
    def edges(self) -> Ints:
        """The numbers of the edges that no device left out touches."""
        if not self.out.any():
            return np.arange(len(self.columns.u))
        out = self.out[self.columns.node.device]
        return np.flatnonzero(~out[self.columns.u] & ~out[self.columns.v])

    @cached_property
    def flow(self) -> Flow:
        """From node to node forward: lengths from a seed are upper bounds."""
        found, kept = self.columns, self.edges
        up, down = steps(found, self.rates.lo, self.rates.hi)
        if self.out.any():
            gone = self.out[found.node.device]
            up, down = np.where(gone, LIMIT, up), np.where(gone, LIMIT, down)
        u, v, w = found.u[kept], found.v[kept], found.w[kept]
        nodes = len(found.chain_of)
        out, into = links(u, v, w, kept, nodes), links(v, u, w, kept, nodes)
        return Flow(found.start, found.chain_of, up, down, out, into)


def without(base: Ground, out: NDArray[np.bool_], told: Told | None = None) -> Graph:
    """The graph without the devices of `out`, bool[D], its rates tightened."""
    return Graph(base, out, tighten(base, out), told)


@dataclass(frozen=True)
class Told:
    """Evidence and its columns: names for what the arrays only number."""

    evidence: Evidence

    @cached_property
    def index(self) -> dict[Device, int]:
        return index_of(self.evidence)

    @cached_property
    def ground(self) -> Ground:
        return Ground(columns(rows_of(self.evidence)))

    def graph(self, left_out: frozenset[Device] = frozenset()) -> Graph:
        out = np.zeros(len(self.index), bool)
        out[[self.index[device] for device in left_out if device in self.index]] = True
        return without(self.ground, out, self)

    def stamp(self, node: int) -> Stamp:
        found = self.ground.columns.node
        device = self.evidence.assumptions[int(found.device[node])].device
        return Stamp(device, int(found.boot[node]), int(found.t_ns[node]))

    def devices(self, indices: frozenset[int]) -> frozenset[Device]:
        return frozenset(self.evidence.assumptions[index].device for index in indices)

    def origin(self, edge: int) -> Origin:
        found = self.ground.columns
        kind, row = found.kind[edge], int(found.row[edge])
        if kind == EXCHANGE:
            return self.evidence.exchanges[row]
        return self.evidence.causals[row] if kind == CAUSAL else None


def build(evidence: Evidence, left_out: frozenset[Device] = frozenset()) -> Graph:
    """The graph of the evidence without these devices, its rates tightened."""
    return Told(evidence).graph(left_out)
