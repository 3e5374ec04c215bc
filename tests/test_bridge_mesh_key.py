"""An authority's next key at the desk: by the root alone, finished if it broke off; nothing issued before is lost."""

import json
import os
import stat
import time

import pytest
from desk_world import Desks, run, said
from test_bridge_mesh import device_of, trust_in

from fieldpost import keyfile, mesh, passport, provision
from fieldpost.accession import accessions
from fieldpost.keyfile import KeyFileError
from fieldpost.mesh import Mesh, Validity
from fieldwire import cose, keys, tokens

PATH = "field/air"


@pytest.fixture
def desks(tmp_path):
    return Desks(tmp_path)


def key_of(folder):
    return folder / "authorities" / "field+air.key"


def rotated(desks, *words):
    return said("mesh", "rotate-key", desks.alpha, PATH, *words)


def test_the_next_key_is_its_owners_alone_and_the_former_one_is_gone(desks):
    former = keyfile.signer(key_of(desks.alpha)).public
    made = rotated(desks)
    present = keyfile.signer(key_of(desks.alpha)).public
    assert (
        keys.thumbprint(present).hex() == made["key"] and keys.thumbprint(former).hex() == made["former_key"]
    )
    assert present != former and stat.S_IMODE(key_of(desks.alpha).stat().st_mode) == 0o600
    assert sorted(one.name for one in (desks.alpha / "authorities").iterdir()) == [
        "command.key",
        "field+air.key",
    ]
    assert Mesh(desks.alpha).passport()["authorities"][PATH] == made["key"]


def test_a_bridge_that_is_handed_both_tokens_holds_the_rotation(desks):
    folder, _ = desks.bridge("alpha")
    made = rotated(desks, "--bridge", folder, "--days", 30)
    trust = trust_in(folder)
    [(node, token, statement)] = accessions(trust)
    assert node == (Mesh(desks.alpha).id, PATH) and token.id.hex() == made["rotation"]
    assert (statement.boot, statement.ends) == (0, []) and tokens.ISSUER not in token.claims
    before, after = (
        trust.credentials[bytes.fromhex(made[one])] for one in ("former_credential", "credential")
    )
    assert (
        after.claims[tokens.NBF] > before.claims[tokens.NBF]
        and before.claims[tokens.EXP] == made["former_until"]
    )
    assert [
        str(folder / "tokens" / f"{made[one]}.cwt") in made["files"] for one in ("credential", "rotation")
    ] == [True] * 2


def test_hand_over_brings_a_rotation_to_a_bridge_too(desks):
    folder, _ = desks.bridge("alpha")
    result = run("mesh", "rotate-key", desks.alpha, PATH)
    assert result.exit_code == 0 and f"fieldpost mesh hand-over {desks.alpha}" in result.stdout
    said("mesh", "hand-over", desks.alpha, folder)
    assert len(list(accessions(trust_in(folder)))) == 1


def test_what_the_former_key_issued_is_held_revoked_and_followed_by_the_next_one(desks):
    credential, device = device_of(desks.alpha)
    home = Mesh(desks.alpha)
    home.keep_device(device, bytes(32))
    endorsed = home.endorsement(
        PATH, tokens.decode(home.token(credential)).public, Validity.days(int(time.time()), 9), b"h", b"m",
        [bytes(32)], [-1, 1, None],
    )  # fmt: skip
    folder, _ = desks.bridge("alpha")
    rotated(desks, "--bridge", folder)
    assert {credential} < set(trust_in(folder).credentials)
    home = Mesh(desks.alpha)
    assert home.issuer_of(tokens.decode(home.token(credential))) == PATH
    again = provision.vouch(home, device, b"\x01" * 32, Validity.days(int(time.time()), 9))
    assert again != endorsed
    assert tokens.decode(home.token(again)).claims[tokens.ISSUER] == home.authorities[PATH]
    said("device", "revoke", device.hex(), "--mesh", desks.alpha, "--bridge", folder)
    trust = trust_in(folder)
    assert trust.revocations_of(device, trust.credentials[credential]), (
        "the next key takes back what the former gave"
    )


def test_without_the_root_key_nothing_is_made(desks):
    before = sorted(one.relative_to(desks.alpha) for one in desks.alpha.rglob("*") if one.name != "root.key")
    (desks.alpha / "root.key").rename(desks.folder / "kept-elsewhere.key")
    result = run("mesh", "rotate-key", desks.alpha, PATH)
    assert (
        result.exit_code == 3 and f"{desks.alpha / 'root.key'}: the root key is not at hand" in result.stderr
    )
    assert sorted(one.relative_to(desks.alpha) for one in desks.alpha.rglob("*")) == before
    assert run("mesh", "authority", desks.alpha, "field/night").exit_code == 3
    (desks.folder / "kept-elsewhere.key").rename(desks.alpha / "root.key")
    assert run("mesh", "authority", desks.alpha, "field/night").exit_code == 0


