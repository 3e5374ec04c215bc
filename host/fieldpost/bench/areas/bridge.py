"""What the bridge costs beside its libraries, and what its decisions rest on: never the order in which things came."""

from collections.abc import Iterator

from fieldpost.bench.bridge import admission, orders, scale
from fieldpost.bench.line import Line


def measure(seed: int) -> Iterator[Line]:
    yield from admission.lines(seed)
    yield from orders.lines(seed)
    yield from scale.lines(seed)
