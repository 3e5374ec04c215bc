"""A port that is the interpreter's prompt too: frames do not end the agent, its bridge can, and nobody else."""

import asyncio
from dataclasses import replace

import serial
from emulated_probe import settle
from field_world import device, field, until

from fieldpost.emulator import BoardSpec, Fleet
from fieldwire import frame

LINK = """
[[link]]
port = "../boards/a.uart"
"""
IDLE = b"import time\nwhile True:\n    time.sleep_ms(5)\n"


def at_prompt(board):
    return any(line.startswith(">>> ") for line in board.tail())


def test_byte_3_ends_a_program_that_left_the_prompt_on_its_port(tmp_path):
    async def story():
        async with Fleet(tmp_path, [BoardSpec("a", "hill", prompt=True)]) as fleet:
            fleet.provision({"main.py": IDLE})
            with serial.Serial(str(fleet["a"].plug())) as port:
                fleet.power_on()
                await asyncio.sleep(0.3)
                port.write(frame.encode(b"\x48" + b"\x03" * 40))
                assert await settle(lambda: at_prompt(fleet["a"]))
                assert any("KeyboardInterrupt" in line for line in fleet["a"].tail())
                assert fleet["a"].failure is None

    asyncio.run(story())


def test_frames_full_of_byte_3_leave_the_agent_at_work_and_its_bridge_gets_the_prompt(tmp_path):
    async def story():
        spec = replace(device("a"), prompt=True)
        async with field(tmp_path, [spec], LINK) as (fleet, app, ids):
            board = fleet["a"]
            with serial.Serial(str(board.plug())) as port:
                port.write(frame.encode(b"\x41" + b"\x03" * 200) * 20 + b"\x03" * 200)
                await asyncio.sleep(0.3)
            await until(fleet, "it drains", lambda: app.desk.state.whole.get(ids["a"]))
            asked = tmp_path / "hill" / "links" / f"{ids['a'].hex()}.prompt"
            asked.touch()
            await until(fleet, "it gives the prompt", lambda: at_prompt(board))
            assert not asked.exists()

    asyncio.run(story())
