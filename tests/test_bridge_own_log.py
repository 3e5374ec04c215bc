"""The bridge's own observations and keys: signed like a device's, made whole, its owner's alone. SPEC 7.3, 9.1"""

import hashlib
import os

import pytest
from fold_world import Fold, Home, key

from fieldpost import keyfile, own_log
from fieldpost.keyfile import KeyFileError
from fieldpost.own_log import OwnLog
from fieldpost.signing import verify
from fieldwire import cbor, cose, keys, tokens
from fieldwire import observation as obs

PAYLOAD = [1, b"p" * 16, b"x" * 8, 1, 10, 1, 20, 21, None]


def counting():
    count = iter(range(256))
    return lambda size: bytes([next(count)]) * size


@pytest.fixture
def home():
    return Home()


def log_of(home, random=None):
    device = home.one
    return OwnLog(device.signer, device.holder.id, tokens.token_id(device.attestation), random or counting())


def test_an_exchange_is_an_early_copy_that_a_bridge_takes_as_evidence(home):
    fold = home.fold()
    copy = log_of(home).exchange(PAYLOAD, (1, 5_000))
    fold.put("early", copy)
    fold.put("solve")
    observation, leaf = obs.open_early_copy(copy, home.one.signer.public, verify)
    assert fold.verdict(leaf) == ("admitted", "evidence")
    assert cbor.decode(observation[obs.PAYLOAD]) == PAYLOAD and observation[obs.TREF] == [1, 5_000]
    assert (observation[obs.SUBJECT], observation[obs.STREAM]) == ("log/time", obs.EVIDENCE)


def test_every_record_has_a_place_and_a_salt_of_its_own(home):
    log = log_of(home)
    made = [obs.decode(cose.decode(log.exchange(PAYLOAD, (1, n))).payload) for n in range(20)]
    assert [one[obs.SEQ] for one in made] == list(range(20)) and len(
        {one[obs.INCARNATION] for one in made}
    ) == 1
    assert len({one[obs.SALT] for one in made}) == 20


def test_every_start_is_another_incarnation_so_that_no_place_is_used_twice(home):
    random = counting()
    positions = {
        obs.position(obs.decode(cose.decode(log_of(home, random).exchange(PAYLOAD, (start, 0))).payload))
        for start in range(5)
    }
    assert len(positions) == 5


def test_a_boot_attestation_says_which_start_and_what_runs():
    data = own_log.boot_attestation(key("bridge"), 7, b"12345678")
    token = tokens.verified(data, key("bridge").public, verify, cose.BOOT)
    assert token.claims[tokens.BOOTCOUNT] == 7 and token.claims[tokens.MEASUREMENT] == own_log.measurement()
    assert token.claims[tokens.UEID] == tokens.ueid(own_log.hardware_id(key("bridge").public))


def test_the_measurement_covers_every_module_and_every_step_of_the_schema(tmp_path, monkeypatch):
    for name in ("a.py", "deep/b.py", "schema/001.sql", "notes.txt", "__pycache__/a.pyc", "_firmware/x.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(own_log.resources, "files", lambda _: tmp_path)
    whole = own_log.measurement()
    names = ["a.py", "deep/b.py", "schema/001.sql"]
    contents = {name: hashlib.sha256(name.encode()).digest() for name in names}
    assert whole == tokens.measurement(
        (f"{package}/{name}", contents[name]) for package in ("fieldpost", "fieldwire") for name in names
    )
    for name in names:
        (tmp_path / name).write_text("changed")
        assert own_log.measurement() != whole
        (tmp_path / name).write_text(name)
    (tmp_path / "_firmware/x.py").write_text("changed")
    assert own_log.measurement() == whole


def test_a_bridge_is_graded_by_the_build_that_its_authority_endorsed(home):
    bridge = key("bridge")
    agent = home.mesh.credential("agent", "boundary", ("boundary", "observe"), 0, signer=bridge)
    attestation = own_log.boot_attestation(bridge, 1, b"12345678")
    hardware = own_log.hardware_id(bridge.public)
    for build, grade in ((own_log.measurement(), 3), (b"\x01" * 32, 2)):
        fold = Fold(home.mesh)
        fold.tokens(home.ops, agent, attestation, home.ops.endorse(bridge.public, [build], hardware=hardware))
        fold.put(
            "early",
            OwnLog(bridge, agent.id, tokens.token_id(attestation), counting()).exchange(PAYLOAD, (1, 9)),
        )
        [entry] = fold.state.entries.values()
        assert entry.grade == grade and entry.observation[obs.DEVICE] == keys.device_id(bridge.public)


SECRET = bytes(range(32))


def test_a_key_file_is_its_owners_alone_and_gives_the_key_back(tmp_path):
    path = tmp_path / "deep" / "bridge.key"
    keyfile.create(path, SECRET)
    assert keyfile.read(path) == SECRET and path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["bridge.key"]
    assert keyfile.signer(path).public == own_log.Signer(SECRET).public


def test_a_key_is_never_written_over(tmp_path):
    path = tmp_path / "bridge.key"
    keyfile.create(path, SECRET)
    with pytest.raises(KeyFileError, match="there is a key already"):
        keyfile.create(path, bytes(32))
    assert keyfile.read(path) == SECRET and [one.name for one in tmp_path.iterdir()] == ["bridge.key"]


def test_what_a_cut_left_behind_does_not_hinder_a_new_key(tmp_path):
    path = tmp_path / "bridge.key"
    (tmp_path / ".bridge.key.new").write_bytes(b"half")
    keyfile.create(path, SECRET)
    assert keyfile.read(path) == SECRET and [one.name for one in tmp_path.iterdir()] == ["bridge.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o601])
def test_a_key_that_others_could_have_read_is_not_read(tmp_path, mode):
    path = tmp_path / "bridge.key"
    keyfile.create(path, SECRET)
    os.chmod(path, mode)
    with pytest.raises(KeyFileError, match=f"mode {mode:04o}.*chmod 600"):
        keyfile.read(path)


@pytest.mark.parametrize(
    "text", [b"", b"abc", b"zz" * 32, bytes(range(128, 256)), SECRET, (SECRET + b"\x00").hex().encode()]
)
def test_a_file_that_holds_no_key_says_what_was_expected(tmp_path, text):
    path = tmp_path / "bridge.key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="64 hexadecimal digits"):
        keyfile.read(path)


def test_a_missing_key_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(KeyFileError, match=r"cannot be read \(No such file.*fieldpost mesh init"):
        keyfile.read(tmp_path / "bridge.key")
