"""Commands look at all that they are given before they do anything; what cannot be used is named, and is why."""

import subprocess
import sys
from pathlib import Path

import pytest
from desk_world import Desks
from desk_world import run as at_desk
from sample_cli import run, world

PATH = "field/air"
FIELDPOST = Path(sys.executable).with_name("fieldpost")


@pytest.fixture
def desks(tmp_path):
    return Desks(tmp_path)


def files_of(folder):
    return {one: one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


@pytest.mark.parametrize(
    "words",
    [
        ("mesh", "rotate-key", "{alpha}", PATH),
        ("mesh", "authority", "{alpha}", "field/night"),
        ("mesh", "revoke", "{alpha}", "00" * 16),
    ],
)
def test_a_folder_that_is_no_bridges_is_refused_before_anything_is_signed(desks, words, tmp_path):
    before = files_of(desks.alpha)
    result = at_desk(*(word.format(alpha=desks.alpha) for word in words), "--bridge", tmp_path / "nosuch")
    assert result.exit_code == 2 and "nosuch" in result.stderr and "nothing was done" in result.stderr
    assert files_of(desks.alpha) == before


def test_a_number_that_no_store_can_hold_is_a_usage_error(tmp_path):
    for what in ("epoch", "event"):
        result = run("export", "proof", what, 2**63, tmp_path / "x.proof")
        assert result.exit_code == 2 and not (tmp_path / "x.proof").exists()


def test_an_earlier_checkpoint_that_is_none_is_named_and_not_the_store(tmp_path):
    wrong = tmp_path / "wrong.checkpoint"
    wrong.write_bytes(b"# a text")
    proof = run("export", "proof", "checkpoint", tmp_path / "x.proof", "--since", wrong)
    verified = run("log", "verify", "--checkpoint", wrong)
    for result in (proof, verified):
        assert result.exit_code == 2 and f"{wrong}: no signed checkpoint" in result.stderr
        assert "store.db" not in result.stderr


@pytest.mark.parametrize("words", [("export", "proof", "fork", "", "x"), ("cases", "show", "")])
def test_nothing_is_no_id(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code == 2 and "at least 4" in result.stderr


def test_a_vote_that_is_none_is_named(tmp_path):
    wrong = tmp_path / "junk.vote"
    wrong.write_bytes(b"\xa1\x61a\x01")
    result = run("cases", "merge", wrong)
    assert result.exit_code == 2 and f"{wrong}: no vote" in result.stderr


def test_an_agreement_takes_two(desks, tmp_path):
    out = tmp_path / "agreement.toml"
    result = at_desk("agreement", "new", desks.passport("alpha"), "--scope", "harbor", "--out", out)
    assert result.exit_code == 2 and "at least two meshes" in result.stderr and not out.exists()


def test_output_that_cannot_be_written_is_told_in_one_line():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [FIELDPOST, "picture", "--store", world().alpha.path],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (
        done.returncode == 3
        and done.stderr == "standard output: No space left on device; make room where it goes\n"
    )


@pytest.mark.parametrize(
    ("data", "kind"), [(b'{"version": 1}\n', "a text"), (b"SQLite format 3\0" + bytes(84), "a database")]
)
def test_a_file_of_another_kind_is_told_for_what_it_is(tmp_path, data, kind):
    other = tmp_path / "other"
    other.write_bytes(data)
    result = at_desk("inspect", other)
    assert result.exit_code == 1 and f"{kind}; it is no signed object" in result.stderr
