"""The main job end to end, once: real firmware on a real MicroPython, two real bridges, and what outsiders check."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cddl import problems, signed_problems
from oracle_run import ask_cwt, ask_receipt

from fieldwire import observation as obs

TIMEOUT_S = 110


def fieldpost(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fieldpost", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_S)


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> tuple[Path, dict]:
    """The folder of one demo and its JSON document."""
    folder = tmp_path_factory.mktemp("demo")
    done = fieldpost("demo", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_six_boards_ran_micropython_and_everything_they_signed_was_drained(played):
    boards = played[1]["boards"]
    assert len(boards) == 6 and {one["mesh"] for one in boards} == {"alpha", "bravo"}
    for board in boards:
        assert board["runtime"].startswith("micropython")
        assert board["signed"] == board["journalled"] == board["drained"] > 20
    assert sum(board["reboots"] for board in boards) == 1
    assert {board["name"]: board["link"] for board in boards if board["link"] != "cable"} == {"b3": "SF7/250"}
    assert {board["name"] for board in boards if board["derived"]} >= {"a2", "b1", "b2"}


def test_both_bridges_print_the_same_decision_digest_over_a_joint_set(played):
    found = played[1]
    assert len(set(found["decision_digests"].values())) == 1
    assert found["joint"]["harbor"] > 50
    codes = {name: {one["code"] for one in rows} for name, rows in found["one_sided"].items()}
    assert "unmapped" in codes["bravo"] and "channel-withheld" in codes["alpha"]


def test_one_tree_is_reconciled_and_another_is_an_open_case_with_its_report(played):
    found = played[1]
    (case,) = found["cases"]
    assert (case["scope"], case["state"]) == ("ridge", "open")
    assert case["terms"]["conflict_ratio"] > case["thresholds"]["conflict_ratio"]
    decided = {row["subject"] for row in found["picture"] if row["mesh"] == "bravo" and row["admitted_under"]}
    assert {"harbor/air", "harbor/mean", "harbor/relay", "ridge/air"} <= decided


def test_a_channel_withholds_a_tree_and_nothing_of_it_crossed(played):
    found = played[1]
    (alpha,) = [one for one in found["channels"] if one["name"] == "alpha/boundary"]
    assert alpha["withheld"] > 0
    assert not [
        row for row in found["picture"] if row["mesh"] == "bravo" and row["subject"].startswith("camp")
    ]


def test_why_names_both_meshes_the_equivalence_the_evidence_and_the_rule(played):
    found = played[1]
    steps = {step["stage"]: step for step in found["why"]["steps"]}
    assert {
        "verify",
        "authority",
        "place",
        "translate",
        "admit",
        "lineage",
        "resolve",
        "record",
    } <= steps.keys()
    assert "bravo" in json.dumps(found["why"]) or found["meshes"][1]["id"][:12] in json.dumps(found["why"])


def test_rebuild_reproduces_both_stores_byte_for_byte(played):
    folder, found = played
    for mesh in found["meshes"]:
        done = fieldpost("rebuild", "--store", mesh["store"], cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr


def test_independent_verifiers_accept_what_the_boards_signed(played, tmp_path):
    folder, _ = played
    done = fieldpost("export", "cose", str(tmp_path / "out"), cwd=folder)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out/index.jsonl").read_text().splitlines()]
    early = [row for row in rows if row["kind"] == "early"][:3]
    receipts = [row for row in rows if row["kind"] == "receipt"][:3]
    assert early and receipts
    for row in early:
        copy = (tmp_path / "out" / row["file"]).read_bytes()
        (answer,) = ask_cwt(tmp_path, key_of(tmp_path, row), copy)
        assert answer["valid"], answer
        assert not signed_problems(copy, "early")
    for row in receipts:
        leaf = (tmp_path / "out" / row["leaf"]).read_bytes()
        assert obs.observation_id(leaf).hex() == row["id"]
        assert not problems(leaf, "observation")
        assert not signed_problems((tmp_path / "out" / row["file"]).read_bytes(), "receipt")
        pair = ((tmp_path / "out" / row["file"]).read_bytes(), leaf)
        (answer,) = ask_receipt(tmp_path, key_of(tmp_path, row), pair)
        assert answer["valid"], answer


def key_of(folder: Path, row: dict) -> bytes:
    name = row["key"] if row["key"].startswith("keys/") else f"keys/{row['key']}.cosekey"
    return (folder / "out" / name).read_bytes()
