"""After an update the board is asked how its new agent stands, and the desk vouches for it before it runs."""

import os
import time
from dataclasses import replace

import pytest

from fieldpost import provision
from fieldpost.device.facts import BoardFacts, Installed
from fieldpost.device.install import Installation
from fieldpost.device.layout import layout
from fieldpost.device.plan import plan
from fieldpost.device.runtime_kind import RuntimeKind
from fieldpost.device.trial import STAYS_MS_MAX, Trial, outcome
from fieldpost.device.update import measurement, misplaced, of_agent
from fieldpost.enrol import Request, start
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.build import Build, digests
from fieldpost.firmware_build.module_pack import PACK, packed
from fieldpost.mesh import Mesh, Validity
from fieldpost.signing import Signer
from fieldpost.trust import Trust
from fieldpost.verify import GRADE_ENDORSED, GRADE_SELF, grade
from fieldwire import cbor, cose, token_writer, tokens
from fieldwire.slot_record import Record

NEW, OLD = b"\x0e" * 32, b"\x0d" * 32
SIGNER = Signer(b"\x21" * 32)


def enrolled(build, standing):
    return b"\x23" + cbor.encode([b"d" * 16, b"m" * 32, build, standing])


def waiting(build, standing):
    return b"\x21" + cbor.encode([b"p" * 32, b"chip", b"rig", build, standing])


def test_what_came_of_an_update_is_what_the_board_measured_and_how_that_stands():
    assert outcome(NEW, NEW, 0) == "stays"
    assert outcome(NEW, NEW, 1) is None
    assert outcome(NEW, NEW, 2) == "safe"
    assert [outcome(NEW, OLD, standing) for standing in (0, 1, 2)] == ["back"] * 3


def opened():
    core = Trial(NEW, b"r" * 32)
    core.open(100)
    core.on_deadline(100)
    assert core.to_send(100) == start(b"r" * 32) and core.to_send(100) is None
    return core


@pytest.mark.parametrize("answer", [enrolled, waiting])
def test_a_board_is_asked_again_until_its_trial_is_over(answer):
    core = opened()
    for noise in (b"", b"\x23", b"\x23\x80", b"\x41\x80", b"\x21\xff", answer(NEW, 1)):
        core.receive(noise, 200)
        assert core.next_event() is None
    core.on_deadline(1_100)
    assert core.to_send(1_100) == start(b"r" * 32)
    core.open(1_200)
    assert core.deadline() == 2_100, "a port that comes again changes nothing"
    core.receive(answer(NEW, 0), 1_300)
    core.receive(answer(OLD, 0), 1_301)
    assert core.next_event() == ("stays",) and core.next_event() is None and core.deadline() is None


def test_a_board_that_went_back_is_told_at_once_and_one_that_is_silent_in_the_end():
    core = opened()
    core.receive(enrolled(OLD, 0), 200)
    assert core.next_event() == ("back",)
    core, now_ms = opened(), 100
    while core.deadline() is not None:
        now_ms = core.deadline()
        core.on_deadline(now_ms)
    assert core.next_event()[0] == "silent" and 0 <= now_ms - 100 - STAYS_MS_MAX <= 1_000


PROFILE = load_profile("rp2040")
FILES = {"main.py": b"one", PACK: packed({"fieldagent/app.mpy": b"M-app", "board.mpy": b"M-board"})}


def a_build(profile=PROFILE):
    made = token_writer.measurement(digests(FILES).items())
    return Build(profile, FILES, {}, {}, 0, None, made)


def an_installation(slots=("a",), lib=False):
    kind = RuntimeKind("rp2", "Raspberry Pi Pico with RP2040", "1.28.0", 0, 31)
    held = {slot: Installed("rp2040", "0", OLD) for slot in slots}
    facts = BoardFacts(kind, b"chip", 1 << 20, 4_096, 190_000, (), held, lib, None)
    wanted = layout(a_build(), "b")
    start = plan({}, {"/main.py": next(iter(wanted.wanted().values()))})
    slot = plan({}, wanted.wanted())
    return Installation(facts, Record(), wanted, slot, start, {"/main.py": b"one"}, False, "try")


def test_an_update_leaves_what_chooses_the_slot_alone():
    found = an_installation()
    agents = of_agent(found)
    assert found.start.copy and agents.start.is_done and not agents.files
    assert agents.slot == found.slot and agents.then == "try"


def test_a_board_without_an_agent_in_a_slot_is_refused():
    assert misplaced(an_installation(), PROFILE) is None
    assert "fieldpost device install" in misplaced(an_installation(()), PROFILE)
    assert "/lib" in misplaced(an_installation((), True), PROFILE)
    assert "fieldpost device install" in misplaced(an_installation(("b",)), PROFILE)
    assert "fieldpost device flash" in misplaced(an_installation(), replace(PROFILE, modules="frozen"))


def test_the_measurement_to_come_has_the_boards_own_programs_and_the_builds_modules():
    made = a_build()
    assert measurement(digests({"main.py": b"one"}), made) == made.measurement
    own = {"main.py": b"older", "sensors.py": b"mine"}
    held = {**own, "lib/fieldagent/app.mpy": b"what mip left"}
    expected = digests({**held, PACK: FILES[PACK]})
    assert measurement(digests(held), made) == token_writer.measurement(expected.items())


@pytest.fixture
def mesh(tmp_path):
    return Mesh.found(tmp_path / "desk", "alpha", ["ops"], Validity.days(int(time.time()), 365), os.urandom)


def test_the_desk_vouches_for_one_more_build_once_and_its_observations_keep_their_grade(mesh):
    valid = Validity.days(int(time.time()), 30)
    request = Request(SIGNER.public, b"chip-1", b"rig", OLD, 0)
    provision.grant(mesh, request, provision.DeviceTerms("ops", None), valid, os.urandom)
    mesh.take_in(request.device)
    before = provision.enrolled(mesh, request.device)
    made = provision.vouch(mesh, request.device, NEW, valid)
    assert made != before.endorsement
    assert provision.vouch(mesh, request.device, NEW, valid) == made
    assert provision.enrolled(mesh, request.device).measurements == (OLD, NEW)
    claims = [tokens.decode(mesh.token(one)).claims for one in (before.endorsement, made)]
    for label in (tokens.CNF, tokens.UEID, tokens.HWMODEL, tokens.CLOCK, tokens.ISSUER, tokens.EXP):
        assert claims[0][label] == claims[1][label]
    trust = Trust()
    trust.add_root(mesh.root_public)
    held = [data for data in mesh.tokens() if tokens.token_id(data) != made]
    for _ in range(2):
        for data in held:
            trust.add(data)
    attestation = token_writer.attestation(b"chip-1", 1, 2, bytes(32), "0.1", NEW, SIGNER)
    boot = trust.add(attestation)
    credential = trust.credentials[before.credential]
    assert grade(credential, boot, trust) == GRADE_SELF
    trust.add(mesh.token(made))
    assert grade(credential, boot, trust) == GRADE_ENDORSED
    assert boot.typ == cose.BOOT
