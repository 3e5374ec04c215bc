"""Lanes: which numbers of a device's log are held, as few ranges, so that what is surely new is not looked up.

Decides nothing: it says "perhaps" too often rather than too seldom. Refuses to grow with a log's holes: beyond
`RANGES_MAX` ranges the narrowest hole counts as held, and whoever asks looks it up in vain.
"""

from bisect import bisect_right
from collections.abc import Sequence

RANGES_MAX = 256

Lane = tuple[bytes, bytes, int]  # device, incarnation, stream


def put(ranges: list[int], number: int) -> bool:
    """Adds a number to [begin, end, begin, end ...], ascending, each end excluded; False where it was there."""
    if number == ranges[-1]:
        ranges[-1] = number + 1
        return True
    at = bisect_right(ranges, number)
    if at % 2:
        return False
    ranges[at:at] = [number, number + 1]
    if ranges[at + 1 : at + 2] == ranges[at + 2 : at + 3]:
        del ranges[at + 1 : at + 3]
    if at and ranges[at - 1] == number:
        del ranges[at - 1 : at + 1]
    return True


def holds(ranges: Sequence[int], number: int) -> bool:
    """True where such ranges hold a number."""
    return bisect_right(ranges, number) % 2 == 1


class Lanes:
    """The ranges of each log."""

    def __init__(self) -> None:
        self._ranges: dict[Lane, list[int]] = {}

    def surely_new(self, lane: Lane, number: int, many: int = 1) -> bool:
        """True where nothing was held at `many` numbers from this one on. From now on something perhaps is."""
        ranges = self._ranges.get(lane)
        if ranges is None:
            self._ranges[lane] = [number, number + many]
            return True
        if number == ranges[-1]:
            ranges[-1] = number + many
            return True
        new = [put(ranges, one) for one in range(number, number + many)]
        if len(ranges) > 2 * RANGES_MAX:
            holes = range(1, len(ranges) - 1, 2)
            narrowest = min(holes, key=lambda at: ranges[at + 1] - ranges[at])
            del ranges[narrowest : narrowest + 2]
        return all(new)
