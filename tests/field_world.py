"""Emulated boards with their bridge in one process: enrolled, configured, watched."""

import asyncio
import json
import os
import time
from contextlib import asynccontextmanager, suppress

from fieldpost import provision
from fieldpost.app import App
from fieldpost.config import load
from fieldpost.emulator import BoardSpec, Fleet, compiled, device_files
from fieldpost.emulator.said import statuses
from fieldpost.mesh import Mesh, Validity
from fieldwire import cbor, schema
from fieldwire import observation as obs

READINGS = 60
FIELDS = schema.encode("thermometer", [["temp", schema.INTEGER, "Cel", -1]])
WAIT_S = 60


def device(name, period_ms=100, **settings):
    digest = schema.digest(FIELDS).hex()
    wanted = {
        "observe": [{"sensor": "t", "subject": "river/bank", "schema": digest, "period_ms": period_ms}],
        "seal": {"count": 16, "age_ms": 2000},
        "status_ms": 200,
        **settings,
    }
    files = {f"/schemas/{digest}.cbor": FIELDS, "/config.json": json.dumps(wanted).encode()}
    return BoardSpec(name, "hill", sensors={"t": list(range(READINGS))}, files=files)


@asynccontextmanager
async def field(folder, specs, links, medium=None, schemas=(FIELDS,)):
    """Boards, of which those with a sensor are enrolled, and their running bridge: (fleet, app, device ids).

    `links`: what stands in bridge.toml for them; no cable is in yet.
    """
    async with Fleet(folder / "boards", specs, medium=medium) as fleet:
        fleet.provision(await asyncio.to_thread(lambda: compiled(device_files(fleet.profile), fleet.profile)))
        validity = Validity.days(int(time.time()), 30)
        mesh = Mesh.found(folder / "hill-desk", "hill", ["field"], validity, os.urandom)
        for each in schemas:
            mesh.schema("field", each)
        setup = provision.BridgeSetup("hill", utc_claims=1)
        provision.make_bridge(mesh, folder / "hill", "field", validity, setup, os.urandom)
        fleet.power_on()
        sensing = [fleet[spec.name] for spec in specs if spec.sensors]
        await until(fleet, "all wait", lambda: all("awaiting" in "".join(one.tail()) for one in sensing))
        ids = {}
        for spec in specs:
            if spec.sensors:
                terms = provision.DeviceTerms("field", ("river",))
                made = await provision.enrol(mesh, fleet[spec.name].plug(), terms, validity, os.urandom)
                fleet[spec.name].unplug()
                ids[spec.name] = made.device
                provision.hand_over(mesh, made.device, folder / "hill")
        text = folder / "hill" / "bridge.toml"
        text.write_text(text.read_text() + links)
        app = App(load(text), folder / "hill")
        running = asyncio.create_task(app.run())
        try:
            yield fleet, app, ids
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            app.close()


def said(board):
    """The last status line of an enrolled board, None where there is none yet."""
    return next((one for one in statuses(reversed(board.tail(40))) if "device" in one), None)


async def until(fleet, what, fact):
    end = time.monotonic() + WAIT_S
    while not fact():
        fleet.check()
        assert time.monotonic() < end, f"it is still not so that {what}: {[board.tail(3) for board in fleet]}"
        await asyncio.sleep(0.1)


def drained(fleet, app, ids):
    """Whether each device has freed all that it read, and the bridge holds it."""
    for name, one in ids.items():
        status = said(fleet[name])
        if not status or status["freed"] < status["journalled"] or len(leaves_held(app, one)) < READINGS:
            return False
    return True


def leaves_held(app, one):
    """Values of the readings of a device that the bridge holds, in their order."""
    entries = [each.observation for each in app.desk.state.entries.values()]
    readings = [each for each in entries if each[obs.DEVICE] == one and each[obs.STREAM] == obs.READINGS]
    return [cbor.decode(each[obs.PAYLOAD])[0] for each in sorted(readings, key=obs.position)]
