"""A TCP socket in place of a serial port, for tests and emulators: the bridge calls, and calls again when it was cut.

Shell. Decides nothing about the bytes; nothing here is authentic but by the session's tags. Who cannot be reached is
told of once.
"""

import asyncio
import logging
from collections.abc import Callable

from fieldpost.links.serial_port import LOOK_S, PENDING_MAX, READ_MAX

log = logging.getLogger(__name__)


class TcpPort:
    """One socket, with the face of a SerialPort."""

    def __init__(
        self, place: tuple[str, int], on_data: Callable[[bytes], None], on_open: Callable[[], None]
    ) -> None:
        self._place = place
        self._on_data, self._on_open = on_data, on_open
        self._writer: asyncio.StreamWriter | None = None
        self._trouble = ""

    @property
    def is_open(self) -> bool:
        return self._writer is not None

    def write(self, data: bytes) -> None:
        """Queue bytes; without a connection they are lost, as on a cable that is out."""
        if self._writer is None:
            return
        if self._writer.transport.get_write_buffer_size() + len(data) <= PENDING_MAX:
            self._writer.write(data)

    async def run(self) -> None:
        """Hold a connection whenever there is one to be had; ends by cancellation."""
        try:
            while True:
                reader = await self._called()
                if reader is not None:
                    self._on_open()
                    await self._read(reader)
                    self._close()
                await asyncio.sleep(LOOK_S)
        finally:
            self._close()

    async def _called(self) -> asyncio.StreamReader | None:
        try:
            reader, self._writer = await asyncio.open_connection(*self._place)
        except OSError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.warning(
                    "%s port %d cannot be reached: %s; does anything listen there?", *self._place, error
                )
            return None
        self._trouble = ""
        return reader

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(READ_MAX):
                self._on_data(data)
        except OSError:
            return  # as at its end: whoever was there is gone

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.transport.abort()
