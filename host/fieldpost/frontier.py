"""The frontier: which positions a side holds, so that nothing crosses twice.

Decides what a peer lacks, from ranges of sequence numbers a lane (device, incarnation, stream). Sealed and
early are told apart: an early copy that is held is sent again once it is sealed. SPEC 10.4
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from fieldpost.model import Verified
from fieldwire import observation as obs

Lane = tuple[bytes, bytes, int]
Range = list[int]  # [lo, hi], both held


def ranges_of(numbers: Iterable[int]) -> list[Range]:
    """Ascending [lo, hi] ranges that cover exactly these numbers."""
    found: list[Range] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] + 1 == number:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def frontier(entries: Iterable[Verified]) -> list[list[Any]]:
    """[[device, incarnation, stream, sealed ranges, early ranges] ...], sorted."""
    lanes: dict[Lane, tuple[list[int], list[int]]] = {}
    for entry in entries:
        device, incarnation, stream, seq = obs.position(entry.observation)
        sealed, early = lanes.setdefault((device, incarnation, stream), ([], []))
        (early if entry.seal_hash is None else sealed).append(seq)
    return [[*lane, ranges_of(sealed), ranges_of(early)] for lane, (sealed, early) in sorted(lanes.items())]


class Held:
    """A peer's frontier, for asking what it lacks."""

    def __init__(self, lanes: list[list[Any]]) -> None:
        self._lanes = {(lane[0], lane[1], lane[2]): (lane[3], lane[4]) for lane in lanes}

    def lacks(self, entry: Verified) -> bool:
        """True when the peer does not hold this observation, or holds it early only and we hold it sealed."""
        device, incarnation, stream, seq = obs.position(entry.observation)
        sealed, early = self._lanes.get((device, incarnation, stream), ([], []))
        if _within(seq, sealed):
            return False
        return entry.seal_hash is not None or not _within(seq, early)


def _within(number: int, ranges: list[Range]) -> bool:
    index = bisect_right(ranges, number, key=lambda one: one[0])
    return index > 0 and number <= ranges[index - 1][1]
