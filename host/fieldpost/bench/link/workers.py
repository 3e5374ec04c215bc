"""Shares a run's seeds among two processes, so that it takes half the time and gives the same figures.

Each call gets its own arguments and returns plain values; their order is that of the arguments.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

PROCESSES = 2
T = TypeVar("T")


def shared(title: str, call: Callable[..., T], arguments: Sequence[tuple]) -> list[T]:
    """`call(*one)` for each of the arguments."""
    print(f"measuring link: {title}", file=sys.stderr)
    with ProcessPoolExecutor(PROCESSES) as pool:
        return list(pool.map(call, *zip(*arguments), chunksize=max(1, len(arguments) // (8 * PROCESSES))))
