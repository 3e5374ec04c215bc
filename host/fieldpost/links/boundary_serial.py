"""Bridges meet over a serial line: a port, the line's frames on it, and a reader and writer for each stream.

Shell. Decides nothing: moves bytes and time between a port, a `Line` and whoever converses. SPEC 10.7
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fieldpost.line import Line
from fieldpost.links.serial_port import SerialPort
from fieldwire import frame

TICK_S = 0.005
OPEN_S_MAX = 2.0
WAITING_MAX = 65_536  # bytes that wait for the line before a writer does


class Writer:
    """What a conversation needs of an asyncio.StreamWriter, for one stream of a line."""

    def __init__(self, line: Line, stream: bytes) -> None:
        self._line, self.stream = line, stream
        self.ended = asyncio.Event()

    def write(self, data: bytes) -> None:
        self._line.write(self.stream, data)

    async def drain(self) -> None:
        while self._line.waiting > WAITING_MAX and not self.ended.is_set():
            await asyncio.sleep(TICK_S)

    def close(self) -> None:
        """What was written is still sent: `ended` is set when it is there, or cannot be."""
        self._line.close(self.stream, _now_ms())

    def get_extra_info(self, name: str) -> None:
        """Nothing is known of who is at the far end of a line."""


Answer = Callable[[asyncio.StreamReader, Writer], Awaitable[None]]


class _End:
    """The near end of a line: its port, and the stream that it has now."""

    def __init__(self, path: str, baud: int, answer: Answer | None) -> None:
        self._line = Line(baud, answer is not None)
        self._answer = answer
        self._answering: set[asyncio.Future[None]] = set()
        self._deframer = frame.Deframer()
        self.port = SerialPort(path, baud, self._received, self._opened)
        self._reader, self._writer = asyncio.StreamReader(), Writer(self._line, b"")

    async def run(self) -> None:
        """Until cancelled."""
        holding = asyncio.create_task(self.port.run())
        try:
            while not holding.done():
                if not self.port.is_open:
                    self._line.lost()
                due_ms = self._line.deadline()
                if due_ms is not None and _now_ms() >= due_ms:
                    self._line.on_deadline(_now_ms())
                self._pump()
                await asyncio.sleep(TICK_S)
            await holding  # a fault of it is ours
        finally:
            self._writer.ended.set()
            holding.cancel()
            for one in self._answering:
                one.cancel()
            await asyncio.gather(holding, *self._answering, return_exceptions=True)

    def begin(self) -> tuple[asyncio.StreamReader, Writer]:
        self._line.begin(os.urandom(4), _now_ms())
        self._pump()
        return self._reader, self._writer

    def _opened(self) -> None:
        self._deframer = frame.Deframer()

    def _received(self, data: bytes) -> None:
        for one in self._deframer.feed(data):
            self._line.receive(one, _now_ms())
        self._pump()

    def _pump(self) -> None:
        while (event := self._line.next_event()) is not None:
            self._happened(*event)
        while (out := self._line.to_send(_now_ms())) is not None:
            self.port.write(frame.encode(out))

    def _happened(self, name: str, what: bytes) -> None:
        if name == "data":
            self._reader.feed_data(what)
        elif name == "ended":
            self._reader.feed_eof()
            self._writer.ended.set()
        else:
            self._reader, self._writer = asyncio.StreamReader(), Writer(self._line, what)
            if self._answer is not None:
                task = asyncio.ensure_future(self._answer(self._reader, self._writer))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)


@asynccontextmanager
async def called(path: str, baud: int) -> AsyncIterator[tuple[asyncio.StreamReader, Writer]]:
    """A new stream to whoever is at the far end of a port. OSError where the port cannot be had."""
    end = _End(path, baud, None)
    running = asyncio.create_task(end.run())
    try:
        await _until(lambda: end.port.is_open, path)
        reader, writer = end.begin()
        yield reader, writer
        writer.close()
        await writer.ended.wait()
        await asyncio.sleep(TICK_S)  # the last word leaves
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def answer_at(path: str, baud: int, answer: Answer) -> None:
    """Answers who calls over a port, whenever it is there; ends by cancellation."""
    await _End(path, baud, answer).run()


async def _until(fact: Callable[[], bool], path: str) -> None:
    until = time.monotonic() + OPEN_S_MAX
    while not fact():
        if time.monotonic() > until:
            raise OSError(f"{path} is absent, or another program holds it")
        await asyncio.sleep(TICK_S)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
