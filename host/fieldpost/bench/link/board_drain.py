"""A real MicroPython agent drains its journal over a PTY at the pace of a UART into a real bridge.

The emulated board observes with the cable out; then the cable is put in. Time runs from the last look before the
bridge says that the board is on the line until it has all on its disk: acknowledgements, checking and writing are
inside. Three processes share this machine's cores, so that a figure says as much of the machine as of the link.
"""

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fieldpost import provision
from fieldpost.bench.line import Line
from fieldpost.bridge_text import BridgeSetup
from fieldpost.emulator import BoardSpec, EmulatedBoard, Fleet, compiled, device_files, die_with
from fieldpost.emulator.said import statuses
from fieldpost.mesh import Mesh, Validity
from fieldpost.store import Store
from fieldwire import schema

BAUD = 921_600
FIELDS = 16
OBSERVATIONS = 1_200
PERIOD_MS = 10
HEAP_BYTES = 1 << 20
WAIT_S_MAX = 90.0
SEALED_S = 1.5  # after so long the last segment is sealed
LOOK_S = 0.01
ON_THE_LINE = b"is on the line"
NAME = "draining"
SCHEMA = schema.encode("spectrum", [[f"band{n}", schema.INTEGER, "dB", -1] for n in range(FIELDS)])


class NotDrained(Exception):
    """The board or the bridge did not do its part; the message holds what they said last."""


@dataclass(frozen=True, slots=True)
class Drained:
    """Bytes of the segments that the bridge keeps, and the seconds that it took to drain them."""

    segment_bytes: int
    segments: int
    seconds: float

    def share(self) -> float:
        """Share of the line rate, ten bits a byte."""
        return self.segment_bytes * 10 / self.seconds / BAUD


def spec(seed: int, observations: int) -> BoardSpec:
    """A board whose sensor shows so many spectra and then nothing more."""
    random = Random(f"spectra/{seed}")
    readings = [[random.randrange(-30_000, 30_000) for _ in range(FIELDS)] for _ in range(observations)]
    digest = schema.digest(SCHEMA).hex()
    settings = {
        "observe": [{"sensor": "bands", "subject": "field", "schema": digest, "period_ms": PERIOD_MS}],
        "status_ms": 200,
        "seal": {"count": 32, "age_ms": 1_000},
    }
    files = {f"/schemas/{digest}.cbor": SCHEMA, "/config.json": json.dumps(settings).encode()}
    sensors = {"bands": readings}
    return BoardSpec(NAME, "bench", sensors=sensors, heap_bytes=HEAP_BYTES, files=files, baud=BAUD)


async def drain(folder: Path, seed: int, observations: int) -> Drained:
    """Founds a mesh, enrols the board, lets it observe, and drains it. Raises NotDrained."""
    validity = Validity.days(int(time.time()), 30)
    mesh = Mesh.found(folder / "desk", "bench", ["ops"], validity, os.urandom)
    mesh.schema("ops", SCHEMA)
    async with Fleet(folder / "boards", [spec(seed, observations)], seed=seed) as fleet:
        board = fleet[NAME]
        fleet.provision(await asyncio.to_thread(lambda: compiled(device_files(fleet.profile), fleet.profile)))
        fleet.power_on()
        terms = provision.DeviceTerms("ops", None)
        made = await provision.enrol(mesh, board.plug(), terms, validity, os.urandom, BAUD)
        board.unplug()
        setup = BridgeSetup("bench", links=((str(board.uart), BAUD),), utc_claims=1)
        provision.make_bridge(mesh, folder / "bridge", "ops", validity, setup, os.urandom)
        provision.hand_over(mesh, made.device, folder / "bridge")
        await until(lambda: status(board).get("journalled", 0) >= observations, board)
        await asyncio.sleep(SEALED_S)
        async with bridge_of(folder / "bridge"):
            store = folder / "bridge/store.db"
            await until(store.exists, board)
            board.plug()
            log = folder / "bridge/bridge.log"
            began_s = await until(lambda: ON_THE_LINE in log.read_bytes(), board)
            await until(lambda: held(store)[2] >= observations, board)
            seconds = time.monotonic() - began_s
            size, count, _ = held(store)
        return Drained(size, count, seconds)


@asynccontextmanager
async def bridge_of(folder: Path) -> AsyncIterator[None]:
    """The bridge in `folder` runs as a process of its own."""
    with (folder / "bridge.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fieldpost", "bridge", "run", str(folder / "bridge.toml")),
            stdout=log,
            stderr=log,
            preexec_fn=die_with(os.getpid()),
        )
        try:
            yield
        finally:
            process.terminate()
            await process.wait()


def status(board: EmulatedBoard) -> dict[str, Any]:
    """The board's last word on its console."""
    return next(statuses(reversed(board.tail(3))), {})


def held(store: Path) -> tuple[int, int, int]:
    """(bytes of segments, segments, observations) that the bridge has on its disk."""
    query = "SELECT coalesce(sum(length(data)), 0), count(*) FROM envelope WHERE kind = 'segment'"
    try:
        found = Store.read_only(str(store))
    except (FileNotFoundError, sqlite3.OperationalError):
        return 0, 0, 0
    try:
        [(size, count)] = found.query(query)
        [(observations,)] = found.query("SELECT count(*) FROM observation")
    finally:
        found.close()
    return size, count, observations


async def until(condition: Callable[[], Any], board: EmulatedBoard) -> float:
    """The time of the last look that found it not so."""
    last_s = time.monotonic()
    end = last_s + WAIT_S_MAX
    while True:
        look_s = time.monotonic()
        if condition():
            return last_s
        if look_s > end:
            raise NotDrained("\n".join(board.tail()))
        last_s = look_s
        await asyncio.sleep(LOOK_S)


def lines(seed: int, observations: int = OBSERVATIONS) -> Iterator[Line]:
    print("measuring link: agent_pty_921600", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(drain(Path(folder), seed, observations))
    references = {"segment bytes": float(found.segment_bytes), "segments": float(found.segments)}
    share = found.share()
    yield Line("link/agent_pty_921600", share, "ratio", "higher", 1, seed, found.seconds, 0.80, references)
