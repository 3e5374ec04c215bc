"""Bytes of each module of the firmware as `.mpy` for the smallest board, as mpy-cross -O3 makes it."""

import time
from collections.abc import Iterator

from fieldpost.bench.device.scripts import ROOT
from fieldpost.bench.line import Line
from fieldpost.bench.thumb.kernels import compiled

ARCHITECTURE = "armv6m"
PACKAGES = ("shared/fieldwire", "firmware/fieldagent")


def lines(seed: int) -> Iterator[Line]:
    """The sum, with each module's bytes beside it."""
    began_s = time.process_time()
    sizes = sizes_of_modules()
    seconds = time.process_time() - began_s
    total = sum(sizes.values())
    yield Line("device/mpy_bytes_armv6m", total, "bytes", "lower", len(sizes), seed, seconds, None, sizes)


def sizes_of_modules() -> dict[str, float]:
    """Bytes by module name, the largest first."""
    sizes: dict[str, float] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT / package).with_suffix("").parts)
            sizes[f"{(ROOT / package).name}.{name}"] = len(compiled(path, ARCHITECTURE))
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))
