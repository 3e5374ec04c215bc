"""Collects test_wire_*.py and test_agent_*.py once more, as tests that run under the MicroPython unix port.

One process a file, its heap capped, all files of a session started in the background so that they share the
cores with the CPython tests. Decides which results belong to which test, not what a test asserts.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
RUNNER = TESTS / "run_on_micropython.py"
HEAP_BYTES = 4 * 1024 * 1024
FILE_TIMEOUT_S = 300


def micropython_binary() -> Path:
    """The unix port that stands beside the running interpreter."""
    return Path(sys.executable).with_name("micropython")


def micropython_environment() -> dict[str, str]:
    """Import paths of the firmware: shared, firmware and tests, then what is frozen into the binary."""
    paths = [ROOT / "shared", ROOT / "firmware", ROOT / "firmware/bench", TESTS]
    return {**os.environ, "MICROPYPATH": ":".join([*map(str, paths), ".frozen"])}


@dataclass(frozen=True)
class Outcome:
    passed: bool
    took_ms: int
    trace: str


class FailedOnMicroPython(Exception):
    """A test failed in the MicroPython process; the message is its traceback there."""


def parse_results(output: str, names: list[str]) -> dict[str, Outcome]:
    """Outcomes by test name from the runner's lines; a test without a result line has failed."""
    outcomes: dict[str, Outcome] = {}
    last = ""
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("pass", "fail") and rest.partition(" ")[0] in names:
            last, _, took = rest.partition(" ")
            outcomes[last] = Outcome(word == "pass", int(took), "")
        elif word == "|" and last:
            past = outcomes[last]
            outcomes[last] = Outcome(past.passed, past.took_ms, past.trace + rest + "\n")
    tail = "\n".join(output.splitlines()[-30:])
    for name in names:
        outcomes.setdefault(
            name, Outcome(False, 0, f"the MicroPython process ended before this test:\n{tail}")
        )
    return outcomes


def run_file(path: Path, names: list[str]) -> dict[str, Outcome]:
    """Runs the named tests of one file in one MicroPython process."""
    command = [str(micropython_binary()), "-X", f"heapsize={HEAP_BYTES}", str(RUNNER), path.stem, *names]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=micropython_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=FILE_TIMEOUT_S,
        )
        output = done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace") + f"\nstopped after {FILE_TIMEOUT_S} s"
    return parse_results(output, names)


def there(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What MicroPython finds in a module: also below `if MICROPYTHON:`, for what CPython cannot run."""
    for node in body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "MICROPYTHON":
            yield from node.body
        else:
            yield node


class MicroPythonFile(pytest.File):
    """The test functions of one file, found by reading it, not by importing it."""

    results: "Future[dict[str, Outcome]] | None" = None

    def collect(self):
        tree = ast.parse(self.path.read_bytes(), filename=str(self.path))
        for node in there(tree.body):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                if node.args.args:
                    raise self.CollectError(
                        f"{self.path.name}: {node.name} takes arguments; here are no fixtures"
                    )
                yield MicroPythonItem.from_parent(self, name=f"{node.name}[micropython]", line=node.lineno)


class MicroPythonItem(pytest.Item):
    """One test function under MicroPython."""

    def __init__(self, *, line: int, **others):
        super().__init__(**others)
        self.line = line
        self.function_name = self.name.partition("[")[0]
        self.add_marker(pytest.mark.timeout(2 * FILE_TIMEOUT_S))  # it may wait for the files before its own

    def runtest(self):
        assert isinstance(self.parent, MicroPythonFile) and self.parent.results is not None
        outcome = self.parent.results.result()[self.function_name]
        if not outcome.passed:
            raise FailedOnMicroPython(outcome.trace)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, FailedOnMicroPython):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self.line - 1, self.name


def start_all(items: list[pytest.Item]) -> ThreadPoolExecutor:
    """Starts a process for each file that has chosen MicroPython tests; their items wait for its results."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="micropython")
    chosen: dict[MicroPythonFile, list[str]] = {}
    for item in items:
        if isinstance(item, MicroPythonItem) and isinstance(item.parent, MicroPythonFile):
            chosen.setdefault(item.parent, []).append(item.function_name)
    for file, names in chosen.items():
        file.results = pool.submit(run_file, file.path, names)
    return pool
