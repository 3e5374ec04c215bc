"""What UTC a timeline's zero had, by claims of k devices, and whether a validity period holds an interval.

Decides only over claims that were admitted already (their credentials carry the right `time`). No claim
moves a bound; one device cannot set the time of others. What straddles or has no UTC is not proved,
whatever is likely.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from fieldpost.timeline.evidence import Claim, Device, Interval, Stamp
from fieldpost.timeline.place import Placement
from fieldpost.timeline.rates import GIGA


def offset_of(claim: Claim, interval: Interval) -> tuple[int, int] | None:
    """UTC at the timeline's zero as one claim tells it, in ns since 1970; None where a side has no bound."""
    lo, hi = interval
    if lo is None or hi is None:
        return None
    return claim.utc_ns - claim.half_width_ns - hi, claim.utc_ns + claim.half_width_ns - lo


def utc_bounds(
    claims: Iterable[Claim], placements: Mapping[Stamp, Placement], k: int, interval: str = "resilient"
) -> tuple[int, int] | None:
    """UTC at the zero, or None: the hull of all points that claims of at least k distinct devices contain.

    A device counts once: by what most of its own claims share, not at all when more than half share nothing. One
    late reading of an honest device then costs that reading; a device that contradicts itself has no voice.
    """
    if k < 1:
        raise ValueError("k counts devices that must agree: at least 1")
    own: dict[Device, list[tuple[int, int]]] = defaultdict(list)
    for claim in claims:
        placed = placements.get(claim.at)
        offset = None if placed is None else offset_of(claim, getattr(placed, interval))
        if offset is not None:
            own[claim.at.device].append(offset)
    voices = [voice for told in own.values() if (voice := _majority(told)) is not None]
    return _covered(voices, k)


def _majority(told: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The hull of the points that the most of the intervals contain, if these are more than half of them."""
    most, covered = 0, 0
    for _, ends in _turns(told):
        covered += -1 if ends else 1
        most = max(most, covered)
    return _covered(told, most) if 2 * most > len(told) else None


def _covered(told: list[tuple[int, int]], k: int) -> tuple[int, int] | None:
    """The hull of the points that at least k of the intervals contain; None where there is none."""
    covered, found = 0, []
    for at, ends in _turns(told):
        if (ends and covered == k) or (not ends and covered == k - 1):
            found.append(at)
        covered += -1 if ends else 1
    return (found[0], found[-1]) if found else None


def _turns(told: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where intervals begin (0) and end (1): a beginning first, closed intervals that touch agree."""
    return sorted([(lo, 0) for lo, _ in told] + [(hi, 1) for _, hi in told])


def utc_interval(offset: tuple[int, int] | None, interval: Interval) -> tuple[int | None, int | None] | None:
    """An interval of the timeline in UTC, ns since 1970; None without an offset."""
    if offset is None:
        return None
    lo, hi = interval
    return (None if lo is None else lo + offset[0]), (None if hi is None else hi + offset[1])


def validity(interval_ns_utc: Interval | None, nbf_s: int | None, exp_s: int | None) -> str:
    """valid: wholly in [nbf, exp). outside: wholly out of it. straddles: neither. unproven: UTC is not
    known enough.

    A bound that is None does not limit. RFC 8392 3.1.4: not valid on or after exp.
    """
    nbf = None if nbf_s is None else nbf_s * GIGA
    exp = None if exp_s is None else exp_s * GIGA
    if nbf is None and exp is None:
        return "valid"
    lo, hi = interval_ns_utc or (None, None)
    if (exp is not None and lo is not None and lo >= exp) or (
        nbf is not None and hi is not None and hi < nbf
    ):
        return "outside"
    if (nbf is not None and lo is None) or (exp is not None and hi is None):
        return "unproven"
    inside = (nbf is None or (lo is not None and lo >= nbf)) and (
        exp is None or (hi is not None and hi < exp)
    )
    return "valid" if inside else "straddles"
