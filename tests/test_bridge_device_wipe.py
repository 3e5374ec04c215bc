"""`fieldpost device wipe`, `status`, `list` and `logs` against an emulated board, cut wherever it can be."""

import json
import time
from binascii import crc32
from pathlib import Path

import pytest
from cable_bench import fieldpost, on_a_bench

from fieldpost.cli import device_wipe
from fieldpost.device.cable import Cable, connect
from fieldpost.device.errors import Unplugged
from fieldpost.device.facts import board_facts
from fieldpost.device.files import Files
from fieldpost.device.wipe import look, wipe
from fieldpost.firmware_build import load_profile
from fieldwire import cbor, keys, tokens

SEED, K_DEV = b"\xa5" * 32, b"\x5a" * 32
VECTORS = json.loads((Path(__file__).parent / "vectors" / "credential.json").read_text())
TOKEN = tokens.decode(bytes.fromhex(next(one["hex"] for one in VECTORS if "names a device" in one["name"])))
FORMER = [b"\x01" * 16, b"\x5b" * 32, [], []]
BODY = cbor.encode([SEED, K_DEV, b"\x02" * 32, b"\x03" * 32, TOKEN.id, [TOKEN.data], FORMER])
IDENTITY = crc32(BODY).to_bytes(4, "big") + BODY
HELD = {
    "/state/identity": IDENTITY,
    "/state/boot": b"\x05",
    "/state/boots/5": b"token",
    "/log/00000001": bytes(3_000),
    "/log/00000002": bytes(100),
    "/carry/7": b"another's",
    "/config.json": b"{}",
    "/schemas/a.cbor": b"schema",
    "/a.json": b'{"board": "emulated", "version": "0.1.0", "measurement": "%s"}' % (b"00" * 32),
    "/main.py": b"",
}
KEPT = {"/schemas/a.cbor", "/a.json", "/main.py"}


@pytest.fixture
def no_agent_to_hear(monkeypatch):
    """Nothing runs on the board, so that nothing comes of listening for long."""
    monkeypatch.setattr(device_wipe, "LISTEN_S", 0.1)


class CutCable(Cable):
    """The board goes away at the `left`-th exchange."""

    left = 1_000_000

    def run(self, code, timeout_s=10):
        self.left -= 1
        if self.left < 0:
            raise Unplugged("cut")
        return super().run(code, timeout_s)


def fill(path):
    with connect(path) as cable:
        fill_over(cable)


def fill_over(cable):
    files = Files(cable)
    for name, data in HELD.items():
        files.write(name, data)


def test_an_identity_is_known_and_neither_key_crosses_the_cable(tmp_path):
    crossed = []

    class Tapped(Cable):
        def run(self, code, timeout_s=10):
            said = super().run(code, timeout_s)
            crossed.append(said)
            return said

    def story(path, _):
        fill(path)
        with connect(path) as cable:
            cable.__class__ = Tapped
            found = board_facts(cable).enrolled
        assert (found.device, found.authority) == (
            keys.device_id(TOKEN.public),
            TOKEN.claims[tokens.AUTHORITY],
        )
        assert found.mesh == b"\x03" * 32
        whole = "".join(crossed)
        assert TOKEN.data.hex() in whole
        for secret in (SEED, K_DEV, FORMER[1]):
            assert secret.hex() not in whole and secret.hex()[:8] not in whole

    on_a_bench(tmp_path, story)


def test_a_damaged_identity_is_one_all_the_same(tmp_path):
    def story(path, _):
        with connect(path) as cable:
            for data in (IDENTITY[:50], b"", b"\xff" * 80):
                Files(cable).write("/state/identity", data)
                assert board_facts(cable).enrolled.device is None

    on_a_bench(tmp_path, story)


def test_a_wipe_shows_what_would_be_lost_and_asks_for_a_word(tmp_path, no_agent_to_hear):
    device = keys.device_id(TOKEN.public).hex()

    def story(path, _):
        fill(path)
        refused = fieldpost("device", "wipe", path)
        assert refused.exit_code == 1
        assert f"the identity of device {device}" in refused.stderr and f"--device {device}" in refused.stderr
        assert (
            "a log of 3100 bytes, in which observations may wait, 9 bytes that it carries" in refused.stderr
        )
        assert fieldpost("device", "wipe", path, "--device", "00" * 16).exit_code == 1
        dry = json.loads(fieldpost("device", "wipe", path, "--dry-run", "--json").stdout)
        assert (dry["device"], dry["log_bytes"], dry["observations"]) == (device, 3_100, None)
        with connect(path) as cable:
            assert set(Files(cable).tree()) == set(HELD)
        done = fieldpost("device", "wipe", path, "--device", device)
        assert done.exit_code == 0 and done.stdout.startswith(
            f"{path}: erased: the identity of device {device}"
        )
        with connect(path) as cable:
            assert set(Files(cable).tree()) == KEPT
        assert "is bare already" in fieldpost("device", "wipe", path, "--yes").stdout

    on_a_bench(tmp_path, story)


