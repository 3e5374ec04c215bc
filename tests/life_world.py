"""One bare emulated board, its cable tapped, and the command line as a person has it: a process a command."""

import asyncio
import json
import re
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import replace

from tapped_port import TappedPort

from fieldpost.emulator import BoardSpec, Fleet, UtcReceiver
from fieldpost.emulator.readings import load_readings
from fieldpost.emulator.said import statuses
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.build import build, digests
from fieldpost.firmware_build.folder import write
from fieldpost.firmware_build.programs import rom_image
from fieldpost.signing import Signer
from fieldwire import keys, schema, token_writer

COMMAND_S = 120
SETTLE_S = 0.5  # a status line comes within
PLACED_LOOKS = 12
WEATHER = load_readings("jfk", "pressure")
VALUES = tuple(one for one in WEATHER.values if one is not None)  # hourly, for more than three days
BAROMETER = schema.encode("barometer", [["pressure", schema.INTEGER, WEATHER.unit, WEATHER.exponent]])
SUBJECT = "harbor/air"


class Told:
    """What a command came to: `code`, what it printed as `output` and as `error`."""

    def __init__(self, code, output, error):
        self.code, self.output, self.error = code, output.decode(), error.decode()

    @property
    def document(self):
        return json.loads(self.output)


class Life:
    """`fieldpost` runs a command; `running` starts one; paths of desk, bridge, board file and schema."""

    def __init__(self, folder, fleet, tap):
        self.folder, self.fleet, self.tap = folder, fleet, tap
        self.board = fleet["a"]
        self.port, self.bridge_port = folder / "ttyDESK", folder / "ttyBRIDGE"
        tap.plug(self.port)
        self.desk, self.bridge = folder / "desk", folder / "bridge"
        self.config, self.schema = folder / "config.json", folder / "barometer.cbor"

    async def running(self, *words, output=asyncio.subprocess.PIPE):
        words = [str(word) for word in words]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fieldpost",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    async def tried(self, *words):
        process = await self.running(*words, "--json")
        try:
            output, error = await asyncio.wait_for(process.communicate(), COMMAND_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"no end: {words}; the console ends {self.board.tail()}") from None
        return Told(process.returncode, output, error)

    async def fieldpost(self, *words):
        told = await self.tried(*words)
        assert told.code == 0, f"{words}: {told.error}; the console ends {self.board.tail()}"
        return told.document

    async def found_mesh(self):
        """A mesh with its desk, a bridge, and what the board is to observe."""
        await self.fieldpost("mesh", "init", "alpha", self.desk, "--authority", "field/air")
        self.schema.write_bytes(BAROMETER)
        await self.fieldpost("mesh", "schema", self.desk, self.schema)
        await self.fieldpost("mesh", "bridge", self.desk, self.bridge, "--port", self.bridge_port)
        toml = self.bridge / "bridge.toml"
        toml.write_text(
            toml.read_text().replace("utc_claims = 2", "utc_claims = 1")
        )  # one device is all there is
        reading = {
            "sensor": "pressure",
            "subject": SUBJECT,
            "schema": schema.digest(BAROMETER).hex(),
            "period_ms": 25,
        }
        wanted = {
            "observe": [reading],
            "seal": {"count": 16, "age_ms": 500},
            "status_ms": 200,
            "utc": True,
            "exchange_ms": 500,
        }
        self.config.write_text(json.dumps(wanted))

    async def install(self, build):
        words = ("--build", build, "--config", self.config, "--schema", self.schema)
        return await self.fieldpost("device", "install", "emulated", self.port, *words)

    async def enrol(self):
        return await self.fieldpost("device", "enrol", self.port, *self.terms(), "--bridge", self.bridge)

    def terms(self):
        """On which the board is enrolled."""
        return ("--mesh", self.desk, "--subject", "harbor", "--right", "observe", "--right", "time")

    async def cut_in(self, count, *words):
        """A command whose board loses its power once so many bytes have gone to it; the command ends with it."""
        at, gone = len(self.tap.to_board) + count, asyncio.Event()

        def on_bytes(so_far):
            if so_far >= at and not gone.is_set():
                self.board.power_cut()
                gone.set()

        self.tap.on_bytes = on_bytes
        process = await self.running(*words)
        ended = asyncio.ensure_future(process.communicate())
        cut = asyncio.ensure_future(gone.wait())
        await asyncio.wait((ended, cut), timeout=COMMAND_S, return_when=asyncio.FIRST_COMPLETED)
        assert gone.is_set(), f"{words} ended before {count} bytes: {ended.result()}"
        process.kill()
        await ended

    def weather(self, values):
        """The record of its barometer goes on."""
        with (self.board.directory / "sensors" / "pressure.jsonl").open("a") as file:
            file.write("".join(f"{one}\n" for one in values))

    def seeds(self):
        """Every private key that lies on its flash, by the device whose it is: it stands before the mesh's root."""
        root = b"\x58\x20" + bytes.fromhex(json.loads((self.desk / "mesh.json").read_text())["root"])
        image, found = self.board.image.read_bytes(), {}
        for at in (match.start() for match in re.finditer(re.escape(root), image)):
            seed = image[at - 66 : at - 34]
            found[keys.device_id(Signer(seed).public).hex()] = seed
        return found

    def status(self):
        """What the agent said last of itself on its console."""
        return next(statuses(reversed(self.board.tail(40))), {})

    @asynccontextmanager
    async def bridging(self):
        """The mesh's bridge runs, far from the desk; when the block ends it has ended as it should."""
        with (self.folder / "bridge.log").open("ab") as log:
            process = await self.running("bridge", "run", self.bridge / "bridge.toml", output=log)
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), COMMAND_S)

    async def drain(self, value):
        """The bridge holds all that the board has observed; the picture's row of it, once it shows that value."""
        await self.until("it has observed all", self.has_read)
        await asyncio.sleep(SETTLE_S)
        self.tap.plug(self.bridge_port)
        await self.until("it is drained", self.is_drained)
        for _ in range(PLACED_LOOKS):  # a boot's time is proven once its clock was compared
            row = await self.picture()
            if row is not None and row["value"] == value:
                break
        self.tap.plug(self.port)
        return row

    def has_read(self):
        """Whether the record of its barometer is at its end."""
        place = self.board.directory / "sensors" / "pressure.at"
        return int(place.read_text()) == place.with_suffix(".jsonl").stat().st_size

    def is_drained(self):
        status = self.status()
        return status.get("journalled") == status.get("freed") and status.get("linked")

    async def picture(self):
        """The row of what the board observes, None where there is none."""
        told = await self.fieldpost("picture", "--store", self.bridge / "store.db")
        return next((row for row in told["picture"] if row["subject"] == SUBJECT), None)

    async def until(self, what, fact, limit_s=60):
        end = asyncio.get_running_loop().time() + limit_s
        while not fact():
            self.fleet.check()
            now_s = asyncio.get_running_loop().time()
            assert now_s < end, f"it is still not so that {what}; the console ends {self.board.tail(3)}"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def life(folder, values=VALUES, **spec):
    """A board as it is bought: with power, a runtime and a cable, and nothing on it."""
    wanted = {"prompt": True, "sensors": {"pressure": values}, "utc": UtcReceiver(100), **spec}
    async with Fleet(folder / "boards", [BoardSpec("a", "alpha", **wanted)]) as fleet:
        fleet.provision({})
        port = fleet["a"].plug()
        fleet.power_on()
        async with TappedPort(port) as tap:
            yield Life(folder, fleet, tap)


def builds(folder):
    """Folders of two builds for the emulated board: an older release's, which has one module more, and today's."""
    made = build(load_profile())
    write(made, folder / "new")
    files = {**made.files, "rom/lib/fieldagent/former.mpy": made.files["rom/lib/fieldagent/__init__.mpy"]}
    for name, data in files.items():
        if name.startswith("rom/"):
            path = folder / "stage" / name.removeprefix("rom/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    older = replace(
        made,
        files=files,
        rom=rom_image(folder / "stage"),
        measurement=token_writer.measurement(digests(files).items()),
        version="0.0.9",
    )
    write(older, folder / "old")
    return folder / "old", folder / "new"
