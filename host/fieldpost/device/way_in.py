"""How a host gets a board's raw prompt: it asks, and asks again, until the prompt is there or the time is over.

Decides from what came back who is at the other end: nobody, an agent that keeps its port, or something else. A running
agent gives its port to who asks in the first seconds after a reset, and to nobody else; asking does not harm it.
"""

import time
from collections.abc import Callable

import serial

from fieldpost.device.errors import DeviceError, NoPrompt, Unplugged
from fieldpost.device.port import open_transport
from fieldpost.device.transport import BoundedTransport

BANNER = b"raw REPL; CTRL-B to exit\r\n"
FIRST_S = 2.0  # a prompt that is free comes sooner
_INTERRUPT, _RAW = b"\r\x03", b"\r\x01"
_APART_S = 0.1  # an agent takes an interrupt for a question after silence only
_ANSWER_S = 1
_QUIET_S = 0.1
_LOOK_S = 0.01
_REOPEN_S = 0.2
_HEARD_BYTES_MAX = 65_536

Tell = Callable[[float, str], None]


def silent(_left_s: float, _what: str) -> None:
    """For who shows no progress."""


def raw_prompt(path: str, baud: int, wait_s: float, tell: Tell = silent) -> BoundedTransport:
    """A transport at its raw prompt; asks for `wait_s`, at least FIRST_S. Raises DeviceError.

    `tell(seconds left, what to do)` is called while no prompt is there, several times a second. A port that goes away
    meanwhile (a board that is plugged in anew) is opened again.
    """
    until = time.monotonic() + max(FIRST_S, wait_s)
    heard = bytearray()
    transport: BoundedTransport | None = open_transport(path, baud)
    begun = time.monotonic()
    while True:
        try:
            if transport is None:
                transport = open_transport(path, baud)
            if _asked(transport, heard):
                return transport
        except DeviceError:
            time.sleep(_REOPEN_S)  # until it is plugged in again
        except OSError:
            _close(transport)
            transport = None
        left_s = until - time.monotonic()
        if left_s <= 0:
            break
        if time.monotonic() - begun > FIRST_S:
            tell(left_s, "no prompt yet: press the board's reset button, or plug it in anew")
    if transport is None:
        raise Unplugged(f"{path}: the port went away and did not come back; plug the board in and try again")
    _close(transport)
    raise NoPrompt(f"{path}: {_who(bytes(heard), baud)}")


def _asked(transport: BoundedTransport, heard: bytearray) -> bool:
    """One question; True with the transport at its raw prompt."""
    port = transport.serial
    port.write(_INTERRUPT)
    time.sleep(_APART_S)
    port.write(_RAW)
    if not _hear(port, heard, _ANSWER_S).endswith(BANNER + b">"):
        return False
    _hear(port, heard, _QUIET_S)  # answers to earlier questions
    port.write(_RAW)
    if not transport.read_until(1, BANNER, timeout=_ANSWER_S).endswith(BANNER):
        return False
    transport.in_raw_repl = True
    return True


def _hear(port: serial.Serial, heard: bytearray, for_s: float) -> bytes:
    """What arrives, until a raw prompt's banner ends it or the time is over."""
    data = b""
    until = time.monotonic() + for_s
    while time.monotonic() < until and not data.endswith(BANNER + b">"):
        waiting = port.in_waiting
        if waiting:
            data = (data + port.read(waiting))[-_HEARD_BYTES_MAX:]
        else:
            time.sleep(_LOOK_S)
    heard += data
    del heard[:-_HEARD_BYTES_MAX]
    return data


def _who(heard: bytes, baud: int) -> str:
    if not heard:
        return (
            f"nothing answers at {baud} baud; check that the board has power and that this is its port,"
            " press its reset button within the time of --wait (an agent that runs answers nobody else),"
            " or flash a runtime first (`fieldpost device flash`)"
        )
    if is_agent(heard):
        return (
            "an agent runs and keeps its port; press the board's reset button, or plug it in anew, within the time"
            " of --wait (30 s: --wait 30)"
        )
    return (
        f"what answers is no MicroPython (it said {heard[-40:]!r}); check the port and --baud ({baud}),"
        " or flash a runtime first (`fieldpost device flash`)"
    )


def is_agent(heard: bytes) -> bool:
    """Whether bytes from a port are an agent's: its frames stand between zero bytes, its status lines say so."""
    return b"status {" in heard or b"\0" in heard


def _close(transport: BoundedTransport | None) -> None:
    if transport is None:
        return
    try:
        transport.close()
    except OSError:
        transport.serial.close()  # the port is gone, its lines cannot be let go
