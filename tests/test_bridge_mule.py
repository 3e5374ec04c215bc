"""Two boards and a bridge: what one observed reaches the bridge on the other, and comes back as custody. SPEC 8.11"""

import asyncio

from field_world import READINGS, device, field, leaves_held, said

LINK = """
[[link]]
port = "../boards/mule.uart"
"""
TRIPS_MAX = 12
CARRY = {"neighbours": True, "beacon_ms": 300, "seal": {"count": 8, "age_ms": 1_000}}


def test_a_board_without_a_bridge_is_drained_and_freed_by_one_that_goes_to_and_fro(tmp_path):
    async def story():
        specs = [
            device("origin", 20, hand_over=True, **CARRY),
            device("mule", 20, carry={"bytes": 1 << 18}, **CARRY),
        ]
        async with field(tmp_path, specs, LINK) as (fleet, app, ids):
            origin, mule = fleet["origin"], fleet["mule"]

            def freed():
                return (said(origin) or {}).get("freed", 0)

            freed_after = []
            while not freed_after or freed_after[-1] < READINGS:
                fleet.check()
                fleet.hub.connect("origin", "mule")
                await asyncio.sleep(2)
                fleet.hub.disconnect("origin", "mule")
                freed_after.append(freed())
                mule.plug()
                await asyncio.sleep(1.5)
                mule.unplug()
                assert len(freed_after) < TRIPS_MAX, (freed_after, leaves_held(app, ids["origin"]))
            assert freed_after[0] == 0, "a mule that was nowhere yet frees nothing"
            assert leaves_held(app, ids["origin"]) == list(range(READINGS)) and not said(origin)["failures"]

    asyncio.run(story())
