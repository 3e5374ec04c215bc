"""A board without a ROMFS starts from a slot's pack, tries the other one, and runs it where its own is damaged."""

import asyncio
import os
import time
from dataclasses import replace
from functools import cache

import pytest
from emulated_probe import settle
from mpremote_bench import Bench
from test_bridge_slots import STAYS_UP_S, UP_S, offered, record_of, told

from fieldpost import provision
from fieldpost.emulator import BoardSpec, Fleet
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.build import build
from fieldpost.firmware_build.module_pack import PACK
from fieldpost.mesh import Mesh, Validity

PICO_BLOCKS = 224
HEAP_BYTES = 524_288


@cache
def made():
    return build(replace(load_profile(), modules="files", rom_bytes=0, blocks=PICO_BLOCKS))


def firmware(**slots):
    """The start, and what lies in each slot."""
    start = {name: data for name, data in made().files.items() if name != PACK}
    return start | {f"{slot}.pack": data for slot, data in slots.items()}


def fleet(folder, prompt=True):
    return Fleet(
        folder, [BoardSpec("a", "hill", prompt=prompt, heap_bytes=HEAP_BYTES)], profile=made().profile
    )


def flipped(pack, at):
    return pack[:at] + bytes((pack[at] ^ 1,)) + pack[at + 1 :]


def test_a_board_runs_from_a_pack_and_measures_what_the_build_says_in_either_slot(tmp_path):
    now = int(time.time())
    mesh = Mesh.found(tmp_path / "desk", "alpha", ["ops"], Validity.days(now, 365), os.urandom)
    terms = provision.DeviceTerms("ops", ("field",))
    pack = made().files[PACK]

    async def scenario(name, **slots):
        async with fleet(tmp_path / name, prompt=False) as boards:
            boards.provision(firmware(**slots))
            port = boards["a"].plug()
            boards.power_on()
            return await provision.enrol(mesh, port, terms, Validity.days(now, 30), os.urandom)

    assert asyncio.run(scenario("own", a=pack)).measurements == (made().measurement,)
    assert asyncio.run(scenario("other", a=flipped(pack, 20), b=pack)).measurements == (made().measurement,)


def test_an_offered_pack_runs_on_trial_and_is_confirmed(tmp_path):
    async def story():
        async with fleet(tmp_path) as boards:
            boards.provision({**firmware(a=b"no pack", b=made().files[PACK]), **offered()})
            mpremote = Bench(boards, boards["a"].plug())
            mpremote.board.power_on()
            assert await settle(lambda: told(mpremote.board), UP_S), mpremote.board.tail()
            await asyncio.sleep(STAYS_UP_S)
            record = await record_of(mpremote)
            assert (record.slot, record.trial, record.crashes) == ("b", None, 0)

    asyncio.run(story())


@pytest.mark.parametrize("damage", ["head", "index", "end", "missing"])
def test_an_offered_pack_that_is_not_sound_is_left_again_at_the_next_start(tmp_path, damage):
    pack = made().files[PACK]
    wrong = {"head": flipped(pack, 5), "index": flipped(pack, 300), "end": pack[:-1]}

    async def story():
        async with fleet(tmp_path) as boards:
            spare = {"b": wrong[damage]} if damage in wrong else {}
            boards.provision({**firmware(a=pack, **spare), **offered()})
            mpremote = Bench(boards, boards["a"].plug())
            mpremote.board.power_on()
            assert await settle(lambda: told(mpremote.board), UP_S), mpremote.board.tail()
            record = await record_of(mpremote)
            assert (record.slot, record.trial) == ("a", None)

    asyncio.run(story())
