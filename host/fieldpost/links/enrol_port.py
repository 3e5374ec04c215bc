"""An enrolment over a serial port, in a running asyncio loop.

Shell. Decides nothing: moves frames and time to the core, and hands its request to whoever holds the keys.
"""

import asyncio
import os
import time
from collections.abc import Callable

from fieldpost.enrol import Enrolment, Grant, Request
from fieldpost.links.serial_port import SerialPort
from fieldwire import frame

OPEN_S_MAX = 5.0
TURN_S = 0.02


class PortError(Exception):
    """The port cannot be used, or nobody answers on it; the message names the remedy."""


async def converse(
    path: str, baud: int, decide: Callable[[Request], Grant], host_random: bytes
) -> tuple[str, bytes]:
    """("enrolled" | "calls", device id): enrolled now, or before. Raises PortError, and what `decide` raises."""
    if not os.path.exists(path):
        raise PortError(f"{path}: there is no such port; plug the device in, or name the port it has")
    core = Enrolment(host_random)
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
            if event is not None and event[0] == "requested":
                core.grant(decide(event[1]), _now_ms())
            elif event is not None and event[0] == "silent":
                raise PortError(
                    f"{path}: no device answers {event[1]}; check cable, speed ({baud} baud) and that its firmware runs"
                )
            elif event is not None:
                return event[0], event[1]
            _send_due(core, port)
            await asyncio.sleep(TURN_S)
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)


def _send_due(core: Enrolment, port: SerialPort) -> None:
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
