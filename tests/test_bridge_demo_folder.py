"""The demo's folder and processes: it removes what a demo made and nothing else, and leaves nobody behind."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fieldpost.cli.main import app
from fieldpost.demo.play import DemoError, clear

LEFT_S_MAX = 10
ALL = 9  # six boards, the gateway and two bridges


def test_what_an_earlier_run_left_is_removed(tmp_path):
    for name in ("boards", "alpha", "bravo-desk"):
        (tmp_path / "demo" / name).mkdir(parents=True)
    clear(tmp_path / "demo")
    assert not (tmp_path / "demo").exists()
    clear(tmp_path / "demo")


def test_a_folder_with_anything_else_in_it_stays_as_it_is(tmp_path):
    (tmp_path / "boards").mkdir()
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DemoError, match="thesis.txt, which no demo made"):
        clear(tmp_path)
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path)])
    assert done.exit_code == 3 and "name a new folder" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work" and (tmp_path / "boards").is_dir()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "demo"):
        done = CliRunner().invoke(app, ["demo", "--folder", str(folder)])
        assert done.exit_code == 3 and str(tmp_path / "file") in done.stderr


@pytest.mark.parametrize(("told", "code"), [(signal.SIGTERM, 3), (signal.SIGKILL, -signal.SIGKILL)])
def test_no_process_outlives_a_demo_that_is_told_to_end(tmp_path, told, code):
    folder = tmp_path / "demo"
    words = [sys.executable, "-m", "fieldpost", "demo", "--folder", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    started = 0  # at once: one of them may end and start again at any time
    while started < ALL and time.monotonic() < until:
        time.sleep(0.1)
        started = max(started, len(of_demo(folder)))
    process.send_signal(told)
    assert "Traceback" not in process.communicate(timeout=30)[1]
    assert process.returncode == code and started >= ALL
    until = time.monotonic() + LEFT_S_MAX
    while of_demo(folder) and time.monotonic() < until:
        time.sleep(0.2)
    assert of_demo(folder) == []


def of_demo(folder):
    """Command lines of the processes that work in a demo's folder, the demo itself left out."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = one.read_bytes().decode(errors="replace").split("\0")
            found += [words] if any(word.startswith(f"{folder}/") for word in words) else []
    return found
