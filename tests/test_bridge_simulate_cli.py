"""`fieldpost simulate` writes a file that `fieldpost place` takes, and the truth beside it."""

import json

import pytest
from typer.testing import CliRunner

from fieldpost.cli.main import app

SMALL = ("--devices", "4", "--days", "1", "--observations", "20")


def run(*words):
    return CliRunner().invoke(app, list(map(str, words)))


def test_what_is_written_is_placed_around_the_truth(tmp_path):
    made, told = tmp_path / "e.jsonl", tmp_path / "t.jsonl"
    result = run("simulate", made, "--truth", told, *SMALL, "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (said["devices"], said["observations"], said["liars"], said["seed"]) == (5, 20, [], 1)
    rows = [json.loads(line) for line in run("place", made).stdout.splitlines()]
    truth = {row["id"]: float(row["true"]) for row in map(json.loads, told.read_text().splitlines())}
    assert len(rows) == len(truth) == 20
    for row in rows:
        assert float(row["strict"][0]) <= truth[row["id"]] <= float(row["strict"][1])


def test_a_liar_is_written_and_found(tmp_path):
    made = tmp_path / "e.jsonl"
    result = run("simulate", made, *SMALL, "--liar", "step", "--liar-ms", 600_000)
    assert result.exit_code == 0 and "5 devices" in result.stdout and "node-03 lies" in result.stdout
    placed = run("place", made)
    assert placed.exit_code == 1
    assert json.loads(placed.stdout.splitlines()[-1])["suspects"] == [["node-03"]]


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    texts = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run("simulate", tmp_path / name, *SMALL, "--seed", seed)
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    "words,said",
    [
        (("--liar", "big"), "choose one of step, rate, two-faced, quiet"),
        (("--days", "0.1", "--gateway-hours", "1000", "--seed", "5"), "no such fleet"),
    ],
)
def test_a_fleet_that_cannot_be_is_a_usage_error_with_its_remedy(tmp_path, words, said):
    result = run("simulate", tmp_path / "e.jsonl", *words)
    assert result.exit_code == 2 and said in result.stderr and not (tmp_path / "e.jsonl").exists()


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    result = run("simulate", tmp_path / "none" / "e.jsonl", *SMALL)
    assert result.exit_code == 3 and "e.jsonl" in result.stderr and "can be written" in result.stderr
