"""One board's process in lockstep with this one: simulated time, links as byte queues, the same run each time.

Decides when the process has failed. Refuses to know what the frames mean.
"""

import json
import socket
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from fieldpost.bench.device.scripts import SCRIPTS
from fieldpost.emulator import runtime
from fieldpost.emulator.board import RESET_EXIT
from fieldpost.emulator.image import provision
from fieldpost.firmware_build import BoardProfile, compiled, device_files, load_profile
from fieldpost.firmware_build.module_pack import packed
from fieldpost.firmware_build.sources import MODULES
from fieldwire.frame import Deframer, encode
from fieldwire.link_terms import Serial

LINKS = ("uart", "local")
STEP_S_MAX = 60


class BoardFailed(Exception):
    """The board's process ended by itself; the message is what it printed."""


class Line(Serial):
    """One of the board's links, from outside: frames that it sent, bytes that it is to get."""

    def __init__(self) -> None:
        super().__init__(baud=115_200, turnaround_ms=1, frame_max=2_048)
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self._deframer = Deframer()

    def receive(self) -> list[bytes]:
        frames: list[bytes] = []
        while True:
            try:
                data = self.near.recv(65_536)
            except BlockingIOError:
                return frames
            frames.extend(self._deframer.feed(data))

    def send(self, frame: bytes) -> int:
        """Puts a frame on the link; how many bytes that were."""
        data = encode(frame)
        self.near.sendall(data)
        return len(data)


def firmware(profile: BoardProfile | None = None) -> dict[str, bytes]:
    """The compiled firmware, with the board that runs in lockstep; in slot a's pack where modules lie in files."""
    profile = profile or load_profile()
    board = (SCRIPTS / "lockstep_board.py").read_bytes()
    files = compiled({**device_files(profile), MODULES + "board.py": board}, profile)
    if profile.modules != "files":
        return files
    slot = {name.removeprefix(MODULES): data for name, data in files.items() if name.startswith(MODULES)}
    start = {name: data for name, data in files.items() if not name.startswith(MODULES)}
    return start | {"a.pack": packed(slot)}


class LockstepBoard:
    """A board with its flash image in `directory`."""

    def __init__(self, directory: Path, profile: BoardProfile, files: Mapping[str, bytes]) -> None:
        self.directory = directory
        self._profile = profile
        self.image = directory / "flash.img"
        provision(self.image, files, profile)

    def run(
        self, heap_bytes: int, until_ms: int, turn: Callable[[int, dict[str, Line]], dict[str, int]]
    ) -> str:
        """Boots, calls `turn(now_ms, links)` at each sleep until the time or a reset; what the console said.

        `turn` answers with how many bytes it has sent on each link. Raises BoardFailed.
        """
        with ExitStack() as stack:
            lines = {name: Line() for name in LINKS}
            control, far = socket.socketpair()
            control.settimeout(STEP_S_MAX)
            for end in (
                control,
                far,
                *(one.near for one in lines.values()),
                *(one.far for one in lines.values()),
            ):
                stack.enter_context(end)
            console = stack.enter_context(tempfile.TemporaryFile())
            config = self._write_config(far.fileno(), lines)
            passed = (far.fileno(), *(one.far.fileno() for one in lines.values()))
            start = self._profile.directory / "start.py"
            heap_bytes = runtime.heap_with_rom(heap_bytes, self._profile.rom_bytes)
            process = runtime.start(start, config, heap_bytes, passed, console)
            far.close()
            try:
                while True:
                    said = control.recv(4)
                    now_ms = int.from_bytes(said, "big")
                    if not said or now_ms >= until_ms:
                        break
                    sent = turn(now_ms, lines)
                    control.sendall(b"".join(sent.get(name, 0).to_bytes(3, "big") for name in LINKS))
                control.close()
                code = process.wait(STEP_S_MAX)
            finally:
                process.kill()
                process.wait()
            console.seek(0)
            text = console.read().decode(errors="replace")
            if code != (0 if said else RESET_EXIT):
                raise BoardFailed(f"exit code {code}\n{text}")
            return text

    def _write_config(self, control: int, lines: Mapping[str, Line]) -> Path:
        path = self.directory / "config.json"
        terms = {
            name: {"descriptor": one.far.fileno(), "baud": one.baud, "turnaround_ms": one.turnaround_ms}
            for name, one in lines.items()
        }
        config = {
            "image": str(self.image),
            "directory": str(self.directory),
            "flash": self._profile.flash_layout(),
            "unique_id": "00112233",
            "control": control,
            "links": terms,
        }
        path.write_text(json.dumps(config))
        return path
