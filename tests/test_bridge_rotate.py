"""A rotation from the desk: asked by K_dev alone, told to bridges once it is stored, finished if it broke off."""

import asyncio
import contextlib
import os
import pty
import time
import tty

import pytest
from desk_world import run, said
from test_bridge_enrol import board

from fieldagent.handover import Handover, next_k_dev, order_mac
from fieldagent.identity import Identity
from fieldpost import keyfile, provision, rotate, succession
from fieldpost.app import App
from fieldpost.bridge_text import BridgeSetup
from fieldpost.config import load
from fieldpost.emulator import Fleet, compiled, device_files
from fieldpost.enrol import ENROLLED, START, Known, Request, start
from fieldpost.enrol import REQUEST as REQUESTED
from fieldpost.links import enrol_port
from fieldpost.mesh import Mesh, Validity
from fieldpost.rotate import REFUSED, REQUEST, ROTATE, ROTATED, STATES, Rotation
from fieldpost.signing import Signer
from fieldpost.trust import Trust
from fieldwire import cbor, cose, custody, frame, keys, rotation, tokens
from fieldwire import observation as obs
from fieldwire import session_frames as frames

OLD, NEW = Signer(b"\x21" * 32), Signer(b"\x22" * 32)
DEVICE, HEIR = keys.device_id(OLD.public), keys.device_id(NEW.public)
K_DEV = b"\x01" * 32
TERMS = provision.DeviceTerms("ops", ("field",), ("observe", "time"), 50)


def hello(device=DEVICE):
    return frames.encode_call(device, bytes(8), bytes(4))


def known(device=DEVICE, mesh=b"\x0a" * 32):
    return bytes((ENROLLED,)) + cbor.encode([device, mesh, bytes(32), 0])


def said_by(number, value):
    return bytes((number,)) + cbor.encode([value])


def opened():
    core = Rotation(b"\x09" * 32)
    core.open(0)
    return core


def asked():
    core = opened()
    assert core.to_send(0) == start(b"\x09" * 32)
    core.receive(known(), 5)
    assert (
        core.next_event() == ("known", Known(DEVICE, b"\x0a" * 32, bytes(32), 0)) and core.to_send(5) is None
    )
    core.order(DEVICE, K_DEV, 6)
    body = cbor.decode(core.to_send(6)[1:])
    assert body == [DEVICE, b"\x09" * 32, rotate.order_mac(K_DEV, DEVICE, b"\x09" * 32)]
    return core


def granted():
    core = asked()
    core.receive(said_by(REQUEST, b"accepted"), 10)
    assert core.next_event() == ("requested", b"accepted")
    core.grant(NEW.public, [b"one", b"two"], 11)
    assert core.to_send(11) == said_by(ROTATE, [b"one", b"two"])
    return core


def test_both_sides_compute_the_same_order_and_the_same_next_k_dev():
    assert rotate.order_mac(K_DEV, DEVICE, b"r" * 32) == order_mac(K_DEV, DEVICE, b"r" * 32)
    assert rotate.next_k_dev(K_DEV, NEW.public) == next_k_dev(K_DEV, NEW.public)


def test_a_device_that_is_asked_and_answered_confirms():
    core = granted()
    core.receive(said_by(ROTATED, DEVICE), 19)
    assert core.next_event() is None, "another id confirms nothing"
    core.receive(said_by(ROTATED, HEIR), 20)
    assert core.next_event() == ("rotated", HEIR) and core.deadline() is None and core.to_send(20) is None


def test_a_lost_confirmation_is_made_up_for_by_the_new_ids_first_call():
    core = granted()
    core.receive(hello(), 20)
    assert core.next_event() is None
    core.receive(hello(HEIR), 30)
    assert core.next_event() == ("rotated", HEIR)


def test_the_first_that_says_who_it_is_is_asked_and_once():
    core = opened()
    for frame_ in (hello(HEIR), known(), known(HEIR)):
        core.receive(frame_, 5)
    assert (
        core.next_event() == ("known", Known(DEVICE, b"\x0a" * 32, bytes(32), 0))
        and core.next_event() is None
    )
    core.order(DEVICE, K_DEV, 6)
    with pytest.raises(ValueError, match="asked once"):
        core.order(HEIR, K_DEV, 6)


def test_a_device_that_was_never_enrolled_is_a_stranger():
    core = opened()
    core.receive(bytes((REQUESTED,)) + cbor.encode([OLD.public, b"chip", b"rig", bytes(32), 0]), 5)
    assert core.next_event() == ("stranger",) and core.deadline() is None


def test_a_device_that_says_it_was_rotated_already_needs_nothing_more():
    core = opened()
    core.receive(known(HEIR), 5)
    core.next_event()
    core.finish(HEIR)
    assert core.next_event() == ("rotated", HEIR)


