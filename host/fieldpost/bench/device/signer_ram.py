"""Heap of a signer on the unix port, whose pointers are twice as long as a board's."""

import time
from collections.abc import Iterator

from fieldpost.bench.device.scripts import run_script
from fieldpost.bench.line import Line

PARTS = ("module_buffers", "signer", "free_for_one_signature")
HEAP_BYTES = 256 << 10


def lines(seed: int) -> Iterator[Line]:
    """What a signer keeps and what a signature must find free, together; and what twenty signatures leave behind."""
    began_s = time.perf_counter()
    (row,) = run_script("bench_signer_ram.py", heap_bytes=HEAP_BYTES)
    seconds = time.perf_counter() - began_s
    total = sum(row[part] for part in PARTS)
    references = {name.replace("_", " "): float(value) for name, value in row.items()}
    yield Line("device/signer_ram_bytes", total, "bytes", "lower", 1, seed, seconds, 2560, references)
