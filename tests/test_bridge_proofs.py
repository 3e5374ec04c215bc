"""Portable proofs: what the vectors say holds, nothing else does, and the command says under which keys. SPEC 15.4"""

import hashlib
import json
from dataclasses import replace

import pytest
import world as worlds
from sample_cli import RUN, copy_of, document, run, world
from vector_inputs import BRIDGE, FOREIGN_MESH, FOREIGN_ROOT, MESH
from vector_proofs import AGENT, EVENTS, ROOTS, agent, point, proof
from vectors_io import load_json

from fieldpost import keyfile
from fieldpost.agreement_cbor import from_cbor, to_cbor
from fieldpost.cli.main import app
from fieldpost.covenant import proof as agreement_proof
from fieldpost.model import Input
from fieldpost.pipeline import Bridge
from fieldpost.proof import form, made
from fieldpost.proof.check import COMPARE, check
from fieldpost.store import Store
from fieldwire import cbor

ROWS = load_json("proof")
KINDS = {"fork", "epoch", "checkpoint", "receipt"}


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in ROWS])
def test_a_proof_holds_or_is_refused_as_its_vector_says(row):
    found = check(bytes.fromhex(row["hex"]))
    assert found["code"] == (row["error"] or "proved"), found["reason"]
    assert found["outcome"] == ("refused" if row["error"] else "proved")
    assert bool(found["keys"]) == bool(found["proved"]) == (row["error"] is None)


def good(kind):
    return [data for row in ROWS if row["error"] is None for data in [bytes.fromhex(row["hex"])]
            if form.decode(data).kind == kind]  # fmt: skip


