"""A board drains over LoRa: its modem, the air, a board in gateway mode, its cable, the bridge."""

import asyncio
import json

import pytest
from field_world import READINGS, device, drained, field, leaves_held, said, until

from fieldpost.emulator import BoardSpec
from fieldpost.emulator.losses import Independent
from fieldpost.emulator.medium import Medium

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
GATEWAY = BoardSpec("gate", "hill", files={"/config.json": json.dumps({"gateway": True}).encode()})


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_board_drains_over_lora_through_a_gateway_and_is_freed_by_custody(tmp_path, loss):
    async def story():
        medium = Medium(7, lambda _sender, _receiver, random: Independent(loss, random))
        async with field(tmp_path, [device("a", radio=RADIO), GATEWAY], LINK, medium) as (fleet, app, ids):
            fleet["gate"].plug()
            await until(fleet, "all is drained and freed", lambda: drained(fleet, app, ids))
            assert leaves_held(app, ids["a"]) == list(range(READINGS))
            assert medium.counts.heard > 20 and medium.counts.sent > 20
            assert not said(fleet["a"])["failures"]
            [(_, link)] = app.links
            assert link._session.incoming.expanding._unpacker._context.authors, "its segments came packed"

    asyncio.run(story())


def test_devices_behind_one_radio_take_turns_and_all_are_drained(tmp_path):
    async def story():
        specs = [device("a", radio=RADIO), device("b", radio=RADIO), GATEWAY]
        async with field(tmp_path, specs, LINK) as (fleet, app, ids):
            fleet["gate"].plug()
            await until(fleet, "both are drained and freed", lambda: drained(fleet, app, ids))
            assert leaves_held(app, ids["a"]) == leaves_held(app, ids["b"]) == list(range(READINGS))

    asyncio.run(story())


def test_a_gateway_that_loses_its_power_is_set_up_anew(tmp_path):
    async def story():
        async with field(tmp_path, [device("a", radio=RADIO), GATEWAY], LINK) as (fleet, app, ids):
            fleet["gate"].plug()
            await until(fleet, "it drains", lambda: app.desk.state.whole.get(ids["a"]))
            fleet["gate"].reset()
            await until(fleet, "all is drained and freed", lambda: drained(fleet, app, ids))
            assert fleet["gate"].power_ons == 2
            assert leaves_held(app, ids["a"]) == list(range(READINGS))

    asyncio.run(story())
