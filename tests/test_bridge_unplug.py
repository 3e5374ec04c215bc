"""Cables that are pulled again and again while journals drain lose nothing."""

import asyncio
import random

import pytest
from field_world import READINGS, device, drained, field, leaves_held, until

NAMES = ("a", "b", "c", "d")
LINKS = "".join(f'\n[[link]]\nport = "../boards/{name}.uart"\n' for name in NAMES)


async def pull(board, times, rng, held):
    """Puts a board's cable in and pulls it so often; how much the bridge held of it, each time."""
    found = []
    for _ in range(times):
        board.plug()
        await asyncio.sleep(0.05 + rng.random() * 0.4)
        board.unplug()
        found.append(held())
        await asyncio.sleep(rng.random() * 0.1)
    return found


@pytest.mark.parametrize("times", [25, pytest.param(250, marks=pytest.mark.soak)])
def test_pulling_cables_a_hundred_times_during_drains_loses_nothing_and_doubles_nothing(tmp_path, times):
    async def story():
        specs = [device(name, seal={"count": 4, "age_ms": 500}) for name in NAMES]
        async with field(tmp_path, specs, LINKS) as (fleet, app, ids):
            found = await asyncio.gather(
                *(
                    pull(
                        fleet[name],
                        times,
                        random.Random(name),
                        lambda name=name: len(leaves_held(app, ids[name])),
                    )
                    for name in NAMES
                )
            )
            fleet.check()
            assert all(len(set(one)) > 2 for one in found), found  # they drained meanwhile
            for board in fleet:
                board.plug()
            await until(fleet, "all is drained and freed", lambda: drained(fleet, app, ids))
            assert all(leaves_held(app, one) == list(range(READINGS)) for one in ids.values())

    asyncio.run(story())
