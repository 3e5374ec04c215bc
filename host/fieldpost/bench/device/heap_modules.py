"""What each module of the agent takes in the heap, as `.mpy` on the 64-bit port, and which module needs which.

Decides which modules a board loads at each boot: all that `app` and `agent` import when they are imported. Refuses to
count what only some configurations load.
"""

import ast
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fieldpost.bench.device.lockstep import firmware
from fieldpost.bench.device.scripts import run_script
from fieldpost.firmware_build import device_files, load_profile

ROOTS = ("fieldagent.app", "fieldagent.agent")
HEAP_BYTES = 1 << 20


def imported_bytes() -> dict[str, float]:
    """Bytes by module name, the largest first."""
    with tempfile.TemporaryDirectory(prefix="fieldpost-modules-") as folder:
        for name, data in firmware().items():
            path = Path(folder, name.removeprefix("lib/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        rows = run_script("heap_modules.py", folder, *loaded(), heap_bytes=HEAP_BYTES)
    found = {row["module"]: float(row["bytes"]) for row in rows if row["module"]}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def loaded() -> list[str]:
    """The modules that a board loads at each boot, each after those that it needs."""
    sources = {
        name.removeprefix("lib/").removesuffix(".py").replace("/", "."): ast.parse(data)
        for name, data in device_files(load_profile()).items()
        if name.startswith("lib/")
    }
    found: list[str] = []

    def visit(name: str) -> None:
        if name in sources and name not in found:
            for needed in imports(sources[name].body):
                visit(needed)
            found.append(name)

    for root in ROOTS:
        visit(root)
    return found


def imports(body: list[ast.stmt]) -> Iterator[str]:
    """Names that may be modules, of the imports that run when a module is loaded on a board."""
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            yield statement.module
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
        elif isinstance(statement, ast.If) and ast.unparse(statement.test) == "MICROPYTHON":
            yield from imports(statement.body)
