"""`python -m fieldpost.bench.bridge.run WHAT COUNT SEED FILE`: one run in a process of its own, with its own memory.

WHAT is `bare` or `pipeline`. Prints one JSON object: CPU-seconds, peak memory in bytes and, of the pipeline, what a
late observation cost and what a replay of the whole store did.
"""

import json
import resource
import sys
import time
from itertools import count, islice
from pathlib import Path
from typing import Any

from fieldpost.bench.bridge.bare import BareLoop
from fieldpost.bench.bridge.fleet import LEAVES, Fleet
from fieldpost.desk import Desk
from fieldpost.model import Input
from fieldpost.pipeline import Bridge
from fieldpost.signing import Signer
from fieldpost.store import Store

DEVICES = 1_000
BATCH = 32  # segments in one transaction: about a thousand rows
QUIET_EVERY = 100_000  # observations after which it is quiet for a while and all is reconciled
LATE = 40


def main(what: str, size: int, seed: int, path: Path) -> dict[str, Any]:
    fleet = Fleet(min(DEVICES, max(2, size // (4 * LEAVES))), seed)
    return bare(fleet, size, path) if what == "bare" else pipeline(fleet, size, path)


def bare(fleet: Fleet, size: int, path: Path) -> dict[str, Any]:
    knowing = Bridge()
    for number, (kind, data) in enumerate(fleet.inputs(), 1):
        knowing.apply(Input(number, kind, (1, number), data))
    loop, spent_s = BareLoop(Store(path), knowing.state.trust), 0.0
    segments = fleet.segments(size)
    while batch := list(islice(segments, BATCH)):
        began_s = time.process_time()
        loop.take(batch)
        spent_s += time.process_time() - began_s
    return {"seconds": spent_s, "peak": peak()}


def pipeline(fleet: Fleet, size: int, path: Path) -> dict[str, Any]:
    ticks = count(1)
    store = Store(path)
    desk = Desk(store, Bridge(), Signer(bytes(32)), lambda: (1, next(ticks)))
    desk.submit_many([*fleet.inputs(), ("solve", b"")])
    segments, spent_s, loose = fleet.segments(size), 0.0, 0
    late = [next(segments) for _ in range(min(LATE, len(fleet.devices)))]
    while batch := list(islice(segments, BATCH)):
        began_s = time.process_time()
        desk.submit_many([("segment", one) for one in batch])
        loose += BATCH * LEAVES
        if loose >= QUIET_EVERY:
            loose = 0
            desk.submit("solve", b"")
        spent_s += time.process_time() - began_s
    began_s = time.process_time()
    desk.submit("solve", b"")
    spent_s += time.process_time() - began_s
    found = {"seconds": spent_s, "peak": peak(), "late": [late_s(desk, one) for one in late]}
    store.close()
    began_s = time.process_time()
    again = Desk(Store(path), Bridge(), Signer(bytes(32)), lambda: (2, next(ticks)))
    if again.difference is not None:
        raise ValueError(f"the store does not follow from its inputs: {again.difference}")
    return found | {"replay": time.process_time() - began_s}


def late_s(desk: Desk, segment: bytes) -> float:
    """A segment that should have come first, and what is decided anew for it."""
    began_s = time.process_time()
    desk.submit_many([("segment", segment), ("solve", b"")])
    return time.process_time() - began_s


def peak() -> int:
    """The most memory that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))))
