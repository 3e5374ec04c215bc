"""The agent's log on a LittleFS image and on a raw ring, in a MicroPython process that is killed again and again."""

import random
import subprocess
import time
from pathlib import Path

import pytest
from micropython_items import micropython_binary, micropython_environment

LOGGER = Path(__file__).with_name("killed_logger.py")
KILLS = 30
ALIVE_S_MAX = 0.25


def start(image: Path, action: str, kind: str) -> subprocess.Popen:
    command = [str(micropython_binary()), "-X", "heapsize=64m", str(LOGGER), str(image), action, kind]
    return subprocess.Popen(
        command,
        bufsize=0,  # a line that was read takes nothing of the next one with it
        env=micropython_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def whole_lines(output: bytes) -> list[str]:
    """The kill may cut the last line; what was not told in full was not promised."""
    return [line.decode() for line in output.split(b"\n")[:-1]]


@pytest.mark.parametrize("kind", ["files", "ring"])
def test_a_log_killed_thirty_times_gives_back_every_observation_that_it_promised(tmp_path, kind):
    image, rng = tmp_path / "flash.img", random.Random(7)
    promised: list[str] = []
    assert (
        start(image, "check", kind).wait(timeout=20) == 0
    )  # formatted once, as at provisioning: no kill falls into that
    for turn in range(KILLS):
        writer = start(image, "write", kind)
        told = writer.stdout.readline() if turn % 2 else b""  # every other one lives to promise something
        time.sleep(0.06 + rng.random() * (ALIVE_S_MAX - 0.06))
        writer.kill()
        lines = whole_lines(told + writer.communicate()[0])
        assert all(len(line) == 64 for line in lines), "\n".join(lines[-9:])
        promised.extend(lines)
    checker = start(image, "check", kind)
    summary, *kept = whole_lines(checker.communicate(timeout=20)[0])
    assert checker.returncode == 0, "\n".join([summary, *kept][-9:])
    assert summary.startswith("incarnations 1 "), summary
    assert len(promised) >= KILLS // 2 and not set(promised) - set(kept)
