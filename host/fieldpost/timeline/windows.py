"""The cases of a clock's window: all rates of one boot lie in [c, c + wander] for some c; a case holds some of the c.

A bound that holds in every case holds. Within a case a clock cannot run fast before a contact and slow after it by
more than its wander, which a range of rates alone would allow. Decides how many cases there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpost.timeline.columns import Columns, Ints
from fieldpost.timeline.tighten import Rates

CASES = 6


@dataclass(frozen=True)
class Cases:
    """lo, hi: int64[cases, C] in ppb, each inside the chain's range. split: bool[C], where cases differ."""

    lo: Ints
    hi: Ints
    split: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.lo)


def cases(columns: Columns, rates: Rates) -> Cases:
    """Equal parts of all c that a chain's range leaves; one case where no chain leaves any."""
    wander = columns.clocks.wander_ppb[columns.chain_device]
    is_split = ((wander >= 0) & (rates.hi - rates.lo > wander)).any()
    return parted(rates.lo, rates.hi, wander, CASES if is_split else 1)


def parted(low: Ints, high: Ints, wander: Ints, count: int) -> Cases:
    """Ranges low..high under a wander, ppb, -1 for none, in so many cases; int64[n] each."""
    room = high - low - wander
    split = (wander >= 0) & (room > 0)
    case = np.arange(count)[:, None]
    lo = np.where(split, low + room * case // count, low)
    hi = np.where(split, low + room * (case + 1) // count + wander, high)
    return Cases(lo, hi, split)


def whole(rates: Rates) -> Cases:
    """Ranges of rates alone: one case."""
    return Cases(rates.lo[None], rates.hi[None], np.zeros(len(rates.lo), bool))
