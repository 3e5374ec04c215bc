"""Sets of whole numbers as ascending lists of (lo, hi) with hi outside, which never touch each other.

Decides nothing. Each function returns a new list; lists stay short, since a link loses frames in few places.
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
