"""Evidence as arrays: what every solve reads, and what a producer may make without a Python object a row.

Units: ns and ppb, int64. `Rows` hold evidence in any order, doubles allowed; `columns` brings them into the one
canonical order: a node for each distinct stamp, sorted by (device, boot, reading), and an edge (u, v, w) for each
proof that T(v) <= T(u) + w ns. Device i is row i of `Clocks`, in the order of `evidence.device_key`. Decides
nothing about rates or who is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline.evidence import Device, Evidence, Stamp

Ints = NDArray[np.int64]

LIMIT = 1 << 62  # 146 years: no length, weight or bound reaches it; it stands for "no bound"
NO_WANDER = -1
EXCHANGE, CAUSAL, REBOOT = 0, 1, 2  # kinds of edges


@dataclass(frozen=True)
class Stamps:
    """n readings: device index, boot, reading in ns; int64[n] each."""

    device: Ints
    boot: Ints
    t_ns: Ints

    def __len__(self) -> int:
        return len(self.t_ns)


def no_stamps() -> Stamps:
    return Stamps(*np.zeros((3, 0), np.int64))


def joined(parts: Sequence[Stamps]) -> Stamps:
    return Stamps(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("device", "boot", "t_ns")))


@dataclass(frozen=True)
class Clocks:
    """Stated rates of D devices: lo <= hi in ppb, the window of wander in ppb or NO_WANDER; int64[D] each."""

    lo_ppb: Ints
    hi_ppb: Ints
    wander_ppb: Ints


@dataclass(frozen=True)
class Rows:
    """Evidence in any order. Exchanges: tx, rx, dmin_ns, dmax_ns (LIMIT: no ceiling), n each. Causal pairs.

    `seen`: stamps that prove only that a boot reached a reading; claims' stamps belong here too.
    """

    clocks: Clocks
    tx: Stamps = field(default_factory=no_stamps)
    rx: Stamps = field(default_factory=no_stamps)
    dmin_ns: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    dmax_ns: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    earlier: Stamps = field(default_factory=no_stamps)
    later: Stamps = field(default_factory=no_stamps)
    seen: Stamps = field(default_factory=no_stamps)


@dataclass(frozen=True)
class Columns:
    """N nodes in C chains of D devices, E edges across chains. Arrays are int64 and never written to.

    node: stamps, sorted, no doubles. start: int64[C + 1], chain c is the nodes start[c]..start[c + 1] - 1, one boot
    of one device. u, v, w: int64[E]. kind: int8[E]. row: int64[E], the canonical place of the exchange or causal
    pair, -1 for a reboot. Edges of exchanges come first, then causal ones, then reboots.
    """

    clocks: Clocks
    node: Stamps
    start: Ints
    u: Ints
    v: Ints
    w: Ints
    kind: NDArray[np.int8]
    row: Ints

    @cached_property
    def chain_of(self) -> Ints:
        """int64[N]: the chain of each node."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @cached_property
    def chain_device(self) -> Ints:
        """int64[C], rising."""
        return self.node.device[self.start[:-1]]

    @cached_property
    def chain_boot(self) -> Ints:
        """int64[C], rising within a device."""
        return self.node.boot[self.start[:-1]]


def _begins(stamps: Stamps, reading: bool) -> NDArray[np.bool_]:
    """Where a stamp differs from the one before: in device or boot, or in its reading too."""
    differs = np.ones(len(stamps), bool)
    names = ("device", "boot", "t_ns") if reading else ("device", "boot")
    differs[1:] = np.any([getattr(stamps, n)[1:] != getattr(stamps, n)[:-1] for n in names], axis=0)
    return differs


def _sorting(stamps: Stamps) -> Ints:
    """The order by device, boot and reading; by one key where all three fit into 62 bits."""
    columns = (stamps.device, stamps.boot, stamps.t_ns)
    if not len(stamps):
        return np.zeros(0, np.int64)
    least = [int(column.min()) for column in columns]
    sizes = [int(column.max()) - low + 1 for column, low in zip(columns, least)]
    if sizes[0] * sizes[1] * sizes[2] >= LIMIT:
        return np.lexsort(columns[::-1])
    device, boot, t_ns = (column - low for column, low in zip(columns, least))
    return np.argsort((device * sizes[1] + boot) * sizes[2] + t_ns)


