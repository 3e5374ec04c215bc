"""The serial cable between a board's UART and the host: a PTY behind a stable path.

Decides when the two ends are joined, and how fast bytes pass. Plugged, it loses nothing and lets a slow reader slow the
writer; unplugged, the host's end hangs up and what the board sends is lost. It refuses to look into the bytes.
"""

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path

CHUNK_BYTES = 4096
LATE_S = 0.002  # the host's timers wake late; the line makes up for so much and not more


class Cable:
    """Joins a board's UART (a descriptor, given at each power-on) and a PTY (made at each plug).

    `into_board(bytes)` and `into_host(bytes)` give what that side gets of them. `baud`: ten bits a byte; None: as fast
    as they come.
    """

    def __init__(
        self,
        path: Path,
        into_board: Callable[[bytes], bytes] = bytes,
        baud: int | None = None,
        into_host: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self.path = path
        self._master: int | None = None
        self._slave: int | None = None
        self._uart: int | None = None
        self._to_host = _Flow(lambda: self._uart, lambda: self._master, into_host, baud)
        self._to_board = _Flow(lambda: self._master, lambda: self._uart, into_board, baud)

    @property
    def plugged(self) -> bool:
        return self._master is not None

    def power(self, uart: int) -> None:
        """The board is on; `uart` is the cable's end of its UART and now belongs to the cable."""
        os.set_blocking(uart, False)
        self._uart = uart
        self._resume()

    def cut(self) -> None:
        """The board is off: bytes under way to or from it are lost, the host's end stays."""
        self._pause()
        if self._uart is not None:
            os.close(self._uart)
        self._uart = None
        self._resume()

    def plug(self) -> Path:
        """Make the PTY, raw from the start, and return the path that the host opens."""
        if self._master is not None:
            return self.path
        self._pause()
        self._master, self._slave = os.openpty()
        # The slave stays open here too: a cable that is in with nobody listening does not hang up.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._slave))
        self._resume()
        return self.path

    def unplug(self) -> None:
        self._pause()
        self.path.unlink(missing_ok=True)
        for descriptor in (self._slave, self._master):
            if descriptor is not None:
                os.close(descriptor)
        self._master = self._slave = None
        self._resume()

    def close(self) -> None:
        self.unplug()
        self.cut()
        self._pause()

    def _pause(self) -> None:
        self._to_host.pause()
        self._to_board.pause()

    def _resume(self) -> None:
        self._to_host.resume()
        self._to_board.resume()


class _Flow:
    """One direction. Bytes that have no receiver are lost; a full receiver stops the reading."""

    def __init__(
        self,
        source: Callable[[], int | None],
        sink: Callable[[], int | None],
        through: Callable[[bytes], bytes],
        baud: int | None,
    ) -> None:
        self._byte_s = 10 / baud if baud else 0.0
        # At most four milliseconds at a time, so that bytes arrive about when they should.
        self._chunk_bytes = min(CHUNK_BYTES, max(1, baud // 2_500)) if baud else CHUNK_BYTES
        self._free_s = 0.0  # when the line has carried all so far
        self._source = source
        self._sink = sink
        self._through = through
        self._held = b""
        self._watched: list[Callable[[], object]] = []

    def pause(self) -> None:
        """Stop watching and lose what is under way."""
        self._unwatch()
        self._held = b""

    def resume(self) -> None:
        source = self._source()
        if source is not None:
            self._watch_read(source)

    def _watch_read(self, source: int) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(source, self._on_readable, source)
        self._watched.append(lambda: loop.remove_reader(source))

    def _watch_write(self, sink: int) -> None:
        loop = asyncio.get_running_loop()
        loop.add_writer(sink, self._on_writable, sink)
        self._watched.append(lambda: loop.remove_writer(sink))

    def _unwatch(self) -> None:
        for stop in self._watched:
            stop()
        self._watched.clear()

    def _on_readable(self, source: int) -> None:
        try:
            data = os.read(source, self._chunk_bytes)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # The far end is gone; power or plug brings another.
            self._unwatch()
            return
        sink = self._sink()
        if sink is None:
            return
        self._held = self._through(data)
        if self._byte_s:
            self._carry(sink, len(data))
        else:
            self._arrive(sink)

    def _carry(self, sink: int, size: int) -> None:
        """The line is busy for as long as these bytes take."""
        loop = asyncio.get_running_loop()
        self._unwatch()
        self._free_s = max(self._free_s, loop.time() - LATE_S) + size * self._byte_s
        self._watched.append(loop.call_at(self._free_s, self._carried, sink).cancel)

    def _carried(self, sink: int) -> None:
        self._unwatch()
        self._arrive(sink)
        if not self._watched:
            self.resume()

    def _arrive(self, sink: int) -> None:
        self._push(sink)
        if self._held:
            self._unwatch()
            self._watch_write(sink)

    def _on_writable(self, sink: int) -> None:
        self._push(sink)
        if not self._held:
            self._unwatch()
            self.resume()

    def _push(self, sink: int) -> None:
        try:
            self._held = self._held[os.write(sink, self._held) :]
        except BlockingIOError:
            return
        except OSError:
            self._held = b""
