"""Enrolment: a device is asked, answered once, and told from one that was enrolled before."""

import asyncio
import contextlib
import json
import os
import pty
import stat
import time
import tty

import pytest
from desk_world import run, said
from tapped_port import TappedPort

from fieldpost import keyfile, provision
from fieldpost.bridge_text import BridgeSetup
from fieldpost.emulator import BoardSpec, Fleet, compiled, device_files
from fieldpost.enrol import STATES, Enrolment, Grant, Known, Request
from fieldpost.links import enrol_port
from fieldpost.mesh import Mesh, Validity
from fieldpost.signing import Signer
from fieldwire import cbor, custody, frame, keys, schema, tokens
from fieldwire import session_frames as frames
from fieldwire.salt import salt_key

SIGNER = Signer(b"\x21" * 32)
DEVICE = keys.device_id(SIGNER.public)
BUILD = b"\x77" * 32
GRANT = Grant(b"\x01" * 32, b"\x02" * 32, b"\x03" * 16, (b"one", b"two"))
TERMS = provision.DeviceTerms("ops", ("field",))


def request(public=SIGNER.public, build=BUILD):
    return b"\x21" + cbor.encode([public, b"chip-1", b"rig", build, 0])


def hello(device=DEVICE):
    return frames.encode_call(device, bytes(8), bytes(4))


MESH_ID = keys.thumbprint(GRANT.root)


def enrolled_in(mesh_id=MESH_ID, device=DEVICE):
    return b"\x23" + cbor.encode([device, mesh_id, BUILD, 0])


@pytest.fixture
def mesh(tmp_path):
    return Mesh.found(tmp_path / "desk", "alpha", ["ops"], Validity.days(int(time.time()), 365), os.urandom)


@pytest.fixture
def bridge(mesh, tmp_path):
    return provision.make_bridge(mesh, tmp_path / "bridge", "ops", soon(), BridgeSetup("one"), os.urandom)


def soon():
    return Validity.days(int(time.time()), 30)


def opened():
    core = Enrolment(b"\x09" * 32)
    core.open(0)
    return core


def asked():
    core = opened()
    assert core.to_send(0) == b"\x20" + cbor.encode([b"\x09" * 32])
    core.receive(request(), 5)
    assert core.next_event() == ("requested", Request(SIGNER.public, b"chip-1", b"rig", BUILD, 0))
    return core


def granted():
    core = asked()
    core.grant(GRANT, 10)
    body = cbor.decode(core.to_send(10)[1:])
    assert body == [GRANT.k_dev, GRANT.root, keys.thumbprint(GRANT.root), GRANT.credential, [b"one", b"two"]]
    return core


def test_a_device_that_answers_is_given_an_identity_and_confirms_it():
    core = granted()
    core.receive(enrolled_in(bytes(32)), 15)
    assert core.next_event() is None, "it names another mesh"
    core.receive(enrolled_in(), 20)
    assert core.next_event() == ("enrolled", DEVICE)
    assert core.deadline() is None and core.next_event() is None


def test_a_lost_confirmation_is_made_up_for_by_the_devices_first_call():
    core = granted()
    core.receive(hello(bytes(16)), 20)
    assert core.next_event() is None, "another device's call proves nothing"
    core.receive(hello(), 30)
    assert core.next_event() == ("enrolled", DEVICE)


def test_a_device_that_was_enrolled_before_says_who_it_is_and_whose():
    core = opened()
    core.receive(hello(), 4)
    assert core.next_event() is None, "a call does not say whose it is"
    core.receive(enrolled_in(b"\x05" * 32), 5)
    assert core.next_event() == ("known", Known(DEVICE, b"\x05" * 32, BUILD, 0))
    assert core.deadline() is None