def _numbered(parts: Sequence[Stamps]) -> tuple[Stamps, list[Ints]]:
    """The distinct stamps in canonical order, and the node of each stamp of each part."""
    every = joined(parts)
    order = _sorting(every)
    ordered = Stamps(every.device[order], every.boot[order], every.t_ns[order])
    begins = _begins(ordered, reading=True)
    node_of = np.empty(len(every), np.int64)
    node_of[order] = np.cumsum(begins) - 1
    node = Stamps(ordered.device[begins], ordered.boot[begins], ordered.t_ns[begins])
    return node, np.split(node_of, np.cumsum([len(part) for part in parts])[:-1])


def _distinct(u: Ints, v: Ints, *rest: Ints, of: int) -> list[Ints]:
    """Rows, sorted by the first column, then the second ..., without doubles. u, v: below `of` each."""
    keys = [u, v, *rest]
    key = u * of + v
    order = np.argsort(key)
    if len(rest) and (key[order[1:]] == key[order[:-1]]).any():
        order = np.lexsort(keys[::-1])
    ordered = [column[order] for column in keys]
    keep = np.ones(len(order), bool)
    keep[1:] = np.any([column[1:] != column[:-1] for column in ordered], axis=0)
    return [column[keep] for column in ordered]


def columns(rows: Rows) -> Columns:
    """The canonical columns: the same for every order of the rows and any doubles."""
    parts = (rows.tx, rows.rx, rows.earlier, rows.later, rows.seen)
    node, (tx, rx, earlier, later, _) = _numbered(parts)
    begins = _begins(node, reading=False)
    start = np.append(np.flatnonzero(begins), len(node)).astype(np.int64)
    tx, rx, dmin, dmax = _distinct(tx, rx, rows.dmin_ns, rows.dmax_ns, of=len(node))
    earlier, later = _distinct(earlier, later, of=len(node))
    place = np.arange(len(tx))
    capped = np.flatnonzero(dmax < LIMIT)
    order = np.argsort(np.concatenate([2 * place, 2 * capped + 1]), kind="stable")
    u = np.concatenate([rx, tx[capped]])[order]
    v = np.concatenate([tx, rx[capped]])[order]
    w = np.concatenate([-dmin, dmax[capped]])[order]
    same = (
        np.flatnonzero(node.device[start[1:-1]] == node.device[start[1:-1] - 1]) + 1
        if len(node)
        else place[:0]
    )
    sizes = (len(u), len(earlier), len(same))
    return Columns(
        rows.clocks,
        node,
        start,
        np.concatenate([u, later, start[same]]),
        np.concatenate([v, earlier, start[same] - 1]),
        np.concatenate([w, np.zeros(len(earlier) + len(same), np.int64)]),
        np.repeat(np.array([EXCHANGE, CAUSAL, REBOOT], np.int8), sizes),
        np.concatenate(
            [np.concatenate([place, capped])[order], np.arange(len(earlier)), np.full(len(same), -1)]
        ),
    )


def stamps_of(stamps: Iterable[Stamp], index_of: dict[Device, int]) -> Stamps:
    """Stamps as arrays; a device that `index_of` lacks becomes -1."""
    listed = list(stamps)
    device = np.array([index_of.get(stamp.device, -1) for stamp in listed], np.int64)
    boot = np.array([stamp.boot for stamp in listed], np.int64)
    return Stamps(device, boot, np.array([stamp.t_ns for stamp in listed], np.int64))


def index_of(evidence: Evidence) -> dict[Device, int]:
    """The index of each device in the columns of this evidence."""
    return {item.device: place for place, item in enumerate(evidence.assumptions)}


def rows_of(evidence: Evidence) -> Rows:
    """Evidence as rows: canonical places of exchanges and causal pairs are those in the evidence's tuples."""
    index = index_of(evidence)
    stated = evidence.assumptions
    exchanges, causals = evidence.exchanges, evidence.causals
    clocks = Clocks(
        np.array([one.rate_lo_ppb for one in stated], np.int64),
        np.array([one.rate_hi_ppb for one in stated], np.int64),
        np.array([NO_WANDER if one.wander_ppb is None else one.wander_ppb for one in stated], np.int64),
    )
    return Rows(
        clocks,
        stamps_of((one.tx for one in exchanges), index),
        stamps_of((one.rx for one in exchanges), index),
        np.array([one.dmin_ns for one in exchanges], np.int64),
        np.array([LIMIT if one.dmax_ns is None else one.dmax_ns for one in exchanges], np.int64),
        stamps_of((one.earlier for one in causals), index),
        stamps_of((one.later for one in causals), index),
        stamps_of([*evidence.seen, *(claim.at for claim in evidence.claims)], index),
    )
