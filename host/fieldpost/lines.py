"""Lines of keys: one board, or one authority, under several keys, of which each handed over to the next.

Decides which devices count as one where claims are ordered: rivals are different devices, and who rotated its key is
not at odds with its own former self; and which of an authority's keys follow one. Refuses a line that branches or runs
in a circle: of two heirs nobody knows which it is. SPEC 7.6, 12.4, 14.1
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

Name = TypeVar("Name", bytes, bytes | str)
Line = tuple[bytes, int]  # the first device's id, and how many keys came before this one


def lines(handovers: Iterable[tuple[Name, Name]]) -> dict[Name, tuple[Name, int]]:
    """{device: line} of every device in (device, heir) pairs, save those where it is not one to one."""
    heirs: dict[Name, set[Name]] = {}
    formers: dict[Name, set[Name]] = {}
    for device, heir in handovers:
        heirs.setdefault(device, set()).add(heir)
        formers.setdefault(heir, set()).add(device)
    follows = {
        device: next(iter(after))
        for device, after in heirs.items()
        if len(after) == 1 and len(formers[next(iter(after))]) == 1
    }
    found: dict[Name, tuple[Name, int]] = {}
    for first in follows.keys() - set(follows.values()):
        device, count = first, 0
        found[first] = (first, 0)
        while device in follows:
            device, count = follows[device], count + 1
            found[device] = (first, count)
    return found


def leads(known: Mapping[Name, tuple[Name, int]], former: Name, present: Name) -> bool:
    """True when one key is the other, or comes after it on one line."""
    before, after = known.get(former), known.get(present)
    if former == present:
        return True
    return before is not None and after is not None and before[0] == after[0] and before[1] < after[1]


def place(
    known: Mapping[bytes, Line], device: bytes, stamp: tuple[int, int]
) -> tuple[bytes, tuple[int, int, int]]:
    """A device's line, and where on it a [boot, ms] of its clock stands."""
    first, count = known.get(device, (device, 0))
    return first, (count, *stamp)
