"""Collects test_wire_*.py and test_agent_*.py once more, as tests that run under the MicroPython unix port.

One process a file, its heap capped, started when the first of its tests is due. Decides which results belong to
which test, not what a test asserts.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
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

    def __init__(self, **others):
        super().__init__(**others)
        self.chosen: list[str] = []
        self._outcomes: dict[str, Outcome] = {}

    def outcome(self, name: str) -> Outcome:
        """Of one of the chosen tests; all of them run when the first is asked for."""
        if not self._outcomes:
            self._outcomes = run_file(self.path, self.chosen)
        return self._outcomes[name]

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
        self.add_marker(
            pytest.mark.timeout(2 * FILE_TIMEOUT_S)
        )  # it may be the first of its file, and run them all

    def runtest(self):
        assert isinstance(self.parent, MicroPythonFile)
        outcome = self.parent.outcome(self.function_name)
        if not outcome.passed:
            raise FailedOnMicroPython(outcome.trace)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, FailedOnMicroPython):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self.line - 1, self.name


def choose(items: list[MicroPythonItem]) -> None:
    """Tells each file which of its tests are to be run."""
    for item in items:
        assert isinstance(item.parent, MicroPythonFile)
        item.parent.chosen.append(item.function_name)