def test_a_refusal_is_told_by_its_codes_name():
    for number, name in ((31, "frame-state"), (0, "0"), (250, "250")):
        core = asked()
        core.receive(said_by(REFUSED, number), 9)
        assert core.next_event() == ("refused", name) and core.deadline() is None


@pytest.mark.parametrize(
    ("core", "waits", "ms"),
    [(opened, "the start", 40_000), (asked, "the order", 30_006), (granted, "the rotation", 60_011)],
)
def test_what_is_not_answered_is_said_again_and_given_up_in_the_end(core, waits, ms):
    core, now_ms = core(), 0
    while core.deadline() is not None:
        core.to_send(now_ms)
        now_ms = core.deadline()
        core.on_deadline(now_ms - 1)
        core.on_deadline(now_ms)
    assert core.next_event() == ("silent", waits) and now_ms == ms


@pytest.mark.parametrize(
    "noise", [b"", b"\x25", b"\x25\xff", said_by(REQUEST, 7), b"\x25\x80", b"\x27\x80", b"\x81\x00"]
)
def test_what_is_no_part_of_a_rotation_is_passed_over(noise):
    core = asked()
    core.receive(noise, 7)
    assert core.next_event() is None
    core.receive(said_by(REQUEST, b"accepted"), 8)
    assert core.next_event()[0] == "requested"
    with pytest.raises(ValueError, match="nothing was requested"):
        asked().grant(NEW.public, [], 8)


def test_every_state_but_the_last_can_be_left_and_leads_to_a_known_one():
    assert all(follows in STATES for ways in STATES.values() for follows in ways.values())
    assert [state for state, ways in STATES.items() if not ways] == ["ended"]


def soon():
    return Validity.days(int(time.time()), 30)


@pytest.fixture
def mesh(tmp_path):
    return Mesh.found(tmp_path / "desk", "alpha", ["ops"], Validity.days(int(time.time()), 365), os.urandom)


@pytest.fixture
def bridge(mesh, tmp_path):
    return provision.make_bridge(mesh, tmp_path / "bridge", "ops", soon(), BridgeSetup("one"), os.urandom)


class Board:
    """The device's own protocol at the end of a PTY. `confirms`: False loses confirmations; `key`: its next seed."""

    def __init__(self, identity, confirms=True, key=b"\x22" * 32):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        self.path, self._slave = os.ttyname(slave), slave
        self.identity, self._confirms, self._key = identity, confirms, key
        self.handover = Handover(
            identity, 3, self, lambda: [[b"\x0b" * 8, 1, 9, b"\x0c" * 32]], lambda: {b"\x0b" * 8}
        )
        self._deframer = frame.Deframer()
        self.heard = []

    def seed(self, host_bytes, present):
        return self._key

    async def __aenter__(self):
        asyncio.get_running_loop().add_reader(self.master, self._readable)
        return self

    async def __aexit__(self, *_error):
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self._slave)
        os.close(self.master)

    def say(self, one):
        os.write(self.master, frame.encode(one))

    def _readable(self):
        with contextlib.suppress(OSError):
            for one in self._deframer.feed(os.read(self.master, 4096)):
                self.heard.append(one)
                if one[0] == START and not self.handover.begun:
                    self.say(known(self.identity.device, self.identity.mesh_id))
                self.handover.receive(one, 0)
                self._answer()

    def _answer(self):
        event = self.handover.next_event()
        if event is not None:
            self.identity = event[1]
            self.handover.confirm()
        while (out := self.handover.to_send(0)) is not None:
            if out[0] != ROTATED or self._confirms:
                self.say(out)


def enrolled(mesh):
    """The identity of a device that the desk has enrolled."""
    request = Request(OLD.public, b"chip-1", b"rig", b"\x77" * 32, 0)
    given = provision.grant(mesh, request, TERMS, soon(), os.urandom)
    mesh.take_in(DEVICE)
    path = mesh.folder / "devices" / f"{DEVICE.hex()}.pending"
    path.rename(path.with_suffix(".key"))
    return Identity(b"\x21" * 32, given.k_dev, given.root, mesh.id, given.credential, list(given.tokens))


def rotated(mesh, device):
    return succession.rotate(mesh, device.path, soon(), os.urandom)


def rotations(mesh):
    return [data for data in mesh.tokens() if tokens.decode(data).typ == cose.ROTATION]


