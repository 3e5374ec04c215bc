"""Golden vectors of the frames on a serial line between bridges. SPEC 10.7"""

from vector_inputs import bad, good

STREAM = b"\xa1\xb2\xc3\xd4"


def _frame(flags, at, taken, data=b"", kind=0x38):
    return bytes((kind, flags)) + STREAM + at.to_bytes(8, "big") + taken.to_bytes(8, "big") + data


def line_rows():
    body = [0, STREAM.hex(), 0, 0, b"first".hex()]
    rows = [
        good("The first bytes of a stream.", "LINE", _frame(0, 0, 0, b"first"), body=body),
        good("Nothing but what was taken.", "LINE", _frame(0, 5, 70_000), body=[0, STREAM.hex(), 5, 70_000, ""]),
        good("Something is missing.", "LINE", _frame(1, 5, 9), body=[1, STREAM.hex(), 5, 9, ""]),
        good("The end.", "LINE", _frame(2, 5, 9), body=[2, STREAM.hex(), 5, 9, ""]),
        good(
            "As long as can be.", "LINE", _frame(0, 1 << 40, 9, b"x" * 1_000),
            body=[0, STREAM.hex(), 1 << 40, 9, (b"x" * 1_000).hex()],
        ),
    ]  # fmt: skip
    rows += [
        bad("A byte short.", "LINE", _frame(0, 5, 9)[:-1], "frame-size", "accepts"),
        bad("A byte too long.", "LINE", _frame(0, 5, 9, b"x" * 1_001), "frame-size", "accepts"),
        bad("A flag without a meaning.", "LINE", _frame(4, 5, 9), "frame-shape", "accepts"),
        bad("Another kind of frame.", "LINE", _frame(0, 5, 9, kind=0x31), "frame-unknown", "accepts"),
        bad("Nothing.", "LINE", b"", "frame-unknown", "accepts"),
    ]
    return rows


FILES = {"line": line_rows}
