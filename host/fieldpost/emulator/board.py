"""One emulated board from outside: its flash image, power, cable, radio and console.

Decides what happens to a board's process: when it starts, dies, is started again after a reset, and what
counts as a failure. It refuses to know what the firmware does. A board's own state lives in its flash image
alone.
"""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
from asyncio import get_running_loop
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fieldpost.emulator import runtime
from fieldpost.emulator.air import Air
from fieldpost.emulator.cable import Cable
from fieldpost.emulator.hub import Hub
from fieldpost.emulator.image import provision
from fieldpost.emulator.profile import BoardProfile
from fieldpost.emulator.runtime import EmulatorError
from fieldpost.emulator.world import World, monotonic_us

# What board.reset() leaves with.
RESET_EXIT = 75
INTERRUPT = b"\x03"
UART_BYTES = 4096  # a board's driver buffers no more than that, or it would not feel its line's pace
TAIL_LINES = 20

Reading = int | str | list[int] | None


@dataclass(frozen=True, slots=True)
class UtcReceiver:
    """A source of UTC on the board: what uncertainty it states, and by how much it is wrong."""

    uncertainty_ms: int
    error_ms: int = 0


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """One board of a fleet. `sensors`: each sensor's readings, `battery_mv`: what its battery shows, look by look.

    `files` go into this flash alone. `baud`: the pace of its cable; None: the profile's, and no waiting for bytes.
    """

    name: str
    mesh: str
    drift_ppm: int = 0
    sensors: Mapping[str, Sequence[Reading]] = field(default_factory=dict)
    utc: UtcReceiver | None = None
    die_mc: int | None = None
    battery_mv: Sequence[int] = ()
    heap_bytes: int | None = None
    start_ms: int = 0
    unique_id: bytes | None = None
    baud: int | None = None
    prompt: bool = False  # its cable's port is the interpreter's prompt too
    files: Mapping[str, bytes] = field(default_factory=dict)

    def hardware_id(self) -> bytes:
        """The given unique id, else eight bytes that follow from the name."""
        return self.unique_id or hashlib.sha256(b"fieldpost/emulated/" + self.name.encode()).digest()[:8]


