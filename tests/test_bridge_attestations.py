"""`fieldpost taxonomy path` over signed statements: what a folder holds counts as far as it verifies. SPEC 12.8"""

import json
import os
import shutil

import pytest
from fold_world import ALL, EXP, NBF, UTC_S, Mesh
from typer.testing import CliRunner

from fieldpost import attestations
from fieldpost.cli.main import app
from fieldpost.mapping import statements_from, taxonomy_from
from fieldpost.taxonomy import Query
from fieldwire import cbor, keys, tokens

RUN = CliRunner()
HERE, THERE = Mesh("here"), Mesh("there")
OPS, FIELD = HERE.authority("ops"), THERE.authority("field")


def equivalence(**changed):
    return OPS.equate((THERE.id, FIELD), (HERE.id, OPS), **changed)


def folder(path, *given, roots=(HERE, THERE)):
    """A folder as an export writes it."""
    path.mkdir()
    for mesh in roots:
        public = mesh.root.public
        (path / f"{keys.thumbprint(public).hex()}.cosekey").write_bytes(cbor.encode(keys.cose_key(public)))
    for one in given:
        data = one if isinstance(one, bytes) else one.data
        (path / f"{tokens.token_id(data).hex()}.cwt").write_bytes(data)
    return path


def asked(tmp_path, directory, *lines, trusted=(HERE, THERE)):
    """(exit code, the answer, what was said on standard error) for a query from field to here."""
    query = {
        "type": "query", "id": "q", "from": [THERE.id.hex(), "field"], "to": HERE.id.hex(), "subject": "harbor/air",
        "format": 112, "at": [UTC_S, UTC_S + 1],
    }  # fmt: skip
    said = [*({"type": "trust", "mesh": one.id.hex()} for one in trusted), *lines, query]
    cases = tmp_path / "cases.jsonl"
    cases.write_text("".join(json.dumps(one) + "\n" for one in said))
    result = RUN.invoke(app, ["taxonomy", "path", str(cases), "--attestations", str(directory)])
    return result.exit_code, json.loads(result.stdout) if result.stdout else None, result.stderr


def test_a_signed_statement_admits_and_is_named_by_its_id(tmp_path):
    stated = equivalence()
    code, answer, said = asked(tmp_path, folder(tmp_path / "held", OPS, FIELD, stated))
    assert code == 0 and not said
    assert answer["admitted_under"] == [[HERE.id.hex(), "ops"]]
    assert answer["paths"] == [[tokens.token_id(stated).hex()]]


def test_only_a_trust_line_makes_a_mesh_trusted_whatever_keys_lie_there(tmp_path):
    held = folder(tmp_path / "held", OPS, FIELD, equivalence())
    code, answer, _ = asked(tmp_path, held, trusted=(HERE,))
    assert code == 1 and answer["refused_because"] == [{"code": "mesh-unknown", "at": THERE.id.hex()}]


def test_a_statement_whose_chain_is_not_in_the_folder_changes_nothing_and_is_named(tmp_path):
    for left in ((FIELD, equivalence()), (OPS, FIELD, equivalence()[:-1] + b"\x00")):
        held = folder(tmp_path / f"held{len(left)}", *left)
        code, answer, said = asked(tmp_path, held)
        assert code == 1 and not answer["paths"] and "it changes nothing" in said
    without = folder(tmp_path / "rootless", OPS, FIELD, equivalence(), roots=(THERE,))
    assert asked(tmp_path, without)[0] == 1


def test_a_signed_revocation_and_one_of_the_file_take_a_signed_statement_back(tmp_path):
    stated = equivalence()
    revoked = OPS.revoke(tokens.token_id(stated))
    code, answer, _ = asked(tmp_path, folder(tmp_path / "one", OPS, FIELD, stated, revoked))
    assert code == 1 and answer["refused_because"][0]["code"] == "equivalence-revoked"
    line = {"type": "revoke", "id": tokens.token_id(stated).hex(), "by": [HERE.id.hex(), "ops"]}
    code, answer, _ = asked(tmp_path, folder(tmp_path / "two", OPS, FIELD, stated), line)
    assert code == 1 and answer["refused_because"][0]["code"] == "equivalence-revoked"


def test_a_line_of_the_file_does_not_take_a_signed_authority_over(tmp_path):
    held = folder(tmp_path / "held", OPS, FIELD, equivalence())
    line = {"type": "authority", "mesh": THERE.id.hex(), "authority": "field", "key": "another"}
    assert asked(tmp_path, held, line)[0] == 0


def test_a_desks_own_folder_and_an_export_hold_the_same_statements(tmp_path):
    from fieldpost.mesh import Mesh as Desk
    from fieldpost.mesh import Validity

    desk = Desk.found(tmp_path / "desk", "here", ["ops"], Validity(NBF, EXP), os.urandom)
    holder = keys.thumbprint(FIELD.signer.public)
    desk.equivalence("ops", Validity(NBF, EXP), (THERE.id, "field", holder), "ops", ALL, 0, False)
    held = attestations.read(desk.folder)
    assert set(held.trust.roots) == {desk.id} and not held.left_out
    [stated] = statements_from(held.trust).equivalences
    assert stated.foreign == (THERE.id, "field") and stated.local == (desk.id, "ops")
    shutil.rmtree(tmp_path / "desk" / "authorities")
    (tmp_path / "desk" / "root.key").unlink()
    assert len(attestations.read(desk.folder).trust.equivalences) == 1, "no secret is looked at"


def test_a_folder_that_is_not_there_cannot_be_read(tmp_path):
    code, answer, said = asked(tmp_path, tmp_path / "nowhere")
    assert (code, answer) == (3, None) and "nowhere" in said


@pytest.mark.parametrize("negative", [False, True])
def test_a_statement_counts_only_when_its_issuer_was_one_at_its_issue(tmp_path, negative):
    """SPEC 12.6: neither before the issuer's credential began nor after it ended."""
    query = Query((THERE.id, "field"), HERE.id, "harbor/air", 112, (UTC_S, UTC_S + 1))
    for nbf, exp, counts in ((NBF, EXP, True), (NBF - 1, EXP, False), (EXP, EXP + 9, False)):
        held = attestations.read(
            folder(tmp_path / str(nbf), OPS, FIELD, equivalence(nbf=nbf, exp=exp, negative=negative))
        )
        taxonomy = taxonomy_from(held.trust)
        assert bool(taxonomy.negatives if negative else taxonomy.by_foreign) is counts
        assert bool(taxonomy.paths(query).paths) is (counts and not negative and nbf == NBF)


def test_tokens_of_other_kinds_in_the_folder_do_no_harm(tmp_path):
    device = HERE.device("one", OPS)
    held = folder(tmp_path / "held", OPS, FIELD, equivalence(), device.holder, device.attestation)
    (held / "note.cwt").write_bytes(b"\x00")
    (held / "notes.json").write_text("[1, 2]")
    (held / "broken.cosekey").write_bytes(b"\xff")
    code, _, said = asked(tmp_path, held)
    assert code == 0 and "note.cwt" in said
