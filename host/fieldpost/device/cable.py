"""A board at its raw prompt, behind a serial port: code goes over, what it prints comes back.

Decides what a fault of the transport means to a person. It refuses to know what is run; who opens one closes it.
"""

import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self, TypeVar

import serial
from mpremote.transport import TransportError, TransportExecError

from fieldpost.device.errors import DeviceError, RaisedOnBoard, Unplugged
from fieldpost.device.transport import BoundedTransport
from fieldpost.device.way_in import BANNER, Tell, raw_prompt, silent

BAUD = 115_200
ANSWER_S = 10
RESTART_S = 10
_RESET_S = 0.5
_SOFT_RESET = b"\x04"
_LAST_CHARS_MAX = 200
_SHOWN_CHARS = 80

T = TypeVar("T")


class Cable:
    """`with connect(path) as cable:` leaves the board at its prompt; `cable.restart()` starts its agent instead."""

    def __init__(self, path: str, transport: BoundedTransport) -> None:
        self.path = path
        self.is_closed = False
        self._transport = transport

    def run(self, code: str, timeout_s: int = ANSWER_S) -> str:
        """What the code prints. `timeout_s`: how long the board may print nothing. Raises DeviceError."""
        with self._answering():
            output, error = self._transport.exec_raw(code, timeout=timeout_s)
            if error:
                raise TransportExecError(0, error.decode(errors="replace"))
            return output.decode(errors="replace").replace("\r\n", "\n")

    def told(self, code: str, read: Callable[[str], T], timeout_s: int = ANSWER_S) -> T:
        """What `read` makes of what the code prints; its ValueError, TypeError or KeyError becomes a DeviceError."""
        said = self.run(code, timeout_s)
        try:
            return read(said)
        except (ValueError, TypeError, KeyError, RecursionError) as wrong:
            raise DeviceError(
                f"{self.path}: the board said {said[:_SHOWN_CHARS]!r}, which is no answer to what it was asked"
                f" ({str(wrong)[:_SHOWN_CHARS]}); press its reset button and run the command again"
            ) from None

    def value(self, expression: str, read: Callable[[str], T]) -> T:
        """What `read` makes of an expression's value as JSON. Raises DeviceError."""
        return self.told(f"import json as _fp_json\nprint(_fp_json.dumps(({expression})))", read)

    def soft_reset(self) -> None:
        """Gives the prompt an empty heap; of the board's programs boot.py runs, main.py does not."""
        with self._answering():
            self._read(b">")
            self._transport.serial.write(_SOFT_RESET)
            self._read(b"soft reboot\r\n")
            self._read(BANNER)

    def restart(self) -> None:
        """A hard reset, whereupon the agent starts; the cable is closed."""
        self._leave("reset")

    def enter_boot_loader(self) -> None:
        """The runtime gives way to the loader that flashes another; the cable is closed."""
        self._leave("bootloader")

    def _leave(self, how: str) -> None:
        with suppress(DeviceError), self._answering():
            self._transport.exec_raw_no_follow(f"import time, machine\ntime.sleep_ms(100)\nmachine.{how}()")
            time.sleep(_RESET_S)  # a question of the next command would end the wait
        self._transport.in_raw_repl = False
        self.close()

    def close(self) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        try:
            if self._transport.in_raw_repl:
                self._transport.exit_raw_repl()
            self._transport.close()
        except OSError:
            self._transport.serial.close()  # the port is gone

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, ending: bytes) -> None:
        said = self._transport.read_until(1, ending, timeout=RESTART_S)
        if not said.endswith(ending):
            raise TransportError("no prompt")

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except TransportExecError as error:
            last = (error.error_output.strip().splitlines() or ["nothing of what it raised"])[-1][
                :_LAST_CHARS_MAX
            ]
            raise RaisedOnBoard(f"{self.path}: the board says {last}", last) from None
        except (TransportError, struct.error, serial.SerialTimeoutException):
            self._transport.in_raw_repl = False
            raise DeviceError(
                f"{self.path}: the board stopped answering; press its reset button and run the command again"
            ) from None
        except DeviceError:
            self._transport.in_raw_repl = False
            raise
        except OSError:
            self._transport.in_raw_repl = False
            raise Unplugged(
                f"{self.path}: the board went away (unplugged, or reset); plug it in and run the command again"
            ) from None


def connect(path: str, baud: int = BAUD, wait_s: float = 0.0, tell: Tell = silent) -> Cable:
    """The board on a port, at its prompt. Raises DeviceError; `wait_s`, `tell` as `raw_prompt` has them."""
    return Cable(path, raw_prompt(path, baud, wait_s, tell))
