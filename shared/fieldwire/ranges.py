"""Sets of whole numbers: ascending lists of (lo, hi), hi outside, of which no two touch.

Decides nothing. Each function leaves its argument as it was; lists stay short, since a link loses frames in few places.
"""


def add(ranges, lo, hi):
    """`ranges` and lo to hi."""
    kept = []
    for low, high in ranges:
        if high < lo or hi < low:
            kept.append((low, high))
        else:
            lo, hi = min(lo, low), max(hi, high)
    if lo < hi:
        kept.append((lo, hi))
        kept.sort()
    return kept


def remove(ranges, lo, hi):
    """`ranges` without lo to hi."""
    kept = []
    for low, high in ranges:
        if low < min(high, lo):
            kept.append((low, min(high, lo)))
        if max(low, hi) < high:
            kept.append((max(low, hi), high))
    return kept


def covers(ranges, lo, hi):
    """True when one of the ranges holds all of lo to hi."""
    return any(low <= lo and hi <= high for low, high in ranges)
