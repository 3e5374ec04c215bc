"""What the device's log costs in flash: bytes programmed, erases, and bytes read at a start.

The script counts on an emulated part; LittleFS is the interpreter's own. Decides the goals; the reference is a file
to which each record is appended and flushed, in the same run.
"""

import time
from collections.abc import Iterator

from fieldpost.bench.device.scripts import run_script
from fieldpost.bench.line import Line

RECORDS = 4_000
RING_BYTES_GOAL, RING_ERASES_GOAL, LITTLEFS_BYTES_GOAL, RECOVERY_BYTES_GOAL = 1.15, 0.045, 3.2, 8_192


def lines(seed: int) -> Iterator[Line]:
    """Four figures of one run."""
    began_s = time.monotonic()
    rows = {row["noun"]: row for row in run_script("bench_journal.py", seed, RECORDS)}
    seconds = time.monotonic() - began_s
    ring, files, each, start = rows["ring"], rows["littlefs"], rows["flush_each"], rows["recovery"]

    def line(name: str, value: float, unit: str, n: int, goal: float, references: dict[str, float]) -> Line:
        return Line(f"device/{name}", value, unit, "lower", n, seed, seconds, goal, references)

    flushed = {"littlefs, a flush each": each["programmed_per_byte"]}
    yield line(
        "ring_bytes_programmed_per_byte",
        ring["programmed_per_byte"],
        "bytes",
        ring["records"],
        RING_BYTES_GOAL,
        {
            **flushed,
            "programs in an append": ring["programs_in_append"],
            "programs with seals, custody and erases": ring["programs_per_record"],
            "appends/s on this machine": ring["appends_per_s"],
        },
    )
    yield line(
        "ring_erases_per_record",
        ring["erases_per_record"],
        "erases",
        ring["records"],
        RING_ERASES_GOAL,
        {
            "littlefs, a flush each": each["erases_per_record"],
            "erases in an append": ring["erases_in_append"],
        },
    )
    yield line(
        "littlefs_bytes_programmed_per_byte",
        files["programmed_per_byte"],
        "bytes",
        files["records"],
        LITTLEFS_BYTES_GOAL,
        {
            **flushed,
            "erases a record": files["erases_per_record"],
            "programs a record": files["programs_per_record"],
            "appends/s on this machine": files["appends_per_s"],
        },
    )
    yield line(
        "recovery_bytes_read",
        start["bytes_read_max"],
        "bytes",
        start["fills"],
        RECOVERY_BYTES_GOAL,
        {
            "mean": start["bytes_read_mean"],
            "to seal what was open, most": start["to_seal_recovered_max"],
            "to find all segments, most": start["to_find_segments_max"],
        },
    )
