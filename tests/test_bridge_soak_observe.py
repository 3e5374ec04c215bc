"""A device's own path from reading to custody, long in a small heap: no growth, no loss untold."""

import pytest

from fieldpost.bench.device.scripts import run_script

HEAP_BYTES = 512_000  # of which 160 KB are the flash; an eighth of what the other tests have
GROWTH_BYTES_MAX = 4_096  # samples differ by what lies open at the time


def samples(count):
    rows = run_script("soak_observe.py", "littlefs", count, heap_bytes=HEAP_BYTES)
    assert rows[-1]["name"] == "end" and rows[-1]["journalled"] >= count
    assert rows[-1]["dropped"] > count // 10, "the log was full for a part of the time"
    return [row["bytes"] for row in rows if row["name"] == "heap"]


def test_three_thousand_observations_leave_the_heap_as_it_was():
    heap = samples(3_000)
    assert max(heap[10:]) - max(heap[:10]) <= GROWTH_BYTES_MAX


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_a_hundred_thousand_observations_leave_the_heap_as_it_was():
    heap = samples(100_000)
    assert max(heap[10:]) - max(heap[:10]) <= GROWTH_BYTES_MAX
    assert max(heap) - min(heap) <= 3 * GROWTH_BYTES_MAX
