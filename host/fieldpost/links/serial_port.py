"""A serial port in an asyncio loop: it may be absent, come, go and come again.

Shell. Decides nothing about the bytes. A port that vanishes is closed and looked for again by its path; one that
is there and cannot be had is told of once.
"""

import asyncio
import logging
import os
from collections.abc import Callable

import serial

log = logging.getLogger(__name__)
LOOK_S = 0.1  # how often an absent port is looked for
READ_MAX = 4096
# Bytes that wait for a slow port before the newest are dropped: the session repeats them.
PENDING_MAX = 262_144


class SerialPort:
    """One port. `on_data(bytes)` for what comes in, `on_open()` each time the port is there."""

    def __init__(
        self, path: str, baud: int, on_data: Callable[[bytes], None], on_open: Callable[[], None]
    ) -> None:
        self.path, self._baud = path, baud
        self._on_data, self._on_open = on_data, on_open
        self._port: serial.Serial | None = None
        self._pending = bytearray()
        self._gone = asyncio.Event()
        self._trouble = ""

    @property
    def is_open(self) -> bool:
        return self._port is not None

    @property
    def trouble(self) -> str:
        """Why a port that is there cannot be had, in the system's words; empty while it can."""
        return self._trouble

    def write(self, data: bytes) -> None:
        """Queue bytes; without a port they are lost, as on a cable that is out."""
        if self._port is None or len(self._pending) + len(data) > PENDING_MAX:
            return
        self._pending += data
        self._flush()

    async def run(self) -> None:
        """Hold the port open whenever it is there; ends by cancellation."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._port = self._open()
                if self._port is None:
                    await asyncio.sleep(LOOK_S)
                    continue
                self._gone.clear()
                self._pending.clear()
                loop.add_reader(self._port.fileno(), self._readable)
                self._on_open()
                await self._gone.wait()
                self._close()
                await asyncio.sleep(LOOK_S)
        finally:
            self._close()

    def _open(self) -> serial.Serial | None:
        if not os.path.exists(self.path):
            self._trouble = ""
            return None
        try:
            port = serial.Serial(self.path, self._baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.warning(
                    "%s cannot be had: %s; is another program on it, and may this user?", self.path, error
                )
            return None
        self._trouble = ""
        return port

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(port.fileno())
            loop.remove_writer(port.fileno())
            port.close()

    def _readable(self) -> None:
        if self._port is None:
            return
        try:
            data = os.read(self._port.fileno(), READ_MAX)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._on_data(data)
        else:
            self._lost()

    def _flush(self) -> None:
        if self._port is None:
            return
        loop = asyncio.get_running_loop()
        try:
            sent = os.write(self._port.fileno(), self._pending) if self._pending else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lost()
            return
        del self._pending[:sent]
        if self._pending:
            loop.add_writer(self._port.fileno(), self._flush)
        else:
            loop.remove_writer(self._port.fileno())

    def _lost(self) -> None:
        if self._port is not None:
            asyncio.get_running_loop().remove_reader(self._port.fileno())
            asyncio.get_running_loop().remove_writer(self._port.fileno())
        self._gone.set()