def test_what_is_not_answered_is_said_again_and_given_up_in_the_end():
    core, said, now_ms = opened(), 0, 0
    while core.deadline() is not None:
        said += core.to_send(now_ms) is not None
        now_ms = core.deadline()
        core.on_deadline(now_ms)
    assert core.next_event() == ("silent", "the start") and said == 20 and now_ms == 20_000


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\x21",
        b"\x21\xff",
        b"\x21" + cbor.encode([SIGNER.public, b"", b"rig", BUILD, 0]),
        b"\x21" + cbor.encode([SIGNER.public, b"chip", b"rig", BUILD, 3]),
        b"\x21" + cbor.encode([SIGNER.public[1:], b"chip", b"rig", BUILD, 0]),
        b"\x21" + cbor.encode([SIGNER.public, b"chip", b"rig" * 20, BUILD, 0]),
        b"\x21" + cbor.encode({1: 2}),
        b"\x23" + cbor.encode([DEVICE]),
        b"\x23" + cbor.encode([DEVICE, b"short", BUILD, 0]),
        b"\x23" + cbor.encode([DEVICE, MESH_ID, BUILD, 3]),
        b"\x81\x00",
    ],
)
def test_what_is_no_request_is_passed_over(noise):
    core = opened()
    core.receive(noise, 1)
    assert core.next_event() is None
    core.receive(request(), 2)
    assert core.next_event()[0] == "requested"


def test_a_repeated_request_is_decided_once():
    core = asked()
    core.receive(request(), 6)
    assert core.next_event() is None
    core.grant(GRANT, 7)
    with pytest.raises(ValueError, match="nothing was requested"):
        core.grant(GRANT, 8)


def test_every_state_but_the_last_can_be_left_and_leads_to_a_known_one():
    assert all(follows in STATES for ways in STATES.values() for follows in ways.values())
    assert [state for state, ways in STATES.items() if not ways] == ["ended"]


class FakeDevice:
    """The device's end of a PTY: answers each start. `deaf_to`: frames that it loses, once each.

    `stored`: the mesh's id that it says it is enrolled in.
    """

    def __init__(self, deaf_to=(), confirms=True, stored=None):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(slave)
        self._slave, self._deaf, self._confirms, self._stored = slave, list(deaf_to), confirms, stored
        self._deframer = frame.Deframer()
        self.heard = []

    async def __aenter__(self):
        asyncio.get_running_loop().add_reader(self.master, self._readable)
        return self

    async def __aexit__(self, *_error):
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self._slave)
        os.close(self.master)

    def say(self, one):
        for byte in frame.encode(one):
            os.write(self.master, bytes((byte,)))

    def _readable(self):
        with contextlib.suppress(OSError):
            for one in self._deframer.feed(os.read(self.master, 4096)):
                self._hear(one)

    def _hear(self, one):
        self.heard.append(one)
        if one[0] in self._deaf:
            self._deaf.remove(one[0])
        elif self._stored:
            self.say(enrolled_in(self._stored))
        elif one[0] == 0x20:
            self.say(request())
        elif one[0] == 0x22 and self._confirms:
            self.say(enrolled_in(cbor.decode(one[1:])[2]))


def enrol(mesh, device, terms=TERMS):
    return provision.enrol(mesh, device.path, terms, soon(), os.urandom)


def test_the_desk_keeps_the_key_and_gives_a_chain_of_tokens(mesh, bridge):
    async def scenario():
        async with FakeDevice() as device:
            return await enrol(mesh, device), device.heard[-1]

    made, told = asyncio.run(scenario())
    k_dev, root, mesh_id, credential, held = cbor.decode(told[1:])
    assert (made.device, root, mesh_id, credential) == (DEVICE, mesh.root_public, mesh.id, made.credential)
    assert [tokens.token_id(one) for one in held] == [
        mesh.authorities["ops"],
        made.credential,
        made.endorsement,
    ]
    claims = tokens.decode(held[1]).claims
    assert claims[tokens.SCOPE] == [["field"], None] and claims[tokens.RIGHTS] == ["observe"]
    assert claims[tokens.EXP] <= tokens.decode(held[0]).claims[tokens.EXP]
    assert made.measurements == (BUILD,) and tokens.decode(held[2]).claims[tokens.CLOCK] == [
        -200_000,
        200_000,
        None,
    ]
    path = provision.hand_over(mesh, DEVICE, bridge.folder)
    assert keyfile.read(path) == custody.link_key(k_dev, bridge.thumbprint)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    salts = path.with_suffix(".salt")
    assert keyfile.read(salts) == salt_key(k_dev) and stat.S_IMODE(salts.stat().st_mode) == 0o600
    assert (bridge.folder / "tokens" / f"{made.credential.hex()}.cwt").read_bytes() == held[1]
    assert provision.hand_over(mesh, DEVICE, bridge.folder) == path, "handing over twice changes nothing"


