"""How a liar alters the readings that it puts into exchanges.

Decides the four kinds of lies; refuses to know whether anybody can notice.
"""

from __future__ import annotations

import numpy as np

from fieldpost.simulated_fleet.plan import Lie

KINDS = ("step", "rate", "two-faced", "quiet")


def added_ns(lie: Lie, true_ns: np.ndarray, peer: np.ndarray, span_ns: int) -> np.ndarray:
    """What the liar adds to its readings at these true times, told to these peers. int64 ns.

    Raises ValueError for an unknown kind.
    """
    late = true_ns > lie.after_ns
    if lie.kind in ("step", "quiet"):
        return np.where(late, lie.size_ns, 0)
    if lie.kind == "rate":
        grown = (true_ns - lie.after_ns) / max(1, span_ns - lie.after_ns)
        return np.where(late, np.rint(grown * lie.size_ns).astype(np.int64), 0)
    if lie.kind == "two-faced":
        return np.where(late, np.where(peer % 2 == 0, lie.size_ns, -lie.size_ns), 0)
    raise ValueError(f"a lie is one of {', '.join(KINDS)}, not {lie.kind!r}")
