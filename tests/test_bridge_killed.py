"""A bridge that is killed while it drains goes on where it was: nothing acknowledged is lost, nothing doubled."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from fieldpost import provision
from fieldpost.emulator import BoardSpec, Fleet, compiled, device_files
from fieldpost.emulator.said import statuses
from fieldpost.mesh import Mesh, Validity
from fieldpost.store import Store, StoreError
from fieldwire import schema

KILLS = 6
READINGS = 60
BAROMETER = schema.encode("barometer", [["pressure", schema.INTEGER, "hPa", -1]])


def spec() -> BoardSpec:
    digest = schema.digest(BAROMETER).hex()
    reading = {"sensor": "pressure", "subject": "harbor/air", "schema": digest, "period_ms": 20}
    settings = {"observe": [reading], "status_ms": 100, "seal": {"count": 4, "age_ms": 500}}
    files = {f"/schemas/{digest}.cbor": BAROMETER, "/config.json": json.dumps(settings).encode()}
    return BoardSpec("a1", "alpha", 20, {"pressure": list(range(10000, 10000 + READINGS))}, files=files)


def status(console: Path) -> dict:
    return next(statuses(reversed(console.read_text().splitlines())), {})


def rows(path: Path, sql: str) -> list[tuple]:
    try:
        store = Store.read_only(path)
    except (FileNotFoundError, StoreError):
        return []
    try:
        return store.query(sql)
    finally:
        store.close()


async def until(fact, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.05)


async def story(folder: Path) -> tuple[dict, list[tuple], list[tuple]]:
    validity = Validity.days(int(time.time()), 30)
    mesh = Mesh.found(folder / "desk", "alpha", ["field"], validity, os.urandom)
    async with Fleet(folder / "boards", [spec()]) as fleet:
        fleet.provision(compiled(device_files(fleet.profile), fleet.profile))
        fleet.power_on()
        board = fleet["a1"]
        made = await provision.enrol(
            mesh, board.plug(), provision.DeviceTerms("field", ("harbor",)), validity, os.urandom
        )
        board.unplug()
        setup = provision.BridgeSetup("alpha", links=(("../boards/a1.uart", 115200),), utc_claims=1)
        bridge = provision.make_bridge(mesh, folder / "bridge", "field", validity, setup, os.urandom)
        provision.hand_over(mesh, made.device, bridge.folder)
        await until(lambda: status(board.console).get("journalled", 0) >= READINGS, 20)
        board.plug()
        store = bridge.folder / "store.db"
        count = "SELECT count(*) FROM envelope WHERE kind = 'segment'"
        for kill in range(KILLS + 1):
            command = [sys.executable, "-m", "fieldpost", "bridge", "run", str(bridge.folder / "bridge.toml")]
            with (folder / "bridge.log").open("ab") as log:
                process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
            try:
                held = (rows(store, count) or [(0,)])[0][0]
                if kill < KILLS:
                    await until(
                        lambda held=held: (rows(store, count) or [(0,)])[0][0] > held or drained(board), 15
                    )
                else:
                    await until(lambda: drained(board), 20)
            finally:
                process.kill()
                await process.wait()
        positions = rows(store, "SELECT device, incarnation, stream, seq, subject FROM observation")
        return status(board.console), positions, rows(store, "SELECT what, code FROM refusal")


def drained(board) -> bool:
    said = status(board.console)
    return said.get("freed", 0) == said.get("journalled", -1)


def test_a_bridge_killed_while_it_drains_loses_nothing_and_doubles_nothing(tmp_path):
    said, positions, refusals = asyncio.run(story(tmp_path))
    mine = [row for row in positions if row[0].hex() == said["device"]]
    assert said["freed"] == said["journalled"] == len(mine) >= READINGS
    assert len({row[:4] for row in mine}) == len(mine)
    assert len([row for row in mine if row[4] == "harbor/air"]) == READINGS
    assert refusals == []