def test_there_is_a_proof_of_every_kind_and_each_says_whose_keys_it_rests_on():
    for kind in KINDS:
        assert good(kind)
        for data in good(kind):
            found = check(data)
            assert all(
                set(one) == {"thumbprint", "device", "mesh", "authority", "chain"} for one in found["keys"]
            )
            assert "nothing is said of validity in time or of revocation" in found["reason"]
            assert COMPARE in found["reason"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_proof_holds_once_a_byte_of_it_is_changed(kind):
    for data in good(kind):
        held = check(data)
        for place in range(0, len(data), 7):
            changed = check(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            assert changed["outcome"] == "refused" or changed["keys"] != held["keys"], place


def test_a_proof_under_a_root_that_the_reader_does_not_name_is_refused():
    data = good("receipt")[0]
    mesh = bytes.fromhex(check(data)["keys"][0]["mesh"])
    assert check(data, [mesh])["outcome"] == "proved" and COMPARE not in check(data, [mesh])["reason"]
    assert check(data, [bytes(32)])["code"] == "mesh-unknown"


def test_an_agent_of_two_meshes_is_named_by_the_one_that_the_reader_knows():
    both = [AGENT, agent(FOREIGN_MESH, BRIDGE, FOREIGN_ROOT)]
    data = proof("checkpoint", [point(5, EVENTS), None], ROOTS, both)
    for mesh in (MESH, FOREIGN_MESH):
        assert check(data, [mesh])["keys"][0]["mesh"] == mesh.hex()


def test_a_proof_has_one_encoding():
    data = good("fork")[0]
    value = cbor.decode(data)
    for wrong in ([*value[:2], value[2] * 2, *value[3:]], [*value[:3], value[3][::-1], value[4]]):
        assert check(cbor.encode(wrong))["code"] == "proof-shape"
    assert check(data + b"\x00")["code"] == "cbor-trailing"
    assert check(b"\x00" * 70_000)["code"] == "cbor-size"


def verified(path, *words):
    result = RUN.invoke(app, ["verify-proof", str(path), "--json", *words])
    return result.exit_code, json.loads(result.stdout) if result.stdout else None


@pytest.mark.parametrize(
    "row", [ROWS[0], next(row for row in ROWS if row["error"])], ids=["holds", "does not"]
)
def test_the_command_answers_in_words_and_in_json_and_by_its_exit_code(tmp_path, row):
    path = tmp_path / "one.proof"
    path.write_bytes(bytes.fromhex(row["hex"]))
    code, found = verified(path)
    assert code == (1 if row["error"] else 0)
    assert {"id", "kind", "stage", "outcome", "code", "reason", "remedy", "proved", "keys"} == set(found)
    told = RUN.invoke(app, ["verify-proof", str(path)])
    assert told.exit_code == code and found["id"] in told.stdout and found["code"] in told.output


def test_the_command_says_what_it_cannot_read_and_what_is_no_mesh_id(tmp_path):
    assert verified(tmp_path / "none.proof")[0] == 3
    path = tmp_path / "one.proof"
    path.write_bytes(good("fork")[0])
    assert verified(path, "--mesh", "abc")[0] == 2
    assert verified(path, "--mesh", "00" * 32)[0] == 1


def exported(tmp_path, *words):
    path = tmp_path / "made.proof"
    result = run("export", "proof", *words, path, "--json")
    return result, path


def test_a_store_gives_proofs_of_its_forks_epochs_and_receipts_that_stand_without_it(tmp_path):
    side = world().alpha
    fork = next(iter(side.state.forks))
    sealed = next(one for one in side.state.entries.values() if one.seal_hash is not None)
    for words in (("fork", fork.hex()), ("epoch", "1"), ("receipt", sealed.id.hex())):
        result, path = exported(tmp_path, *words)
        assert result.exit_code == 0, result.output
        code, found = verified(path)
        assert code == 0 and found["kind"] == words[0]
        assert found["keys"][0]["mesh"] in {one.mesh.id.hex() for one in (side, world().bravo)}


def test_after_a_meeting_each_side_proves_the_epoch_to_strangers_and_to_who_knows_its_mesh_alone(tmp_path):
    met = worlds.whole(tmp_path)
    worlds.meet(met)
    made_by = [made.epoch(side.store, 1) for side in met.sides]
    for side, data in zip(met.sides, made_by, strict=True):
        for known in ([], [side.mesh.id], [one.mesh.id for one in met.sides]):
            found = check(data, known)
            assert found["outcome"] == "proved", found["reason"]
            assert not known or {one["mesh"] for one in found["keys"]} <= {one.hex() for one in known}
        body = cbor.encode([*cbor.decode(data)[:4], [cbor.decode(data)[4][0]] * 2])
        assert check(body)["code"] == "proof-shape"
    assert [check(data)["proved"] for data in made_by] == [check(made_by[0])["proved"]] * 2


def test_a_root_that_signed_two_texts_under_one_version_is_convicted_from_a_store(tmp_path):
    side, path = world().alpha, tmp_path / "made.proof"
    assert run("export", "proof", "fork", side.mesh.id.hex(), path).exit_code == 1, "so far it signed one"
    copy = copy_of(side, tmp_path)
    store, bridge = Store(copy), Bridge()
    inputs = list(store.inputs())
    for one in inputs:
        bridge.apply(one)
    terms = from_cbor(cbor.decode(bridge.state.agreement_proof)[0])
    other = to_cbor(replace(terms, unlisted=terms.unlisted + 1))
    signed = agreement_proof(other, [one.mesh.sign_agreement(other) for one in (side, world().bravo)])
    fresh = Input(inputs[-1].n + 1, "agreement", (1, 999_999), signed)
    with store.writing():
        store.put(fresh, bridge.apply(fresh))
    store.close()
    for mesh in (side.mesh, world().bravo.mesh):
        result = run("export", "proof", "fork", mesh.id.hex()[:20], path, store=copy)
        assert result.exit_code == 0, result.output
        code, found = verified(path, "--mesh", mesh.id.hex())
        assert code == 0 and found["proved"]["rule"] == "agreement" and found["keys"][0]["chain"] == []


def test_a_bridge_signs_its_logs_checkpoint_and_proves_that_it_only_grew(tmp_path):
    key, kept, path = tmp_path / "bridge.key", tmp_path / "log.checkpoint", tmp_path / "made.proof"
    keyfile.create(key, hashlib.sha256(b"alpha bridge").digest())
    assert run("export", "proof", "checkpoint", path, "--key", key, "--keep", kept).exit_code == 0
    size = verified(path)[1]["proved"]["size"]
    assert size == document("log", "verify")["size"]
    assert run("export", "proof", "checkpoint", path, "--key", key, "--since", kept).exit_code == 0
    assert verified(path)[1]["proved"]["earlier"]["size"] == size
    assert run("export", "proof", "event", 3, path, "--key", key).exit_code == 0
    assert verified(path)[1]["proved"]["event"] == 3
    assert run("export", "proof", "event", size, path, "--key", key).exit_code == 1


def test_only_the_bridges_own_key_signs_its_checkpoint(tmp_path):
    key, path = tmp_path / "other.key", tmp_path / "made.proof"
    keyfile.create(key, hashlib.sha256(b"bravo bridge").digest())
    result = run("export", "proof", "checkpoint", path, "--key", key)
    assert (
        result.exit_code == 3 and "not the key of this store's bridge" in result.stderr and not path.exists()
    )


def test_what_a_store_cannot_prove_is_said_with_the_remedy(tmp_path):
    for words, code in ((("epoch", "77"), 1), (("receipt", "zz"), 2), (("receipt", "00" * 32), 1),
                        (("fork", "00" * 16), 1), (("checkpoint",), 3)):  # fmt: skip
        result, path = exported(tmp_path, *words)
        assert result.exit_code == code, (words, result.output)
        assert not path.exists() and result.stderr


def test_inspect_shows_what_a_proof_is_made_of_and_refuses_what_is_none(tmp_path):
    path = tmp_path / "one.proof"
    path.write_bytes(good("fork")[0])
    shown = RUN.invoke(app, ["inspect", str(path), "--json"])
    found = json.loads(shown.stdout)
    assert (found["kind"], found["tree"]["proves"]) == ("proof", "fork") and len(
        found["tree"]["credentials"]
    ) == 2
    path.write_bytes(cbor.encode([form.LABEL, "gap", [], [], []]))
    assert "proof-shape" in RUN.invoke(app, ["inspect", str(path)]).stderr


def test_the_help_says_as_what_an_event_is_proved():
    told = " ".join(RUN.invoke(app, ["verify-proof", "--help"]).stdout.split())
    assert "An event is proved as a receipt of a checkpoint" in told
