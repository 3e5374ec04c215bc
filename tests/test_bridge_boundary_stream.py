"""Bridges meet over real sockets: loopback TCP and a Unix socket, with strangers at the door."""

import asyncio
import logging

import pytest
from world import NOW, code_of, sessions, whole

from fieldpost import boundary_messages as messages
from fieldpost.boundary_proof import LISTENER
from fieldpost.boundary_session import BoundarySession
from fieldpost.links import boundary_stream
from fieldpost.links.boundary_stream import CALLERS_MAX, parse
from fieldwire import cbor


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def utc():
    return NOW


async def listening(side, address, on_met=lambda: None):
    """(server, address to dial)."""
    server = await boundary_stream.listen(address, side.desk, on_met, utc)
    bound = server.sockets[0].getsockname()
    return server, f"tcp:{bound[0]}:{bound[1]}" if isinstance(bound, tuple) else address


async def met_over(world, address):
    told = asyncio.Event()
    server, dialed = await listening(world.bravo, address, told.set)
    async with server:
        meeting = await boundary_stream.meet(dialed, world.alpha.desk, utc)
        await asyncio.wait_for(told.wait(), 5)
    return meeting


def check(world, meeting):
    assert meeting.done and meeting.refusal is None and meeting.epochs == ((1, True),)
    assert meeting.peer.thumbprint == world.bravo.desk.thumbprint
    a, b = (side.desk.state.epochs[-1] for side in world.sides)
    assert a.body == b.body and code_of(world.alpha, "road/north", world.bravo.boards[1]) == "admitted-mapped"


def test_two_bridges_meet_over_loopback(world):
    check(world, asyncio.run(met_over(world, "tcp:0")))


def test_two_bridges_meet_over_a_unix_socket_that_only_its_owner_opens(world, tmp_path):
    path = tmp_path / "b.sock"

    async def run():
        server, dialed = await listening(world.bravo, f"unix:{path}")
        async with server:
            assert path.stat().st_mode & 0o077 == 0
            return await boundary_stream.meet(dialed, world.alpha.desk, utc)

    check(world, asyncio.run(run()))


def test_without_a_host_in_the_address_only_loopback_is_bound(world):
    async def run():
        server, dialed = await listening(world.bravo, "tcp:0")
        async with server:
            return dialed

    assert asyncio.run(run()).startswith("tcp:127.0.0.1:")
    assert parse("tcp:4000") == ("tcp", "127.0.0.1", 4000)
    assert parse("tcp:[::1]:4000") == ("tcp", "::1", 4000)
    assert parse("unix:bravo.sock") == ("unix", "bravo.sock", 0)


@pytest.mark.parametrize("address", ["", "tcp", "tcp:", "tcp:host:port", "tcp:1:70000", "unix:", "udp:1:2"])
def test_an_address_of_another_form_is_refused_with_the_forms(address):
    with pytest.raises(ValueError, match="unix:PATH"):
        parse(address)


def test_a_bridge_that_is_not_there_is_an_answer_and_no_error(world, tmp_path):
    meeting = asyncio.run(boundary_stream.meet(f"unix:{tmp_path / 'nobody'}", world.alpha.desk))
    assert meeting.peer is None and meeting.why.startswith("unreachable")


def test_a_partitioned_bridge_opens_no_connection(world):
    world.alpha.desk.submit("mode", cbor.encode(["boundary", "partitioned", []]))
    meeting = asyncio.run(boundary_stream.meet("tcp:1", world.alpha.desk))
    assert meeting.refusal.code == meeting.why == "channel-closed"


@pytest.mark.parametrize(
    "bytes_sent",
    [
        (messages.HANDSHAKE_MAX + 1).to_bytes(4, "big"),
        b"\xff\xff\xff\xff" + bytes(100),
        (3).to_bytes(4, "big") + b"\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00",
    ],
)
def test_a_stranger_that_speaks_otherwise_is_let_go_and_peers_are_served_on(world, bytes_sent):
    async def run():
        server, dialed = await listening(world.bravo, "tcp:0")
        async with server:
            _, host, port = parse(dialed)
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(bytes_sent)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return await boundary_stream.meet(dialed, world.alpha.desk, utc)

    check(world, asyncio.run(run()))


def test_more_callers_than_allowed_are_let_go_at_once(world, caplog):
    caplog.set_level(logging.WARNING)

    async def run():
        server, dialed = await listening(world.bravo, "tcp:0")
        async with server:
            _, host, port = parse(dialed)
            silent = [await asyncio.open_connection(host, port) for _ in range(CALLERS_MAX)]
            await asyncio.sleep(0.1)
            reader, writer = await asyncio.open_connection(host, port)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            for one in [*(pair[1] for pair in silent), writer]:
                one.close()
            await asyncio.sleep(0.1)
            return await boundary_stream.meet(dialed, world.alpha.desk, utc)

    check(world, asyncio.run(run()))
    assert "one more was let go" in caplog.text


def test_a_line_that_dies_midway_loses_nothing(world):
    async def relay(dialed, budget):
        """A line that carries so many bytes of the listener's and then breaks."""
        _, host, port = parse(dialed)

        async def carry(reader, writer):
            there_reader, there_writer = await asyncio.open_connection(host, port)
            up = asyncio.create_task(pump(reader, there_writer, 1 << 30))
            await pump(there_reader, writer, budget)
            up.cancel()
            for one in (writer, there_writer):
                one.transport.abort()

        return await asyncio.start_server(carry, "127.0.0.1", 0)

    async def pump(reader, writer, budget):
        while budget > 0 and (data := await reader.read(min(budget, 512))):
            budget -= len(data)
            writer.write(data)
            await writer.drain()

    async def run():
        server, dialed = await listening(world.bravo, "tcp:0")
        async with server:
            for budget in (40, 900, 2_500, 6_000):
                line = await relay(dialed, budget)
                async with line:
                    port = line.sockets[0].getsockname()[1]
                    meeting = await boundary_stream.meet(f"tcp:{port}", world.alpha.desk, utc)
                    assert meeting.why in ("lost", "done")
            return await boundary_stream.meet(dialed, world.alpha.desk, utc)

    assert asyncio.run(run()).done
    a, b = (side.desk.state.epochs[-1] for side in world.sides)
    assert a.body == b.body and a.joint["road"]


class Nowhere:
    """A writer whose bytes nobody reads."""

    def write(self, data):
        pass

    async def drain(self):
        pass

    def close(self):
        pass


@pytest.mark.parametrize("steps", range(6))
def test_a_meeting_that_is_told_to_end_while_a_message_arrives_ends(world, steps):
    """Between the message's last byte and its reading there are a few turns of the loop: none may lose the word."""

    async def run():
        dialer, _ = sessions(world, salt=steps)
        listener = BoundarySession(LISTENER, world.bravo.desk, "memory", bytes(16), bytes(32))
        listener.open(boundary_stream._now_ms())
        reader = asyncio.StreamReader()
        task = asyncio.create_task(boundary_stream.converse(listener, reader, Nowhere()))
        for _ in range(3):
            await asyncio.sleep(0)
        call = dialer.to_send(0)
        reader.feed_data(len(call).to_bytes(4, "big") + call)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=2)
        assert task.cancelled()

    asyncio.run(run())
