"""A cable that is pulled again and again while a journal drains loses nothing."""

import asyncio
import random

import pytest
from field_world import READINGS, device, drained, field, leaves_held, until

LINK = """
[[link]]
port = "../boards/a.uart"
"""


@pytest.mark.parametrize("times", [20, pytest.param(100, marks=pytest.mark.soak)])
def test_unplugging_during_a_drain_loses_nothing_and_doubles_nothing(tmp_path, times):
    rng = random.Random(times)

    async def story():
        async with field(tmp_path, [device("a", seal={"count": 4, "age_ms": 500})], LINK) as (
            fleet,
            app,
            ids,
        ):
            for _ in range(times):
                fleet["a"].plug()
                await asyncio.sleep(0.1 + rng.random() * 0.5)
                fleet["a"].unplug()
                fleet.check()
                await asyncio.sleep(rng.random() * 0.2)
            fleet["a"].plug()
            await until(fleet, "all is drained and freed", lambda: drained(fleet, app, ids))
            assert leaves_held(app, ids["a"]) == list(range(READINGS))

    asyncio.run(story())
