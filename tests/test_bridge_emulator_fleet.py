"""A fleet of emulated boards starts together, talks over the air and leaves nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import serial
from emulated_probe import FILES, ask, settle

from fieldpost.emulator import BoardSpec, EmulatorError, Fleet

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from fieldpost.emulator import BoardSpec, Fleet
from emulated_probe import FILES

async def main():
    async with Fleet(Path(sys.argv[1]), [BoardSpec("a1", "alpha")]) as fleet:
        fleet.provision(FILES)
        fleet.power_on()
        print(fleet["a1"].pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_boards_in_contact_hear_each_other_and_leave_no_process(tmp_path):
    async def scenario():
        specs = [BoardSpec(name, "alpha") for name in ("a1", "a2", "a3")]
        async with Fleet(tmp_path, specs, seed=1, latency_ms=(1, 5)) as fleet:
            fleet.provision(FILES)
            ports = {board.spec.name: serial.Serial(str(board.plug()), timeout=3) for board in fleet}
            fleet.power_on()
            pids = [board.pid for board in fleet]
            fleet.hub.connect("a1", "a2")
            assert [await ask(ports[name], "boots") for name in ports] == [[1, "power-on"]] * 3
            await ask(ports["a1"], "say")
            assert await settle(lambda: fleet.hub.counts.carried == 1)
            said = b"\0hello from " + fleet["a1"].spec.hardware_id() + b"\0"
            while not (heard := await ask(ports["a2"], "heard")):
                await asyncio.sleep(0.01)
            assert heard == [said.hex()]
            assert await ask(ports["a3"], "heard") == []
            fleet.check()
            for port in ports.values():
                port.close()
        assert not any(alive(pid) for pid in pids)
        assert not list(tmp_path.glob("*.uart"))

    asyncio.run(scenario())


def test_a_board_that_crashes_fails_the_fleet_with_its_last_words(tmp_path):
    async def scenario():
        async with Fleet(tmp_path, [BoardSpec("a1", "alpha")]) as fleet:
            fleet.provision(FILES)
            with serial.Serial(str(fleet["a1"].plug()), timeout=3) as port:
                fleet.power_on()
                assert await ask(port, "boots") == [1, "power-on"]
                port.write(b"crash\n")
                with pytest.raises(EmulatorError, match="(?s)a1: ended with exit code 1.*ZeroDivisionError"):
                    await asyncio.wait_for(fleet.watch(), 3)
                assert not fleet["a1"].running
                fleet["a1"].power_on()
                fleet.check()
                assert await ask(port, "boots") == [2, "power-on"]

    asyncio.run(scenario())


def test_a_program_that_returns_is_a_failure_too(tmp_path):
    async def scenario():
        async with Fleet(tmp_path, [BoardSpec("a1", "alpha")]) as fleet:
            fleet.provision({"main.py": b"print('over')"})
            fleet.power_on()
            with pytest.raises(EmulatorError, match="(?s)returned from main.py.*over"):
                await asyncio.wait_for(fleet.watch(), 3)

    asyncio.run(scenario())


def test_boards_die_with_their_supervisor(tmp_path):
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as supervisor:
        pid = int(supervisor.stdout.readline())
        assert alive(pid)
        supervisor.send_signal(signal.SIGKILL)
    assert asyncio.run(settle(lambda: not alive(pid)))


def test_two_boards_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two boards are named a1"):
        Fleet(tmp_path, [BoardSpec("a1", "alpha"), BoardSpec("a1", "bravo")])


def test_a_running_board_cannot_be_written_or_powered_twice(tmp_path):
    async def scenario():
        async with Fleet(tmp_path, [BoardSpec("a1", "alpha")]) as fleet:
            fleet.provision(FILES)
            fleet.power_on()
            with pytest.raises(EmulatorError, match="cut its power before"):
                fleet["a1"].provision({})
            with pytest.raises(EmulatorError, match="has power already"):
                fleet.power_on()

    asyncio.run(scenario())


def test_a_flash_image_is_readable_by_its_owner_alone(tmp_path):
    async def scenario():
        async with Fleet(tmp_path, [BoardSpec("a1", "alpha")]) as fleet:
            fleet.provision(FILES)
            assert fleet["a1"].image.stat().st_mode & 0o777 == 0o600

    asyncio.run(scenario())
