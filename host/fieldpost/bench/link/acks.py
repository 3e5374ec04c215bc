"""What an acknowledgement takes: bytes on the air, and time on the device beside a signature.

The bytes are those of frames that the wire's own code makes; the time is measured under MicroPython in one process.
"""

import time
from collections.abc import Iterator

from fieldpost.bench.device.scripts import run_script
from fieldpost.bench.line import Line
from fieldwire import session_frames

INCARNATION = bytes(8)
TAG = bytes(session_frames.TAG_SIZE)
ROOM = 200


def have_bytes(gaps: int) -> int:
    """Bytes of a HAVE that shows so many gaps, tag included."""
    held = [(20 * gap + 1, 20 * gap + 19) for gap in range(1, gaps + 1)]
    return len(session_frames.encode_have(1, 0, 1, held, ROOM) + TAG)


def custody_bytes() -> int:
    """Bytes of a custody of segments of a log in use, tag and MAC included."""
    place = [INCARNATION, 1, 1_000, 1_031]
    return len(session_frames.encode("CUSTODY", [*place, bytes(session_frames.TAG_SIZE)]) + TAG)


def lines(seed: int) -> Iterator[Line]:
    without = have_bytes(0)
    references = {
        "each gap": float(have_bytes(9) - have_bytes(8)),
        "8 gaps": float(have_bytes(8)),
        "CUSTODY": float(custody_bytes()),
    }
    yield Line("link/ack_bytes", without, "bytes", "lower", 1, seed, 0.0, goal=13, references=references)
    began_s = time.monotonic()
    [found] = run_script("bench_tag.py")
    yield Line(
        "link/ack_verify_over_ed25519",
        found["tag_us"] / found["verify_us"],
        "ratio",
        "lower",
        1_000,
        seed,
        time.monotonic() - began_s,
        goal=0.01,
        references={"tag us": found["tag_us"], "Ed25519 verify us": found["verify_us"]},
    )
