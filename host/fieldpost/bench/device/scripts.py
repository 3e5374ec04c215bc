"""Runs a measuring script of firmware/bench and reads the JSON objects it prints, one a line.

Decides the import paths and the heap. It refuses to know what a script measures; the same script runs on a board
by `mpremote run`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fieldpost.emulator.runtime import micropython

ROOT = Path(__file__).resolve().parents[4]
SCRIPTS = ROOT / "firmware/bench"
PATHS = (ROOT / "shared", ROOT / "firmware", SCRIPTS)
HEAP_BYTES = 4 << 20
SCRIPT_S_MAX = 300


class ScriptFailed(Exception):
    """A measuring script ended badly or printed what is no JSON; the message holds what it printed."""


def run_script(name: str, *arguments: object, heap_bytes: int = HEAP_BYTES) -> list[dict[str, Any]]:
    """The objects that `firmware/bench/<name>` printed. Raises ScriptFailed."""
    command = [micropython(), "-X", f"heapsize={heap_bytes}", str(SCRIPTS / name), *map(str, arguments)]
    return _objects(command, {"MICROPYPATH": ":".join([*map(str, PATHS), ".frozen"])}, name)


def run_script_on_cpython(name: str, *arguments: object) -> list[dict[str, Any]]:
    """As run_script, several times as fast where what is tried is no MicroPython. Raises ScriptFailed."""
    command = [sys.executable, str(SCRIPTS / name), *map(str, arguments)]
    return _objects(command, {"PYTHONPATH": os.pathsep.join(map(str, PATHS))}, name)


def _objects(command: list[str], paths: dict[str, str], name: str) -> list[dict[str, Any]]:
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **paths},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SCRIPT_S_MAX,
        )
    except subprocess.TimeoutExpired:
        raise ScriptFailed(f"{name}: still running after {SCRIPT_S_MAX} s") from None
    if done.returncode != 0:
        raise ScriptFailed(f"{name}: ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    try:
        return [json.loads(line) for line in done.stdout.splitlines() if line]
    except ValueError:
        raise ScriptFailed(f"{name}: printed what is no JSON object a line:\n{done.stdout}") from None
