"""Checking, reading aloud, signing and binding agreements."""

import json
from dataclasses import replace
from importlib import resources

import pytest
from desk_world import Desks, run, said

from fieldpost import covenant
from fieldpost.agreement import Gate, Merge
from fieldpost.agreement_cbor import agreement_digest, from_cbor, to_cbor
from fieldpost.agreement_draft import draft
from fieldpost.agreement_toml import parse_toml, petnames
from fieldpost.agreement_words import difference, sentences
from fieldpost.mesh import Mesh
from fieldpost.passport import Passport

EXAMPLE = (resources.files("fieldpost") / "examples" / "agreement.toml").read_text()


@pytest.fixture
def desks(tmp_path):
    return Desks(tmp_path)


@pytest.fixture
def terms(desks, tmp_path):
    """The example's text between the two meshes of the desks."""
    text = EXAMPLE.replace("a1" * 32, desks.about("alpha")["mesh"]).replace(
        "b2" * 32, desks.about("bravo")["mesh"]
    )
    path = tmp_path / "agreement.toml"
    path.write_text(text)
    return path


def signed(terms, folder, name):
    out = terms.parent / f"{name}.sig"
    said("agreement", "sign", terms, folder, "--out", out)
    return out


def test_a_sound_text_has_the_digest_of_its_canonical_bytes(terms):
    about = said("agreement", "check", terms)
    assert about["digest"] == agreement_digest(parse_toml(terms.read_text())).hex()
    assert about["version"] == 1 and about["scopes"] == ["road", "water/level"]
    assert about["digest"] in run("agreement", "check", terms).stdout


def test_canonical_bytes_are_read_as_well_as_the_text(terms, tmp_path):
    path = tmp_path / "agreement.cbor"
    path.write_bytes(to_cbor(parse_toml(terms.read_text())))
    assert said("agreement", "check", path)["digest"] == said("agreement", "check", terms)["digest"]
    path.write_bytes(path.read_bytes() + b"\x00")
    assert run("agreement", "check", path).exit_code == 2


@pytest.mark.parametrize(
    ("old", "new", "said_of_it"),
    [
        ("version = 1", "version = 0", "version: expected"),
        ('subject = "road"', 'subject = "water"', "scope[1].subject: expected no overlap"),
        ('interval = "resilient"', 'interval = "lucky"', "time.interval: expected"),
        ("[merge]", "[merge", "TOML: expected well-formed TOML"),
    ],
)
def test_an_unsound_text_names_file_line_key_and_expectation(terms, old, new, said_of_it):
    assert old in terms.read_text()
    terms.write_text(terms.read_text().replace(old, new, 1))
    for words in (
        ("check", terms),
        ("show", terms),
        ("sign", terms, terms.parent, "--out", terms.parent / "s"),
    ):
        result = run("agreement", *words)
        assert result.exit_code == 2 and said_of_it in result.stderr
        file, line, _ = result.stderr.split(":", 2)
        assert file == str(terms) and int(line) > 0


def test_both_roots_sign_and_the_proof_opens_under_their_keys(desks, terms, tmp_path):
    signatures = [signed(terms, desks.alpha, "alpha"), signed(terms, desks.bravo, "bravo")]
    out = tmp_path / "agreement.proof"
    passports = ("--passport", desks.passport("alpha"), "--passport", desks.passport("bravo"))
    bound = said("agreement", "bind", terms, *signatures, "--out", out, *passports)
    roots = {mesh.id: mesh.root_public for mesh in (Mesh(desks.alpha), Mesh(desks.bravo))}
    agreement, digest = covenant.open_proof(out.read_bytes(), roots)
    assert digest.hex() == bound["digest"] and bound["verified"] is True
    assert agreement == parse_toml(terms.read_text())
    assert from_cbor(to_cbor(agreement)) == agreement


def test_a_proof_needs_every_partys_signature_over_this_very_text(desks, terms, tmp_path):
    alpha, out = signed(terms, desks.alpha, "alpha"), tmp_path / "agreement.proof"
    result = run("agreement", "bind", terms, alpha, "--out", out)
    assert result.exit_code == 1 and "no signature of bravo" in result.stderr
    terms.write_text(terms.read_text().replace("version = 1", "version = 2"))
    bravo = signed(terms, desks.bravo, "bravo")
    result = run("agreement", "bind", terms, alpha, bravo, "--out", out)
    assert result.exit_code == 1 and f"{alpha}: signs another text" in result.stderr
    assert not out.exists()


