"""Golden vectors of a board's slot record, written from UPDATE.md's table and not by the record's own code."""

import struct
from hashlib import sha256

BEGUN, UNDER_WAY, PROMPT = 1, 2, 4


def record(counter=1, slot=b"a", trial=b"-", flags=0, crashes=0, magic=b"FPS1"):
    body = magic + struct.pack(">I", counter) + slot + trial + bytes((flags, crashes))
    return body + sha256(body).digest()[:8]


def good(name, **fields):
    full = {"counter": 1, "slot": b"a", "trial": b"-", "flags": 0, "crashes": 0, **fields}
    told = {**full, "slot": full["slot"].decode(), "trial": full["trial"].decode().strip("-") or None}
    return {"name": name, "hex": record(**full).hex(), "error": None, **told}


def bad(name, data):
    return {"name": name, "hex": data.hex(), "error": "not sound"}


def slot_rows():
    sound = record(7, b"a", b"b", BEGUN, 2)
    rows = [
        good("The first record of a board."),
        good("Slot b runs.", counter=2, slot=b"b"),
        good("Slot b is to be tried.", counter=3, trial=b"b"),
        good("Its trial has begun.", counter=4, trial=b"b", flags=BEGUN | UNDER_WAY),
        good("Slot a is tried from slot b.", counter=5, slot=b"b", trial=b"a", flags=BEGUN),
        good("The prompt is asked for.", counter=6, flags=PROMPT),
        good("Three starts in a row have crashed.", counter=7, crashes=3),
        good("All that a record can say.", counter=0xFFFFFFFF, slot=b"b", trial=b"a", flags=7, crashes=255),
    ]
    rows += [bad("A bit turned in byte %d." % at, flipped(sound, at)) for at in range(len(sound))]
    return rows + [
        bad("Nothing.", b""),
        bad("Erased flash.", b"\xff" * 20),
        bad("Zeros.", bytes(20)),
        bad("A byte short.", sound[:-1]),
        bad("A byte too long.", sound + b"\x00"),
        bad("The first half of a torn write.", sound[:10] + b"\xff" * 10),
        bad("Another format.", record(magic=b"FPS2")),
        bad("A counter that never is.", record(0)),
        bad("No slot to run.", record(slot=b"-")),
        bad("A slot that does not exist.", record(slot=b"c")),
        bad("A trial of a slot that does not exist.", record(trial=b"c")),
        bad("A trial of the slot that runs.", record(trial=b"a")),
        bad("A trial of none has begun.", record(flags=BEGUN)),
        bad("A flag without a meaning.", record(flags=8)),
    ]


def flipped(data, at):
    return data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :]


FILES = {"slot": slot_rows}
