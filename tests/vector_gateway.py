"""Golden vectors of the frames between a host and a board that lends it its radio. SPEC 8.10"""

from vector_inputs import bad, good

from fieldwire import cbor
from fieldwire import gateway_frames as frames

SETTINGS = [868_100, 7, 125, 14, 10_000]


def _tuned(**changed):
    names = ("channel", "factor", "bandwidth", "power", "share")
    return bytes((frames.TUNE,)) + cbor.encode(
        [changed.get(name, value) for name, value in zip(names, SETTINGS, strict=True)]
    )


def gateway_rows():
    heard = frames.heard(-97, -12, b"frame")
    rows = [
        good("The settings of a channel.", "TUNE", frames.tune(*SETTINGS), body=SETTINGS),
        good(
            "The band's share, below 0 dBm.", "TUNE", _tuned(share=0, power=-9), body=[868_100, 7, 125, -9, 0]
        ),
        good(
            "A frame to send.", "SEND", frames.send(255, b"\x45\x00\x07"), body=[255, b"\x45\x00\x07".hex()]
        ),
        good("A gateway that is clear.", "STATE", frames.state(7, True), body=[7, True]),
        good("A gateway that is not.", "STATE", frames.state(0, False), body=[0, False]),
        good("A frame below the noise.", "HEARD", heard, body=[-97, -12, b"frame".hex()]),
        good("Why not.", "UNFIT", frames.unfit("duty_ppm: expected"), body="duty_ppm: expected"),
    ]
    refused = [
        ("A channel that no modem has.", "TUNE", _tuned(channel=136_999)),
        ("A spreading factor of 6.", "TUNE", _tuned(factor=6)),
        ("More than all of the time.", "TUNE", _tuned(share=1_000_001)),
        ("A truth for a number.", "TUNE", _tuned(power=True)),
        ("Four numbers.", "TUNE", bytes((frames.TUNE,)) + cbor.encode(SETTINGS[:4])),
        ("A SEND of nothing.", "SEND", bytes((frames.SEND, 1))),
        ("A SEND longer than any radio's.", "SEND", frames.send(1, bytes(256))),
        ("A STATE of another kind.", "STATE", bytes((frames.STATE, 1, 2))),
        ("A STATE with a byte more.", "STATE", frames.state(1, True) + b"\x00"),
        ("A HEARD of nothing.", "HEARD", heard[:4]),
        ("A reason that is no text.", "UNFIT", bytes((frames.UNFIT, 0xFF))),
    ]
    rows += [bad(name, kind, data, "frame-shape", "accepts") for name, kind, data in refused]
    rows.append(bad("A device's call.", "TUNE", b"\x41" + bytes(38), "frame-unknown", "accepts"))
    rows.append(bad("Nothing.", "TUNE", b"", "frame-unknown", "accepts"))
    return rows


FILES = {"gateway": gateway_rows}
