"""How near the link comes to its channel's limit, what its words cost, and what faults do to it.

Decides which figures there are, and their order. Simulated time gives the same figures each run.
"""

from collections.abc import Iterator

from fieldpost.bench.line import Line
from fieldpost.bench.link import acks, board_drain, figures, packing


def measure(seed: int) -> Iterator[Line]:
    yield from figures.drain_lines(seed)
    yield from figures.contact_lines(seed)
    yield from packing.lines(seed)
    yield from acks.lines(seed)
    yield from board_drain.lines(seed)
    yield from figures.fault_lines(seed)