def test_a_wipe_that_is_cut_leaves_an_enrolled_device_or_a_bare_one_and_can_be_finished(tmp_path):
    def story(path, _):
        seen, left = set(), 0
        while True:
            with connect(path) as cable:
                fill_over(cable)
                losses = look(cable)
                cable.__class__ = CutCable
                cable.left = left
                try:
                    wipe(cable, losses)
                    break
                except Unplugged:
                    left += 1
            with connect(path) as cable:
                files = Files(cable)
                state = {name for name in files.tree() if name.startswith("/state/")}
                assert state in (set(), {"/state/identity", "/state/boot", "/state/boots/5"})
                seen.add(bool(state))
                wipe(cable, look(cable))
                assert set(files.tree()) == KEPT
        assert seen == {True, False} and left > 6

    on_a_bench(tmp_path, story)


def test_a_log_on_raw_flash_goes_too_its_oldest_sector_first(tmp_path):
    def header(number):
        return b"FPJ\x01" + number.to_bytes(4, "big")

    sectors = {0: header(9), 1: header(6), 2: b"torn", 3: header(7)}
    (tmp_path / "a").mkdir()
    raw = tmp_path / "a" / "journal.img"
    raw.write_bytes(b"".join(sectors.get(n, b"").ljust(4_096, b"\xff") for n in range(6)))
    board = {f"a/{one.name}": one.read_bytes() for one in load_profile().directory.glob("board*.py")}

    def story(path, _):
        fill(path)
        with connect(path) as cable:
            losses = look(cable)
            assert losses.ring == (1, 3, 0, 2)
            wipe(cable, losses)
            assert look(cable).is_bare
        assert raw.read_bytes() == b"\xff" * 6 * 4_096

    on_a_bench(tmp_path, story, board)


def test_list_and_status_tell_a_prompt_and_an_agent_apart_and_interrupt_neither_unasked(tmp_path):
    def story(path, mpremote):
        quiet = json.loads(fieldpost("device", "list", path, "--for", "0.3", "--json").stdout)
        assert [(one["answers"], one["port"]) for one in quiet] == [("nothing", path)]
        asked = json.loads(
            fieldpost("device", "list", f"{path[:-6]}*.uart", "--for", "0.3", "--ask", "--json").stdout
        )
        assert [(one["answers"], one["enrolled"], one["arch"]) for one in asked] == [("prompt", False, "x64")]
        told = fieldpost("device", "status", path, "--for", "0.3", "--json")
        assert (told.exit_code, json.loads(told.stdout)["safe_mode"]) == (0, False)
        with connect(path) as cable:
            Files(cable).write("/main.py", STATUS_LINES)
            cable.restart()
        heard = json.loads(fieldpost("device", "list", path, "--json").stdout)
        assert [(one["answers"], one["device"]) for one in heard] == [("agent", "aa" * 16)]
        said = json.loads(fieldpost("device", "status", path, "--json").stdout)
        assert (said["answers"], said["status"]["journalled"] > 3) == ("agent", True)
        lines = fieldpost("device", "logs", path, "--for", "1").stdout.splitlines()
        assert len(lines) > 2 and all(line.startswith("status {") for line in lines)

    on_a_bench(tmp_path, story)


STATUS_LINES = b"""
import time
n = 0
while True:
    n += 1
    print('status {"device": "%s", "journalled": %d}' % ('aa' * 16, n))
    time.sleep_ms(100)
"""


def test_the_last_crash_is_shown_and_none_is_an_answer(tmp_path):
    def story(path, _):
        none = fieldpost("device", "logs", path, "--crash")
        assert (none.exit_code, "no start of this board has crashed" in none.stderr) == (1, True)
        with connect(path) as cable:
            Files(cable).write("/state/crash", b"slot a\nValueError: no\x1b[2J\n")
        told = fieldpost("device", "logs", path, "--crash")
        assert (told.exit_code, told.stdout) == (0, "slot a\nValueError: no\\x1b[2J\n")

    on_a_bench(tmp_path, story)


def test_a_port_that_is_not_there_is_told(tmp_path):
    begun = time.monotonic()
    for words in (["status"], ["logs"], ["wipe"], ["install", "rp2040"]):
        told = fieldpost("device", *words, tmp_path / "none")
        assert (told.exit_code, "there is no such port" in told.stderr) == (3, True)
    row = json.loads(fieldpost("device", "list", tmp_path / "none", "--json").stdout)[0]
    assert (row["answers"], "there is no such port" in row["says"]) == ("error", True)
    assert time.monotonic() - begun < 60
