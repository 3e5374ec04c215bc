"""The authority's desk: what its commands make, where it lies, and what they refuse."""

import os
import stat
import time
from pathlib import Path

import pytest
from desk_world import Desks, run, said

from fieldpost import keyfile, own_log, provision
from fieldpost.app import App
from fieldpost.bridge_text import BridgeSetup
from fieldpost.config import load
from fieldpost.mesh import Mesh, Validity
from fieldpost.signing import Signer
from fieldpost.trust import Trust
from fieldwire import cose, keys, schema, tokens


@pytest.fixture
def desks(tmp_path):
    return Desks(tmp_path)


def trust_in(*folders):
    """The pool of a bridge's tokens folders, under the roots that its configuration names."""
    trust = Trust()
    for folder in folders:
        for root in load(folder / "bridge.toml").bridge.roots:
            trust.add_root(bytes.fromhex(root))
        for path in (folder / "tokens").glob("*.cwt"):
            trust.add(path.read_bytes())
    trust.retry()
    assert not trust.waiting
    return trust


def test_a_mesh_is_founded_with_keys_that_only_their_owner_reads(desks):
    private = sorted(desks.alpha.rglob("*.key"))
    assert [path.name for path in private] == ["command.key", "field+air.key", "root.key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    root = keyfile.signer(desks.alpha / "root.key").public
    about = desks.about("alpha")
    assert about["mesh"] == keys.thumbprint(root).hex() and about["root"] == root.hex()
    assert sorted(about["authorities"]) == ["command", "field/air"]
    secrets = [path.read_text().strip() for path in private]
    assert not any(secret in desks.passport("alpha").read_text() for secret in secrets)


def test_two_meshes_have_no_key_in_common(desks):
    assert desks.about("alpha")["root"] != desks.about("bravo")["root"]
    assert Mesh(desks.alpha).id != Mesh(desks.bravo).id


def test_founding_over_a_mesh_is_refused_and_changes_nothing(desks):
    before = {path: path.read_bytes() for path in desks.alpha.rglob("*") if path.is_file()}
    result = run("mesh", "init", "again", desks.alpha, "--authority", "ops")
    assert result.exit_code == 3 and "root.key: there is a key already" in result.stderr
    assert {path: path.read_bytes() for path in desks.alpha.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("words", "thing"),
    [
        (("init", "a:b", "NEW", "--authority", "ops"), "NAME"),
        (("init", "a", "NEW", "--authority", "Ops"), "--authority"),
        (("init", "a", "NEW"), "--authority"),
        (("authority", "ALPHA", "field/*"), "PATH"),
        (("revoke", "ALPHA", "zz"), "TARGET"),
        (("admit-boundary", "ALPHA", "00"), "PEER"),
        (("schema", "ALPHA", "--name", "air", "--field", "temp:int", "--authority", "command"), "--field"),
        (("schema", "ALPHA", "--authority", "command"), "expected FILE, or --name"),
        (("bridge", "ALPHA", "NEW"), "which of the mesh's authorities"),
    ],
)
def test_wrong_arguments_are_usage_errors_that_name_the_thing(desks, tmp_path, words, thing):
    places = {"ALPHA": desks.alpha, "NEW": tmp_path / "new"}
    result = run("mesh", *(places.get(word, word) for word in words))
    assert result.exit_code == 2 and thing in result.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_without_a_mesh_or_with_a_damaged_one_is_named(desks, tmp_path):
    result = run("mesh", "show", tmp_path)
    assert result.exit_code == 3 and f"{tmp_path}: no mesh here" in result.stderr
    (desks.alpha / "mesh.json").write_text("{}")
    result = run("mesh", "show", desks.alpha)
    assert result.exit_code == 3 and "mesh.json: damaged" in result.stderr


def test_a_passport_is_not_written_over_a_file(desks):
    result = run("mesh", "show", desks.alpha, "--out", desks.passport("bravo"))
    assert result.exit_code == 3 and "is there already" in result.stderr
    assert desks.about("bravo")["name"] == "bravo"


def test_a_bridge_has_a_boundary_credential_an_endorsed_clock_and_no_root_key(desks):
    folder, made = desks.bridge("alpha", "--peer", desks.passport("bravo"), "--port", "/dev/ttyACM0@9600")
    trust = trust_in(folder)
    public = bytes.fromhex(made["public"])
    credential = trust.credentials[bytes.fromhex(made["credential"])]
    assert credential.claims[tokens.RIGHTS] == ["boundary", "observe"] and credential.public == public
    [endorsement] = trust.endorsements[keys.device_id(public)]
    assert endorsement.claims[tokens.CLOCK] == [-200_000, 200_000, None]
    assert endorsement.claims[tokens.MEASUREMENTS] == [own_log.measurement()]
    assert endorsement.claims[tokens.UEID] == tokens.ueid(own_log.hardware_id(public))
    assert (folder / "bridge.pub").read_text().strip() == made["public"]
    config = load(folder / "bridge.toml")
    assert list(config.bridge.roots) == [desks.about(one)["root"] for one in ("alpha", "bravo")]
    assert [(link.port, link.baud) for link in config.link] == [("/dev/ttyACM0", 9600)]
    assert {path.name for path in folder.rglob("*.key")} == {"bridge.key"}
    assert stat.S_IMODE((folder / "bridge.key").stat().st_mode) == 0o600


def test_a_bridge_is_not_made_twice_in_one_folder(desks):
    folder, _ = desks.bridge("alpha")
    key = (folder / "bridge.key").read_bytes()
    result = run("mesh", "bridge", desks.alpha, folder, "--authority", "command")
    assert result.exit_code == 1 and "there is a bridge already" in result.stderr
    assert (folder / "bridge.key").read_bytes() == key


@pytest.mark.parametrize("place", ["desk", "desk/alpha", "desk/alpha/bridge"])
def test_a_bridge_is_never_made_where_a_root_key_lies(desks, tmp_path, place):
    result = run("mesh", "bridge", desks.alpha, tmp_path / place, "--authority", "command")
    assert result.exit_code == 1 and "root key" in result.stderr
    assert not list(tmp_path.rglob("bridge.key"))


def test_a_bridge_is_never_made_beside_another_meshs_root_key(desks):
    result = run("mesh", "bridge", desks.alpha, desks.bravo, "--authority", "command")
    assert (
        result.exit_code == 1 and f"{desks.bravo / 'root.key'}: a mesh's root key lies here" in result.stderr
    )


def test_a_mesh_admits_the_other_meshs_bridge_at_its_boundary(desks, tmp_path):
    alpha, _ = desks.bridge("alpha", "--peer", desks.passport("bravo"))
    bravo, about = desks.bridge("bravo", "--peer", desks.passport("alpha"))
    out = tmp_path / "for-bravo.cwt"
    made = said(
        "mesh",
        "admit-boundary",
        desks.alpha,
        bravo / "bridge.pub",
        "--bridge",
        alpha,
        "--bridge",
        bravo,
        "--out",
        out,
    )
    for folder in (alpha, bravo):
        token = trust_in(folder).credentials[bytes.fromhex(made["id"])]
        assert token.public.hex() == about["public"] and token.claims[tokens.MESH] == Mesh(desks.alpha).id
    assert tokens.token_id(out.read_bytes()).hex() == made["id"]
    by_key = said("mesh", "admit-boundary", desks.alpha, about["public"], "--days", 1)
    assert by_key["admits"] == made["admits"]


def test_a_later_authority_is_held_after_its_token_reached_the_bridge(desks):
    folder, _ = desks.bridge("alpha")
    made = said("mesh", "authority", desks.alpha, "field/night", "--bridge", folder)
    assert trust_in(folder).credentials[bytes.fromhex(made["id"])].claims[tokens.AUTHORITY] == "field/night"
    assert "field/night" in Mesh(desks.alpha).passport()["authorities"]
    assert run("mesh", "authority", desks.alpha, "field/night").exit_code == 3


def test_a_schema_is_signed_and_its_bytes_lie_ready_for_boards(desks, tmp_path):
    folder, _ = desks.bridge("alpha")
    fields = ("--field", "temp:integer:degF:-2", "--field", "state:category")
    made = said(
        "mesh",
        "schema",
        desks.alpha,
        "--name",
        "air",
        *fields,
        "--authority",
        "field/air",
        "--bridge",
        folder,
    )
    raw = Path(made["board_file"])
    assert raw.name == made["digest"] + ".cbor" and schema.digest(raw.read_bytes()).hex() == made["digest"]
    read = [["temp", schema.INTEGER, "degF", -2], ["state", schema.CATEGORY, "", 0]]
    assert schema.decode(raw.read_bytes()) == ("air", read)
    assert trust_in(folder).schemas[bytes.fromhex(made["digest"])] == read
    again = said("mesh", "schema", desks.bravo, raw)
    assert again["digest"] == made["digest"], "another mesh signs the same bytes"
    (tmp_path / "torn.cbor").write_bytes(raw.read_bytes()[:-1])
    assert run("mesh", "schema", desks.bravo, tmp_path / "torn.cbor").exit_code == 2


def device_of(folder, authority="field/air"):
    """A device's credential, as enrolment signs it."""
    mesh = Mesh(folder)
    public = Signer(b"\x31" * 32).public
    valid = Validity.days(int(time.time()), 9)
    return mesh.credential(authority, public, valid, ["observe"], [None, None]), keys.device_id(public)


def test_a_device_and_a_token_are_revoked_by_the_authority_that_signed_them(desks):
    folder, _ = desks.bridge("alpha")
    credential, device = device_of(desks.alpha)
    Mesh(desks.alpha).keep_device(device, bytes(32))
    refused = run("mesh", "revoke", desks.alpha, device.hex())
    assert refused.exit_code == 2 and f"fieldpost device revoke {device.hex()}" in refused.stderr
    said("mesh", "revoke", desks.alpha, credential.hex(), "--bridge", folder)
    planned = said("device", "revoke", device.hex(), "--mesh", desks.alpha, "--dry-run")
    assert planned == {"dry_run": True, "device": device.hex(), "authority": "field/air"}
    said("device", "revoke", device.hex(), "--mesh", desks.alpha, "--bridge", folder)
    provision.copy_tokens(Mesh(desks.alpha), folder)
    stated = [one.claims for one in trust_in(folder).revocations.values()]
    assert {claims[tokens.TARGET] for claims in stated} == {credential, device}
    assert {claims[tokens.ISSUER] for claims in stated} == {Mesh(desks.alpha).authorities["field/air"]}


def test_only_the_signer_or_one_above_it_revokes(desks):
    credential, _ = device_of(desks.alpha)
    result = run("mesh", "revoke", desks.alpha, credential.hex(), "--as", "command")
    assert result.exit_code == 1 and "was signed by field/air" in result.stderr
    result = run("mesh", "revoke", desks.alpha, "ab" * 16)
    assert result.exit_code == 1 and "has signed no token and no device of that id" in result.stderr


def test_a_boundary_credential_is_taken_back_by_any_authority(desks):
    folder, made = desks.bridge("alpha")
    said("mesh", "revoke", desks.alpha, made["credential"], "--as", "field/air", "--bridge", folder)
    [revocation] = trust_in(folder).revocations.values()
    assert revocation.claims[tokens.TARGET].hex() == made["credential"]
    assert revocation.claims[tokens.ISSUER] == Mesh(desks.alpha).authorities["field/air"]
    assert run("mesh", "revoke", desks.alpha, made["credential"]).exit_code == 0


def test_an_authority_itself_is_not_taken_back_by_another(desks):
    credential = Mesh(desks.alpha).authorities["field/air"]
    result = run("mesh", "revoke", desks.alpha, credential.hex(), "--as", "command")
    assert result.exit_code == 1 and "what the root or a key itself signed is not taken back" in result.stderr


def test_a_devices_credential_never_outlives_its_authoritys(tmp_path):
    now = int(time.time())
    mesh = Mesh.found(tmp_path / "m", "m", ["ops"], Validity.days(now, 10), os.urandom)
    made = mesh.credential(
        "ops", Signer(b"\x31" * 32).public, Validity.days(now + 99, 365), ["observe"], [None, None]
    )
    authority = tokens.decode(mesh.token(mesh.authorities["ops"]), cose.CREDENTIAL).claims
    assert tokens.decode(mesh.token(made)).claims[tokens.EXP] == authority[tokens.EXP]


def test_a_key_that_others_can_read_is_not_used(desks):
    (desks.alpha / "root.key").chmod(0o640)
    result = run("mesh", "authority", desks.alpha, "field/night")
    assert result.exit_code == 3 and "others may read it (mode 0640)" in result.stderr


def test_a_link_key_that_is_there_is_not_written_over(desks):
    folder, made = desks.bridge("alpha")
    mesh, device = Mesh(desks.alpha), b"\x0d" * 16
    mesh.keep_device(device, b"\x01" * 32)
    assert said("mesh", "hand-over", desks.alpha, folder)["links"] == [
        str(folder / "links" / f"{device.hex()}.key")
    ]
    path = folder / "links" / f"{device.hex()}.key"
    assert keyfile.read(path) == mesh.link_key(device, bytes.fromhex(made["thumbprint"]))
    path.write_text("11" * 32 + "\n")
    result = run("mesh", "hand-over", desks.alpha, folder, "--device", device.hex())
    assert result.exit_code == 1 and "holds another key" in result.stderr
    assert path.read_text() == "11" * 32 + "\n"


def test_a_bridge_with_a_link_key_alone_is_given_the_salt_key_beside_it(desks):
    folder, _ = desks.bridge("alpha")
    mesh, device = Mesh(desks.alpha), b"\x0d" * 16
    mesh.keep_device(device, b"\x01" * 32)
    run("mesh", "hand-over", desks.alpha, folder)
    bridge = App(load(folder / "bridge.toml"), folder)
    salts = folder / "links" / f"{device.hex()}.salt"
    assert bridge.salt_key_for(device) == keyfile.read(salts) == mesh.salt_key(device)
    salts.unlink()
    assert bridge.salt_key_for(device) is None and bridge.key_for(device) is not None
    run("mesh", "hand-over", desks.alpha, folder)
    assert bridge.salt_key_for(device) == mesh.salt_key(device)
    bridge.close()


def test_a_token_goes_to_bridges_folders_only(desks, tmp_path):
    result = run("mesh", "authority", desks.alpha, "field/night", "--bridge", tmp_path / "nowhere")
    assert result.exit_code == 2 and "nowhere: is no bridge's folder" in result.stderr


def test_a_setup_is_what_the_demo_and_the_command_share(desks, tmp_path):
    valid = Validity.days(int(time.time()), 9)
    mesh = Mesh(desks.bravo)
    made = provision.make_bridge(
        mesh, tmp_path / "b", "ops", valid, BridgeSetup("b", utc_claims=1), os.urandom
    )
    assert load(made.folder / "bridge.toml").bridge.utc_claims == 1
    assert made.device == keys.device_id(made.public) and made.thumbprint[:16] == made.device