def test_frames_that_are_lost_are_sent_again(mesh, monkeypatch):
    monkeypatch.setattr("fieldpost.enrol.START_EVERY_MS", 30)
    monkeypatch.setattr("fieldpost.enrol.ENROL_EVERY_MS", 30)

    async def scenario():
        async with FakeDevice(deaf_to=(0x20, 0x20, 0x22)) as device:
            return await enrol(mesh, device)

    assert asyncio.run(scenario()).device == DEVICE


def test_a_second_enrolment_of_a_key_is_refused(mesh):
    async def scenario():
        async with FakeDevice() as device:
            await enrol(mesh, device)
            before = mesh.tokens()
            with pytest.raises(provision.ProvisionError, match="has forgotten it, yet made the same key"):
                await enrol(mesh, device)
            assert mesh.tokens() == before

    asyncio.run(scenario())


def test_a_build_that_is_not_named_is_refused_and_nothing_is_signed(mesh):
    async def scenario():
        async with FakeDevice() as device:
            before = mesh.tokens()
            terms = provision.DeviceTerms("ops", None, measurements=(b"\x55" * 32,))
            with pytest.raises(provision.ProvisionError, match=BUILD.hex()):
                await enrol(mesh, device, terms)
            assert mesh.tokens() == before and not list(provision.devices(mesh))

    asyncio.run(scenario())


def test_an_enrolment_that_broke_off_after_the_device_had_stored_it_is_finished(mesh, monkeypatch):
    monkeypatch.setattr("fieldpost.enrol.ENROL_MS_MAX", 600)
    monkeypatch.setattr("fieldpost.enrol.ENROL_EVERY_MS", 30)

    before = mesh.tokens()

    async def scenario():
        async with FakeDevice(confirms=False) as device:
            with pytest.raises(enrol_port.PortError, match="no device answers the enrolment"):
                await enrol(mesh, device)
            assert not list(provision.devices(mesh)) and mesh.tokens() == before
            k_dev = cbor.decode(device.heard[-1][1:])[0]
        monkeypatch.undo()
        async with FakeDevice(stored=mesh.id) as device:
            made = await enrol(mesh, device)
            again = await enrol(mesh, device)
        assert again == made and again.before and not made.before
        assert not (mesh.folder / "waiting" / DEVICE.hex()).exists()
        assert made.device == DEVICE and list(provision.devices(mesh)) == [DEVICE]
        assert mesh.link_key(DEVICE, b"b" * 32) == custody.link_key(k_dev, b"b" * 32)

    asyncio.run(scenario())


def test_a_device_of_another_mesh_is_named_with_its_mesh_and_stays_what_it_is(mesh):
    async def scenario():
        async with FakeDevice(stored=b"\x0e" * 32) as device:
            before = set(mesh.folder.rglob("*"))
            with pytest.raises(provision.ProvisionError) as refused:
                await enrol(mesh, device)
            assert set(mesh.folder.rglob("*")) == before
            assert {one[0] for one in device.heard} <= {0x02, 0x20}
            return str(refused.value)

    told = asyncio.run(scenario())
    assert DEVICE.hex() in told and "0e" * 32 in told and "fieldpost device wipe" in told


def test_a_device_of_the_mesh_that_another_copy_of_the_desk_enrolled_is_told_apart(mesh):
    async def scenario():
        async with FakeDevice(stored=mesh.id) as device:
            with pytest.raises(provision.ProvisionError, match="was not enrolled from"):
                await enrol(mesh, device)

    asyncio.run(scenario())


def test_a_cable_that_goes_out_in_the_middle_is_told_and_nothing_is_recorded(mesh, tmp_path, monkeypatch):
    monkeypatch.setattr("fieldpost.links.enrol_port.AWAY_S_MAX", 0.2)

    async def scenario():
        async with FakeDevice(confirms=False) as device, TappedPort(device.path) as tap:
            tap.plug(tmp_path / "tty")
            tap.on_bytes = lambda count: tap.to_host and asyncio.get_running_loop().call_soon(tap.unplug)
            with pytest.raises(enrol_port.PortError, match="went out in the middle; put it in"):
                await provision.enrol(mesh, tmp_path / "tty", TERMS, soon(), os.urandom)
            assert not list(provision.devices(mesh)) and mesh.tokens() == before

    before = mesh.tokens()
    asyncio.run(scenario())


