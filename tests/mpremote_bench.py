"""Runs mpremote as a person does, as a process of its own, against an emulated board with a prompt."""

import asyncio
import sys
from contextlib import asynccontextmanager

from fieldpost.emulator import BoardSpec, Fleet

COMMAND_S = 20


class Bench:
    """One board on a bench: `await bench(...)` is `mpremote connect PORT ...`, and gives what it printed."""

    def __init__(self, fleet, port):
        self.fleet = fleet
        self.board = fleet["a"]
        self.port = str(port)

    async def __call__(self, *words):
        said, code = await self.tried(*words)
        assert code == 0, said
        return said

    async def tried(self, *words):
        """(what it printed, its exit code)."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mpremote",
            "connect",
            self.port,
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), COMMAND_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            return f"no end after {COMMAND_S} s; the board's console: {self.board.tail()}", None
        return said.decode().replace("\r\n", "\n"), process.returncode


@asynccontextmanager
async def bench(folder, files=None, **spec):
    """A board with power, its cable in, and `files` on its flash."""
    wanted = {"prompt": True, **spec}
    async with Fleet(folder, [BoardSpec("a", "hill", **wanted)]) as fleet:
        fleet.provision(files or {})
        port = fleet["a"].plug()
        fleet.power_on()
        yield Bench(fleet, fleet["a"].usb if wanted.get("usb") else port)
        fleet.check()
