"""The wheel works where there is no checkout: it brings the command, both packages, the firmware and the
boards.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import fieldpost

ROOT = Path(__file__).parent.parent
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]


def run(command: list[str], folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_wheel_runs_outside_the_checkout_and_carries_the_boards_sources(tmp_path):
    run(
        [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(tmp_path), str(ROOT)],
        tmp_path,
    )
    [wheel] = tmp_path.glob("fieldpost-*.whl")
    venv.create(tmp_path / "clean", symlinks=True)
    python = tmp_path / "clean" / "bin" / "python"
    run([*PIP, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], tmp_path)
    site = Path(
        run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], tmp_path).strip()
    )
    # The third-party packages are lent by this environment; its own .pth files are not read from there.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")

    said = run([str(tmp_path / "clean" / "bin" / "fieldpost"), "--version"], tmp_path)
    assert said.strip() == f"fieldpost {fieldpost.__version__}"
    where = run(
        [str(python), "-c", "import fieldpost, fieldwire; print(fieldpost.__path__, fieldwire.__path__)"],
        tmp_path,
    )
    assert where.count(str(site)) == 2 and str(ROOT) not in where

    carried = {path.relative_to(ROOT / "firmware") for path in (ROOT / "firmware").rglob("*.py")}
    assert {
        path.relative_to(site / "fieldpost/_firmware")
        for path in (site / "fieldpost/_firmware").rglob("*.py")
    } == carried
    for board in (ROOT / "boards").glob("*/board.py"):
        assert (
            site / "fieldpost" / "_boards" / board.parent.name / "board.py"
        ).read_bytes() == board.read_bytes()
