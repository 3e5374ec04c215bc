"""A device behind a socket: the bridge calls it, loses it, finds it again, and drains it."""

import asyncio
import logging
import os
import socket
from contextlib import asynccontextmanager, suppress

from field_world import READINGS, device, drained, field, leaves_held, until
from port_world import running, so

from fieldpost.links.serial_port import PENDING_MAX
from fieldpost.links.tcp_port import TcpPort


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Far:
    """Who listens: what it was sent, and a way to answer."""

    def __init__(self, number):
        self.number, self.data, self.writers, self.reads = number, b"", [], True

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._called, "127.0.0.1", self.number)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for one in self.writers:
            one.transport.abort()

    async def _called(self, reader, writer):
        self.writers.append(writer)
        with suppress(OSError):
            while self.reads and (data := await reader.read(4_096)):
                self.data += data


@asynccontextmanager
async def holding(number):
    heard = []
    port = TcpPort(("127.0.0.1", number), heard.append, lambda: heard.append(None))
    async with running(port):
        yield port, heard


def test_a_socket_is_called_lost_and_called_again_and_its_absence_is_told_of_once(caplog):
    async def story():
        number = free_port()
        async with holding(number) as (port, heard):
            port.write(b"into the air")
            await asyncio.sleep(0.4)
            assert not port.is_open and len(caplog.records) == 1 and str(number) in caplog.text
            for turn in (b"one", b"two"):
                heard.clear()
                async with Far(number) as far:
                    await so(lambda: port.is_open and far.writers)
                    far.writers[0].write(turn)
                    port.write(turn)
                    await so(lambda turn=turn, far=far: heard == [None, turn] and far.data == turn)
                await so(lambda: not port.is_open)
        assert not port.is_open

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())


def test_what_waits_for_who_reads_nothing_is_bounded():
    async def story():
        async with Far(free_port()) as far, holding(far.number) as (port, _):
            far.reads = False
            await so(lambda: port.is_open)
            for _ in range(1_000):
                port.write(bytes(65_536))
            assert port._writer.transport.get_write_buffer_size() <= PENDING_MAX

    asyncio.run(story())


@asynccontextmanager
async def served(number, path):
    """A port's bytes at a socket, as a terminal server gives them."""
    loop = asyncio.get_running_loop()

    async def called(reader, writer):
        port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        loop.add_reader(port, lambda: writer.write(os.read(port, 4_096)))
        try:
            with suppress(OSError):
                while data := await reader.read(1_024):
                    os.write(port, data)
        finally:
            loop.remove_reader(port)
            os.close(port)

    server = await asyncio.start_server(called, "127.0.0.1", number)
    try:
        yield
    finally:
        server.close()


def test_a_board_behind_a_socket_drains_and_is_freed_by_custody(tmp_path):
    async def story():
        number = free_port()
        link = f'\n[[link]]\nkind = "tcp"\nport = "{number}"\n'
        board = device("a", 20, seal={"count": 16, "age_ms": 500})
        async with field(tmp_path, [board], link) as (fleet, app, ids), served(number, fleet["a"].plug()):
            await until(fleet, "all is drained", lambda: drained(fleet, app, ids))
            assert leaves_held(app, ids["a"]) == list(range(READINGS))

    asyncio.run(story())
