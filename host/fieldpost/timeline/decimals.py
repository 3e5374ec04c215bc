"""Decimal text to integers and back, exactly: a time never passes through a float.

Decides how many digits and how large an exponent a number may have; refuses what is not finite.
"""

import re
from decimal import Decimal
from math import isqrt

NUMBER = re.compile(r"-?[0-9]{1,200}(\.[0-9]{1,200})?([eE][+-]?[0-9]{1,3})?")
DIGITS_MAX = 40  # before the point; below it any digits are cut by the rounding that the caller chose


def read(value: object) -> Decimal:
    """A JSON number (read as int or Decimal) or decimal string. Raises ValueError for anything else."""
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"{value!r} is not a decimal number")
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or not -1000 < exponent < DIGITS_MAX or number.adjusted() > DIGITS_MAX:
        raise ValueError(f"{value!r} is out of range")
    return number


def floor_scaled(number: Decimal, places: int) -> tuple[int, bool]:
    """(floor(number x 10^places), whether that was exact), whatever the number's digits."""
    sign, digits, exponent = number.as_tuple()
    whole = int("".join(map(str, digits)) or "0") * (-1 if sign else 1)
    shift = int(exponent) + places
    if shift >= 0:
        return whole * 10**shift, True
    quotient, rest = divmod(whole, 10**-shift)
    return quotient, rest == 0


def ceil_scaled(number: Decimal, places: int) -> int:
    """ceil(number x 10^places)."""
    floor, exact = floor_scaled(number, places)
    return floor if exact else floor + 1


def seconds(ns: int | None) -> str | None:
    """Nanoseconds as a decimal string of seconds with 9 digits."""
    if ns is None:
        return None
    whole, rest = divmod(abs(ns), 10**9)
    return f"{'-' if ns < 0 else ''}{whole}.{rest:09d}"


def uniform_sigma(width_ns: int) -> int:
    """The standard deviation of an even spread over the width, in ns: width / sqrt(12), rounded up."""
    return isqrt(width_ns * width_ns // 12) + 1 if width_ns else 0
