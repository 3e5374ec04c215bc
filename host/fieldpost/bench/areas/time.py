"""What placing in time is worth: proved intervals, likely points, order, liars named, meshes that met once, speed.

Decides which figures there are, and their order. Seeded worlds: the same figures each run, but for seconds.
"""

from collections.abc import Iterator

from fieldpost.bench.line import Line
from fieldpost.bench.time import accuracy, containment, left_out, liars, meshes, speed, widths


def measure(seed: int) -> Iterator[Line]:
    yield from containment.lines(seed)
    yield from accuracy.lines(seed)
    yield from liars.lines(seed)
    yield from meshes.lines(seed)
    yield from widths.lines(seed)
    yield from speed.lines(seed)
    yield from left_out.lines(seed)