def test_what_follows_is_what_was_and_a_bridge_believes_it(mesh, bridge):
    identity = enrolled(mesh)
    before = provision.enrolled(mesh, DEVICE)

    async def scenario():
        async with Board(identity) as device:
            return await rotated(mesh, device), device

    made, device = asyncio.run(scenario())
    assert (made.former, made.now.device) == (DEVICE, HEIR) and device.identity.device == HEIR
    old, new = (tokens.decode(mesh.token(one)).claims for one in (before.credential, made.now.credential))
    for label in (tokens.AUTHORITY, tokens.SCOPE, tokens.RIGHTS, tokens.DEPTH, tokens.ISSUER):
        assert old[label] == new[label]
    old, new = (tokens.decode(mesh.token(one)).claims for one in (before.endorsement, made.now.endorsement))
    for label in (tokens.UEID, tokens.HWMODEL, tokens.MEASUREMENTS, tokens.CLOCK):
        assert old[label] == new[label]
    path = provision.hand_over(mesh, HEIR, bridge.folder)
    assert keyfile.read(path) == custody.link_key(device.identity.k_dev, bridge.thumbprint)
    trust = Trust()
    trust.add_root(mesh.root_public)
    for file in sorted((bridge.folder / "tokens").glob("*.cwt")):
        trust.add(file.read_bytes())
    trust.retry()
    [(token, statement)] = trust.handovers_of(DEVICE)
    assert token.id == made.rotation and statement.boot == 3 and not trust.waiting
    assert not any(device.identity.k_dev in one or identity.k_dev in one for one in device.heard)


def test_a_device_of_an_authority_whose_key_was_rotated_since_is_rotated_by_the_present_one(mesh):
    identity = enrolled(mesh)
    credential, _ = mesh.rotate_authority("ops", soon(), os.urandom)

    async def scenario():
        async with Board(identity) as device:
            return await rotated(mesh, device), device

    made, device = asyncio.run(scenario())
    assert device.identity.device == HEIR
    assert tokens.decode(mesh.token(made.now.credential)).claims[tokens.ISSUER] == credential
    trust = Trust()
    trust.add_root(mesh.root_public)
    for data in mesh.tokens():
        trust.add(data)
    trust.retry()
    [(token, _)] = trust.handovers_of(DEVICE)
    assert token.id == made.rotation and len(trust.rotations) == 2 and not trust.waiting


def test_nothing_is_told_to_a_bridge_before_the_device_has_stored_it(mesh, monkeypatch):
    monkeypatch.setattr("fieldpost.rotate.ROTATE_MS_MAX", 600)
    monkeypatch.setattr("fieldpost.rotate.ROTATE_EVERY_MS", 30)
    identity = enrolled(mesh)

    async def scenario():
        async with Board(identity, confirms=False) as device:
            device.handover.confirm = lambda: None
            with pytest.raises(enrol_port.PortError, match="no device answers the rotation"):
                await rotated(mesh, device)
            assert rotations(mesh) == [] and HEIR not in provision.devices(mesh)
            stored = device.identity
        assert stored.device == HEIR, "it had stored it, and the desk did not hear so"
        monkeypatch.undo()
        async with Board(stored) as device:
            return await rotated(mesh, device)

    made = asyncio.run(scenario())
    assert (made.former, made.now.device) == (DEVICE, HEIR) and len(rotations(mesh)) == 1
    assert keyfile.read(mesh.folder / "devices" / f"{HEIR.hex()}.key") == next_k_dev(
        identity.k_dev, NEW.public
    )
    assert not list((mesh.folder / "devices").glob("*.heir"))
    assert not list((mesh.folder / "devices").glob("*.rotation"))


def test_a_rotation_that_was_lost_on_its_way_is_made_again_for_the_same_key(mesh, monkeypatch):
    monkeypatch.setattr("fieldpost.rotate.ROTATE_MS_MAX", 600)
    monkeypatch.setattr("fieldpost.rotate.ROTATE_EVERY_MS", 30)
    identity = enrolled(mesh)

    signed = len(mesh.tokens())

    async def scenario():
        async with Board(identity) as device:
            device.handover._FRAMES = {**device.handover._FRAMES, ROTATE: lambda exchange, body: None}
            with pytest.raises(enrol_port.PortError, match="no device answers the rotation"):
                await rotated(mesh, device)
        waiting = sorted(file.name for file in (mesh.folder / "waiting" / HEIR.hex()).iterdir())
        assert len(mesh.tokens()) == signed and len(waiting) == 2, "nobody is told of them yet"
        monkeypatch.undo()
        async with Board(identity) as device:
            made = await rotated(mesh, device)
        assert len(mesh.tokens()) == signed + 3
        assert waiting == sorted(f"{one.hex()}.cwt" for one in (made.now.credential, made.now.endorsement))
        return made

    assert asyncio.run(scenario()).now.device == HEIR


def test_a_key_that_was_rotated_is_rotated_again(mesh):
    identity = enrolled(mesh)

    async def scenario():
        async with Board(identity) as device:
            await rotated(mesh, device)
            present = device.identity
        async with Board(present, key=b"\x23" * 32) as device:
            device.handover._incarnations = lambda: {b"\x0d" * 8}
            return await rotated(mesh, device)

    made = asyncio.run(scenario())
    assert made.former == HEIR and len(rotations(mesh)) == 2


