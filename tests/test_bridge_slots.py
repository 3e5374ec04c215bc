"""Updates and crashes on the emulated board: its two ROMFS partitions are the slots, its prompt shows its record."""

import asyncio
import re
from contextlib import asynccontextmanager

from emulated_probe import settle
from mpremote_bench import Bench

from fieldpost.emulator import BoardSpec, Fleet
from fieldpost.emulator.said import statuses
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.build import build
from fieldpost.firmware_build.programs import rom_image
from fieldwire import slot_record
from fieldwire.slot_record import Record

PROFILE = load_profile()
UP_S = 25  # three seconds for who wants the prompt, five after a crash
STAYS_UP_S = 11  # ten until a start counts as one that stayed up
READ = "import os\nfor n in ('slot.0', 'slot.1'):\n print(n, open(n, 'rb').read().hex() if n in os.listdir() else '')"


def firmware():
    return {name.removeprefix("rom/"): data for name, data in build(PROFILE).files.items()}


def offered():
    """The record of a board whose slot b is to be tried."""
    written = {}
    record = Record()
    record.try_spare()
    record.store(written.__setitem__)
    return written


def put_into_slot_b(image, rom):
    with image.open("r+b") as flash:
        flash.seek(PROFILE.block_bytes * PROFILE.blocks + PROFILE.rom_bytes)
        flash.write(rom)


@asynccontextmanager
async def trial(folder, rom):
    """A board that has the firmware in slot a, and is to try what lies in slot b, when it gets its power."""
    async with Fleet(folder, [BoardSpec("a", "hill", prompt=True)]) as fleet:
        fleet.provision({**firmware(), **offered()})
        put_into_slot_b(fleet["a"].image, rom)
        yield Bench(fleet, fleet["a"].plug())
        fleet.check()


def rom_of(folder, files):
    for name, text in files.items():
        path = folder / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return rom_image(folder)


async def record_of(mpremote):
    """What the next start would find; the board is at its prompt afterwards."""
    mpremote.board.reset()
    said = dict(re.findall(r"(slot\.\d) ([0-9a-f]+)", await mpremote("exec", READ)))
    return slot_record.load(lambda name: bytes.fromhex(said.get(name, "")))


def told(board):
    """What the board's status lines said of its state."""
    lines = board.tail(200) if board.console.exists() else []
    return [one["state"] for one in statuses(lines)]


def test_an_offered_slot_runs_on_trial_and_is_confirmed_though_nobody_enrolled_the_board(tmp_path):
    async def story():
        async with trial(tmp_path, build(PROFILE).rom) as mpremote:
            mpremote.board.power_on()
            assert await settle(lambda: told(mpremote.board), UP_S), mpremote.board.tail()
            await asyncio.sleep(STAYS_UP_S)
            record = await record_of(mpremote)
            assert (record.slot, record.trial, record.crashes) == ("b", None, 0)
            mpremote.board.reset()
            assert await settle(lambda: len(told(mpremote.board)) == 2, UP_S), mpremote.board.tail()

    asyncio.run(story())


def test_a_trial_that_loses_its_power_before_it_is_confirmed_is_over(tmp_path):
    async def story():
        async with trial(tmp_path, build(PROFILE).rom) as mpremote:
            mpremote.board.power_on()
            assert await settle(lambda: told(mpremote.board), UP_S), mpremote.board.tail()
            mpremote.board.power_cut()
            mpremote.board.power_on()
            assert await settle(lambda: len(told(mpremote.board)) == 2, UP_S), mpremote.board.tail()
            record = await record_of(mpremote)
            assert (record.slot, record.trial) == ("a", None)

    asyncio.run(story())


def test_a_slot_whose_agent_cannot_be_imported_is_left_again_at_the_next_start(tmp_path):
    broken = rom_of(tmp_path / "broken", {"board.py": "raise RuntimeError('no such pin')\n"})

    async def story():
        async with trial(tmp_path / "run", broken) as mpremote:
            mpremote.board.power_on()
            assert await settle(lambda: told(mpremote.board), UP_S), mpremote.board.tail()
            said = "\n".join(mpremote.board.tail(200))
            assert "RuntimeError: no such pin" in said and "--- reset, start 2" in said
            record = await record_of(mpremote)
            assert (record.slot, record.trial) == ("a", None)
            kept = await mpremote("exec", "print(open('/state/crash').read())")
            assert kept.startswith("slot b\n") and "no such pin" in kept

    asyncio.run(story())


def test_a_slot_on_trial_that_holds_no_image_is_left_again_too(tmp_path):
    async def story():
        async with trial(tmp_path, b"") as mpremote:
            mpremote.board.power_on()
            assert await settle(lambda: told(mpremote.board), UP_S), mpremote.board.tail()
            assert (await record_of(mpremote)).slot == "a"

    asyncio.run(story())
