"""What a signature, an observation and a power cut cost a small board: the figures of `fieldpost.bench.device`.

Decides which figures there are, and their order. Instructions are counted on emulated Cortex-M cores and are the
same on each run; rates are taken on the unix port beside a reference in the same run.
"""

import sys
from collections.abc import Iterator

from fieldpost.bench.device import (
    constant_time,
    heap,
    journal,
    mpy_bytes,
    observe,
    power_cuts,
    sealed_work,
    signatures,
    signer_ram,
    signing_rates,
)
from fieldpost.bench.line import Line

# Each measures one thing: `lines(seed) -> Iterator[Line]`.
NOUNS = (
    signatures,
    signing_rates,
    signer_ram,
    sealed_work,
    observe,
    journal,
    power_cuts,
    mpy_bytes,
    heap,
    constant_time,
)


def measure(seed: int) -> Iterator[Line]:
    for noun in NOUNS:
        print(f"measuring device: {noun.__name__.rpartition('.')[2]}", file=sys.stderr)
        yield from noun.lines(seed)
