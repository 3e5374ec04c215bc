"""Bridges meet over a byte stream: TCP (loopback unless another host is written out), a Unix socket or a serial line.

Shell. Moves messages, each behind a u32 of its length, between a stream and a session; bounds them and the
number of callers. Decides nothing of what they say. SPEC 10.2
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fieldpost.boundary_proof import DIALER, LISTENER, Peer
from fieldpost.boundary_session import BoundarySession, Port
from fieldpost.links import boundary_serial
from fieldpost.model import Refusal
from fieldpost.timeline.evidence import Interval

log = logging.getLogger(__name__)
CALLERS_MAX = 8  # strangers and peers at once: each may hold a handshake's bytes, a proved one a message's
FLUSH_S = 5.0  # for the last word to a peer that no longer reads
LOOPBACK = "127.0.0.1"
BAUD_MIN, BAUD_MAX = 19_200, 10_000_000  # slower, and a message takes longer than its receiver waits
FORMS = f"unix:PATH, tcp:PORT (this machine), tcp:HOST:PORT or serial:PORT@BAUD, from {BAUD_MIN} baud"

Utc = Callable[[], Interval | None]
Writer = asyncio.StreamWriter | boundary_serial.Writer
Stream = tuple[asyncio.StreamReader, Writer]


@dataclass(frozen=True)
class Meeting:
    """How a meeting went: the peer if it proved itself, epochs (number, agreed), a refusal, why it ended."""

    peer: Peer | None
    epochs: tuple[tuple[int, bool], ...]
    refusal: Refusal | None
    why: str

    @property
    def done(self) -> bool:
        return self.why == "done"


def no_utc() -> Interval | None:
    """Nothing says what UTC is: validity is then not judged, and the record says so."""
    return None


def parse(address: str) -> tuple[str, str, int]:
    """("unix", path, 0), ("tcp", host, port) or ("serial", path, baud). ValueError names the forms."""
    kind, _, rest = address.partition(":")
    if kind == "unix" and rest:
        return kind, rest, 0
    path, _, baud = rest.rpartition("@")
    if kind == "serial" and path and baud.isdecimal() and BAUD_MIN <= int(baud) <= BAUD_MAX:
        return kind, path, int(baud)
    host, _, port = rest.rpartition(":")
    if kind == "tcp" and port.isdecimal() and int(port) < 65_536:
        return kind, host.strip("[]") or LOOPBACK, int(port)
    raise ValueError(f"{address!r} is no address; write {FORMS}")


async def meet(
    address: str, desk: Port, utc: Utc = no_utc, random: Callable[[int], bytes] = os.urandom
) -> Meeting:
    """Call the bridge at an address and stay until the meeting is over. Never raises on what the peer does."""
    kind, place, port = parse(address)
    session = BoundarySession(DIALER, desk, address, random(16), random(32), utc())
    session.open(_now_ms())
    if session.state == "closed":
        return _outcome(session)
    try:
        async with _called(kind, place, port) as (reader, writer):
            return await converse(session, reader, writer)
    except OSError as error:
        return Meeting(None, (), None, f"unreachable: {error.strerror or error}")


@asynccontextmanager
async def _called(kind: str, place: str, port: int) -> AsyncIterator[Stream]:
    """A stream to whoever is there. OSError where nobody is."""
    if kind == "serial":
        async with boundary_serial.called(place, port) as stream:
            yield stream
    elif kind == "unix":
        yield await asyncio.open_unix_connection(place)
    else:
        yield await asyncio.open_connection(place, port)


async def listen(
    address: str,
    desk: Port,
    on_met: Callable[[], None] = lambda: None,
    utc: Utc = no_utc,
    random: Callable[[int], bytes] = os.urandom,
) -> asyncio.Server:
    """Answer at a socket from now on; `on_met` is called after each meeting. OSError if it cannot be had."""
    kind, place, port = parse(address)
    answer = _answerer(address, desk, on_met, utc, random)
    if kind == "unix":
        server = await asyncio.start_unix_server(answer, place)
        os.chmod(place, 0o600)
        return server
    return await asyncio.start_server(answer, place, port)


def _answerer(
    address: str, desk: Port, on_met: Callable[[], None], utc: Utc, random: Callable[[int], bytes]
) -> Callable[[asyncio.StreamReader, Writer], Awaitable[None]]:
    """What is done with each caller."""
    callers: set[object] = set()

    async def answer(reader: asyncio.StreamReader, writer: Writer) -> None:
        if len(callers) >= CALLERS_MAX:
            log.warning("%s: %d callers already; one more was let go", address, len(callers))
            writer.close()
            return
        session = BoundarySession(LISTENER, desk, _name(writer, address), random(16), random(32), utc())
        session.open(_now_ms())
        callers.add(session)
        try:
            await converse(session, reader, writer)
        finally:
            callers.discard(session)
        on_met()

    return answer


async def serve(
    address: str,
    desk: Port,
    on_met: Callable[[], None] = lambda: None,
    utc: Utc = no_utc,
    random: Callable[[int], bytes] = os.urandom,
) -> None:
    """Answer at an address until cancelled. OSError if it cannot be had; a serial port may come and go."""
    kind, path, baud = parse(address)
    if kind == "serial":
        await boundary_serial.answer_at(path, baud, _answerer(address, desk, on_met, utc, random))
    server = await listen(address, desk, on_met, utc, random)
    async with server:
        await server.serve_forever()


async def converse(session: BoundarySession, reader: asyncio.StreamReader, writer: Writer) -> Meeting:
    """Run an open session over a stream to its end."""
    wake = asyncio.Event()
    sender = asyncio.create_task(_send(session, writer, wake))
    wake.set()
    try:
        while session.state != "closed":
            await _receive(session, reader)
            wake.set()
        async with asyncio.timeout(FLUSH_S):
            await sender
    except (TimeoutError, OSError):
        session.close("lost")
    finally:
        sender.cancel()
        writer.close()
    found = _outcome(session)
    met = found.peer.thumbprint.hex()[:16] if found.peer else "a stranger"
    log.info("%s: met %s: %s", session.speaker, met, found.why)
    return found


async def _send(session: BoundarySession, writer: Writer, wake: asyncio.Event) -> None:
    while True:
        await wake.wait()
        wake.clear()
        while (message := session.to_send(_now_ms())) is not None:
            writer.write(len(message).to_bytes(4, "big") + message)
            try:
                await writer.drain()
            except OSError:
                session.close("lost")
                return
        if session.state == "closed":
            return


async def _receive(session: BoundarySession, reader: asyncio.StreamReader) -> None:
    due_ms = session.deadline()
    wait_s = None if due_ms is None else max(0.0, (due_ms - _now_ms()) / 1000)
    try:
        async with asyncio.timeout(
            wait_s
        ):  # a `wait_for` that just ended would swallow that we are told to end
            data = await _message(session, reader)
    except TimeoutError:
        session.on_deadline(_now_ms())
    except (asyncio.IncompleteReadError, OSError):
        session.close("lost")
    else:
        if data is None:
            session.close("lost")
        else:
            session.receive(data, _now_ms())


async def _message(session: BoundarySession, reader: asyncio.StreamReader) -> bytes | None:
    """The next message, or None for one longer than may come now: nothing is read of it."""
    size = int.from_bytes(await reader.readexactly(4), "big")
    return None if size > session.size_max else await reader.readexactly(size)


def _outcome(session: BoundarySession) -> Meeting:
    epochs, refusal, why = [], None, "lost"
    while (event := session.next_event()) is not None:
        if event[0] == "epoch":
            epochs.append((event[1], event[2]))
        elif event[0] in ("refused", "told"):
            refusal = event[1]
        elif event[0] == "closed":
            why = event[1]
    return Meeting(session.peer, tuple(epochs), refusal, why)


def _name(writer: Writer, address: str) -> str:
    """A caller's host; its port says nothing of who it is."""
    peer = writer.get_extra_info("peername")
    return f"tcp:{peer[0]}" if isinstance(peer, tuple) else address


def _now_ms() -> int:
    return int(time.monotonic() * 1000)