def test_a_device_of_another_desk_is_not_asked(mesh, tmp_path):
    other = Mesh.found(tmp_path / "other", "bravo", ["ops"], soon(), os.urandom)
    identity = enrolled(mesh)

    async def scenario():
        async with Board(identity) as device:
            with pytest.raises(provision.ProvisionError, match=f"in another mesh, {mesh.id.hex()}"):
                await rotated(other, device)
            assert [one[0] for one in device.heard if one != b"\x02"] == [START]

    asyncio.run(scenario())


def test_a_device_whose_former_log_waits_says_why_it_does_not_rotate(mesh):
    identity = enrolled(mesh)

    async def scenario():
        async with Board(identity) as device:
            await rotated(mesh, device)
            present = device.identity
        async with Board(present, key=b"\x23" * 32) as device:
            with pytest.raises(enrol_port.PortError, match="let a bridge first drain"):
                await rotated(mesh, device)

    asyncio.run(scenario())


def test_a_handover_of_another_mesh_or_device_is_not_signed(mesh):
    enrolled(mesh)
    foreign = rotation.accept(rotation.hand_over(b"\x05" * 32, NEW.public, 1, [], OLD), NEW)
    with pytest.raises(provision.ProvisionError, match="hands over in another mesh"):
        succession.grant(mesh, foreign, soon())
    stranger = rotation.accept(rotation.hand_over(mesh.id, OLD.public, 1, [], NEW), OLD)
    with pytest.raises(provision.ProvisionError, match="enrol it first"):
        succession.grant(mesh, stranger, soon())


def test_the_command_rotates_hands_over_and_says_why_it_cannot(mesh, bridge, tmp_path):
    identity = enrolled(mesh)
    words = ("device", "rotate-key", "--mesh", mesh.folder)

    async def scenario():
        async with Board(identity) as device:
            planned = await asyncio.to_thread(said, *words, device.path, "--dry-run")
            assert planned == {"dry_run": True, "device": DEVICE.hex()} and not device.handover.begun
            return await asyncio.to_thread(said, *words, device.path, "--bridge", bridge.folder)

    made = asyncio.run(scenario())
    assert (made["former"], made["device"]) == (DEVICE.hex(), HEIR.hex())
    assert made["links"] == [str(bridge.folder / "links" / f"{HEIR.hex()}.key")]
    assert (bridge.folder / "tokens" / f"{made['rotation']}.cwt").read_bytes() == rotations(mesh)[0]
    absent = run(*words, tmp_path / "tty")
    assert absent.exit_code == 3 and "there is no such port" in absent.stderr


async def drained(app, devices):
    """Entries by device once the bridge holds some of each of them, solved; and the codes of their verdicts."""
    task = asyncio.create_task(app.run())
    found = {}
    for _ in range(300):
        await asyncio.sleep(0.1)
        entries = app.desk.state.entries.values()
        found = {one: [entry for entry in entries if entry.observation[obs.DEVICE] == one] for one in devices}
        if all(entry.id in app.desk.state.verdicts for entry in entries) and all(found.values()):
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    verdicts = app.desk.state.verdicts
    codes = {one: {verdicts[entry.id].code for entry in entries} for one, entries in found.items()}
    app.close()
    return found, codes


def test_a_board_with_the_real_firmware_goes_on_as_another_device_and_loses_nothing(mesh, tmp_path):
    async def scenario():
        async with Fleet(tmp_path / "run", [board(list(range(8000, 8500)))]) as fleet:
            fleet.provision(compiled(device_files(fleet.profile), fleet.profile))
            port = fleet["a1"].plug()
            fleet.power_on()
            before = await provision.enrol(mesh, port, TERMS, soon(), os.urandom)
            await asyncio.sleep(1)
            made = await succession.rotate(mesh, port, soon(), os.urandom)
            await asyncio.sleep(1)
            setup = BridgeSetup("one", links=((str(port), 115_200),))
            folder = provision.make_bridge(mesh, tmp_path / "bridge", "ops", soon(), setup, os.urandom).folder
            for device in (made.former, made.now.device):
                provision.hand_over(mesh, device, folder)
            app = App(load(folder / "bridge.toml"), folder)
            found, codes = await drained(app, (made.former, made.now.device))
            fleet.check()
            return before, made, found, codes, app.desk.state

    before, made, found, codes, state = asyncio.run(scenario())
    assert made.former == before.device != made.now.device and made.now.measurements == before.measurements
    assert all(found.values()) and len(state.trust.handovers_of(made.former)) == 1
    assert "credential-rotated" not in codes[made.former] and not state.forks
    incarnations = [{entry.observation[obs.INCARNATION] for entry in entries} for entries in found.values()]
    assert not incarnations[0] & incarnations[1]
