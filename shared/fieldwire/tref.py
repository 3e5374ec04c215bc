"""Time references: a reading of the local clock, and the UTC reading that may stand beside it. SPEC 5.3

Decides whether one is well formed. Refuses to believe it.
"""

from fieldwire import cbor
from fieldwire.errors import WireError
from fieldwire.limits import COUNT_MAX
from fieldwire.observation_writer import is_uint


def is_count(value):
    """True for what a device counts: seq, boots, milliseconds. SPEC 5.1"""
    return is_uint(value) and value <= COUNT_MAX


def _bad(detail):
    raise WireError("observation-shape", detail)


def utc(utc_ms, uncertainty_ms, clock_class=0):
    """The UTC reading beside a tref's local one (RFC 9581): ms since 1970 and how far it may be off."""
    within = {1: uncertainty_ms // 1000, -3: uncertainty_ms % 1000}
    return cbor.Tag(1001, {1: utc_ms // 1000, -2: clock_class, -3: utc_ms % 1000, -7: within})


def utc_of(tref):
    """(utc_ms, uncertainty_ms) of a checked tref, or None where it has no UTC reading. SPEC 5.3"""
    if len(tref) == 2:
        return None
    fields = tref[2].value
    within = fields[-7]
    return fields[1] * 1000 + fields[-3], within[1] * 1000 + within[-3]


def check_tref(tref):
    if (
        not isinstance(tref, list)
        or len(tref) not in (2, 3)
        or not is_count(tref[0])
        or not is_count(tref[1])
    ):
        _bad("tref is [boot, ms] or [boot, ms, utc], numbers below 2^42")
    if len(tref) == 3:
        _check_utc(tref[2])


def _check_utc(reading):
    if not isinstance(reading, cbor.Tag) or reading.number != 1001 or not isinstance(reading.value, dict):
        _bad("utc is tag 1001 over a map")
    fields = reading.value
    if len(fields) != 4 or not _is_seconds(fields) or not is_uint(fields.get(-2)) or fields[-2] > 255:
        _bad("utc is {1: s, -2: clock class, -3: ms, -7: uncertainty}")
    within = fields.get(-7)
    if not isinstance(within, dict) or len(within) != 2 or not _is_seconds(within):
        _bad("uncertainty is a duration, {1: s, -3: ms}")


def _is_seconds(fields):
    whole, ms = fields.get(1), fields.get(-3)
    return is_uint(whole) and is_uint(ms) and ms < 1000 and is_count(whole * 1000 + ms)
