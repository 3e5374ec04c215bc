"""Runs mpremote as a person does, as a process of its own, against an emulated board with a prompt."""

import asyncio
import hashlib
import http.server
import json
import os
import select
import subprocess
import sys
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from functools import partial

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


class Terminal:
    """mpremote at a terminal of its own; `until` and `asked` give what it showed up to a word."""

    def __init__(self, port, *words):
        self._near, far = os.openpty()
        command = [sys.executable, "-m", "mpremote", "connect", port, *words]
        self._process = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, start_new_session=True)
        os.close(far)
        self._shown = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._near)

    def write(self, text):
        os.write(self._near, text.encode())

    def asked(self, text, word):
        self.write(text)
        return self.until(word)

    def until(self, word):
        end = time.monotonic() + COMMAND_S
        while word.encode() not in self._shown:
            assert time.monotonic() < end, f"no {word!r} in {self._shown!r}"
            if select.select([self._near], [], [], 0.2)[0]:
                self._shown += os.read(self._near, 4096)
        before, _, self._shown = self._shown.partition(word.encode())
        return before.decode()

    def ended(self):
        return self._process.wait(COMMAND_S)


@contextmanager
def served(folder):
    """The folder over HTTP on this machine alone."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def index(folder, name, module):
    """An index of packages with one of one module."""
    short = hashlib.sha256(module).hexdigest()[:8]
    (folder / "package" / "6" / name).mkdir(parents=True)
    (folder / "file" / short[:2]).mkdir(parents=True)
    (folder / "file" / short[:2] / short).write_bytes(module)
    package = {"v": 1, "version": "1.0", "hashes": [[f"{name}.py", short]], "urls": [], "deps": []}
    (folder / "package" / "6" / name / "latest.json").write_text(json.dumps(package))
