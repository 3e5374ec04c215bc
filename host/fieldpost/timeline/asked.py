"""Where asked stamps hang in the graph: their neighbours on their own clock, else the boots around them.

Decides nothing: it finds nodes. Beyond the ends of a boot stand the last stamp of the boot before and the first of
the boot after. A stamp of a device that is unknown or left out hangs nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline.columns import Columns, Ints, Stamps
from fieldpost.timeline.compiled import kernel


@dataclass(frozen=True)
class Asked:
    """M stamps; int64[M] each. below, above: nodes of the own chain (the same one where the stamp is a node).
    before, after: nodes of the boots around. -1: there is none. `device` is -1 where the stamp hangs nowhere.
    """

    device: Ints
    boot: Ints
    t_ns: Ints
    chain: Ints
    below: Ints
    above: Ints
    before: Ints
    after: Ints

    def __len__(self) -> int:
        return len(self.t_ns)

    def only(self, chosen: NDArray) -> Asked:
        """The chosen ones, by places or by a mask."""
        return Asked(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def _lower(low: Ints, high: Ints, is_before: Callable[[Ints], NDArray[np.bool_]]) -> Ints:
    """For each row the first place of low..high - 1 that is not before what is sought; `high` where all are."""
    low, high = low.copy(), high.copy()
    while (low < high).any():
        half = (low + high) // 2
        right = (low < high) & is_before(half)
        high = np.where((low < high) & ~right, half, high)
        low = np.where(right, half + 1, low)
    return low


def _located(columns: Columns, first: Ints, stamps: Stamps, device: Ints) -> tuple[Ints, Ints]:
    boots, t = columns.chain_boot, columns.node.t_ns
    compiled = kernel("locate", len(t) + len(stamps))
    if compiled is not None:
        chain, node = np.full(len(stamps), -1), np.zeros(len(stamps), np.int64)
        compiled(first, boots, columns.start, t, device, stamps.boot, stamps.t_ns, chain, node)
        return chain, node
    known = np.maximum(device, 0)
    last = first[known + 1]
    edge = max(len(boots) - 1, 0)
    chain = _lower(first[known], last, lambda at: boots[np.minimum(at, edge)] < stamps.boot)
    held = (chain < last) & (device >= 0) & (boots[np.minimum(chain, edge)] == stamps.boot)
    begin = columns.start[chain]
    end = np.where(held, columns.start[np.minimum(chain + 1, len(boots))], begin)
    inner = max(len(t) - 1, 0)
    node = _lower(begin, end, lambda at: t[np.minimum(at, inner)] < stamps.t_ns)
    return np.where(held, chain, -1), node


def locate(columns: Columns, out: NDArray[np.bool_], stamps: Stamps) -> Asked:
    """Where these stamps hang when the devices of `out`, bool[D], are left out."""
    count = len(stamps)
    none = np.full(count, -1)
    if not len(columns.node):
        return Asked(none, stamps.boot, stamps.t_ns, none, none, none, none, none)
    device = stamps.device
    if out.any():
        device = np.where((device >= 0) & out[np.maximum(device, 0)], -1, device)
    first = np.searchsorted(columns.chain_device, np.arange(len(out) + 1))
    chain, node = _located(columns, first, stamps, device)
    on = chain >= 0
    at = np.maximum(chain, 0)
    begin, end = columns.start[at], columns.start[at + 1]
    inner = np.minimum(node, len(columns.node) - 1)
    exact = on & (node < end) & (columns.node.t_ns[inner] == stamps.t_ns)
    known = np.maximum(device, 0)
    own_first, own_last = columns.start[first[known]], columns.start[first[known + 1]]
    before = (device >= 0) & (node > own_first) & ~exact & (~on | (node == begin))
    after = (device >= 0) & (node < own_last) & ~exact & (~on | (node == end))
    return Asked(
        device,
        stamps.boot,
        stamps.t_ns,
        np.where(device >= 0, chain, -1),
        np.where(exact, node, np.where(on & (node > begin), node - 1, -1)),
        np.where(on & (node < end), node, -1),
        np.where(before, node - 1, -1),
        np.where(after, node, -1),
    )
