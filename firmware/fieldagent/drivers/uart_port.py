"""A machine.UART as a link of bytes: reads what is there, writes what its buffer takes.

Decides nothing. Some ports' writes wait for room; none waits when what it is given fits an empty buffer.
"""

_READ_MAX = 512


class UartPort:
    """Face of FrameLink's `link`. `uart`: made with a `txbuf` of at least `write_max` bytes, and no timeout."""

    def __init__(self, uart, baud, turnaround_ms, write_max):
        self.baud = baud
        self.turnaround_ms = turnaround_ms
        self._uart = uart
        self._write_max = write_max

    def read(self):
        """What has come, or None."""
        there = self._uart.any()
        return self._uart.read(min(there, _READ_MAX)) if there else None

    def write(self, data):
        """How many bytes the port took: none as long as some are on their way."""
        if not self._uart.txdone():
            return 0
        return self._uart.write(data[: self._write_max]) or 0
