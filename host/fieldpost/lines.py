"""Lines of devices: one board under several keys, of which each handed over to the next.

Decides which devices count as one where claims are ordered: rivals are different devices, and who rotated its key is
not at odds with its own former self. Refuses a line that branches or runs in a circle: of two heirs nobody knows which
is the board. SPEC 7.6, 14.1
"""

from collections.abc import Iterable, Mapping

Line = tuple[bytes, int]  # the first device's id, and how many keys came before this one


def lines(handovers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, Line]:
    """{device: line} of every device in (device, heir) pairs, save those where it is not one to one."""
    heirs: dict[bytes, set[bytes]] = {}
    formers: dict[bytes, set[bytes]] = {}
    for device, heir in handovers:
        heirs.setdefault(device, set()).add(heir)
        formers.setdefault(heir, set()).add(device)
    follows = {
        device: next(iter(after))
        for device, after in heirs.items()
        if len(after) == 1 and len(formers[next(iter(after))]) == 1
    }
    found: dict[bytes, Line] = {}
    for first in follows.keys() - set(follows.values()):
        device, count = first, 0
        found[first] = (first, 0)
        while device in follows:
            device, count = follows[device], count + 1
            found[device] = (first, count)
    return found


def place(
    known: Mapping[bytes, Line], device: bytes, stamp: tuple[int, int]
) -> tuple[bytes, tuple[int, int, int]]:
    """A device's line, and where on it a [boot, ms] of its clock stands."""
    first, count = known.get(device, (device, 0))
    return first, (count, *stamp)
