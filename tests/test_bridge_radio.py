"""A board drains over LoRa: its modem, the air, a board in gateway mode, its cable, the bridge."""

import asyncio
import json
import os
import time
from contextlib import asynccontextmanager, suppress

import pytest

from fieldpost import provision
from fieldpost.app import App
from fieldpost.config import load
from fieldpost.emulator import BoardSpec, Fleet, compiled, device_files
from fieldpost.emulator.losses import Independent
from fieldpost.emulator.medium import Medium
from fieldpost.mesh import Mesh, Validity
from fieldwire import schema

READINGS = 60
FIELDS = schema.encode("thermometer", [["temp", schema.INTEGER, "Cel", -1]])
RADIO = {"kind": "lora", "channel_khz": 868_100, "factor": 7, "bandwidth_khz": 500, "duty_ppm": 1_000_000}
LINK = """
[[link]]
kind = "lora"
port = "../boards/gate.uart"
channel_khz = 868100
factor = 7
bandwidth_khz = 500
duty_ppm = 1000000
"""
WAIT_S = 60


def device(name, **settings):
    digest = schema.digest(FIELDS).hex()
    wanted = {
        "observe": [{"sensor": "t", "subject": "river/bank", "schema": digest, "period_ms": 100}],
        "seal": {"count": 16, "age_ms": 2000},
        "status_ms": 200,
        "radio": RADIO,
        **settings,
    }
    files = {f"/schemas/{digest}.cbor": FIELDS, "/config.json": json.dumps(wanted).encode()}
    return BoardSpec(name, "hill", sensors={"t": list(range(READINGS))}, files=files)


def gateway():
    return BoardSpec("gate", "hill", files={"/config.json": json.dumps({"gateway": True}).encode()})


@asynccontextmanager
async def field(folder, names, medium):
    """Enrolled boards that are on the air, their bridge behind the gateway: (fleet, app, device ids)."""
    specs = [*(device(name) for name in names), gateway()]
    async with Fleet(folder / "boards", specs, medium=medium) as fleet:
        fleet.provision(await asyncio.to_thread(lambda: compiled(device_files(fleet.profile), fleet.profile)))
        validity = Validity.days(int(time.time()), 30)
        mesh = Mesh.found(folder / "hill-desk", "hill", ["field"], validity, os.urandom)
        mesh.schema("field", FIELDS)
        setup = provision.BridgeSetup("hill", (), (), utc_claims=1)
        provision.make_bridge(mesh, folder / "hill", "field", validity, setup, os.urandom)
        fleet.power_on()
        ids = []
        for name in names:
            terms = provision.DeviceTerms("field", ("river",))
            made = await provision.enrol(mesh, fleet[name].plug(), terms, validity, os.urandom)
            fleet[name].unplug()
            ids.append(made.device)
            provision.hand_over(mesh, made.device, folder / "hill")
        text = folder / "hill" / "bridge.toml"
        text.write_text(text.read_text() + LINK)
        app = App(load(text), folder / "hill")
        running = asyncio.create_task(app.run())
        fleet["gate"].plug()
        try:
            yield fleet, app, ids
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            app.close()


def said(board):
    lines = [line for line in board.tail(40) if line.startswith("status {") and '"device"' in line]
    return json.loads(lines[-1][7:]) if lines else None


async def until(fleet, what, fact):
    end = time.monotonic() + WAIT_S
    while not fact():
        fleet.check()
        assert time.monotonic() < end, f"it is still not so that {what}: {[board.tail(3) for board in fleet]}"
        await asyncio.sleep(0.1)


def drained(fleet, app, names, ids):
    for name, one in zip(names, ids, strict=True):
        status = said(fleet[name])
        held = len(app.desk.state.whole.get(one, {}))
        if not status or status["freed"] < READINGS or not held:
            return False
    return True


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_board_drains_over_lora_through_a_gateway_and_is_freed_by_custody(tmp_path, loss):
    async def story():
        medium = Medium(7, lambda _sender, _receiver, random: Independent(loss, random))
        async with field(tmp_path, ["a"], medium) as (fleet, app, ids):
            await until(fleet, "all is drained and freed", lambda: drained(fleet, app, ["a"], ids))
            assert medium.counts.heard > 20 and medium.counts.sent > 20
            assert not said(fleet["a"])["failures"]

    asyncio.run(story())


def test_devices_behind_one_radio_take_turns_and_all_are_drained(tmp_path):
    names = ["a", "b"]

    async def story():
        async with field(tmp_path, names, Medium(7)) as (fleet, app, ids):
            await until(fleet, "both are drained and freed", lambda: drained(fleet, app, names, ids))

    asyncio.run(story())