def test_a_forged_signature_is_found_when_passports_are_given(desks, terms, tmp_path):
    alpha, bravo = signed(terms, desks.alpha, "alpha"), signed(terms, desks.bravo, "bravo")
    bravo.write_bytes(bravo.read_bytes()[:-1] + bytes((bravo.read_bytes()[-1] ^ 1,)))
    passports = ("--passport", desks.passport("alpha"), "--passport", desks.passport("bravo"))
    result = run("agreement", "bind", terms, alpha, bravo, "--out", tmp_path / "p", *passports)
    assert result.exit_code in (1, 2) and "signature" in result.stderr
    assert not (tmp_path / "p").exists()


def test_a_file_that_is_no_signature_is_named(desks, terms, tmp_path):
    result = run("agreement", "bind", terms, terms, "--out", tmp_path / "p")
    assert result.exit_code == 1 and f"{terms}: no signature of an agreement" in result.stderr


def test_a_mesh_that_is_no_party_does_not_sign(desks, tmp_path):
    text = tmp_path / "other.toml"
    text.write_text(EXAMPLE)
    result = run("agreement", "sign", text, desks.alpha, "--out", tmp_path / "s")
    assert result.exit_code == 1 and "is no party" in result.stderr and not (tmp_path / "s").exists()


def test_a_signature_is_not_written_over_a_file(desks, terms):
    out = signed(terms, desks.alpha, "alpha")
    before = out.read_bytes()
    result = run("agreement", "sign", terms, desks.bravo, "--out", out)
    assert result.exit_code == 3 and "is there already" in result.stderr and out.read_bytes() == before


def test_the_terms_are_read_aloud_with_petnames_and_the_digest_last(terms):
    lines = run("agreement", "show", terms).stdout.strip().split("\n")
    assert lines[0] == "Version 1 of an agreement between 2 meshes, for arbitration/1:"
    assert lines[-1] == f"Its digest is {said('agreement', 'check', terms)['digest']}"
    assert "  1. priority: command/flood of alpha, command of bravo, the first before all others." in lines
    assert any(
        line.startswith("Scope 1: road and all below it crosses from alpha to bravo") for line in lines
    )


def test_the_sentences_are_the_same_for_programs_and_name_who_closes_a_case(terms):
    about = said("agreement", "show", terms)
    shown = [line.strip() for line in run("agreement", "show", terms).stdout.splitlines() if line]
    assert about["sentences"] == shown and about["digest"] in shown[-1]
    assert "A stopped scope goes on when 2 of these sign a merge plan: " in about["sentences"][-2]
    rooted = terms.read_text()
    terms.write_text(rooted[: rooted.index("[merge]")] + '[merge]\nquorum = 1\nauthorities = ["alpha:"]\n')
    assert said("agreement", "show", terms)["sentences"][-2].endswith("sign a merge plan: the root of alpha.")


def test_every_term_that_changes_the_bytes_changes_what_is_read_aloud():
    agreement = parse_toml(EXAMPLE)
    time, scope, link = agreement.time, agreement.scopes[0], agreement.chain[2]
    mesh = agreement.parties[0]

    def scoped(**terms):
        return replace(agreement, scopes=(replace(scope, **terms), *agreement.scopes[1:]))

    def timed(**terms):
        return replace(agreement, time=replace(time, **terms))

    def chained(**terms):
        return replace(agreement, chain=(*agreement.chain[:2], replace(link, **terms), *agreement.chain[3:]))

    changed = [
        replace(agreement, version=2),
        replace(agreement, parties=(*agreement.parties, b"\xcc" * 32)),
        replace(agreement, weights={**agreement.weights, (mesh, "x"): 7}),
        replace(agreement, unlisted=3),
        replace(agreement, merge=Merge(1, agreement.merge.authorities)),
        replace(agreement, merge=Merge(1)),
        *(
            timed(**terms)
            for terms in ({"interval": "strict"}, {"k": 5}, {"unproven": "admit"}, {"rate_floor_ppb": 9})
        ),
        timed(anchors=()),
        scoped(subject="rail"),
        scoped(directions=tuple((b, a) for a, b in scope.directions)),
        scoped(channel="west"),
        scoped(tolerances={"position": (1, 2)}),
        scoped(gate=Gate()),
        scoped(gate=Gate({"forks": 1})),
        replace(agreement, chain=agreement.chain[:-1]),
        replace(agreement, chain=(replace(agreement.chain[0], order=((mesh, "x"),)), *agreement.chain[1:])),
        chained(terms={"corroboration": 1}),
        chained(corroborators=()),
        chained(freshness_s=7),
    ]
    assert all(difference(agreement, one, {}) for one in changed)
    said_of = {tuple(sentences(one, {}, b"")) for one in [agreement, *changed]}
    assert len({to_cbor(one) for one in [agreement, *changed]}) == len(changed) + 1
    assert len(said_of) == len(changed) + 1


