"""Elapsed true time from elapsed local time and a rate in parts per billion, rounded outward.

Decides the one rule of rounding. dt x ppb leaves 64 bits after 51 hours at 50 ppm, so the product is taken
in two parts that stay inside; both parts together are exact before the one division that rounds.
"""

GIGA = 1_000_000_000


def scaled_floor(dt_ns: int, ppb: int) -> int:
    """floor(dt x ppb / 10^9) without a product above 64 bits."""
    return (dt_ns // GIGA) * ppb + ((dt_ns % GIGA) * ppb) // GIGA


def scaled_ceil(dt_ns: int, ppb: int) -> int:
    """ceil(dt x ppb / 10^9) without a product above 64 bits."""
    return (dt_ns // GIGA) * ppb - (-(dt_ns % GIGA) * ppb) // GIGA


def least_elapsed(dt_ns: int, rate_lo_ppb: int) -> int:
    """The least true time that can pass while the local clock advances by dt_ns >= 0."""
    return dt_ns + scaled_floor(dt_ns, rate_lo_ppb)


def most_elapsed(dt_ns: int, rate_hi_ppb: int) -> int:
    """The most true time that can pass while the local clock advances by dt_ns >= 0."""
    return dt_ns + scaled_ceil(dt_ns, rate_hi_ppb)


def ahead(from_ns: int, to_ns: int, lo_ppb: int, hi_ppb: int) -> int:
    """The largest true(to) - true(from) for two readings of one clock, in either order."""
    if to_ns >= from_ns:
        return most_elapsed(to_ns - from_ns, hi_ppb)
    return -least_elapsed(from_ns - to_ns, lo_ppb)
