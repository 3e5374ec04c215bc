"""mpremote's transport with a bound: a board that does not stop talking fills no memory of its host.

Decides how much one answer may be. It refuses to know what is asked.
"""

from collections.abc import Callable

from mpremote.transport_serial import SerialTransport

from fieldpost.device.errors import DeviceError

ANSWER_BYTES_MAX = 1 << 20  # a listing of some thousand files; pieces of a file are a hundredth of it


class BoundedTransport(SerialTransport):
    """All that mpremote does goes through `read_until`, which raises DeviceError beyond ANSWER_BYTES_MAX."""

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: int = 10,
        data_consumer: Callable[[bytes], None] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """What arrives, the ending included unless the time is over before; times in seconds, as mpremote has them."""
        said = bytearray()

        def take(piece: bytes) -> None:
            said.extend(piece)
            if data_consumer is not None:
                data_consumer(piece)
            if len(said) > ANSWER_BYTES_MAX:
                raise DeviceError(
                    f"{self.device_name}: the board said more than {ANSWER_BYTES_MAX} bytes where an answer was due;"
                    " press its reset button, see what runs there (`fieldpost device logs`), and run the command again"
                )

        last = ending[-1:]
        while not said.endswith(ending):
            piece = super().read_until(min_num_bytes, last, timeout, take, timeout_overall)
            if not piece.endswith(last):
                break
        return bytes(said)
