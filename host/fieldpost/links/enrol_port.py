"""An enrolment or a rotation over a serial port, in a running asyncio loop.

Shell. Decides nothing: moves frames and time to the core, and hands its requests to whoever holds the keys.
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from fieldpost.enrol import Enrolment, Grant, Request
from fieldpost.links.serial_port import SerialPort
from fieldpost.rotate import Rotation
from fieldwire import frame
from fieldwire.error_table import MEANING

OPEN_S_MAX = 5.0
TURN_S = 0.02


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


async def converse(
    path: str, baud: int, decide: Callable[[Request], Grant], host_random: bytes
) -> tuple[str, bytes]:
    """("enrolled" | "calls", device id): enrolled now, or before. Raises PortError, and what `decide` raises."""
    core = Enrolment(host_random)

    def happened(event: tuple) -> tuple[str, bytes] | None:
        if event[0] != "requested":
            return event[0], event[1]
        core.grant(decide(event[1]), _now_ms())
        return None

    return await _talk(path, baud, core, happened)


async def rotate(
    path: str,
    baud: int,
    called: Callable[[bytes], tuple[str, bytes]],
    decide: Callable[[bytes], tuple[bytes, list[bytes]]],
    host_random: bytes,
) -> bytes:
    """The new device id of a device whose key is rotated. Raises PortError, and what the two functions raise.

    `called(device id)` -> ("order", its K_dev), ("finish", b"") when it was rotated already, or ("pass", b"") when
    another id of the same board is to call yet. `decide(accepted handover)` -> (new public key, tokens).
    """
    core = Rotation(host_random)

    def happened(event: tuple) -> bytes | None:
        if event[0] == "calls":
            what, k_dev = called(event[1])
            if what == "order":
                core.order(event[1], k_dev, _now_ms())
            elif what == "finish":
                core.finish(event[1])
        elif event[0] == "requested":
            public, held = decide(event[1])
            core.grant(public, held, _now_ms())
        elif event[0] == "refused":
            raise PortError(f"{path}: the device does not rotate its key ({event[1]}); {_remedy(event[1])}")
        else:
            return event[1]
        return None

    return await _talk(path, baud, core, happened)


def _remedy(code: str) -> str:
    if code == "frame-state":
        return "let a bridge first drain what waits under the key before this one"
    return MEANING[code][1] if code in MEANING else "bring its firmware and this program to one version"


Result = TypeVar("Result")


async def _talk(path: str, baud: int, core: Core, happened: Callable[[tuple], Result | None]) -> Result:
    """Moves frames until `happened(event)` returns what came of it."""
    if not os.path.exists(path):
        raise PortError(f"{path}: there is no such port; plug the device in, or name the port it has")
    deframer = frame.Deframer()

    def received(data: bytes) -> None:
        for one in deframer.feed(data):
            core.receive(one, _now_ms())

    port = SerialPort(path, baud, received, lambda: core.open(_now_ms()))
    holding = asyncio.ensure_future(port.run())
    try:
        await _opened(port, path)
        while True:
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
            raise PortError(f"{path}: cannot be opened; is another program (a running bridge) holding it?")
        await asyncio.sleep(TURN_S)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
