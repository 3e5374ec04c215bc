"""A port that comes and goes, is slow, is busy, or cannot be had: on pseudo-terminals."""

import asyncio
import logging
import os
import tty
from contextlib import asynccontextmanager, suppress

import pytest
import serial
from port_world import WAIT_S, running, so

from fieldpost.links import serial_port
from fieldpost.links.serial_port import PENDING_MAX, SerialPort


class Plug:
    """A path at which a pseudo-terminal is now and then; `far` is the other end of the cable."""

    def __init__(self, path):
        self.path, self.far = path, -1

    def put_in(self):
        self.far, near = os.openpty()
        tty.setraw(near)
        os.set_blocking(self.far, False)
        os.symlink(os.ttyname(near), self.path)
        os.close(near)

    def pull_out(self):
        if self.far >= 0:
            os.unlink(self.path)
            os.close(self.far)
            self.far = -1

    async def read(self, size):
        """Bytes that reach the far end, up to `size`."""
        found = b""
        for _ in range(WAIT_S * 1000):
            with suppress(BlockingIOError):
                found += os.read(self.far, size - len(found))
            if len(found) >= size:
                break
            await asyncio.sleep(0.001)
        return found


class Heard:
    def __init__(self):
        self.data, self.opened = b"", 0

    def on_data(self, data):
        self.data += data

    def on_open(self):
        self.opened += 1


@pytest.fixture
def plug(tmp_path):
    found = Plug(tmp_path / "uart")
    yield found
    found.pull_out()


@asynccontextmanager
async def holding(plug):
    """A port that is held for as long as the block runs."""
    heard = Heard()
    port = SerialPort(str(plug.path), 115_200, heard.on_data, heard.on_open)
    async with running(port):
        yield port, heard


def test_a_port_is_found_when_it_comes_lost_when_it_goes_and_found_again(plug):
    async def story():
        async with holding(plug) as (port, heard):
            await asyncio.sleep(0.05)
            assert not port.is_open and heard.opened == 0
            for turn in (1, 2, 3):
                plug.put_in()
                await so(lambda: port.is_open)
                assert heard.opened == turn
                os.write(plug.far, b"in %d " % turn)
                port.write(b"out %d" % turn)
                assert await plug.read(5) == b"out %d" % turn
                await so(lambda turn=turn: heard.data.endswith(b"in %d " % turn))
                plug.pull_out()
                await so(lambda: not port.is_open)
            assert heard.data == b"in 1 in 2 in 3 "
        assert not port.is_open

    asyncio.run(story())


def test_what_a_slow_reader_does_not_take_at_once_waits_and_arrives_whole(plug):
    async def story():
        plug.put_in()
        async with holding(plug) as (port, _):
            await so(lambda: port.is_open)
            message = bytes(range(256)) * 400
            for at in range(0, len(message), 1_000):
                port.write(message[at : at + 1_000])
            await asyncio.sleep(0.02)
            assert await plug.read(len(message)) == message
            port.write(b"and more")
            assert await plug.read(8) == b"and more"

    asyncio.run(story())


def test_what_waits_is_bounded_and_nothing_is_cut_in_the_middle(plug):
    async def story():
        plug.put_in()
        async with holding(plug) as (port, _):
            await so(lambda: port.is_open)
            piece = b"x" * 4_095 + b"|"
            for _ in range(3 * PENDING_MAX // len(piece)):
                port.write(piece)
            port.write(bytes(PENDING_MAX + 1))
            taken = b""
            with suppress(TimeoutError):
                while True:
                    taken += await asyncio.wait_for(plug.read(4_096), 0.3)
            assert PENDING_MAX - 4_096 < len(taken) <= PENDING_MAX + 65_536
            assert set(taken[4_095::4_096]) == {ord("|")}

    asyncio.run(story())


def test_what_one_cable_did_not_take_is_not_said_to_the_next(plug):
    async def story():
        plug.put_in()
        async with holding(plug) as (port, _):
            await so(lambda: port.is_open)
            port.write(b"stale" * 20_000)
            plug.pull_out()
            await so(lambda: not port.is_open)
            plug.put_in()
            await so(lambda: port.is_open)
            port.write(b"fresh")
            assert await plug.read(5) == b"fresh"

    asyncio.run(story())


def test_without_a_port_what_is_written_is_lost_and_does_not_wait_for_the_next_one(plug):
    async def story():
        async with holding(plug) as (port, _):
            port.write(b"into the air")
            plug.put_in()
            await so(lambda: port.is_open)
            port.write(b"heard")
            assert await plug.read(5) == b"heard"

    asyncio.run(story())


def test_a_port_has_one_holder_and_a_busy_one_is_told_of_once(plug, caplog):
    async def story():
        plug.put_in()
        other = serial.Serial(str(plug.path), exclusive=True)
        async with holding(plug) as (port, heard):
            await asyncio.sleep(5 * serial_port.LOOK_S)
            assert not port.is_open and heard.opened == 0
            assert len(caplog.records) == 1 and str(plug.path) in caplog.text
            other.close()
            await so(lambda: port.is_open)
            with pytest.raises(serial.SerialException):
                serial.Serial(str(plug.path), exclusive=True)

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())


def test_a_file_that_is_no_terminal_is_told_of_and_looked_at_again(plug, caplog):
    async def story():
        plug.path.write_text("no port")
        async with holding(plug) as (port, _):
            await so(lambda: bool(caplog.records))
            plug.path.unlink()
            plug.put_in()
            await so(lambda: port.is_open)
        assert "cannot be had" in caplog.text

    asyncio.run(story())


class Dead:
    """A port that opens and has hung up already."""

    opened = 0

    def __init__(self, *_, **__):
        Dead.opened += 1
        self._reading, writing = os.pipe()
        os.close(writing)

    def fileno(self):
        return self._reading

    def close(self):
        os.close(self._reading)


def test_a_port_that_hangs_up_at_once_is_not_tried_without_rest(plug, monkeypatch):
    async def story():
        plug.path.write_text("")
        monkeypatch.setattr(serial_port.serial, "Serial", Dead)
        async with holding(plug):
            await asyncio.sleep(4 * serial_port.LOOK_S)
        assert 2 <= Dead.opened <= 6

    asyncio.run(story())


def test_a_port_that_is_let_go_can_be_held_by_another(plug):
    async def story():
        plug.put_in()
        async with holding(plug) as (port, _):
            await so(lambda: port.is_open)
            with pytest.raises(serial.SerialException):
                serial.Serial(str(plug.path), exclusive=True)
        with serial.Serial(str(plug.path), exclusive=True) as other:
            assert other.is_open

    asyncio.run(story())
