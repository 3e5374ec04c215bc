"""One emulated board from outside: its flash image, power, cable, radio and console.

Decides what happens to a board's process: when it starts, dies, is started again after a reset, and what
counts as a failure. It refuses to know what the firmware does. A board's own state lives in its flash image
alone.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
from asyncio import get_running_loop
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import msgspec

from fieldpost.emulator import runtime
from fieldpost.emulator.air import Air
from fieldpost.emulator.cable import Cable
from fieldpost.emulator.clock_course import ClockCourse, constant, gained_us, packed, warmth_mc
from fieldpost.emulator.hub import Hub
from fieldpost.emulator.image import provision
from fieldpost.emulator.prompt_port import PromptPort
from fieldpost.emulator.runtime import EmulatorError
from fieldpost.emulator.world import World, monotonic_us
from fieldpost.firmware_build.profile import BoardProfile

# What board.reset() leaves with.
RESET_EXIT = 75
INTERRUPT = b"\x03"
ASKING = b"\r\x03"  # how mpremote begins
INTERRUPTED_AGAIN_S = 0.01
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
    usb: bool = False  # the prompt is on a port of its own
    files: Mapping[str, bytes] = field(default_factory=dict)
    clock: ClockCourse | None = None  # instead of a constant drift

    def course(self) -> ClockCourse:
        return self.clock or constant(self.drift_ppm)

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
        self.on_event: Callable[[str], None] = lambda _event: None
        into_board = self._interrupt if spec.prompt else bytes
        self._cable = Cable(run.resolve() / f"{spec.name}.uart", into_board, spec.baud)
        self._usb = Cable(run.resolve() / f"{spec.name}.usb", self._interrupt)
        self._port: PromptPort | None = None
        self._far_uart: socket.socket | None = None
        self._profile = profile
        self._world = world
        self._hub = hub
        self._air = air
        self._process: subprocess.Popen[bytes] | None = None
        self._power_on_us = 0
        self._life: int | None = None
        self._ready = False  # its own programs run, and byte 3 may interrupt them
        self._interrupted_s = -INTERRUPTED_AGAIN_S
        self._interrupt_waits = False

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

    @property
    def usb(self) -> Path:
        """The path of a prompt that has a port of its own."""
        return self._usb.path

    def provision(self, files: Mapping[str, bytes]) -> None:
        """Write `files` and the spec's own into the flash while the power is off. Raises EmulatorError."""
        if self.running:
            raise EmulatorError(f"{self.spec.name}: is running; cut its power before writing its flash")
        self.directory.mkdir(parents=True, exist_ok=True)
        provision(self.image, {**files, **self.spec.files}, self._profile)

    def plug(self) -> Path:
        """Put in what cables the board has; the path of its UART."""
        was_plugged = self.plugged
        if self.spec.usb:
            self._usb.plug()
        path = self._cable.plug()
        if not was_plugged:
            self.on_event("plug")
        return path

    def unplug(self) -> None:
        was_plugged = self.plugged
        self._usb.unplug()
        self._cable.unplug()
        if was_plugged:
            self.on_event("unplug")

    def power_on(self) -> None:
        """Cold boot. Raises EmulatorError when the board has no image yet."""
        self._boot("power-on")

    def power_cut(self) -> None:
        """Take the power away at this instant; what is not in flash is gone."""
        was_running = self.running
        self._kill()
        if was_running:
            self.on_event("power-cut")

    def reset(self) -> None:
        """Press the reset button."""
        self._kill()
        self._boot("reset")

    def tail(self, lines: int = TAIL_LINES) -> list[str]:
        """The console's last lines, over all boots; the last one may be half printed."""
        if not self.console.exists():
            return []
        return self.console.read_text(errors="replace").splitlines()[-lines:]

    def close(self) -> None:
        self._kill()
        self._usb.close()
        self._cable.close()

    def _boot(self, reason: str) -> None:
        if self.running:
            raise EmulatorError(f"{self.spec.name}: has power already; cut it first")
        if not self.image.exists():
            raise EmulatorError(f"{self.spec.name}: {self.image} is missing; provision the board first")
        self.failure = None
        self._power_on_us = monotonic_us()
        if self.spec.prompt or self.spec.usb:
            self._port = port = PromptPort(self.console.open("ab", buffering=0))
            (self._usb if self.spec.usb else self._cable).power(port.cable_end)
        if self._port is None or self.spec.usb:
            uart, self._far_uart = socket.socketpair()
            self._far_uart.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UART_BYTES)
            self._cable.power(uart.detach())
        self._start(reason)

    def _start(self, reason: str) -> None:
        self.power_ons += 1
        self._ready = self._interrupt_waits = False
        self._write_sensors()
        local, far_local = socket.socketpair()
        radio, far_radio = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._life, far_life = os.pipe()
        links = {"local": far_local.fileno()}
        if self._far_uart is not None:
            links["uart"] = self._far_uart.fileno()
        if self._port is not None:
            links["usb" if self.spec.usb else "uart"] = self._port.link
        with far_local, far_radio, self.console.open("ab", buffering=0) as console:
            # What a prompt printed last may have no line end, nor has what the power cut.
            line_end = "" if self._port is None and self._begins_line() else "\n"
            console.write(f"{line_end}--- {reason}, start {self.power_ons}\n".encode())
            for descriptor in (*links.values(), far_radio.fileno()):
                os.set_blocking(descriptor, False)
            config = self._write_config(reason, links, {"radio": far_radio.fileno(), "life": far_life})
            inherited = (*links.values(), far_radio.fileno(), far_life)
            self._process = self._run(config, inherited, console)
        os.close(far_life)
        # The other end closes when the process ends, however it ends.
        get_running_loop().add_reader(self._life, self._on_life)
        self._hub.attach(self.spec.name, local.detach())
        self._air.attach(self.spec.name, radio.detach())
        self.on_event(reason)

    def _begins_line(self) -> bool:
        """Whether the console's next byte is the first of a line."""
        with self.console.open("rb") as console:
            end = console.seek(0, os.SEEK_END)
            console.seek(max(0, end - 1))
            return console.read() in (b"", b"\n")

    def _run(self, config: Path, inherited: Sequence[int], console: IO[bytes]) -> subprocess.Popen[bytes]:
        directory, heap_bytes = self._profile.directory, self._heap_bytes()
        if self._port is None:
            return runtime.start(directory / "start.py", config, heap_bytes, inherited, console)
        script, terminal = directory / "start_with_prompt.py", self._port.terminal
        return runtime.start(script, config, heap_bytes, inherited, self._port.output, terminal)

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

    def _write_curves(self) -> bool:
        """How its clock runs and how warm it is, beside it on the host; whether its warmth is such a course."""
        course = self.spec.course()
        follows = self.spec.die_mc is None and bool(course.die_mc)
        (self.directory / "clock.curve").write_bytes(packed(gained_us(course)))
        if follows:
            (self.directory / "die.curve").write_bytes(packed(warmth_mc(course)))
        return follows

    def _write_config(self, reason: str, links: Mapping[str, int], others: Mapping[str, int]) -> Path:
        path = self.directory / "config.json"
        config = {
            "kind": self._profile.name,
            "image": str(self.image),
            "directory": str(self.directory),
            "flash": self._profile.flash_layout(),
            "boot_reason": reason,
            "unique_id": self.spec.hardware_id().hex(),
            "links": {
                name: {"descriptor": descriptor, **msgspec.structs.asdict(self._profile.links[name])}
                for name, descriptor in links.items()
            },
            **others,
            "prompt": None if self._port is None else "usb" if self.spec.usb else "uart",
            "raw": self._port is not None and self._port.raw,
            "world": asdict(self._world),
            "clock": {
                "power_on_us": self._power_on_us,
                "start_ms": self.spec.start_ms,
            },
            "utc": asdict(self.spec.utc) if self.spec.utc else None,
            "die_mc": self.spec.die_mc,
            "die_course": self._write_curves(),
            "battery_mv": list(self.spec.battery_mv),
            "sensors": sorted(self.spec.sensors),
        }
        if self.spec.baud is not None:
            config["links"]["uart"]["baud"] = self.spec.baud
        path.write_text(json.dumps(config))
        return path

    def _interrupt(self, data: bytes) -> bytes:
        """Byte 3 interrupts a program that left the prompt on its port; one that took it off gets a byte like any.

        Whoever asks for the prompt too early for the board's programs waits for them; a frame does not ask.
        """
        if self._process is None or INTERRUPT not in data:
            return data
        if not self._ready:
            if data != INTERRUPT and ASKING not in data:
                return data
            self._interrupt_waits = True
            return data.replace(INTERRUPT, b"")
        now_s = get_running_loop().time()
        # A second signal before the first is looked at would end the process; to a port it says nothing new.
        if now_s - self._interrupted_s >= INTERRUPTED_AGAIN_S:
            if not runtime.interrupt(self._process):
                return data
            self._interrupted_s = now_s
        return data.replace(INTERRUPT, b"")

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._power_down()

    def _power_down(self) -> None:
        self._stopped()
        self._usb.cut()
        self._cable.cut()
        if self._far_uart is not None:
            self._far_uart.close()
            self._far_uart = None
        if self._port is not None:
            self._port.close()
            self._port = None

    def _stopped(self) -> None:
        """The process is gone; the ports and what lies in them stay."""
        self._process = None
        if self._life is not None:
            get_running_loop().remove_reader(self._life)
            os.close(self._life)
            self._life = None
        self._hub.detach(self.spec.name)
        self._air.detach(self.spec.name)

    def _on_life(self) -> None:
        if self._process is None or self._life is None:
            return
        if os.read(self._life, 1):
            self._ready = True
            if self._port is not None and self._interrupt_waits:
                self._port.give(self._interrupt(INTERRUPT))
            return
        code = self._process.wait()
        if code == RESET_EXIT:
            unread = b"" if self._port is None else self._port.unread()
            self._power_down()
            self._boot("reset")
            if self._port is not None:
                self._port.give(self._interrupt(unread))
        elif self._port is not None and self._ready and code >= 0:
            self._stopped()
            self._port.restart()
            self._start("soft-reset")
        else:
            self._power_down()
            self._fail(f"ended with exit code {code}" if code else "returned from main.py")

    def _fail(self, how: str) -> None:
        last = "\n  ".join(self.tail())
        self.failure = EmulatorError(
            f"{self.spec.name}: {how}; its console ({self.console}) ends with:\n  {last}"
        )
        self.on_failure(self.failure)
        self.on_event("failed")
