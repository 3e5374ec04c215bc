"""`fieldpost bridge`: a configuration is checked whole, a bridge refuses to start unsafely and ends cleanly."""

import json
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from desk_world import Desks, run, said

from fieldpost.reading import profile_of, trust_of
from fieldpost.store import Store

START_S_MAX = 20


@pytest.fixture
def desks(tmp_path):
    return Desks(tmp_path)


@pytest.fixture
def bridge(desks):
    return desks.bridge("alpha")[0]


def started(folder, above=3):
    """A running bridge, after more than so many inputs are in the store."""
    words = [sys.executable, "-m", "fieldpost", "bridge", "run", str(folder / "bridge.toml")]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + START_S_MAX
    while process.poll() is None and time.monotonic() < until:
        if (folder / "store.db").exists() and _count(folder) > above:
            return process
        time.sleep(0.05)
    process.kill()
    raise AssertionError(process.communicate()[1])


def _count(folder):
    try:
        store = Store.read_only(folder / "store.db")
        try:
            return store.query("SELECT count(*) FROM input")[0][0]
        finally:
            store.close()
    except sqlite3.Error:
        return 0


def refused(folder):
    words = [sys.executable, "-m", "fieldpost", "bridge", "run", str(folder / "bridge.toml")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_a_sound_configuration_is_told_in_words_and_in_json(bridge):
    assert "sound. bridge-alpha drains 0 cables" in run("bridge", "check", bridge / "bridge.toml").stdout
    about = said("bridge", "check", bridge / "bridge.toml")
    assert about["name"] == "bridge-alpha" and about["store"] == str(bridge / "store.db")


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_corrupt_configuration_names_file_line_key_and_expectation(bridge, command):
    path = bridge / "bridge.toml"
    text = path.read_text()
    path.write_text(text.replace("utc_claims = 2", 'utc_claims = "two"'))
    line = 1 + text[: text.index("utc_claims")].count("\n")
    result = run("bridge", command, path)
    assert result.exit_code == 2
    assert result.stderr.strip() == f"{path}:{line}: bridge.utc_claims: expected `int`, got `str`"
    assert not (bridge / "store.db").exists()


def test_a_configuration_that_cannot_be_read_is_named(tmp_path):
    result = run("bridge", "check", tmp_path / "none.toml")
    assert result.exit_code == 3 and "none.toml: No such file" in result.stderr


@pytest.mark.parametrize("name", ["root.key", "links/0b.key"])
def test_a_root_key_in_the_bridges_folder_is_refused_under_any_name(desks, bridge, name):
    (bridge / name).write_bytes((desks.alpha / "root.key").read_bytes())
    (bridge / name).chmod(0o600)
    code, words = refused(bridge)
    assert code == 3 and f"{bridge / name}: a mesh's root key lies in the bridge's folder" in words
    assert not (bridge / "store.db").exists()


def test_a_key_of_wrong_mode_is_refused(bridge):
    (bridge / "bridge.key").chmod(0o644)
    code, words = refused(bridge)
    assert code == 3 and "bridge.key: others may read it (mode 0644)" in words


def test_a_bridge_without_its_key_or_credential_is_refused(bridge):
    for path in (bridge / "tokens").iterdir():
        path.unlink()
    code, words = refused(bridge)
    assert code == 3 and "no credential of mesh" in words and "fieldpost mesh bridge" in words
    (bridge / "bridge.key").unlink()
    code, words = refused(bridge)
    assert (
        code == 3
        and "bridge.key: cannot be read" in words
        and "make it with `fieldpost mesh bridge`" in words
    )


def test_a_configuration_without_its_key_or_tokens_is_not_sound_and_each_is_named(bridge):
    (bridge / "bridge.key").unlink()
    for path in (bridge / "tokens").iterdir():
        path.unlink()
    result = run("bridge", "check", bridge / "bridge.toml")
    assert result.exit_code == 1 and "sound" not in result.stdout
    awaited, *told = result.stderr.splitlines()
    assert awaited.startswith(f"warning: {bridge / 'agreement.proof'}: no such agreement")
    assert [line.split(": ")[0] for line in told] == [str(bridge / name) for name in ("bridge.key", "tokens")]
    assert all("; " in line for line in told) and told[0].endswith("make it with `fieldpost mesh bridge`")
    about = run("bridge", "check", bridge / "bridge.toml", "--json")
    assert about.exit_code == 1 and json.loads(about.stdout)["missing"] == told


def test_a_port_that_is_not_there_is_a_warning_when_checked_and_when_run(bridge):
    (bridge / "agreement.proof").write_bytes(b"a proof")
    with (bridge / "bridge.toml").open("a") as file:
        file.write('\n[[link]]\nport = "no-such-port"\n')
    result = run("bridge", "check", bridge / "bridge.toml")
    assert result.exit_code == 0 and "sound. bridge-alpha drains 1 cable," in result.stdout
    assert f"warning: {bridge / 'no-such-port'}: no such port" in result.stderr
    (bridge / "agreement.proof").unlink()
    process = started(bridge)
    process.terminate()
    _, words = process.communicate(timeout=20)
    warned = [line for line in words.splitlines() if " WARNING " in line]
    assert len(warned) == 2, words
    assert "agreement.proof: no such agreement" in warned[0] and "no-such-port: no such port" in warned[1]


def test_a_store_that_is_none_is_refused(bridge):
    (bridge / "store.db").write_bytes(b"this is no database, and long enough to be looked at" * 40)
    code, words = refused(bridge)
    assert code == 3 and "store.db" in words


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_bridge_that_is_told_to_end_leaves_a_closed_store(desks, bridge, told):
    process = started(bridge)
    process.send_signal(told)
    _, words = process.communicate(timeout=20)
    assert process.returncode == 0, words
    assert "Traceback" not in words
    assert not (bridge / "store.db-wal").exists(), "the last connection folded the journal in: it was closed"
    store = Store.read_only(bridge / "store.db")
    try:
        assert profile_of(store)[0].hex() == desks.about("alpha")["mesh"]
        assert len(trust_of(store).credentials) == 3
    finally:
        store.close()


def test_a_second_bridge_on_one_store_is_refused_and_the_first_goes_on(bridge):
    process = started(bridge)
    code, words = refused(bridge)
    assert code == 3 and "store.db: another bridge runs on this store; end it" in words
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_killed_bridge_starts_again_with_what_it_had(desks, bridge):
    process = started(bridge)
    process.kill()
    process.communicate(timeout=20)
    before = _count(bridge)
    process = started(bridge, above=before)  # the second start is an input of its own
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
    store = Store.read_only(bridge / "store.db")
    try:
        assert [item.n for item in store.inputs()] == list(range(1, 1 + store.last_input()))
        assert sorted({item.at[0] for item in store.inputs()}) == [1, 2], "the boots of this bridge"
    finally:
        store.close()


def test_a_running_bridge_takes_up_a_token_that_is_laid_beside_it(desks, bridge):
    process = started(bridge)
    try:
        words = ("--as", "command", "--foreign", f"{desks.passport('bravo')}:ops", "--local", "command")
        made = said("taxonomy", "attest", desks.alpha, *words, "--bridge", bridge)
        until = time.monotonic() + START_S_MAX
        while time.monotonic() < until:
            rows = said("taxonomy", "list", "--store", bridge / "store.db")
            if [row["id"] for row in rows] == [made["id"]]:
                break
            time.sleep(0.1)
        assert [(row["id"], row["state"]) for row in rows] == [(made["id"], "valid")]
    finally:
        process.terminate()
        process.communicate(timeout=20)
