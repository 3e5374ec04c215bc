"""A cable to an emulated board that is put in here and there: passes every byte, and keeps it."""

import asyncio
import os
import tty
from contextlib import suppress

PIECE_BYTES = 4_096


class TappedPort:
    """`async with TappedPort(board's port) as tap:` `plug(path)` makes the port at a path of the host, and it alone.

    `to_board`, `to_host`: all that passed. `on_bytes(count)` hears how many bytes have gone to the board so far.
    """

    def __init__(self, far):
        self._far_path = str(far)
        self._near = self._slave = self._path = None
        self.to_board = bytearray()
        self.to_host = bytearray()
        self.on_bytes = lambda count: None

    async def __aenter__(self):
        self._far = os.open(self._far_path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._far)
        os.set_blocking(self._far, False)
        self._waiting = {}
        asyncio.get_running_loop().add_reader(self._far, self._from_board)
        return self

    async def __aexit__(self, *_error):
        self.unplug()
        self._forget(self._far)
        os.close(self._far)

    def plug(self, path):
        self.unplug()
        self._near, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._near, False)
        self._path = path
        path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._near, self._from_host)

    def unplug(self):
        if self._near is None:
            return
        self._path.unlink()
        self._forget(self._near)
        for descriptor in (self._slave, self._near):
            os.close(descriptor)
        self._near = None

    def _forget(self, descriptor):
        asyncio.get_running_loop().remove_reader(descriptor)
        asyncio.get_running_loop().remove_writer(descriptor)
        self._waiting.pop(descriptor, None)

    def _from_board(self):
        with suppress(OSError):
            data = os.read(self._far, PIECE_BYTES)
            self.to_host += data
            if self._near is not None:
                self._push(self._near, data)

    def _from_host(self):
        with suppress(OSError):
            data = os.read(self._near, PIECE_BYTES)
            self.to_board += data
            self.on_bytes(len(self.to_board))
            self._push(self._far, data)

    def _push(self, sink, data=b""):
        loop = asyncio.get_running_loop()
        waiting = self._waiting.pop(sink, b"") + data
        with suppress(BlockingIOError):
            waiting = waiting[os.write(sink, waiting) :]
        loop.remove_writer(sink)
        if waiting:
            self._waiting[sink] = waiting
            loop.add_writer(sink, self._push, sink)
