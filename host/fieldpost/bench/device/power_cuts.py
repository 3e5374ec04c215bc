"""Power cuts on a device's log: how many were tried, and how many broke a promise.

Decides how many cuts each kind of log gets, and on which runtime. Refuses to judge a cut: the device's own campaign
does (firmware/bench/power_cuts.py), against a ledger kept outside the log.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fieldpost.bench.device.scripts import run_script, run_script_on_cpython
from fieldpost.bench.line import Line

SCRIPT = "power_cuts.py"
TRIED_MIN = 100_000
PROCESSES = 2
SEEDS_APART = 10_000  # between shares: no life is lived twice
# Kind, cuts, and where they are tried: the file system needs MicroPython, and the ring is tried there as well.
SHARES: tuple[tuple[str, int, bool], ...] = (
    *[("ring", 10_000, False)] * 5,
    *[("ring-small-unit", 10_000, False)] * 2,
    *[("ring-cached", 10_000, False)] * 2,
    ("ring-ecc", 6_000, False),
    ("littlefs", 2_000, True),
    ("ring", 1_500, True),
    ("littlefs-cached", 1_000, True),
    ("ring-512k", 500, False),
)


def lines(seed: int) -> Iterator[Line]:
    """Promises broken, with what they were; cuts tried, with kinds and ways of tearing."""
    began_s = time.monotonic()
    found = tried(seed)
    seconds = time.monotonic() - began_s
    broken: dict[str, float] = {"seq repeated": 0, "record that was never written": 0}
    kinds: dict[str, float] = {}
    for one in found:
        for text in one["broken_shown"]:
            broken[promise(text)] = broken.get(promise(text), 0) + 1
        for mode, count in one["tried"].items():
            kinds[one["kind"]] = kinds.get(one["kind"], 0) + count
            kinds[f"torn: {mode}"] = kinds.get(f"torn: {mode}", 0) + count
    cuts = sum(sum(one["tried"].values()) for one in found)
    lost = sum(one["broken"] for one in found)
    yield Line("device/power_cuts_lost", lost, "cuts", "lower", cuts, seed, seconds, 0, broken)
    yield Line("device/power_cuts_tried", cuts, "cuts", "higher", cuts, seed, seconds, TRIED_MIN, kinds)


def tried(seed: int) -> list[dict[str, Any]]:
    """What each share found."""
    with ThreadPoolExecutor(PROCESSES) as pool:
        return list(
            pool.map(lambda index: try_share(seed + index * SEEDS_APART, *SHARES[index]), range(len(SHARES)))
        )


def try_share(seed: int, kind: str, cuts: int, on_micropython: bool) -> dict[str, Any]:
    if on_micropython:
        return run_script(SCRIPT, kind, seed, cuts)[0]
    return run_script_on_cpython(SCRIPT, kind, seed, cuts)[0]


def promise(text: str) -> str:
    """What kind of promise a report says was broken: `case: exception: promise: detail`."""
    return text.split(": ")[2].split(";")[0]
