"""`fieldpost emulate`: boards live by their fleet's file, in real or accelerated time, and stop when they are told."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from test_bridge_fleet_file import EXAMPLE

FLEET = """
[fleet]
scale = 10
reach_m = 100
[[board]]
name = "a"
firmware = false
prompt = "uart"
position_m = [0, 0]
files = { "/main.py" = "main.py" }
[[board]]
name = "b"
firmware = false
position_m = [500, 0]
files = { "/main.py" = "main.py" }
[[event]]
at_s = 5
do = "power-cut"
boards = ["a"]
[[event]]
at_s = 10
do = "power-on"
boards = ["a", "b"]
[[event]]
at_s = 12
every_s = 3
do = "reset"
boards = ["b"]
"""
IDLE = "import time\nwhile True:\n    time.sleep_ms(20)\n"


def command(*words):
    return [sys.executable, "-m", "fieldpost", "emulate", *(str(word) for word in words)]


def ran(*words):
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=60, check=False)


def fleet(folder, text=FLEET, main=IDLE):
    (folder / "main.py").write_text(main)
    (folder / "fleet.toml").write_text(text)
    return folder / "fleet.toml"


def events(done):
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [(line["board"], line["event"]) for line in lines], [line["at_s"] for line in lines]


def test_events_come_at_their_time_and_again_and_each_is_told(tmp_path):
    begin = time.monotonic()
    done = ran(fleet(tmp_path), "--run", tmp_path / "run", "--for", 20, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told, at_s = events(done)
    assert told[:4] == [("a", "plug"), ("a", "power-on"), ("b", "plug"), ("b", "power-on")]
    assert told[4:] == [("a", "power-cut"), ("a", "power-on"), *[("b", "reset")] * 3]
    assert all(due <= at <= due + 3 for at, due in zip(at_s[4:], (5, 10, 12, 15, 18), strict=True))
    assert time.monotonic() - begin < 20


def test_the_same_seed_brings_the_same_events_again_and_another_seed_others(tmp_path):
    outage = "[[event]]\nat_s = 2\nevery_s = 7\njitter_s = 7\nboards = ['{}']\ndo = '{}'\n"
    text = FLEET.split("[[event]]")[0].replace("scale = 10", "scale = 20")
    text += "".join(outage.format(name, do) for name in "ab" for do in ("reset", "unplug", "plug"))

    def told(seed, again):
        done = ran(fleet(tmp_path, text), "--run", tmp_path / again, "--for", 40, "--seed", seed, "--json")
        assert done.returncode == 0, done.stderr
        return events(done)[0][:24]

    first = told(3, "first")
    assert len(first) == 24 and told(3, "second") == first != told(4, "third")


def test_what_a_board_keeps_on_its_flash_is_there_in_the_next_run_unless_it_begins_anew(tmp_path):
    main = "import os\nprint('error kept' if 'kept' in os.listdir() else 'error new')\nopen('kept', 'w').close()\n"
    text = '[[board]]\nname = "a"\nfirmware = false\nprompt = "usb"\nfiles = { "/main.py" = "main.py" }\n'
    file, run = fleet(tmp_path, text, main), tmp_path / "run"
    for words, expected in (((), "new"), ((), "kept"), (("--anew",), "new")):
        done = ran(file, "--run", run, "--for", 1, *words)
        assert f"error  {expected}\n" in done.stdout


def test_a_board_that_ends_is_told_and_the_command_says_so(tmp_path):
    text = '[[board]]\nname = "a"\nfirmware = false\nfiles = { "/main.py" = "main.py" }\n'
    done = ran(fleet(tmp_path, text, "print('over')\n"), "--run", tmp_path / "run", "--for", 1)
    assert done.returncode == 1
    assert "failed  a: returned from main.py" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_and_leaves_no_board_and_no_port_behind(tmp_path, number):
    run = tmp_path / "run"
    process = subprocess.Popen(
        command(fleet(tmp_path), "--run", run),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        while "b            power-on" not in process.stdout.readline():
            assert process.poll() is None
        assert (run / "a.uart").is_symlink()
        process.send_signal(number)
        process.stdout.read()
        assert process.wait(10) == 0
    finally:
        process.kill()
    assert not (run / "a.uart").is_symlink()


def test_a_wrong_file_ends_it_with_its_line(tmp_path):
    done = ran(fleet(tmp_path, FLEET.replace("reach_m", "reach")))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{tmp_path / 'fleet.toml'}:4: fleet: " in done.stderr


def test_the_example_runs_and_its_boards_are_enrolled_once_their_cable_is_in(tmp_path):
    done = ran(EXAMPLE, "--run", tmp_path / "run", "--for", 20, "--scale", 2, "--json")
    assert done.returncode == 0, done.stderr
    told, _ = events(done)
    for one in (("mast", "runs"), ("rover", "waits"), ("bare", "prompt"), ("rover", "move")):
        assert one in told
    assert told.index(("mast", "power-cut")) < len(told) - told[::-1].index(("mast", "power-on"))
    in_again = len(told) - told[::-1].index(("gauge", "plug"))
    assert told.index(("gauge", "unplug")) < in_again <= told.index(("gauge", "enrolled"))
