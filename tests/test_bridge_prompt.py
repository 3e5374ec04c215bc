"""A port that is the interpreter's prompt too: frames do not end the agent, its bridge can, and nobody else."""

import asyncio
import os
import time

import pytest
import serial
from emulated_probe import settle
from test_bridge_radio import FIELDS, device, until

from fieldpost import provision
from fieldpost.app import App
from fieldpost.config import load
from fieldpost.emulator import BoardSpec, EmulatorError, Fleet, device_files
from fieldpost.mesh import Mesh, Validity
from fieldwire import frame

IDLE = b"import time\nwhile True:\n    time.sleep_ms(5)\n"


def test_byte_3_ends_a_program_that_left_the_prompt_on_its_port(tmp_path):
    async def story():
        async with Fleet(tmp_path, [BoardSpec("a", "hill", prompt=True)]) as fleet:
            fleet.provision({"main.py": IDLE})
            with serial.Serial(str(fleet["a"].plug())) as port:
                fleet.power_on()
                await asyncio.sleep(0.3)
                port.write(frame.encode(b"\x48" + b"\x03" * 40))
                assert await settle(lambda: fleet["a"].failure is not None)
                assert "KeyboardInterrupt" in str(fleet["a"].failure)

    asyncio.run(story())


def test_frames_full_of_byte_3_leave_the_agent_at_work_and_its_bridge_gets_the_prompt(tmp_path):
    async def story():
        spec = BoardSpec(
            "a", "hill", prompt=True, sensors={"t": [1, 2, 3]}, files=device("a", radio={}).files
        )
        async with Fleet(tmp_path / "boards", [spec]) as fleet:
            fleet.provision(device_files(fleet.profile))
            validity = Validity.days(int(time.time()), 30)
            mesh = Mesh.found(tmp_path / "desk", "hill", ["field"], validity, os.urandom)
            mesh.schema("field", FIELDS)
            board = fleet["a"]
            board.power_on()
            await until(fleet, "it waits to be enrolled", lambda: "awaiting" in "".join(board.tail()))
            with serial.Serial(str(board.plug())) as port:
                port.write(frame.encode(b"\x41" + b"\x03" * 200) * 20 + b"\x03" * 200)
            made = await provision.enrol(
                mesh, board.plug(), provision.DeviceTerms("field", ("river",)), validity, os.urandom
            )
            setup = provision.BridgeSetup("hill", (), (("../boards/a.uart", 115_200),), utc_claims=1)
            provision.make_bridge(mesh, tmp_path / "hill", "field", validity, setup, os.urandom)
            provision.hand_over(mesh, made.device, tmp_path / "hill")
            app = App(load(tmp_path / "hill" / "bridge.toml"), tmp_path / "hill")
            running = asyncio.create_task(app.run())
            await until(fleet, "it drains", lambda: app.desk.state.whole.get(made.device))
            asked = tmp_path / "hill" / "links" / f"{made.device.hex()}.prompt"
            asked.touch()
            with pytest.raises(EmulatorError, match="returned from main.py"):
                await asyncio.wait_for(fleet.watch(), 10)
            assert not asked.exists()
            running.cancel()
            await asyncio.wait({running})
            app.close()

    asyncio.run(story())