# Drafting and comparing.


def drafted(desks, tmp_path, *words, scopes=("water", "road")):
    out = tmp_path / "draft.toml"
    scoped = [word for one in scopes for word in ("--scope", one)]
    passports = [desks.passport("alpha"), desks.passport("bravo")]
    return out, run("agreement", "new", *passports, *scoped, "--out", out, *words)


def test_a_new_text_is_sound_names_both_meshes_and_all_their_authorities(desks, tmp_path):
    out, result = drafted(desks, tmp_path)
    assert result.exit_code == 0 and f"fieldpost agreement check {out}" in result.stdout
    agreement = parse_toml(out.read_text())
    alpha, bravo = (bytes.fromhex(desks.about(name)["mesh"]) for name in ("alpha", "bravo"))
    assert set(agreement.parties) == {alpha, bravo} and agreement.merge == Merge(2)
    assert set(agreement.weights) == {(alpha, "command"), (alpha, "field/air"), (bravo, "ops")}
    assert [scope.subject for scope in agreement.scopes] == ["road", "water"]


@pytest.mark.parametrize(
    ("scopes", "said_of_it"),
    [(("water", "water/dam"), "expected no overlap"), (("Water*",), "--scope: expected up to 8 segments")],
)
def test_a_text_that_would_be_unsound_is_not_written(desks, tmp_path, scopes, said_of_it):
    out, result = drafted(desks, tmp_path, scopes=scopes)
    assert result.exit_code == 2 and said_of_it in result.stderr and not out.exists()


def test_two_meshes_of_one_name_are_told_apart():
    def made(name, number):
        return Passport(name, bytes([number]) * 32, bytes(32), {"ops": bytes(32)})

    text = draft([made("alpha", 1), made("alpha", 2), made("both", 3), made('a"b\n', 4)], ["water"], 3)
    agreement = parse_toml(text)
    assert len(agreement.parties) == 4 and agreement.version == 3
    assert set(petnames(text)) == {"alpha", "alpha-2", "both-mesh", "a-b-"}


def test_what_differs_between_two_versions_is_said_in_words(desks, tmp_path):
    old, _ = drafted(desks, tmp_path)
    new = tmp_path / "second.toml"
    text = old.read_text().replace("version = 1", "version = 2")
    new.write_text(
        text.replace("conflict_ratio = 500", "conflict_ratio = 250", 1).replace("k = 2 ", "k = 3 ")
    )
    same = run("agreement", "diff", old, old)
    assert same.exit_code == 0 and same.stdout == "the terms are the same\n"
    result = run("agreement", "diff", old, new)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "  no longer: This is version 1, for arbitration/1." in lines
    at = lines.index("scope water:")
    assert lines[at + 1 : at + 3] == [
        "  no longer: It stops when conflict_ratio is above 500.",
        "  now: It stops when conflict_ratio is above 250.",
    ]
    assert not any(line.startswith("scope road") for line in lines)
    documents = run("agreement", "diff", old, new, "--json")
    assert {one["section"] for one in json.loads(documents.stdout)["differences"]} == {
        "version",
        "time",
        "scope water",
    }


def test_an_order_that_counts_is_a_difference(terms, tmp_path):
    agreement = parse_toml(terms.read_text())
    turned = replace(agreement, chain=(agreement.chain[1], agreement.chain[0], *agreement.chain[2:]))
    assert difference(agreement, turned, {})
