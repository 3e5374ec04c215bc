"""Runs test_wire_* and test_agent_* on both runtimes: `--interp cpython`, `--interp unix`, or both by
default.
"""

from micropython_items import MicroPythonFile, MicroPythonItem, choose

ON_BOTH = ("test_wire_", "test_agent_")


def pytest_addoption(parser):
    parser.addoption(
        "--interp",
        action="append",
        choices=["cpython", "unix"],
        help="runtime for test_wire_* and test_agent_*; may be given twice; both when not given",
    )


def interpreters(config) -> list[str]:
    return config.getoption("--interp") or ["cpython", "unix"]


def pytest_collect_file(file_path, parent):
    if (
        "unix" in interpreters(parent.config)
        and file_path.suffix == ".py"
        and file_path.name.startswith(ON_BOTH)
    ):
        return MicroPythonFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(config, items):
    """Leaves CPython's tests out for `--interp unix`; puts MicroPython's last."""
    on_micropython = [item for item in items if isinstance(item, MicroPythonItem)]
    others = [item for item in items if not isinstance(item, MicroPythonItem)]
    if "cpython" not in interpreters(config):
        config.hook.pytest_deselected(items=others)
        others = []
    items[:] = others + on_micropython
    choose(on_micropython)
