"""The README's way from a bare board to an enrolled device, run as it is printed."""

import asyncio
import os
import shlex
import signal
import sys

import pytest
from tidy_tree import ROOT

COMMAND_S = 120
HEADING = "### From a bare board to an enrolled device"


def printed():
    """The commands of the section's block, as words."""
    section = (ROOT / "README.md").read_text().partition(HEADING)[2]
    block = section.partition("```console\n")[2].partition("```")[0]
    return [shlex.split(line.removeprefix("$ ")) for line in block.splitlines() if line.startswith("$ ")]


async def start(words, folder):
    assert words[0] == "fieldpost"
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *words,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def as_printed(folder):
    """What each command printed."""
    first, *others = printed()
    bench, told = await start(first, folder), []
    try:
        while not (folder / "build/bench/bare.uart").exists():
            assert bench.returncode is None
            await asyncio.sleep(0.1)
        for words in others:
            process = await start(words, folder)
            said, _ = await asyncio.wait_for(process.communicate(), COMMAND_S)
            assert process.returncode == 0, f"{words}: {said.decode()}"
            told.append(said.decode())
    finally:
        bench.send_signal(signal.SIGINT)
        await bench.communicate()
    return told


@pytest.mark.timeout(300)
def test_the_commands_of_the_readme_make_a_bare_board_a_device(tmp_path):
    for name in ("boards", "firmware", "shared"):
        os.symlink(ROOT / name, tmp_path / name)
    listed, _, _, enrolled, updated, rotated, revoked = asyncio.run(as_printed(tmp_path))
    assert "prompt" in listed or "MicroPython" in listed
    device = enrolled.split()[1]
    assert "runs it, and keeps it" in updated
    assert f"follows {device}" in rotated
    assert rotated.split()[1] in revoked
