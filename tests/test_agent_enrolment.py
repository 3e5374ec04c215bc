"""Enrolment: only a chain that verifies to the root it brings and ends at this device's key makes an identity."""

from agent_world import Mesh, credential
from fake_flash import FakeFlash, PowerCut
from vectors_io import raises

from fieldagent import identity, start_up
from fieldagent.enrolment import ENROL, ENROLLED, REQUEST, START, Enrolment
from fieldagent.journal_files import Files
from fieldwire import cbor, cose, keys, tokens
from fieldwire.ed25519 import Ed25519Signer, verify

MESH = Mesh(10)
K_DEV = b"\x07" * 32
SEED = b"\x44" * 32


def started():
    enrolment = Enrolment(b"hw", b"fake", b"\x05" * 32, lambda host_bytes: SEED, lambda: 1)
    enrolment.receive(bytes((START,)) + cbor.encode([b"\x55" * 32]), 0)
    request = enrolment.to_send(0)
    assert request[0] == REQUEST
    return enrolment, cbor.decode(request[1:])


def enrol(public, **changed):
    own = MESH.device_credential(public)
    parts = {
        "k_dev": K_DEV,
        "root": MESH.root.public,
        "mesh": MESH.id,
        "own": tokens.token_id(own),
        "held": [MESH.region, own],
    }
    parts.update(changed)
    body = [parts["k_dev"], parts["root"], parts["mesh"], parts["own"], parts["held"]]
    return bytes((ENROL,)) + cbor.encode(body)


def endorsement(public, signer):
    claims = {
        tokens.EXP: 4_100_000_000,
        tokens.NBF: 1_600_000_000,
        tokens.CNF: {1: keys.cose_key(public)},
        tokens.UEID: tokens.ueid(b"hw"),
        tokens.OEMID: b"oem",
        tokens.HWMODEL: b"fake",
        tokens.PROFILE: tokens.EAT_PROFILE,
        tokens.ISSUER: MESH.region_id,
        tokens.MEASUREMENTS: [b"\x05" * 32],
        tokens.CLOCK: [-50_000, 50_000, None],
    }
    return tokens.issue(cose.ENDORSEMENT, claims, signer)


def test_the_request_names_the_key_the_board_and_what_runs_on_it():
    enrolment, body = started()
    assert body == [Ed25519Signer(SEED).public, b"hw", b"fake", b"\x05" * 32, 1]
    assert enrolment.next_event() is None


def test_a_whole_enrolment_is_confirmed_only_after_it_was_stored():
    enrolment, body = started()
    own = MESH.device_credential(body[0])
    held = [MESH.region, own, endorsement(body[0], MESH.authority)]
    enrolment.receive(enrol(body[0], held=held), 0)
    name, made = enrolment.next_event()
    assert name == "enrolled" and enrolment.to_send(0) is None
    enrolment.confirm()
    assert enrolment.to_send(0) == bytes((ENROLLED,)) + cbor.encode([made.device, MESH.id, b"\x05" * 32, 1])
    assert made.tokens == held and made.credential == tokens.token_id(own)


def test_a_host_that_did_not_hear_the_confirmation_gets_it_again():
    enrolment, body = started()
    enrolment.receive(enrol(body[0]), 0)
    enrolment.receive(enrol(body[0]), 0)
    assert enrolment.to_send(0) is None, "not stored yet"
    enrolment.next_event()
    enrolment.receive(enrol(body[0]), 0)
    assert enrolment.to_send(0)[0] == ENROLLED


def test_a_damaged_repetition_is_refused_and_the_identity_stands():
    enrolment, body = started()
    enrolment.receive(enrol(body[0]), 0)
    made = enrolment.next_event()[1]
    for value in ({}, 7, [], [1, 2, 3], b"", None):
        enrolment.receive(bytes((ENROL,)) + cbor.encode(value), 0)
        assert enrolment.refused == "frame-shape" and enrolment.to_send(0) is None
    enrolment.receive(enrol(body[0]), 0)
    assert cbor.decode(enrolment.to_send(0)[1:]) == [made.device, MESH.id, b"\x05" * 32, 1]


def test_a_start_that_is_repeated_asks_for_the_same_key():
    enrolment, body = started()
    enrolment.receive(bytes((START,)) + cbor.encode([b"\x56" * 32]), 0)
    assert cbor.decode(enrolment.to_send(0)[1:])[0] == body[0]