def test_a_prompt_in_the_place_of_an_agent_is_told(mesh, tmp_path):
    async def scenario():
        async with Fleet(tmp_path / "run", [BoardSpec("a1", "alpha", prompt=True)]) as fleet:
            fleet.provision({})
            port = fleet["a1"].plug()
            fleet.power_on()
            with pytest.raises(enrol_port.PortError, match="a prompt answers and no agent"):
                await provision.enrol(mesh, port, TERMS, soon(), os.urandom)

    asyncio.run(scenario())


def test_a_port_that_is_not_there_is_named(mesh, tmp_path):
    with pytest.raises(enrol_port.PortError, match="there is no such port"):
        asyncio.run(provision.enrol(mesh, tmp_path / "tty", TERMS, soon(), os.urandom))


def test_the_command_enrols_hands_over_and_says_why_it_cannot(mesh, bridge, tmp_path):
    words = (
        "device",
        "enrol",
        "--mesh",
        mesh.folder,
        "--subject",
        "field",
        "--right",
        "time",
        "--right",
        "observe",
    )

    async def scenario():
        async with FakeDevice() as device:
            planned = await asyncio.to_thread(said, *words, device.path, "--dry-run")
            assert (planned["device"], planned["before"]) == (DEVICE.hex(), False)
            assert planned["measurements"] == [BUILD.hex()] and not list(provision.devices(mesh))
            made = await asyncio.to_thread(
                said, *words, device.path, "--clock-ppm", 50, "--bridge", bridge.folder
            )
        async with FakeDevice(stored=mesh.id) as device:
            same = await asyncio.to_thread(said, *words, device.path, "--clock-ppm", 50)
            assert same == {**made, "before": True, "links": []}
            return made, await asyncio.to_thread(run, *words, device.path, "--right", "observe")

    made, again = asyncio.run(scenario())
    assert made["device"] == DEVICE.hex() and made["authority"] == "ops"
    assert made["links"] == [str(bridge.folder / "links" / f"{DEVICE.hex()}.key")]
    claims = tokens.decode(mesh.token(bytes.fromhex(made["credential"]))).claims
    assert claims[tokens.RIGHTS] == ["observe", "time"]
    endorsement = tokens.decode(mesh.token(bytes.fromhex(made["endorsement"]))).claims
    assert endorsement[tokens.CLOCK] == [-50_000, 50_000, None]
    assert again.exit_code == 1 and "already, on other terms: clock [-50000, 50000, None]" in again.stderr
    absent = run(*words, tmp_path / "tty")
    assert absent.exit_code == 3 and "there is no such port" in absent.stderr


SCHEMA = schema.encode("air", [["temp", schema.INTEGER, "degF", -2]])


def board(sensors):
    settings = {
        "observe": [
            {"sensor": "air", "subject": "field/air", "schema": schema.digest(SCHEMA).hex(), "period_ms": 200}
        ]
    }
    files = {
        "config.json": json.dumps(settings).encode(),
        f"schemas/{schema.digest(SCHEMA).hex()}.cbor": SCHEMA,
    }
    return BoardSpec("a1", "alpha", sensors={"air": sensors}, files=files, heap_bytes=524_288)


def test_a_board_with_the_real_firmware_is_enrolled_once_and_stays_enrolled(mesh, bridge, tmp_path):
    other = Mesh.found(tmp_path / "other", "bravo", ["ops"], soon(), os.urandom)

    async def scenario():
        async with Fleet(tmp_path / "run", [board([8006, 7700])]) as fleet:
            fleet.provision(compiled(device_files(fleet.profile), fleet.profile))
            port = fleet["a1"].plug()
            fleet.power_on()
            made = await provision.enrol(mesh, port, TERMS, soon(), os.urandom)
            assert await provision.enrol(mesh, port, TERMS, soon(), os.urandom) == made
            fleet["a1"].reset()
            with pytest.raises(provision.ProvisionError, match=f"in another mesh, {mesh.id.hex()}"):
                await provision.enrol(other, port, TERMS, soon(), os.urandom)
            fleet.check()
        return made

    made = asyncio.run(scenario())
    assert list(provision.devices(mesh)) == [made.device]
    assert provision.enrolled(mesh, made.device) == made
    provision.hand_over(mesh, made.device, bridge.folder)
