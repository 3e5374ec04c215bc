"""USB-CDC, or any port that the interpreter has as its standard input and output, as a link of bytes.

Decides nothing. Reads what is there and no more; the port's own buffer takes what is written, or the write says less.
"""

import select
import sys

_READ_MAX = 512


class StandardLink:
    """Face of FrameLink's `link`. `incoming`, `outgoing`: sys.stdin.buffer and sys.stdout.buffer."""

    baud = 1_000_000  # of full-speed USB with its overhead, as measured on boards: for timers alone
    turnaround_ms = 20

    def __init__(self, incoming=None, outgoing=None):
        self._incoming = incoming or sys.stdin.buffer
        self._outgoing = outgoing or sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(self._incoming, select.POLLIN)

    def read(self):
        """What has come, or None."""
        found = bytearray()
        while len(found) < _READ_MAX and self._poll.poll(0):
            byte = self._incoming.read(1)  # more would wait until it is there
            if not byte:
                break
            found += byte
        return bytes(found) or None

    def read_byte(self):
        """The next byte as a number, or None."""
        byte = self._incoming.read(1) if self._poll.poll(0) else None
        return byte[0] if byte else None

    def write(self, data):
        """How many bytes the port took."""
        return self._outgoing.write(data) or 0
