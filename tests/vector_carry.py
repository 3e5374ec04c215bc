"""Golden vectors of the frames between a mule and a device. SPEC 8.11"""

from session_fakes import BRIDGE, DEVICE, INCARNATION
from vector_inputs import bad, good

from fieldwire import carry_frames as frames
from fieldwire import limits

MULE = bytes(range(16, 32))
PLACE = [INCARNATION, 1, 300]
TOKEN = bytes(range(100, 116))
LONGEST = limits.CARRIED_SEGMENT_MAX
KEPT = [MULE, DEVICE, BRIDGE, INCARNATION, 1, 0, 300, bytes(8)]


def _row(name, kind, body):
    return good(name, "carry", frames.encode(kind, body), type=kind, body=body)


def _bad(name, kind, body, code="frame-shape"):
    return bad(name, "carry", frames.encode(kind, body), code, "accepts", type=kind)


def carry_rows():
    return [
        _row("A mule is there.", frames.CARRY, [MULE]),
        _row("Two segments wait.", frames.OFFER, [DEVICE, MULE, [PLACE + [3_840], [INCARNATION, 3, 0, 120]]]),
        _row("Nothing waits.", frames.OFFER, [DEVICE, MULE, []]),
        _row("A segment from its begin.", frames.FETCH, [MULE, DEVICE, PLACE, 0, 3_840]),
        _row("A token.", frames.FETCH, [MULE, DEVICE, TOKEN, 0, limits.TOKEN_MAX]),
        _row("The end of a segment.", frames.PART, [DEVICE, MULE, PLACE, 3_837, 3_840, b"end"]),
        _row("A whole token.", frames.PART, [DEVICE, MULE, TOKEN, 0, 5, b"token"]),
        _row("A custody comes back.", frames.KEPT, KEPT),
        _row("It was taken.", frames.TAKEN, [DEVICE, MULE] + KEPT[2:]),
        _bad("A mule without a whole id.", frames.CARRY, [MULE[:8]]),
        _bad("A type that is none.", 0x1B, [MULE], "frame-unknown"),
        _bad("An offer of a fifth stream.", frames.OFFER, [DEVICE, MULE, [[INCARNATION, 4, 0, 120]]]),
        _bad("An offer of no segment.", frames.OFFER, [DEVICE, MULE, [PLACE]]),
        _bad("An offer longer than any.", frames.OFFER, [DEVICE, MULE, [PLACE + [limits.SEGMENT_MAX + 1]]]),
        _bad("A segment longer than a mule takes.", frames.FETCH, [MULE, DEVICE, PLACE, 0, LONGEST + 1]),
        _bad("A token longer than any.", frames.FETCH, [MULE, DEVICE, TOKEN, 0, limits.TOKEN_MAX + 1]),
        _bad("A fetch that ends before it begins.", frames.FETCH, [MULE, DEVICE, PLACE, 5, 4]),
        _bad("A fetch of half a place.", frames.FETCH, [MULE, DEVICE, PLACE[:2], 0, 4]),
        _bad("A part of nothing.", frames.PART, [DEVICE, MULE, PLACE, 0, 3_840, b""]),
        _bad("A part beyond its item.", frames.PART, [DEVICE, MULE, PLACE, 3_838, 3_840, b"end"]),
        _bad("A part of a longer item.", frames.PART, [DEVICE, MULE, PLACE, 0, LONGEST + 1, b"end"]),
        _bad("Custody that ends before it begins.", frames.KEPT, KEPT[:5] + [301, 300, bytes(8)]),
        _bad("Custody of half a bridge.", frames.KEPT, KEPT[:2] + [BRIDGE[:16]] + KEPT[3:]),
        _bad("Half a custody.", frames.TAKEN, KEPT[:7] + [bytes(4)]),
    ]


FILES = {"carry": carry_rows}
