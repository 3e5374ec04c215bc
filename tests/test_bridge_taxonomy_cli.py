"""Stating, denying, revoking and listing equivalences: what a person types becomes what taxonomies follow."""

import os
import time
from pathlib import Path

import pytest
from desk_world import Desks, run, said

from fieldpost.mapping import taxonomy_from
from fieldpost.mesh import Mesh, Validity
from fieldpost.taxonomy import Query
from fieldpost.trust import Trust


@pytest.fixture
def desks(tmp_path):
    return Desks(tmp_path)


def passport_of(desks, path="field/air"):
    return f"{desks.passport('alpha')}:{path}"


def attest(desks, *words, foreign=None, local="ops"):
    source = foreign or passport_of(desks)
    return ("taxonomy", "attest", desks.bravo, "--as", "ops", "--foreign", source, "--local", local, *words)


def translated(desks, subject="harbor/air", origin="field/air", at=None):
    """Local authorities under which bravo would admit, from all tokens at both desks."""
    trust = Trust()
    for mesh in (Mesh(desks.alpha), Mesh(desks.bravo)):
        trust.add_root(mesh.root_public)
        for data in mesh.tokens():
            trust.add(data)
    trust.retry()
    now = int(time.time())
    origin_node = (Mesh(desks.alpha).id, origin)
    query = Query(origin_node, Mesh(desks.bravo).id, subject, 112, at or (now, now + 1))
    answer = taxonomy_from(trust).paths(query)
    return [path for _, path in answer.admitted_under], {one.code for one in answer.refused_because}


def test_an_attested_authority_is_admitted_within_subject_and_time(desks):
    said(*attest(desks, "--subject", "harbor", "--days", 3))
    assert translated(desks) == (["ops"], set())
    assert translated(desks, "camp/air") == ([], {"equivalence-scope"})
    late = int(time.time()) + 4 * 86_400
    assert translated(desks, at=(late, late + 1)) == ([], {"equivalence-expired"})


def test_an_authority_may_be_mapped_below_the_one_that_signs(desks):
    said(*attest(desks, local="ops/air"))
    assert translated(desks)[0] == ["ops/air"]


def test_a_format_narrows_an_equivalence_by_number_or_by_digest(desks):
    said(*attest(desks, "--format", "ab" * 16, "--format", "65000"))
    assert translated(desks) == ([], {"equivalence-scope"})
    said(*attest(desks, "--format", "112"))
    assert translated(desks)[0] == ["ops"]


def test_a_denial_dominates_and_its_revocation_lets_the_equivalence_count_again(desks):
    said(*attest(desks))
    denied = said(
        "taxonomy", "deny", desks.bravo, "--as", "ops", "--foreign", passport_of(desks), "--local", "ops"
    )
    assert translated(desks) == ([], {"denied"})
    assert states(desks) == {(False, "denied"), (True, "valid")}
    said("taxonomy", "revoke", desks.bravo, denied["id"], "--as", "ops")
    assert translated(desks)[0] == ["ops"]
    assert states(desks) == {(False, "valid"), (True, "revoked")}


def test_a_denial_of_a_part_of_its_subjects_leaves_an_equivalence_valid(desks):
    said(*attest(desks))
    words = ("--as", "ops", "--foreign", passport_of(desks), "--local", "ops", "--subject", "harbor")
    said("taxonomy", "deny", desks.bravo, *words)
    assert states(desks) == {(False, "valid"), (True, "valid")}


def states(desks):
    """{(whether it is a denial, how it stands)} of all that bravo has stated."""
    return {(row["negative"], row["state"]) for row in said("taxonomy", "list", desks.bravo)}


def test_a_revoked_equivalence_supports_nothing(desks):
    made = said(*attest(desks))
    said("taxonomy", "revoke", desks.bravo, made["id"], "--as", "ops")
    assert translated(desks) == ([], {"equivalence-revoked"})
    [row] = said("taxonomy", "list", desks.bravo)
    assert (row["id"], row["state"]) == (made["id"], "revoked")


def test_tokens_are_laid_into_the_bridges_folder_too(desks):
    folder, _ = desks.bridge("bravo")
    made = said(*attest(desks, "--bridge", folder))
    assert folder / "tokens" / f"{made['id']}.cwt" in [Path(file) for file in made["files"]]
    revoked = said("taxonomy", "revoke", desks.bravo, made["id"], "--as", "ops", "--bridge", folder)
    assert all(Path(file).is_file() for file in revoked["files"])
    assert not list(folder.rglob("*.new"))


