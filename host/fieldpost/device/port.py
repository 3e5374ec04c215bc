"""A serial port of this machine, opened for one program alone; what else is on it is named.

Decides what an operating system's refusal means to a person. Says nothing on the port.
"""

import errno
import os
from pathlib import Path

import serial
from mpremote.transport import TransportError

from fieldpost.device.errors import DeviceError
from fieldpost.device.transport import BoundedTransport

SILENCE_S = 5  # a board that runs what it was told answers sooner
_LOCKS = Path("/proc/locks")


def open_transport(path: str, baud: int) -> BoundedTransport:
    """Raises DeviceError: there is no such port, it may not be opened, or another program has it."""
    try:
        transport = BoundedTransport(path, baud, exclusive=True, timeout=SILENCE_S)
    except TransportError:
        raise DeviceError(_why_not(path, baud)) from None
    except ValueError as cause:
        raise DeviceError(f"{path}: {cause}; name another speed with --baud") from None
    transport.serial.write_timeout = SILENCE_S
    return transport


def open_to_listen(path: str, baud: int, timeout_s: float) -> serial.Serial:
    """The bare port, for who only reads. Raises DeviceError as `open_transport` does."""
    try:
        return serial.Serial(path, baud, timeout=timeout_s, write_timeout=SILENCE_S, exclusive=True)
    except (OSError, ValueError):
        raise DeviceError(_why_not(path, baud)) from None


def _why_not(path: str, baud: int) -> str:
    """What the operating system says to one more try; the library keeps it to itself."""
    if not os.path.exists(path):
        return f"{path}: there is no such port; plug the board in, or see `fieldpost device list`"
    try:
        serial.Serial(path, baud, exclusive=True).close()
    except OSError as cause:
        number = cause.errno
        if number in (errno.EAGAIN, errno.EBUSY):
            return f"{path}: {_holder(path)} has this port; end it (a bridge, a terminal, mpremote) and try again"
        if number in (errno.EACCES, errno.EPERM):
            return f"{path}: this user may not open it; become a member of its group (often dialout) and log in anew"
        return f"{path}: cannot be opened ({cause.strerror or cause}); is it a serial port?"
    except ValueError as cause:
        return f"{path}: {cause}; name another speed with --baud"
    return f"{path}: could not be opened for a moment; try again"


def _holder(path: str) -> str:
    """The process whose lock lies on the port, where the kernel tells."""
    try:
        status = os.stat(path)
        node = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in _LOCKS.read_text().splitlines():
            words = line.split()
            if node in words and "FLOCK" in words:
                pid = words[words.index(node) - 1]
                return f"process {pid} ({Path('/proc', pid, 'comm').read_text().strip()})"
    except OSError:
        pass
    return "another program"
