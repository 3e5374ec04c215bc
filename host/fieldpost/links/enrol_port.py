"""An enrolment or a rotation over a serial port, in a running asyncio loop.

Shell. Decides who is at the other end where no device answers: nobody, another program's port, or a prompt. Of the rest
it decides nothing: it moves frames and time to the core, and hands its requests to whoever holds the keys.
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from fieldpost.device.trial import Trial
from fieldpost.enrol import Enrolment, Grant, Known, Request
from fieldpost.links.serial_port import SerialPort
from fieldpost.rotate import Rotation
from fieldwire import frame
from fieldwire.error_table import MEANING

OPEN_S_MAX = 5.0
# A board with USB of its own takes its port away while it starts again.
AWAY_S_MAX = 8.0
TURN_S = 0.02
# Asks a prompt to show itself, raw or not, and is nothing to an agent.
GREET = b"\x02"
GREET_EVERY_S = 1.0  # until somebody answers: a board that starts hears nothing yet
PROMPT = b">>> "


class PortError(Exception):
    """The port cannot be used, or nobody answers on it; the message names the remedy."""


class Core(Protocol):
    """A protocol object whose frames go over the port."""

    def open(self, now_ms: int) -> None: ...

    def receive(self, data: bytes, now_ms: int) -> None: ...

    def next_event(self) -> tuple | None: ...

    def to_send(self, now_ms: int) -> bytes | None: ...

    def deadline(self) -> int | None: ...

    def on_deadline(self, now_ms: int) -> None: ...


async def meet(path: str, baud: int, host_random: bytes) -> Known | Request:
    """Who is on the port: an enrolled device, or one that waits to be. It stays what it is. Raises PortError."""
    core = Enrolment(host_random)

    def happened(event: tuple) -> Known | Request | None:
        return event[1]

    return await _talk(path, baud, core, happened)


async def enrol(
    path: str, baud: int, decide: Callable[[Request], Grant], host_random: bytes
) -> Known | bytes:
    """The id of a device that was enrolled now, or who it was before. Raises PortError, and what `decide` raises."""
    core = Enrolment(host_random)

    def happened(event: tuple) -> Known | bytes | None:
        if event[0] == "requested":
            core.grant(decide(event[1]), _now_ms())
            return None
        return event[1]

    return await _talk(path, baud, core, happened)


async def rotate(
    path: str,
    baud: int,
    known: Callable[[Known], bytes | None],
    decide: Callable[[bytes], tuple[bytes, list[bytes]]],
    host_random: bytes,
) -> bytes:
    """The new device id of a device whose key is rotated. Raises PortError, and what the two functions raise.

    `known(who)` -> its K_dev, or None when it was rotated already. `decide(accepted handover)` -> (new public key,
    tokens).
    """
    core = Rotation(host_random)

    def happened(event: tuple) -> bytes | None:
        if event[0] == "known":
            k_dev = known(event[1])
            if k_dev is None:
                core.finish(event[1].device)
            else:
                core.order(event[1].device, k_dev, _now_ms())
        elif event[0] == "stranger":
            raise PortError(f"{path}: this device was never enrolled; run `fieldpost device enrol {path}`")
        elif event[0] == "requested":
            public, held = decide(event[1])
            core.grant(public, held, _now_ms())
        elif event[0] == "refused":
            raise PortError(f"{path}: the device does not rotate its key ({event[1]}); {_remedy(event[1])}")
        else:
            return event[1]
        return None

    return await _talk(path, baud, core, happened)


async def stays(path: str, baud: int, expected: bytes, host_random: bytes) -> str:
    """What came of an update: "stays", "back" or "safe", as `device.trial.outcome` says. Raises PortError.

    The board is about to start again, and the prompt that it had shows itself to nobody.
    """
    return await _talk(path, baud, Trial(expected, host_random), lambda event: event[0], b"")


def _remedy(code: str) -> str:
    if code == "frame-state":
        return "let a bridge first drain what waits under the key before this one"
    return MEANING[code][1] if code in MEANING else "bring its firmware and this program to one version"


Result = TypeVar("Result")


async def _talk(
    path: str,
    baud: int,
    core: Core,
    happened: Callable[[tuple], Result | None],
    greeting: bytes = GREET,
) -> Result:
    """Moves frames until `happened(event)` returns what came of it."""
    if not os.path.exists(path):
        raise PortError(f"{path}: there is no such port; plug the device in, or name the port it has")
    line = _Line(core)

    def opened() -> None:
        port.write(greeting)
        core.open(_now_ms())

    port = SerialPort(path, baud, line.received, opened)
    holding = asyncio.ensure_future(port.run())
    try:
        await _opened(port, path)
        there_s = greeted_s = time.monotonic()
        while True:
            there_s = time.monotonic() if port.is_open else there_s
            if line.is_silent and time.monotonic() - greeted_s > GREET_EVERY_S:
                greeted_s = time.monotonic()
                port.write(greeting)
            _check(path, line, time.monotonic() - there_s)
            event = core.next_event()
            if event is not None and event[0] == "silent":
                raise PortError(
                    f"{path}: no device answers {event[1]}; check cable, speed ({baud} baud) and that its firmware runs"
                )
            if event is not None:
                result = happened(event)
                if result is not None:
                    return result
            _send_due(core, port)
            await asyncio.sleep(TURN_S)
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)


def _check(path: str, line: "_Line", away_s: float) -> None:
    if away_s > AWAY_S_MAX:
        raise PortError(
            f"{path}: the cable went out in the middle; put it in and run the command again, which goes on from there"
        )
    if line.is_prompt:
        raise PortError(
            f"{path}: a prompt answers and no agent; put one on the board with `fieldpost device install {path}`, or"
            " press its reset button where one is on it"
        )


class _Line:
    """Frames to the core; a prompt that shows itself before any frame came is one."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._deframer = frame.Deframer()
        self._heard: bytes | None = b""
        self.is_prompt = False

    @property
    def is_silent(self) -> bool:
        """Whether no frame came yet."""
        return self._heard is not None

    def received(self, data: bytes) -> None:
        frames = self._deframer.feed(data)
        if frames:
            self._heard = None
        elif self._heard is not None:
            self._heard += data
            self.is_prompt = PROMPT in self._heard
            self._heard = self._heard[-len(PROMPT) :]
        for one in frames:
            self._core.receive(one, _now_ms())


def _send_due(core: Core, port: SerialPort) -> None:
    due = core.deadline()
    if due is not None and _now_ms() >= due:
        core.on_deadline(_now_ms())
    while (out := core.to_send(_now_ms())) is not None:
        port.write(frame.encode(out))


async def _opened(port: SerialPort, path: str) -> None:
    until = time.monotonic() + OPEN_S_MAX
    while not port.is_open:
        if time.monotonic() > until:
            raise PortError(
                f"{path}: cannot be had ({port.trouble}); end what holds it (a bridge, a terminal, mpremote), then"
                " try again"
            )
        await asyncio.sleep(TURN_S)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
