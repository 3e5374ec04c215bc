"""The whole pipeline to a durable store, over a bare loop; its memory as the store grows; what a late word costs."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fieldpost.bench.line import Line

SMALL, LARGE = 100_000, 1_000_000  # some four minutes and 0.3 GB
UNIT = "ratio"


def lines(seed: int) -> Iterator[Line]:
    small, large = ran("pipeline", SMALL, seed), ran("pipeline", LARGE, seed)
    bare = ran("bare", LARGE, seed)
    seconds = large["seconds"] + bare["seconds"]
    per_s = {"pipeline/s": LARGE / large["seconds"], "bare/s": LARGE / bare["seconds"]}
    value = bare["seconds"] / large["seconds"]
    yield Line("bridge/pipeline_over_bare", value, UNIT, "higher", LARGE, seed, seconds, 0.5, per_s)
    peaks = {f"MiB at {SMALL}": small["peak"] / 2**20, f"MiB at {LARGE}": large["peak"] / 2**20}
    value = large["peak"] / small["peak"]
    yield Line("bridge/pipeline_rss_growth", value, UNIT, "lower", LARGE, seed, seconds, 1.3, peaks)
    late = sorted(large["late"])
    p95 = late[int(0.95 * (len(late) - 1))]
    costs = {"late p95 ms": 1000 * p95, "full replay s": large["replay"]}
    value = p95 / large["replay"]
    yield Line("bridge/redecide_over_replay", value, UNIT, "lower", len(late), seed, seconds, 0.001, costs)


def ran(what: str, size: int, seed: int) -> dict[str, Any]:
    """What one run in a process of its own tells."""
    with tempfile.TemporaryDirectory(prefix="fieldpost-bench-") as folder:
        path = Path(folder) / "bridge.store"
        command = [sys.executable, "-m", "fieldpost.bench.bridge.run", what, str(size), str(seed), str(path)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
