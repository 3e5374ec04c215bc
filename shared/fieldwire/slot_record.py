"""What a board starts next, and how its last starts went: a record in two files, written in turn.

20 bytes: "FPS1" | counter u32, from 1 | slot, 0x61 a or 0x62 b | slot on trial, the other one, or 0x2D none |
flags: 1 the trial has begun, 2 a start is under way, 4 the prompt is asked for | crashed starts in a row |
the first 8 bytes of the SHA-256 of all before them. A record with an odd counter lies in slot.1, one with an even
counter in slot.0; of two sound ones the higher counter counts, so that a torn write leaves the record before it.
Decides what follows from what happened. Refuses to know where slots lie; no file is opened here.
"""

import hashlib
import struct

SAFE_MODE_AT = 3
MARKER = b"FPS1"
NONE = 0x2D
BEGUN = 1
UNDER_WAY = 2
PROMPT = 4
CRASHES_MAX = 255
DIGEST_BYTES = 8


class Record:
    """`slot`, `trial`: "a" or "b", `trial` None where none is under way; as a board is that has no record."""

    number = 0
    slot = "a"
    trial = None
    begun = False
    under_way = False
    prompt = False
    crashes = 0

    @property
    def is_safe_mode(self):
        """Whether so many starts in a row have crashed that only the link and the status are to run."""
        return self.crashes >= SAFE_MODE_AT

    @property
    def running(self):
        """The slot that a start has chosen."""
        return self.trial if self.begun else self.slot

    @property
    def spare(self):
        """The slot that an update is written into: never the one that is gone back to."""
        return "a" if self.slot == "b" else "b"

    def try_spare(self):
        """An update: the spare slot is to be tried at the next start."""
        self.trial, self.begun = self.spare, False
        self.forgive()

    def forgive(self):
        """No start counts as crashed, so that the next one is an ordinary one."""
        self.crashes, self.under_way = 0, False

    def start(self, by_power):
        """A start begins. One that is still under way crashed, unless the power ended it; its trial has failed."""
        if self.under_way and not by_power:
            self.crash()
        if self.begun:
            self.trial, self.crashes = None, 0
        self.begun = self.trial is not None
        self.under_way = True

    def confirm(self):
        """What runs has stayed up: a trial becomes the slot to run. Safe mode is left by a person alone."""
        if self.begun:
            self.slot, self.trial, self.begun = self.trial, None, False
        if self.crashes < SAFE_MODE_AT:
            self.crashes = 0
        self.under_way = False

    def end(self):
        """The start ends as it was meant to, however early: it is no crash."""
        self.under_way = False

    def ask(self):
        """The next start is to end at the prompt, and this one ends as it was meant to."""
        self.prompt, self.under_way = True, False

    def crash(self):
        self.crashes = min(self.crashes + 1, CRASHES_MAX)
        self.under_way = False

    def encode(self):
        flags = self.begun * BEGUN + self.under_way * UNDER_WAY + self.prompt * PROMPT
        trial = NONE if self.trial is None else ord(self.trial)
        data = MARKER + struct.pack(">I", self.number) + bytes((ord(self.slot), trial, flags, self.crashes))
        return data + _digest(data)

    def store(self, write):
        """Writes the next record over the older file. `write(name, bytes)` returns when it is durable."""
        self.number += 1
        write(_file(self.number & 1), self.encode())


def load(read):
    """The record that counts, None where there is none. `read(name)` -> bytes, or None where there is no file."""
    found = None
    for odd in range(2):
        one = decode(read(_file(odd)) or b"")
        if one is not None and one.number & 1 == odd and (found is None or one.number > found.number):
            found = one
    return found


def decode(data):
    """The record in a file's bytes, None where they are not a sound one."""
    data = bytes(data)
    body = data[:-DIGEST_BYTES]
    if len(body) != 12 or body[:4] != MARKER or data != body + _digest(body):
        return None
    counter = struct.unpack(">I", body[4:8])[0]
    slot, trial, flags, crashes = body[8:]
    is_sound = counter > 0 and slot in b"ab" and flags <= 7 and (trial in b"ab" or trial == NONE)
    if not is_sound or trial == slot or (trial == NONE and flags & BEGUN):
        return None
    record = Record()
    record.number, record.slot, record.crashes = counter, chr(slot), crashes
    record.trial = None if trial == NONE else chr(trial)
    record.begun, record.under_way = bool(flags & BEGUN), bool(flags & UNDER_WAY)
    record.prompt = bool(flags & PROMPT)
    return record


def _file(odd):
    return ("slot.0", "slot.1")[odd]


def _digest(data):
    return hashlib.sha256(data).digest()[:DIGEST_BYTES]
