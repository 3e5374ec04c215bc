"""Cases: the scope that was stopped, with each measured term beside what was agreed."""

import hashlib

import pytest
from sample_cli import RUN, copy_of, document, run, world

from fieldpost import keyfile
from fieldpost.cli.main import app
from fieldpost.signing import verify
from fieldwire import cbor, cose


def case(side=None):
    [found] = document("cases", store=(side or world().alpha).path)["cases"]
    return found


def test_the_open_case_names_scope_terms_and_thresholds():
    found = case()
    assert (found["scope"], found["state"], found["code"]) == ("harbor/water", "open", "scope-stopped")
    assert found["terms"]["conflict_ratio"] == 1000 and found["thresholds"] == {"conflict_ratio": 0}
    assert found["reason"] == "conflict_ratio is 1000, at most 0 is agreed" and found["remedy"]


def test_both_sides_hold_the_same_case():
    alpha, bravo = case(world().alpha), case(world().bravo)
    assert {name: alpha[name] for name in alpha if name != "report"} == {
        name: bravo[name] for name in bravo if name != "report"
    }


def test_the_report_is_signed_by_the_bridge_that_opened_the_case():
    message = cose.decode(bytes.fromhex(case()["report"]), cose.REPORT)
    cose.check(message, world().alpha.own.signer.public, verify)
    assert cbor.decode(message.payload)[:2] == ["harbor/water", case()["terms"]]


def test_one_case_is_shown_by_the_start_of_its_id_with_terms_beside_thresholds():
    identity = case()["id"]
    assert document("cases", identity[:6]) == case()
    lines = run("cases", identity).stdout.splitlines()
    assert ["conflict_ratio", "1000", "0"] in [line.split() for line in lines]
    assert ["forks", "0", "none"] in [line.split() for line in lines]


def test_a_case_that_is_not_there_is_answered_no():
    result = run("cases", "ffffffff")
    assert result.exit_code == 1 and "no cases begin with ffffffff" in result.stderr


# Settling it.


@pytest.fixture
def copies(tmp_path):
    """Copies of both bridges' stores, as (store, key) by name."""
    found = {}
    for side in (world().alpha, world().bravo):
        folder = tmp_path / side.name
        folder.mkdir()
        keyfile.create(folder / "bridge.key", hashlib.sha256(f"{side.name} bridge".encode()).digest())
        found[side.name] = copy_of(side, folder)
    return found


def voted(tmp_path, what, name, plan, *words):
    out = tmp_path / f"{name}-{what}.vote"
    mesh = getattr(world(), name).mesh.folder
    return out, RUN.invoke(app, ["cases", what, str(plan), str(mesh), "--out", str(out), *words])


def planned(tmp_path, store, *words, name="dam.plan"):
    path = tmp_path / name
    result = run("cases", "plan", case()["id"], *words, "--out", path, store=store)
    assert result.exit_code == 0, result.stderr
    return path, result.stdout


def test_plan_sign_and_merge_close_the_case_and_show_tells_it(copies, tmp_path):
    store = copies["alpha"]
    plan, said = planned(tmp_path, store, "--prefer", "alpha", "--subject", "harbor/water/dam=both")
    assert "claims of alpha" in said and "but under harbor/water/dam both sides' claims are kept" in said
    assert "to be signed by 1 of 1: command of alpha" in said
    vote, result = voted(tmp_path, "sign", "alpha", plan, "--authority", "command")
    assert result.exit_code == 0 and "command of alpha is for it" in result.stdout
    assert document("cases", "merge", vote, store=store)["cases"][0]["state"] == "merged"
    found = document("cases", "show", case()["id"][:8], store=store)
    assert (found["state"], found["outcome"], found["code"]) == ("merged", "settled", "merged")
    assert found["plan"]["choice"] == world().alpha.mesh.id.hex()
    assert found["plan"]["subjects"] == {"harbor/water/dam": None}
    [told] = found["votes"]
    assert (told["mesh"], told["authority"], told["for"]) == (world().alpha.mesh.id.hex(), "command", True)
    lines = run("cases", case()["id"], store=store).stdout
    assert "for it: command of alpha" in lines and "by the votes of 1 of 1: command of alpha" in lines


def test_a_rejection_takes_a_voice_from_a_plan(copies, tmp_path):
    store = copies["bravo"]
    plan, _ = planned(tmp_path, store, "--keep-both")
    votes = [voted(tmp_path, what, "alpha", plan, "--authority", "command")[0] for what in ("sign", "reject")]
    result = run("cases", "merge", *votes, store=store)
    assert result.exit_code == 1 and "is open; remedy: bring the votes" in result.stdout
    assert "against it: command of mesh" in run("cases", case()["id"], store=store).stdout


def test_a_vote_of_nobody_named_is_refused_with_its_code(copies, tmp_path):
    plan, _ = planned(tmp_path, copies["alpha"], "--keep-both")
    vote, result = voted(tmp_path, "sign", "alpha", plan)
    assert result.exit_code == 0 and "the root of alpha is for it" in result.stdout
    for _ in range(2):
        merged = run("cases", "merge", vote, store=copies["alpha"])
        assert merged.exit_code == 1 and "(plan-voice)" in merged.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "expected one of --prefer MESH and --keep-both"),
        (("--prefer", "alpha", "--keep-both"), "expected one of"),
        (("--prefer", "nobody"), "none of the parties"),
        (("--keep-both", "--subject", "harbor/air=alpha"), "with a subject in scope harbor/water"),
        (
            ("--keep-both", "--subject", "harbor/water/a=alpha", "--subject", "harbor/water/a=both"),
            "each once",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_a_usage_error(words, said, tmp_path):
    result = run("cases", "plan", case()["id"], *words, "--out", tmp_path / "no.plan")
    assert result.exit_code == 2 and said in result.stderr and not (tmp_path / "no.plan").exists()


def test_a_file_that_is_no_plan_is_named_and_nothing_is_signed(tmp_path):
    wrong = tmp_path / "wrong.plan"
    wrong.write_bytes(b"\x80")
    out, result = voted(tmp_path, "sign", "alpha", wrong)
    assert result.exit_code == 2 and "plan-shape" in result.stderr and not out.exists()


def test_cases_alone_lists_and_an_id_alone_shows_as_they_always_did():
    assert document("cases") == document("cases", "list")
    assert document("cases", case()["id"]) == document("cases", "show", case()["id"])
    assert "settle" in RUN.invoke(app, ["cases", "--help"]).stdout
