"""A board's life by the command line alone: bare, installed, enrolled, drained, updated through power cuts, rotated,
revoked. What it observes is in the picture for as long as its mesh stands by it, and its private key is on it alone.
"""

import asyncio
from base64 import b64encode
from random import Random

import pytest
from life_world import VALUES, builds, life

from fieldpost.emulator.readings import load_readings
from fieldpost.emulator.runtime import interpreter

CUTS = 3
LATER = [one for one in load_readings("lga", "pressure").values if one is not None][:20]


def passed(tap, secret):
    """Whether eight bytes in a row of a secret went over the cable, as bytes, in hexadecimal or in base64."""
    crossed = bytes(tap.to_board + tap.to_host)
    text = crossed.lower()
    for at in range(len(secret) - 8):
        piece = secret[at : at + 8]
        if piece in crossed or piece.hex().encode() in text:
            return True
    return any(b64encode(secret[shift : shift + 27])[:32] in crossed for shift in range(5))


async def bare(one, old):
    """From a board as it is bought to an agent that waits for its enrolment."""
    [row] = await one.fieldpost("device", "list", one.port, "--ask")
    assert row["answers"] == "prompt" and row["port"] == str(one.port)
    words = ("device", "flash", "emulated")
    checked = await one.fieldpost(*words, interpreter(), "--port", one.port, "--dry-run")
    assert checked["board"] == "emulated"
    wrong = await one.tried(*words, one.config, "--port", one.port)
    assert wrong.code == 1 and str(one.config) in wrong.error
    words = ("device", "enrol", one.port, "--mesh", one.desk)
    refused = await one.tried(*words)
    assert refused.code == 3 and "fieldpost device install" in refused.error
    wrong = await one.tried("device", "install", "rp2040", one.port, "--build", old)
    assert wrong.code == 3 and "is a build for emulated, not for rp2040" in wrong.error
    refused = await one.tried("device", "update", one.port, "--build", old)
    assert refused.code == 3 and "there is no agent on it" in refused.error
    return await one.install(old)


async def enrolled(one, installed):
    """One command makes it a device of the mesh; asked again it says the same, and another mesh is told whose it is."""
    words = ("device", "enrol", one.port, "--mesh", one.desk)
    planned = await one.fieldpost(*words, "--dry-run")
    assert planned["before"] is False and planned["measurements"] == [installed["measurement"]]
    made = await one.enrol()
    assert made["before"] is False and made["device"] == planned["device"]
    assert made["measurements"] == [installed["measurement"]]
    assert await one.enrol() == {**made, "before": True}
    other = one.folder / "other"
    await one.fieldpost("mesh", "init", "bravo", other, "--authority", "ops")
    refused = await one.tried("device", "enrol", one.port, "--mesh", other)
    assert refused.code == 1 and made["device"] in refused.error and made["mesh"] in refused.error
    assert not list((other / "devices").glob("*")) and "fieldpost device wipe" in refused.error
    return made


async def drained_day(one):
    """All readings of a day are in the bridge; while it has the port, no second program gets it."""
    row = await one.drain(VALUES[-1])
    assert row["value"] == VALUES[-1]
    one.tap.plug(one.bridge_port)
    await one.until("its bridge has the port", lambda: one.status().get("linked"))
    busy = await one.tried("device", "rotate-key", one.bridge_port, "--mesh", one.desk)
    assert busy.code == 3 and "end what holds it" in busy.error
    one.tap.plug(one.port)
    return row


async def updated(one, old, build, seed):
    """The power is cut where the seed says; the agent that runs then is the old one or the new one."""
    words = ("device", "update", one.port, "--mesh", one.desk, "--bridge", one.bridge, "--build", build)
    planned = await one.fieldpost(*words, "--dry-run")
    new, random = planned["measurement"], Random(seed)
    assert planned["bytes"] > 100_000 and new != old
    runs = []
    for _ in range(CUTS):
        await one.cut_in(random.randrange(2_000, planned["bytes"]), *words)
        one.board.power_on()
        who = await one.fieldpost("device", "enrol", one.port, *one.terms(), "--dry-run")
        runs += who["measurements"]
    assert set(runs) <= {old, new}
    made = await one.fieldpost(*words)
    assert (made["outcome"], made["measurement"]) == ("stays", new)
    again = await one.fieldpost(*words)
    assert (again["outcome"], again["copy"], again["endorsement"]) == ("stays", [], made["endorsement"])
    return made


async def graded(one, row):
    """How the bridge grades what stands in the picture."""
    told = await one.fieldpost("why", row["observation"], "--store", one.bridge / "store.db")
    [step] = [step for step in told["steps"] if step["stage"] == "attest"]
    return step["outcome"]


async def story(folder, seed):
    old, new = await asyncio.to_thread(builds, folder)
    async with life(folder) as one:
        await one.found_mesh()
        installed = await bare(one, old)
        made = await enrolled(one, installed)
        async with one.bridging():
            return await in_the_field(one, installed, made, new, seed)


async def in_the_field(one, installed, made, new, seed):
    """What befalls an enrolled device, its mesh's bridge running all the while."""
    assert await graded(one, await drained_day(one)) == "endorsed"
    update = await updated(one, installed["measurement"], new, seed)
    one.weather(LATER[:10])
    row = await one.drain(LATER[9])
    assert (row["value"], await graded(one, row)) == (LATER[9], "endorsed")

    seeds = one.seeds()
    words = ("--mesh", one.desk, "--bridge", one.bridge)
    rotated = await one.fieldpost("device", "rotate-key", one.port, *words)
    assert rotated["former"] == made["device"] and rotated["device"] not in seeds
    one.weather(LATER[10:15])
    row = await one.drain(LATER[14])
    assert (row["value"], await graded(one, row)) == (LATER[14], "endorsed")

    seeds |= one.seeds()
    assert {made["device"], rotated["device"]} <= seeds.keys()
    assert not [device for device, seed in seeds.items() if passed(one.tap, seed)]
    assert passed(one.tap, bytes.fromhex(made["public"])), "what did cross is found"

    revoked = await one.fieldpost("device", "revoke", rotated["device"], *words)
    assert revoked["revokes"] == rotated["device"]
    one.weather(LATER[15:])
    after = await one.drain(LATER[9])
    assert after["value"] == LATER[9], "what its former key said stands"
    told = await one.tried("log", "list", "--store", one.bridge / "store.db")
    assert '"credential-revoked"' in told.output
    return update


@pytest.mark.timeout(300)
def test_a_bare_board_becomes_a_device_and_ends_as_one_by_the_command_line_alone(tmp_path):
    update = asyncio.run(story(tmp_path, 41))
    assert update["outcome"] == "stays"