def test_another_meshs_root_key_does_not_serve(desks):
    (desks.alpha / "root.key").write_bytes((desks.bravo / "root.key").read_bytes())
    result = run("mesh", "rotate-key", desks.alpha, PATH)
    assert result.exit_code == 3 and "is another mesh's root key" in result.stderr
    assert not list(desks.alpha.rglob("*.next"))


@pytest.mark.parametrize(
    ("words", "code", "thing"), [(("field/*",), 2, "PATH"), (("nobody",), 3, "no authority")]
)
def test_an_authority_that_is_none_is_named(desks, words, code, thing):
    result = run("mesh", "rotate-key", desks.alpha, *words)
    assert result.exit_code == code and thing in result.stderr


class Cut(Exception):
    pass


@pytest.mark.parametrize("writes", range(4))
def test_a_rotation_that_broke_off_is_finished_with_the_key_that_it_had_made(desks, monkeypatch, writes):
    """Cut before the credential, the rotation, the mesh's file, or the key file's replacement is written."""
    folder, _ = desks.bridge("alpha")
    home, left, write = Mesh(desks.alpha), [writes], mesh._write
    former = home.authority(PATH).public

    def cut(path, data):
        if not left[0]:
            raise Cut
        left[0] -= 1
        write(path, data)

    monkeypatch.setattr(mesh, "_write", cut)
    if writes == 3:
        monkeypatch.setattr(Mesh, "_settle", lambda self, path: None)
        home.rotate_authority(PATH, Validity.days(int(time.time()), 9), os.urandom)
    else:
        with pytest.raises(Cut):
            home.rotate_authority(PATH, Validity.days(int(time.time()), 9), os.urandom)
    monkeypatch.undo()
    following = keyfile.signer(key_of(desks.alpha).with_suffix(".next")).public
    home = Mesh(desks.alpha)
    if writes < 3:
        assert home.authority(PATH).public == former, (
            "until the mesh's file names the next one the former signs"
        )
        home.rotate_authority(PATH, Validity.days(int(time.time()), 9), os.urandom)
    assert Mesh(desks.alpha).authority(PATH).public == following
    assert not list(desks.alpha.rglob("*.next"))
    provision.copy_tokens(Mesh(desks.alpha), folder)
    assert {statement.new for _, _, statement in accessions(trust_in(folder))} == {following}


def test_a_key_rotated_twice_in_one_second_leaves_one_line_and_the_last_is_present(desks):
    folder, _ = desks.bridge("alpha")
    first, second = rotated(desks), rotated(desks, "--bridge", folder)
    assert second["former_key"] == first["key"]
    said("mesh", "show", desks.alpha, "--out", desks.folder / "again.json")
    assert passport.load(desks.folder / "again.json").authorities[PATH].hex() == second["key"]
    begins = [tokens.decode(Mesh(desks.alpha).token(bytes.fromhex(one["credential"]))).claims[tokens.NBF]
              for one in (first, second)]  # fmt: skip
    assert begins[0] < begins[1]


def test_a_root_key_that_is_not_at_hand_is_no_key_file_of_another_mesh(desks):
    (desks.alpha / "root.key").unlink()
    with pytest.raises(KeyFileError, match="not at hand"):
        Mesh(desks.alpha).root()
    assert tokens.decode(Mesh(desks.alpha).token(Mesh(desks.alpha).authorities[PATH])).typ == cose.CREDENTIAL


def test_what_another_mesh_stated_before_two_rotations_still_maps_and_not_without_one(desks, tmp_path):
    bravo = Mesh(desks.bravo)
    said(
        "taxonomy",
        "attest",
        desks.bravo,
        "--as",
        "ops",
        "--foreign",
        f"{desks.passport('alpha')}:{PATH}",
        "--local",
        "ops",
    )
    first = rotated(desks)
    rotated(desks)
    now = int(time.time())
    query = {
        "type": "query", "id": "q", "from": [Mesh(desks.alpha).id.hex(), PATH], "to": bravo.id.hex(),
        "subject": "harbor", "format": 112, "at": [now, now + 1],
    }  # fmt: skip
    trusted = [{"type": "trust", "mesh": one.id.hex()} for one in (Mesh(desks.alpha), bravo)]
    cases = tmp_path / "cases.jsonl"
    cases.write_text("".join(json.dumps(one) + "\n" for one in (*trusted, query)))
    words = ("taxonomy", "path", cases, "--attestations", tmp_path / "desk")
    result = run(*words)
    assert result.exit_code == 0 and json.loads(result.stdout)["admitted_under"] == [[bravo.id.hex(), "ops"]]
    (desks.alpha / "tokens" / f"{first['rotation']}.cwt").unlink()
    result = run(*words)
    assert result.exit_code == 1
    assert [one["code"] for one in json.loads(result.stdout)["refused_because"]] == ["equivalence-key"]
