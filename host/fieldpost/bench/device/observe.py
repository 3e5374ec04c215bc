"""What an observation costs a device: rates on the unix port, garbage and flash, from the device's own script.

Decides nothing; rates compare ways of signing in one run, and the rest is the same on each run.
"""

import time
from collections.abc import Iterator

from fieldpost.bench.device.scripts import run_script
from fieldpost.bench.line import Line

STORES = ("littlefs",)
COUNT = 640
GARBAGE_BYTES_MAX = 4_096


def lines(seed: int) -> Iterator[Line]:
    began = time.monotonic()
    found = {store: told(store) for store in STORES}
    seconds = time.monotonic() - began
    first = found[STORES[0]]
    rates = {f"{name}/s": first[name] for name in ("journalled", "sealed", "early")}
    ratio = first["sealed"] / first["early"]
    yield Line(
        "device/observe_sealed_over_early", ratio, "ratio", "higher", COUNT, seed, seconds, None, rates
    )
    garbage = {f"{store}, collection ms": one["collection"] for store, one in found.items()}
    yield Line(
        "device/observe_garbage_bytes",
        first["garbage"],
        "bytes",
        "lower",
        COUNT,
        seed,
        seconds,
        GARBAGE_BYTES_MAX,
        garbage,
    )
    for store, one in found.items():
        wear = {name: one[name] for name in ("flash_bytes_per_byte", "programs", "erases")}
        yield Line(
            f"device/observe_flash_bytes_{store}",
            one["flash_bytes"],
            "bytes",
            "lower",
            COUNT,
            seed,
            seconds,
            None,
            wear,
        )


def told(store: str) -> dict[str, float]:
    return {row["name"]: row["value"] for row in run_script("bench_observe.py", store, COUNT)}