def test_what_makes_no_whole_identity_is_refused_and_the_device_goes_on_waiting():
    other = Ed25519Signer(b"\x45" * 32).public
    foreign = Mesh(20)
    enrolment, body = started()
    public = body[0]
    depth_2 = credential(MESH.id, public, "region", ["observe"], 2, MESH.authority, MESH.region_id)
    wrong = (
        ("token-chain", enrol(other)),
        ("token-chain", enrol(public, mesh=foreign.id)),
        ("token-chain", enrol(public, root=foreign.root.public, mesh=foreign.id)),
        ("token-chain", enrol(public, own=b"\x00" * 16)),
        ("token-issuer-unknown", enrol(public, held=[MESH.device_credential(public)])),
        ("token-chain", enrol(public, held=[MESH.region, depth_2])),
        ("signature-bad", enrol(public, held=[MESH.region, endorsement(public, foreign.authority)])),
        ("frame-shape", enrol(public, k_dev=b"short")),
        ("frame-shape", bytes((ENROL,)) + cbor.encode([])),
        ("cbor-truncated", bytes((ENROL,)) + b"\x85"),
        ("frame-shape", enrol(public, held=[7])),
        ("frame-shape", enrol(public, held=[{}])),
    )
    for code, frame in wrong:
        enrolment.receive(frame, 0)
        assert enrolment.refused == code and enrolment.next_event() is None
    enrolment.receive(enrol(public), 0)
    assert enrolment.next_event()[0] == "enrolled"


def test_an_answer_before_a_start_is_refused():
    enrolment = Enrolment(b"hw", b"fake", b"\x05" * 32, lambda host_bytes: SEED, lambda: 1)
    enrolment.receive(enrol(Ed25519Signer(SEED).public), 0)
    assert enrolment.refused == "frame-shape" and enrolment.next_event() is None


def test_a_power_cut_while_an_identity_is_stored_leaves_none_or_all_of_it():
    enrolment, body = started()
    enrolment.receive(enrol(body[0]), 0)
    made = enrolment.next_event()[1]
    outcomes = set()
    for torn_part in (0, 2, 4):
        for cut_at in range(1, 5):
            flash = FakeFlash(cut_at=cut_at, torn_part=torn_part)
            try:
                made.store(Files("", flash))
            except PowerCut:
                flash.power_on()
            found = identity.load(Files("", flash))
            outcomes.add(found is not None)
            assert found is None or (found.device == made.device and found.tokens == made.tokens)
    assert outcomes == {False, True}


def test_the_measurement_covers_programs_and_code_folders_and_nothing_else():
    def measured(**changed):
        flash = FakeFlash()
        flash.folders.update(("/lib", "/lib/fieldagent", "/lib/fieldagent/drivers"))
        contents = {
            "/main.py": b"m",
            "/sensors.py": b"s",
            "/config.json": b"{}",
            "/lib/fieldagent/app.mpy": b"a" * 1_300,
            "/lib/fieldagent/drivers/uart.mpy": b"u",
        }
        contents.update(changed.get("contents", {}))
        flash.kept.update(contents)
        return start_up.measure(Files("", flash))

    base = measured()
    from hashlib import sha256

    expected = [("main.py", b"m"), ("sensors.py", b"s"), ("lib/fieldagent/app.mpy", b"a" * 1_300)]
    expected.append(("lib/fieldagent/drivers/uart.mpy", b"u"))
    assert base == tokens.measurement([(name, sha256(data).digest()) for name, data in expected])
    assert measured(contents={"/config.json": b"[]"}) == base
    assert measured(contents={"/sensors.py": b"t"}) != base
    assert measured(contents={"/lib/fieldagent/drivers/uart.mpy": b"v"}) != base


def test_a_pack_is_measured_under_one_name_in_either_slot_and_the_spare_one_is_not():
    from hashlib import sha256

    flash = FakeFlash()
    flash.kept.update({"/main.py": b"m", "/a.pack": b"pack", "/b.pack": b"older", "/b.json": b"{}"})
    for slot, data in (("a", b"pack"), ("b", b"older")):
        expected = [(name, sha256(one).digest()) for name, one in (("main.py", b"m"), ("modules.pack", data))]
        assert start_up.measure(Files("", flash), slot) == tokens.measurement(expected)


def test_a_boot_attestation_is_signed_by_the_device_and_names_boot_and_measurement():
    signer = Ed25519Signer(SEED)
    data = start_up.attest_boot(signer, b"hw", 7, b"\x01" * 32, b"\x05" * 32)
    token = tokens.verified(data, signer.public, verify, cose.BOOT)
    assert token.claims[tokens.BOOTCOUNT] == 7 and token.claims[tokens.MEASUREMENT] == b"\x05" * 32
    raises("signature-bad", tokens.verified, data, MESH.root.public, verify, cose.BOOT)