@pytest.mark.parametrize(
    ("foreign", "local", "words", "thing"),
    [
        ("alpha.json", "ops", (), "--foreign: expected PASSPORT.json:PATH"),
        ("alpha.json:nobody", "ops", (), "names no authority 'nobody'"),
        ("bravo.json:ops", "ops", (), "our own mesh's passport"),
        ("alpha.json:field/air", "command", (), "--local: command is neither ops nor below it"),
        ("alpha.json:field/air", "ops/*", (), "--local: expected up to 8 segments"),
        ("alpha.json:field/air", "ops", ("--subject", "harbor/#"), "--subject: expected up to 8 segments"),
        ("alpha.json:field/air", "ops", ("--format", "air"), "--format: expected 32 hexadecimal digits"),
        ("bravo.key:field/air", "ops", (), "no passport"),
    ],
)
def test_what_cannot_be_stated_is_a_usage_error_and_signs_nothing(desks, foreign, local, words, thing):
    (desks.folder / "bravo.key").write_text("not json")
    before = Mesh(desks.bravo).tokens()
    result = run(*attest(desks, *words, foreign=f"{desks.folder}/{foreign}", local=local))
    assert result.exit_code == 2 and thing in result.stderr
    assert Mesh(desks.bravo).tokens() == before


def test_a_passport_whose_mesh_is_not_its_roots_is_refused(desks):
    path = desks.passport("alpha")
    path.write_text(path.read_text().replace(desks.about("alpha")["root"], desks.about("bravo")["root"]))
    result = run(*attest(desks))
    assert result.exit_code == 2 and "mesh: expected the thumbprint of root" in result.stderr


def test_an_authority_or_a_passport_that_is_not_there_is_named(desks, tmp_path):
    result = run(
        "taxonomy", "attest", desks.bravo, "--as", "chief", "--foreign", passport_of(desks), "--local", "ops"
    )
    assert result.exit_code == 3 and "no authority 'chief' here (there are: ops)" in result.stderr
    result = run(*attest(desks, foreign=f"{tmp_path}/none.json:field/air"))
    assert result.exit_code == 3 and "none.json: No such file" in result.stderr


def test_an_unknown_id_is_not_revoked(desks):
    result = run("taxonomy", "revoke", desks.bravo, "ab" * 16, "--as", "ops")
    assert result.exit_code == 1 and "has signed no token" in result.stderr
    assert run("taxonomy", "revoke", desks.bravo, "ab", "--as", "ops").exit_code == 2


def test_the_list_shows_scope_direction_and_state(desks):
    assert "no equivalence" in run("taxonomy", "list", desks.bravo).stdout
    said(*attest(desks, "--subject", "harbor"))
    mesh = Mesh(desks.bravo)
    now = int(time.time())
    old = Validity(now - 2_000, now - 1_000)
    alpha = Mesh(desks.alpha)
    mesh.equivalence("ops", old, (alpha.id, "command", os.urandom(32)), "ops", [None, None], 0, True)
    rows = said("taxonomy", "list", desks.bravo)
    assert sorted((row["state"], row["negative"]) for row in rows) == [("expired", True), ("valid", False)]
    text = run("taxonomy", "list", desks.bravo).stdout
    assert f"field/air of {alpha.id.hex()[:16]} stands for ops of {mesh.id.hex()[:16]}; harbor" in text
    assert "never stands for" in text


def test_the_list_wants_a_mesh_or_a_store(desks, tmp_path):
    assert run("taxonomy", "list").exit_code == 2
    result = run("taxonomy", "list", "--store", tmp_path / "none.db")
    assert result.exit_code == 3 and "no such store" in result.stderr
    (tmp_path / "none.db").write_bytes(b"this is no database" * 99)
    result = run("taxonomy", "list", "--store", tmp_path / "none.db")
    assert result.exit_code == 3 and "none.db" in result.stderr


def test_path_stands_beside_the_others():
    assert {"path", "attest", "deny", "revoke", "list"} <= set(run("taxonomy", "--help").stdout.split())
