"""Every folder of boards/ alike: its profile, its faces on what ports have, its manifest and its build."""

import ast
import asyncio
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import fake_ports
import pytest

from fieldagent.clock import Clock
from fieldagent.drivers import prompt, radio_setup
from fieldagent.settings import ConfigError
from fieldpost.firmware_build import known_boards, load_profile
from fieldpost.firmware_build.build import build
from fieldpost.firmware_build.folder import write
from fieldpost.firmware_build.profile import ARCHITECTURES

ROOT = Path(__file__).parent.parent
BOARDS = known_boards()
WHOLE = ("emulated", "esp32s3", "rp2040", "rp2350")
ON_HARDWARE = [name for name in BOARDS if name != "emulated"]
FACES = {
    "NAME",
    "unique_id",
    "ticks_ms",
    "sleep_ms",
    "links",
    "random_bytes",
    "sensor",
    "temperature_mc",
    "utc",
    "free_heap",
    "reset",
    "boot_reason",
    "i2c",
}
LORA = {"freq_khz": 868_100, "sf": 7, "bw": 125}


@pytest.fixture(scope="module")
def built():
    """The build of a board, made once."""
    known = {}

    def of(name):
        if name not in known:
            known[name] = build(load_profile(name))
        return known[name]

    return of


def imported(name):
    """A board's module, anew."""
    path = load_profile(name).directory / "board.py"
    spec = importlib.util.spec_from_file_location(f"board_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def defined(name):
    """What a board's module binds at its top level."""
    body = ast.parse((load_profile(name).directory / "board.py").read_text()).body
    found = {one.name for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    targets = [target for one in body if isinstance(one, ast.Assign) for target in one.targets]
    return found | {one.id for one in targets if isinstance(one, ast.Name)}


def test_the_boards_that_are_promised_have_a_folder():
    assert {*WHOLE, "esp32", "stm32", "nrf52840"} <= set(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_its_profile_is_read_and_says_what_the_board_has(name):
    profile = load_profile(name)
    assert profile.name == name and profile.arch in ARCHITECTURES
    assert "usb" in profile.links or "uart" in profile.links, "a cable to a host"


@pytest.mark.parametrize("name", BOARDS)
def test_its_module_has_every_face_that_the_agent_asks_for(name):
    profile, found = load_profile(name), defined(name)
    assert found >= FACES
    assert found >= set(profile.radios), "a factory for each radio of its board.toml"
    assert ("journal_flash" in found) or not profile.journal_bytes


@pytest.mark.parametrize("name", ON_HARDWARE)
def test_its_faces_answer_on_what_its_port_has(name, monkeypatch):
    made = fake_ports.installed(monkeypatch)
    board = imported(name)
    assert name == board.NAME
    assert board.unique_id() and len(board.random_bytes(32)) == 32
    assert isinstance(board.ticks_ms(), int) and isinstance(board.free_heap(), int)
    assert isinstance(board.temperature_mc(), int) and board.sensor("die") is board.temperature_mc
    assert board.utc() is None and board.boot_reason() == "power-on"
    assert asyncio.run(board.sleep_ms(1)) is None
    links = board.links()
    assert board.console() is links["uart"]
    wire = load_profile(name).links
    cable = wire.get("usb") or wire["uart"]
    assert (links["uart"].baud, links["uart"].turnaround_ms) == (cable.baud, cable.turnaround_ms)
    assert ("local" in wire) == ("local" in links)
    assert [uart.settings["txbuf"] >= 1_026 for uart in made.uarts] == [True] * ("local" in wire)
    with pytest.raises(ValueError, match="no sensor soil: register it in /sensors.py"):
        board.sensor("soil")


@pytest.mark.parametrize("name", ON_HARDWARE)
def test_it_offers_a_watchdog_where_its_port_has_one_within_what_that_counts(name, monkeypatch):
    made = fake_ports.installed(monkeypatch)
    made.watchdog_ms_max = {"rp2": 8_388, "stm32": 32_768}.get(load_profile(name).port, 1 << 31)
    board = imported(name)
    assert made.watchdogs == [], "none runs before it is asked for: nobody could stop it"
    assert hasattr(board, "watchdog") == (load_profile(name).port != "nrf")
    if hasattr(board, "watchdog"):
        board.watchdog().feed()
        assert [one.fed for one in made.watchdogs] == [1] and made.watchdogs[0].timeout >= 8_000


@pytest.mark.parametrize("name", ON_HARDWARE)
def test_it_sleeps_lightly_where_its_ticks_count_on_and_it_is_known_to_wake(name, monkeypatch):
    made = fake_ports.installed(monkeypatch)
    board = imported(name)
    assert hasattr(board, "light_sleep") == (name in ("rp2040", "rp2350", "esp32"))
    if hasattr(board, "light_sleep"):
        board.light_sleep(700)
        assert made.slept_ms == [700]


@pytest.mark.parametrize("name", ON_HARDWARE)
def test_who_asks_on_its_port_as_mpremote_does_gets_the_prompt(name, monkeypatch):
    for asked in (b"\r\x03\r\x01", b"\x03", b"\x03\r\x03"):
        fake_ports.installed(monkeypatch)
        near, far = os.pipe()
        with open(near, "rb", buffering=0) as port, open(far, "wb", buffering=0) as host:
            monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=port))
            board = imported(name)
            host.write(asked)
            assert asyncio.run(prompt.wanted(board, Clock(board.ticks_ms))), asked


@pytest.mark.parametrize("name", ON_HARDWARE)
def test_it_says_where_its_port_puts_the_file_system_unless_that_is_the_root(name, monkeypatch):
    fake_ports.installed(monkeypatch)
    at_flash = load_profile(name).port in ("nrf", "stm32")
    assert getattr(imported(name), "ROOT", "") == ("/flash" if at_flash else "")


@pytest.mark.parametrize("name", ON_HARDWARE)
def test_it_says_whether_a_receiver_may_be_wired_to_it(name):
    assert ("gnss_uart" in defined(name)) == ("gnss_rx" in load_profile(name).pins)


@pytest.mark.parametrize("name", ON_HARDWARE)
def test_its_pins_are_those_of_its_profile_and_no_two_wires_share_one(name, monkeypatch):
    made = fake_ports.installed(monkeypatch)
    board = imported(name)
    board.links()
    board.lora(dict(LORA))
    board.i2c()
    if "gnss_rx" in load_profile(name).pins:
        assert board.gnss_uart(9_600).settings["rxbuf"] >= 1_024, "a second of sentences"
    pins = load_profile(name).pins
    named = {wire: pin for wire, pin in pins.items() if pin in made.pins}
    buses = ("lora_sck", "lora_mosi", "lora_miso", "i2c_sda", "i2c_scl", "gnss_tx", "gnss_rx")
    by_the_port = set(buses)  # where a bus has its own pins
    assert set(pins) - set(named) <= by_the_port and set(made.pins) <= set(pins.values())
    assert len(set(pins.values())) == len(pins)


@pytest.mark.parametrize("name", ON_HARDWARE)
@pytest.mark.parametrize("driver", ["SX1262", "SX1276"])
def test_it_makes_the_modem_whose_driver_is_installed(name, driver, monkeypatch):
    made = fake_ports.installed(monkeypatch, (driver,))
    pins = load_profile(name).pins
    modem = imported(name).lora(dict(LORA))
    assert made.modems == [modem] and modem.name == driver and modem.arguments[0] is made.buses[0]
    assert modem.arguments[1].name == pins["lora_select"]
    assert modem.settings["reset"].name == pins["lora_reset"]
    if driver == "SX1262":
        assert modem.settings["dio1"].name == pins["lora_interrupt"]
        assert modem.settings["lora_cfg"] == LORA
        assert modem.arguments[2] is None or modem.arguments[2].name == pins["lora_busy"]
    else:
        assert modem.settings["dio0"].name == pins["lora_interrupt"]
        assert modem.settings["lora_cfg"] == {**LORA, "tx_ant": "PA_BOOST"}


@pytest.mark.parametrize("name", ON_HARDWARE)
def test_a_modem_that_is_not_there_is_a_fault_of_the_configuration_with_its_remedy(name, monkeypatch):
    fake_ports.installed(monkeypatch, ()).silent_modem = True
    with pytest.raises(ConfigError, match="mpremote mip install lora-sync"):
        imported(name).lora(LORA)
    fake_ports.installed(monkeypatch).silent_modem = True
    with pytest.raises(ConfigError, match=f"{fake_ports.MODEM_SILENT}.*look at its wiring"):
        imported(name).lora(LORA)


@pytest.mark.parametrize("name", [name for name in ON_HARDWARE if "espnow" in load_profile(name).radios])
def test_it_opens_esp_now_where_it_has_it(name, monkeypatch):
    fake_ports.installed(monkeypatch)
    assert radio_setup._of_board(imported(name), "espnow")().active(True)


@pytest.mark.parametrize("name", ["rp2040", "rp2350"])
def test_the_log_of_an_rp2_board_lies_behind_the_files_and_never_under_them(name, monkeypatch):
    made, profile = fake_ports.installed(monkeypatch), load_profile(name)
    board = imported(name)
    files_bytes = profile.blocks * profile.block_bytes
    made.files_bytes = files_bytes + profile.block_bytes
    assert board.journal_flash() is None, "a runtime as published has its files there"
    made.files_bytes = files_bytes
    flash, unit, rewrites = board.journal_flash()
    assert (flash.start, flash.length) == (files_bytes, profile.journal_bytes) and (unit, rewrites) == (
        256,
        True,
    )
    boot = (profile.directory / "_boot.py").read_text()
    assert re.findall(r"FILES_BYTES = (\d+)", boot) == [str(files_bytes)]


def test_the_log_of_an_esp32s3_lies_in_the_partition_of_that_name(monkeypatch):
    made, profile = fake_ports.installed(monkeypatch), load_profile("esp32s3")
    board = imported("esp32s3")
    assert board.journal_flash() is None
    made.partitions["journal"] = fake_ports.Flash(0x200000, profile.journal_bytes)
    assert board.journal_flash() == (made.partitions["journal"], 256, True)
    [row] = [
        line
        for line in (profile.directory / "partitions.csv").read_text().splitlines()
        if line.startswith("journal")
    ]
    assert int(row.split(",")[4], 16) == profile.journal_bytes


def test_the_temperature_of_an_rp2_board_follows_its_data_sheet(monkeypatch):
    made = fake_ports.installed(monkeypatch)
    board = imported("rp2040")
    made.temperature_raw = 706_000 * 65_535 // 3_300_000 + 1
    assert abs(board.temperature_mc() - 27_000) < 50
    made.temperature_raw = (706_000 - 1_721 * 10) * 65_535 // 3_300_000
    assert abs(board.temperature_mc() - 37_000) < 50


@pytest.mark.parametrize("name", BOARDS)
def test_it_builds_within_its_budget_without_what_only_a_bridge_imports(name, built):
    made = built(name)
    assert 0 < made.size <= made.profile.modules_bytes
    assert {"board", "fieldagent.app", "fieldagent.ring", "fieldwire.session_device"} <= set(made.modules)
    assert not {"fieldwire.session_bridge", "fieldwire.ed25519_reference"} & set(made.modules)


@pytest.mark.parametrize("name", BOARDS)
def test_its_manifest_freezes_what_its_build_holds(name, built, tmp_path):
    write(built(name), tmp_path / name)
    frozen, included = manifest_of(tmp_path / name / "manifest.py")
    assert {("frozen", "fieldagent"), ("frozen", "fieldwire")} <= frozen
    missing = [path for base, path in frozen if not (tmp_path / name / base / path).exists()]
    assert not missing
    assert all(path.startswith(("$(PORT_DIR)/", "$(MPY_DIR)/", "lora-s")) for path in included)


def manifest_of(path):
    """{(base path, name)} of what is frozen from files beside it, and what it takes from elsewhere."""
    frozen, included = set(), set()
    for call in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]:
        base = [one.value.value for one in call.keywords if one.arg == "base_path"]
        (frozen.add((base[0], call.args[0].value)) if base else included.add(call.args[0].value))
    return frozen, included


@pytest.mark.parametrize("name", WHOLE)
def test_the_readme_of_a_whole_board_tells_its_wires_its_runtime_and_its_build(name):
    profile = load_profile(name)
    text = (profile.directory / "README.md").read_text()
    assert f"make firmware BOARD={name}" in text and profile.port_board in text
    rows = re.findall(r"(?m)^\| `(\w+)` \|.*\| (\S+) \|$", text)
    shown = {wire: pin.removeprefix("GPIO") for wire, pin in rows}
    assert shown == {wire: str(pin) for wire, pin in profile.pins.items()}
