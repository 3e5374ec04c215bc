"""mpremote's transport, waiting for bytes instead of looking for them every 10 ms, and with a bound.

Decides how much one answer may be: a board that does not stop talking fills no memory of its host. It refuses to know
what is asked.
"""

import math
import time
from collections.abc import Callable

from mpremote.transport_serial import SerialTransport

from fieldpost.device.errors import DeviceError

ANSWER_BYTES_MAX = 1 << 20  # a listing of some thousand files; pieces of a file are a hundredth of it


class BoundedTransport(SerialTransport):
    """All that mpremote waits for goes through `read_until`, which raises DeviceError beyond ANSWER_BYTES_MAX."""

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: int = 10,
        data_consumer: Callable[[bytes], None] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """What arrives, the ending included unless the time is over before.

        `timeout`: seconds without a byte. What goes to `data_consumer` is returned, too. Raises OSError as ports do.
        """
        said = bytearray()
        until = math.inf if timeout_overall is None else time.monotonic() + timeout_overall
        before, self.serial.timeout = self.serial.timeout, timeout
        try:
            while not said.endswith(ending) and time.monotonic() < until:
                piece = self.serial.read(1)
                if not piece:
                    break
                said += piece
                if data_consumer is not None:
                    data_consumer(piece)
                if len(said) > ANSWER_BYTES_MAX:
                    raise DeviceError(self._too_much())
        finally:
            self.serial.timeout = before
        return bytes(said)

    def _too_much(self) -> str:
        return (
            f"{self.device_name}: the board said more than {ANSWER_BYTES_MAX} bytes where an answer was due;"
            " press its reset button, see what runs there (`fieldpost device logs`), and run the command again"
        )
