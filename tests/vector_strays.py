"""Golden vectors of frames that a bridge in a session refuses for more than their own bytes. SPEC 8.1, 8.2

`before` are the frames that it took already; `ends` says whether the session ends.
"""

from session_fakes import K
from vector_inputs import bad, good

from fieldwire import cbor, custody

NONCES = b"device-1", b"bridge-1"


def _ask(number):
    frame = b"\x07" + cbor.encode([b"xid-%04d" % number, 3, 1_000 + number])
    return frame + custody.tag(K, 0, *NONCES, frame)


def stray_rows():
    asks = [_ask(number) for number in range(5)]
    many = bad("A fifth ask at once is refused.", "stray", asks[4], "frame-limit", "accepts", before=asks[:4])
    critical = b"\x7f\x80" + custody.tag(K, 0, *NONCES, b"\x7f\x80")
    ends = bad(
        "A type that must be known ends the session.",
        "stray",
        critical,
        "frame-critical",
        "accepts",
        before=[],
    )
    skipped = bad(
        "A type that may be skipped is skipped.", "stray", b"\x3f\x80", "frame-unknown", "accepts", before=[]
    )
    forged = bad(
        "A type that must be known, by somebody without the key, is dropped.",
        "stray",
        critical[:-1] + bytes((critical[-1] ^ 1,)),
        "frame-tag",
        "accepts",
        before=[],
    )
    taken = good("Four asks at once are taken.", "stray", asks[3], before=asks[:3])
    return [{**row, "ends": row["error"] == "frame-critical"} for row in (taken, many, ends, forged, skipped)]


FILES = {"stray": stray_rows}
