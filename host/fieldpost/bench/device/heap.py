"""The smallest heap in which the whole agent passes its scenario on the 64-bit unix port, modules in a ROMFS.

The scenario: a first boot with enrolment; a boot without a cable until the log is full; a boot with a bridge: session,
time exchange, drain, custody, free. Decides when a heap is enough. It refuses to say what one on 32 bits would be:
words are half as long there, and native code lies in the heap.
"""

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fieldpost.bench.device.heap_modules import imported_bytes
from fieldpost.bench.device.heap_world import (
    BridgeAndNeighbour,
    EnrollingHost,
    Mesh,
    Neighbour,
    Nobody,
    settings,
)
from fieldpost.bench.device.lockstep import BoardFailed, LockstepBoard, firmware
from fieldpost.bench.line import Line
from fieldpost.firmware_build import BoardProfile, load_profile

GOAL_BYTES = 163_840
STEP_BYTES = 1_024
LOW_BYTES, HIGH_BYTES = 98_304, 327_680
ENROLLED_BY_MS, ALONE_UNTIL_MS, DRAINED_BY_MS = 6_000, 30_000, 30_000
OBSERVED_MIN = 150

# A collection marks and sweeps: 165 x86 instructions for each block in use, counted on the port; a Cortex-M0+ takes
# about two cycles for each of them. A block is four words, so that their number does not depend on the word's length.
BLOCK_BYTES = 32
GC_CYCLES_A_BLOCK = 330
M0_KHZ = 133_000
GC_MS_MAX = 20.0


@dataclass(frozen=True)
class Passed:
    """What one run of the scenario did, and the bytes in use at each status of its last boot, after a collection."""

    observations: int
    exchanges: int
    used_bytes: tuple[int, ...]


def lines(seed: int) -> Iterator[Line]:
    """The least heap, what lies in it, and how long a collection of it takes on the smallest board."""
    began_s = time.monotonic()
    files = firmware()
    least = smallest(files, full=False)
    passed = passes(least, files, full=False)
    used = max(passed.used_bytes)
    modules = imported_bytes()
    in_files = without_rom()
    references = {
        "with neighbours and a rule": float(smallest(files, full=True)),
        "modules in the file system": float(smallest(firmware(in_files), full=False, profile=in_files)),
        "in use": float(used),
        "of that modules": sum(modules.values()),
    }
    seconds = time.monotonic() - began_s
    n = passed.observations
    yield Line(
        "device/agent_heap_bytes_min", least, "bytes", "lower", n, seed, seconds, GOAL_BYTES, references
    )
    yield Line(
        "device/agent_import_bytes",
        sum(modules.values()),
        "bytes",
        "lower",
        len(modules),
        seed,
        seconds,
        None,
        modules,
    )
    pause_ms = used / BLOCK_BYTES * GC_CYCLES_A_BLOCK / M0_KHZ
    yield Line("device/gc_pause_ms_m0", pause_ms, "ms", "lower", n, seed, seconds, GC_MS_MAX)


def without_rom() -> BoardProfile:
    """A board whose runtime has no ROMFS: modules are loaded from a pack into the heap."""
    profile = load_profile()
    return replace(
        profile,
        modules="files",
        rom_bytes=0,
        blocks=profile.blocks + profile.rom_bytes // profile.block_bytes,
    )


def smallest(files: Mapping[str, bytes], full: bool, profile: BoardProfile | None = None) -> int:
    """The least heap, in steps of 1 KB, that passes; every larger one that was tried did."""
    low, high = LOW_BYTES // STEP_BYTES, HIGH_BYTES // STEP_BYTES
    while low < high:
        middle = (low + high) // 2
        try:
            passes(middle * STEP_BYTES, files, full, profile)
            high = middle
        except BoardFailed:
            low = middle + 1
    return high * STEP_BYTES


def passes(
    heap_bytes: int, files: Mapping[str, bytes], full: bool, profile: BoardProfile | None = None
) -> Passed:
    """One run of the scenario. Raises BoardFailed when the board or its result falls short."""
    mesh = Mesh()
    with tempfile.TemporaryDirectory(prefix="fieldpost-heap-") as folder:
        board = LockstepBoard(Path(folder), profile or load_profile(), {**files, **settings(full)})
        host = EnrollingHost(mesh)
        board.run(heap_bytes, ENROLLED_BY_MS, host)
        if host.device is None:
            raise BoardFailed("it was not enrolled")
        board.run(heap_bytes, ALONE_UNTIL_MS, Nobody())
        bridge = BridgeAndNeighbour(mesh, Neighbour(mesh) if full else None)
        said = board.run(heap_bytes, DRAINED_BY_MS, bridge)
    wanted = {"harbour/air", "harbour/water", "harbour/alarm", "log/gap", "log/time"}
    missing = (wanted | {"harbour/mean"} if full else wanted) - bridge.subjects
    if missing or bridge.exchanges < 3 or bridge.observations < OBSERVED_MIN:
        raise BoardFailed(
            f"{bridge.observations} observations, {bridge.exchanges} exchanges, no {missing}\n{said}"
        )
    if '"failures": {}' not in said.splitlines()[-1]:
        raise BoardFailed(said)
    return Passed(bridge.observations, bridge.exchanges, used_bytes(said, heap_bytes))


def used_bytes(said: str, heap_bytes: int) -> tuple[int, ...]:
    """Bytes in use at each status line of a console."""
    return tuple(heap_bytes - int(free) for free in re.findall(r'"heap": (\d+)', said))
