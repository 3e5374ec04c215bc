"""Listening on a port, and looking which ports there are.

Decides nothing about what is heard.
"""

import glob
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from serial.tools import list_ports

from fieldpost.device.errors import Unplugged
from fieldpost.device.heard import Heard
from fieldpost.device.port import open_to_listen

_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class PortFound:
    """`about`: what the operating system knows of it, "" for a port that was named."""

    path: str
    about: str


def ports(named: Sequence[str]) -> list[PortFound]:
    """The ports that are named, by path or pattern; else those that the operating system lists and has hardware for."""
    if named:
        paths = [path for one in named for path in (sorted(glob.glob(one)) or [one])]
        return [PortFound(path, "") for path in dict.fromkeys(paths)]
    found = [one for one in list_ports.comports() if one.hwid != "n/a"]
    return [PortFound(one.device, one.description or one.hwid) for one in sorted(found)]


def lines(path: str, baud: int, heard: Heard, is_over: Callable[[], bool]) -> Iterator[str]:
    """Console lines as they come, until `is_over()`. Raises DeviceError; Unplugged when the port goes."""
    with open_to_listen(path, baud, _LOOK_S) as port:
        while not is_over():
            try:
                data = port.read(max(1, port.in_waiting))
            except OSError:
                raise Unplugged(f"{path}: the port went away (unplugged); plug the board in again") from None
            yield from heard.feed(data)


def listen(path: str, baud: int, for_s: float, enough: Callable[[Heard], bool]) -> Heard:
    """What is heard in so many seconds, less where it is enough. Raises DeviceError."""
    heard, until = Heard(), time.monotonic() + for_s
    for _ in lines(path, baud, heard, lambda: enough(heard) or time.monotonic() >= until):
        pass
    return heard
