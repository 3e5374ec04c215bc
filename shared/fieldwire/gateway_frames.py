"""What a host and a board that lends it its radio say to each other: bytes of the five frames.

Decides whether a frame is well-formed. When it may be sent is the two sides' matter. SPEC 8.10
"""

import struct

from fieldwire import cbor
from fieldwire.errors import WireError

TUNE, SEND, STATE, HEARD, UNFIT = 0x30, 0x31, 0x32, 0x33, 0x34
FRAME_MAX = 255  # of a LoRa radio
HEAD_MAX = 4  # bytes before a radio's frame

# Bounds of TUNE: kHz of the channel, spreading factor, kHz of bandwidth, dBm, millionths of the time (0: its band's).
_TUNE_BOUNDS = ((137_000, 1_020_000), (7, 12), (125, 500), (-9, 22), (0, 1_000_000))


def tune(channel_khz, factor, bandwidth_khz, power_dbm, duty_ppm):
    return bytes((TUNE,)) + cbor.encode([channel_khz, factor, bandwidth_khz, power_dbm, duty_ppm])


def send(number, frame):
    return bytes((SEND, number)) + frame


def state(number, clear):
    return bytes((STATE, number, 1 if clear else 0))


def heard(rssi_dbm, snr_quarter_db, frame):
    return struct.pack(">Bhb", HEARD, rssi_dbm, max(-128, min(127, snr_quarter_db))) + frame


def unfit(reason):
    return bytes((UNFIT,)) + reason.encode()


def decode(frame):
    """(name, body): TUNE its five numbers, SEND (number, frame), STATE (number, clear), HEARD (dBm, quarters of a dB,
    frame), UNFIT a text. Raises WireError.
    """
    found = _READERS.get(frame[0]) if frame else None
    if found is None:
        raise WireError("frame-unknown", "no frame of a gateway")
    name, least, most, read = found
    if not least <= len(frame) <= most:
        raise WireError("frame-shape", "%s of %d bytes" % (name, len(frame)))
    return name, read(bytes(frame))


def _read_tune(frame):
    body = cbor.decode(frame[1:], 1)
    if not isinstance(body, list) or len(body) != len(_TUNE_BOUNDS):
        raise WireError("frame-shape", "TUNE has five numbers")
    for value, (least, most) in zip(body, _TUNE_BOUNDS):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise WireError("frame-shape", "a number of TUNE is out of bounds")
    return body


def _read_state(frame):
    if frame[2] > 1:
        raise WireError("frame-shape", "STATE is clear or is not")
    return frame[1], frame[2] == 1


def _read_heard(frame):
    _, rssi_dbm, snr_quarter_db = struct.unpack(">Bhb", frame[:4])
    return rssi_dbm, snr_quarter_db, frame[4:]


def _read_unfit(frame):
    try:
        return frame[1:].decode()
    except UnicodeError:
        raise WireError("frame-shape", "UNFIT is a text")


_READERS = {
    TUNE: ("TUNE", 8, 32, _read_tune),
    SEND: ("SEND", 3, 2 + FRAME_MAX, lambda frame: (frame[1], frame[2:])),
    STATE: ("STATE", 3, 3, _read_state),
    HEARD: ("HEARD", 5, 4 + FRAME_MAX, _read_heard),
    UNFIT: ("UNFIT", 2, 256, _read_unfit),
}