class EmulatedBoard:
    """A board to provision, power, cut, reset, plug and unplug. Needs a running event loop."""

    def __init__(
        self, spec: BoardSpec, profile: BoardProfile, run: Path, world: World, hub: Hub, air: Air
    ) -> None:
        self.spec = spec
        self.directory = (run / spec.name).resolve()
        self.image = self.directory / "flash.img"
        self.console = self.directory / "console.log"
        self.power_ons = 0
        self.failure: EmulatorError | None = None
        self.on_failure: Callable[[EmulatorError], None] = lambda _failure: None
        into_board = self._interrupt if spec.prompt else bytes
        self._cable = Cable(run.resolve() / f"{spec.name}.uart", into_board, spec.baud)
        self._profile = profile
        self._world = world
        self._hub = hub
        self._air = air
        self._process: subprocess.Popen[bytes] | None = None
        self._life: int | None = None

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def plugged(self) -> bool:
        return self._cable.plugged

    @property
    def uart(self) -> Path:
        """The path that the host opens while the cable is plugged."""
        return self._cable.path

    def provision(self, files: Mapping[str, bytes]) -> None:
        """Write `files` and the spec's own into the flash while the power is off. Raises EmulatorError."""
        if self.running:
            raise EmulatorError(f"{self.spec.name}: is running; cut its power before writing its flash")
        self.directory.mkdir(parents=True, exist_ok=True)
        provision(self.image, {**files, **self.spec.files}, self._profile)

    def plug(self) -> Path:
        return self._cable.plug()

    def unplug(self) -> None:
        self._cable.unplug()

    def power_on(self) -> None:
        """Cold boot. Raises EmulatorError when the board has no image yet."""
        self._boot("power-on")

    def power_cut(self) -> None:
        """Take the power away at this instant; what is not in flash is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._power_down()

    def reset(self) -> None:
        """Press the reset button."""
        self.power_cut()
        self._boot("reset")

    def tail(self, lines: int = TAIL_LINES) -> list[str]:
        """The console's last lines, over all boots."""
        if not self.console.exists():
            return []
        return self.console.read_text(errors="replace").splitlines()[-lines:]

    def close(self) -> None:
        self.power_cut()
        self._cable.close()

    def _boot(self, reason: str) -> None:
        if self.running:
            raise EmulatorError(f"{self.spec.name}: has power already; cut it first")
        if not self.image.exists():
            raise EmulatorError(f"{self.spec.name}: {self.image} is missing; provision the board first")
        self.failure = None
        self.power_ons += 1
        self._write_sensors()
        uart, far_uart = socket.socketpair()
        far_uart.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UART_BYTES)
        local, far_local = socket.socketpair()
        radio, far_radio = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._life, far_life = os.pipe()
        with far_uart, far_local, far_radio, self.console.open("ab", buffering=0) as console:
            for end in (far_uart, far_local, far_radio):
                end.setblocking(False)
            config = self._write_config(
                reason, {"uart": far_uart.fileno(), "local": far_local.fileno()}, far_radio.fileno()
            )
            inherited = (far_uart.fileno(), far_local.fileno(), far_radio.fileno(), far_life)
            console.write(f"--- {reason}, start {self.power_ons}\n".encode())
            self._process = runtime.start(
                self._profile.directory / "start.py", config, self._heap_bytes(), inherited, console
            )
        os.close(far_life)
        # The other end closes when the process ends, however it ends.
        get_running_loop().add_reader(self._life, self._on_exit)
        self._cable.power(uart.detach())
        self._hub.attach(self.spec.name, local.detach())
        self._air.attach(self.spec.name, radio.detach())

    def _heap_bytes(self) -> int:
        return runtime.heap_with_rom(
            self.spec.heap_bytes or self._profile.heap_bytes, self._profile.rom_bytes
        )

    def forget_sensors(self) -> None:
        """Let every sensor begin its record anew."""
        shutil.rmtree(self.directory / "sensors", ignore_errors=True)

    def _write_sensors(self) -> None:
        directory = self.directory / "sensors"
        directory.mkdir(exist_ok=True)
        for name, readings in self.spec.sensors.items():
            record = directory / f"{name}.jsonl"
            if not record.exists():
                record.write_text("".join(json.dumps(reading) + "\n" for reading in readings))
                (directory / f"{name}.at").write_bytes(b"%010d" % 0)

    def _write_config(self, reason: str, descriptors: Mapping[str, int], radio: int) -> Path:
        path = self.directory / "config.json"
        config = {
            "kind": self._profile.name,
            "image": str(self.image),
            "directory": str(self.directory),
            "flash": self._profile.flash_layout(),
            "boot_reason": reason,
            "unique_id": self.spec.hardware_id().hex(),
            "links": {
                name: {"descriptor": descriptor, **asdict(self._profile.links[name])}
                for name, descriptor in descriptors.items()
            },
            "radio": radio,
            "world": asdict(self._world),
            "clock": {
                "power_on_us": monotonic_us(),
                "start_ms": self.spec.start_ms,
                "drift_ppm": self.spec.drift_ppm,
            },
            "utc": asdict(self.spec.utc) if self.spec.utc else None,
            "die_mc": self.spec.die_mc,
            "battery_mv": list(self.spec.battery_mv),
            "sensors": sorted(self.spec.sensors),
        }
        if self.spec.baud is not None:
            config["links"]["uart"]["baud"] = self.spec.baud
        path.write_text(json.dumps(config))
        return path

    def _interrupt(self, data: bytes) -> bytes:
        """Byte 3 interrupts a program that left the prompt on its port; one that took it off gets a byte like any."""
        process = self._process
        if process is None or INTERRUPT not in data or not runtime.catches_interrupts(process.pid):
            return data
        process.send_signal(signal.SIGINT)
        return data.replace(INTERRUPT, b"")

    def _power_down(self) -> None:
        self._process = None
        if self._life is not None:
            get_running_loop().remove_reader(self._life)
            os.close(self._life)
            self._life = None
        self._cable.cut()
        self._hub.detach(self.spec.name)
        self._air.detach(self.spec.name)

    def _on_exit(self) -> None:
        if self._process is None:
            return
        code = self._process.wait()
        self._power_down()
        if code == RESET_EXIT:
            self._boot("reset")
            return
        how = f"ended with exit code {code}" if code else "returned from main.py"
        last = "\n  ".join(self.tail())
        self.failure = EmulatorError(
            f"{self.spec.name}: {how}; its console ({self.console}) ends with:\n  {last}"
        )
        self.on_failure(self.failure)
