"""The cable: who is at its other end, what faults say, and files that are put there and read back."""

import json
import os
import subprocess
import sys
import threading
import time
import tty

import pytest
import serial
from cable_bench import on_a_bench
from emulated_probe import BOARD

from fieldpost.device.cable import connect
from fieldpost.device.errors import DeviceError, RaisedOnBoard, Unplugged
from fieldpost.device.facts import board_facts
from fieldpost.device.files import Files
from fieldpost.device.plan import held

# Takes its port as the agent does: no prompt, but to who asks in the first seconds.
KEEPS = b"""
import micropython, time
micropython.kbd_intr(-1)
import board
link = board.console()
begun = time.ticks_ms()
line = False
while True:
    data = link.read()
    if data and b'\\x03' in data and time.ticks_ms() - begun < 1500:
        break
    link.write(b'\\0frame\\0')
    time.sleep_ms(50)
micropython.kbd_intr(3)
"""


OWN = bytes(1_110_000)  # leaves a board little room


def test_code_runs_and_what_it_raises_is_told_by_its_last_line(tmp_path):
    def story(path, _):
        with connect(path) as cable:
            assert cable.value("6 * 7", json.loads) == 42
            assert cable.run("print('a')\nprint('b')") == "a\nb\n"
            with pytest.raises(RaisedOnBoard, match="the board says ValueError: no$"):
                cable.run("raise ValueError('no')")
            assert cable.value("2 + 2", json.loads) == 4

    on_a_bench(tmp_path, story)


def test_a_board_that_falls_silent_is_waited_for_as_long_as_was_said(tmp_path):
    def story(path, _):
        with connect(path) as cable:
            begun = time.monotonic()
            with pytest.raises(DeviceError, match="the board stopped answering; press its reset button"):
                cable.run("import time\ntime.sleep(60)", timeout_s=1)
            assert time.monotonic() - begun >= 1

    on_a_bench(tmp_path, story)


def test_a_soft_reset_empties_the_prompt_and_a_restart_runs_main(tmp_path):
    def story(path, _):
        with connect(path) as cable:
            cable.run("kept = 1")
            cable.soft_reset()
            assert cable.value("'kept' in globals(), 'started' in globals()", json.loads) == [False, False]
            cable.restart()
        with connect(path) as cable:
            assert cable.value("started", json.loads) == 2

    on_a_bench(tmp_path, story, {"main.py": b"started = 2\n"})


def test_a_port_that_is_not_there_and_one_that_is_no_port_are_told_apart(tmp_path):
    with pytest.raises(DeviceError, match="there is no such port; plug the board in"):
        connect(str(tmp_path / "none"))
    (tmp_path / "file").touch()
    with pytest.raises(DeviceError, match="is it a serial port"):
        connect(str(tmp_path / "file"))


def test_a_port_that_another_process_holds_names_it(tmp_path):
    def story(path, _):
        code = "import serial, sys; p = serial.Serial(sys.argv[1], exclusive=True); print(1, flush=True); input()"
        command = [sys.executable, "-c", code, path]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout.readline() == b"1\n"
            with pytest.raises(DeviceError, match=f"process {other.pid} .* has this port; end it"):
                connect(path)
            other.communicate(b"\n")
        with connect(path) as cable:
            assert cable.value("1", json.loads) == 1

    on_a_bench(tmp_path, story)


def test_an_unplugged_board_is_told_and_the_next_connection_works(tmp_path):
    def story(path, mpremote):
        with connect(path) as cable:
            mpremote.call(mpremote.board.unplug)
            with pytest.raises(Unplugged, match="went away .* plug it in and run the command again"):
                cable.run("print(1)")
        mpremote.call(mpremote.board.plug)
        with connect(path) as cable:
            assert cable.value("1", json.loads) == 1

    on_a_bench(tmp_path, story)


def test_a_board_without_power_answers_nothing(tmp_path):
    def story(path, mpremote):
        mpremote.call(mpremote.board.power_cut)
        with pytest.raises(DeviceError, match="nothing answers at 115200 baud"):
            connect(path)

    on_a_bench(tmp_path, story)


def test_what_echoes_is_no_micropython(tmp_path):
    far, near = os.openpty()
    tty.setraw(near)

    def echo():
        try:
            while True:
                os.write(far, b"login: " + os.read(far, 100))
        except OSError:
            pass

    thread = threading.Thread(target=echo, daemon=True)
    thread.start()
    try:
        with pytest.raises(DeviceError, match="what answers is no MicroPython"):
            connect(os.ttyname(near))
    finally:
        os.close(near)
        thread.join(5)
        os.close(far)
    assert not thread.is_alive()


def test_an_agent_keeps_its_port_until_a_reset_lets_who_waits_in(tmp_path):
    files = {**BOARD, "main.py": KEEPS}

    def story(path, mpremote):
        with serial.Serial(path, timeout=5) as port:
            assert b"frame" in port.read(64)
            time.sleep(1.6)
        with pytest.raises(
            DeviceError, match="an agent runs and keeps its port; press the board's reset button"
        ):
            connect(path)
        told = []

        def tell(left_s, what):
            told.append((left_s, what))
            if len(told) == 1:
                mpremote.call(mpremote.board.reset)

        with connect(path, wait_s=20, tell=tell) as cable:
            assert cable.value("6 * 7", json.loads) == 42
        assert "press the board's reset button" in told[0][1]

    on_a_bench(tmp_path, story, files)


def test_files_are_put_read_listed_and_removed(tmp_path):
    data = bytes(range(256)) * 40

    def story(path, _):
        with connect(path) as cable:
            files, moved = Files(cable), []
            files.put("/a/b/c.py", data, moved.append)
            files.put("/a/d", b"")
            assert sum(moved) == len(data) and len(moved) > 1
            assert files.tree() == {"/a/b/c.py": held(data), "/a/d": held(b"")}
            assert (files.read("/a/b/c.py"), files.read("/none"), files.held("/none")) == (data, None, None)
            files.put("/a/b/c.py", b"new")
            assert files.tree("/a/b") == {"/a/b/c.py": held(b"new")}
            files.remove_folder("/a")
            assert (files.tree(), files.names("")) == ({}, {})

    on_a_bench(tmp_path, story)


def test_a_full_flash_leaves_the_old_file_whole(tmp_path):
    def story(path, _):
        with connect(path) as cable:
            files = Files(cable)
            files.put("/kept", b"old")
            free, _ = files.space()
            assert 20_000 < free < 100_000
            with pytest.raises(
                DeviceError, match="flash is full, /kept does not fit; remove files of your own"
            ):
                files.put("/kept", bytes(free + 8_192))
            assert files.tree() == {"/kept": held(b"old"), "/own": held(OWN)}
            assert files.space()[0] == free

    on_a_bench(tmp_path, story, {"own": OWN})


def test_a_bare_board_says_what_it_is(tmp_path):
    def story(path, mpremote):
        with connect(path) as cable:
            facts = board_facts(cable)
        assert (facts.kind.mcu, facts.kind.arch, facts.kind.int_bits) == ("linux", "x64", 63)
        assert facts.hardware_id == mpremote.board.spec.hardware_id()
        assert (facts.slots, facts.lib, facts.enrolled) == ({}, False, None)
        assert facts.free_bytes > 1_000_000 and facts.rom_bytes[0] == 262_144

    on_a_bench(tmp_path, story)
