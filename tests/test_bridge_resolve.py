"""`fieldpost resolve`: from two files to decisions that anyone can recompute."""

import hashlib
import json
import random
from importlib.resources import files

import pytest
from claim_world import ALPHA, BRAVO, claim
from typer.testing import CliRunner
from vectors_io import load_json

from fieldpost.cli.resolve import app
from fieldwire import cbor

EXAMPLE = files("fieldpost").joinpath("examples/agreement.toml").read_text()


def row(name, value, mesh=ALPHA, **more):
    one = claim(name, value, mesh=mesh)
    return {
        "id": one.id.hex(), "mesh": mesh.hex(), "authority": "field/east", "device": one.device.hex(),
        "incarnation": "00" * 8, "stream": 1, "seq": 0, "boot": 1, "ticks_ms": 5, "subject": "water/level",
        "property": "level", "value": value, "interval_ns": [0, 10**10], "attestation_grade": 3,
        "lineage": "complete", "credential_age_s": 100, "sources": [],
        "admitted_by": [ALPHA.hex(), BRAVO.hex()], **more,
    }  # fmt: skip


CALM = [row(f"c{n}", 100, interval_ns=[n * 10**11, n * 10**11 + 5]) for n in range(1, 9)]
ROWS = [row("a", 100), row("b", 140, BRAVO, authority="command/flood"), *CALM]


def run(tmp_path, rows, agreement=EXAMPLE):
    terms, claims = tmp_path / "agreement.toml", tmp_path / "claims.jsonl"
    terms.write_text(agreement)
    claims.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in rows) + "\n")
    return CliRunner().invoke(app, [str(terms), str(claims)])


def test_the_document_names_who_prevails_by_which_rule(tmp_path):
    result = run(tmp_path, ROWS)
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    first, latest = sorted(document["decisions"], key=lambda one: one["rule"], reverse=True)
    a, b = ROWS[0]["id"], ROWS[1]["id"]
    assert (first["prevailing"], first["rivals"], first["rule"], first["function"]) == (b, [a], 0, "priority")
    assert first["keys"][b][0] == 1 and first["keys"][a][0] == 0
    assert (latest["prevailing"], latest["rivals"], latest["function"]) == (CALM[-1]["id"], [], "unopposed")
    assert document["agreement_digest"] == "acd8fb9d6f14f0b5976d71053298775e9540e2627c852c900d56897a988728c3"
    assert [(one["scope"], one["verdict"]) for one in document["divergence"]] == [
        ("road", "resolve"),
        ("water/level", "resolve"),
    ]
    assert document["divergence"][1]["terms"]["conflict_ratio"] == 200


def test_the_decision_digest_follows_from_the_printed_rows(tmp_path):
    document = json.loads(run(tmp_path, ROWS).stdout)
    rows = []
    for one in document["decisions"]:
        prevailing = None if one["prevailing"] is None else bytes.fromhex(one["prevailing"])
        rivals = [bytes.fromhex(rival) for rival in one["rivals"]]
        rows.append([one["subject"], one["property"], prevailing, rivals, one["rule"]])
    digest = hashlib.sha256(b"fieldpost/decisions/1" + cbor.encode(rows)).hexdigest()
    assert document["decision_digest"] == digest


def test_the_order_of_lines_changes_nothing(tmp_path):
    wanted = run(tmp_path, ROWS).stdout
    seeded, rows = random.Random(1), list(ROWS)
    for _ in range(5):
        seeded.shuffle(rows)
        assert run(tmp_path, [*rows, rows[0]]).stdout == wanted


def test_a_gate_that_stops_a_scope_is_an_answer_and_exits_with_one(tmp_path):
    result = run(tmp_path, ROWS[:2])
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert document["divergence"][1]["verdict"] == "stop"
    assert [one["prevailing"] for one in document["decisions"]] == [None]


def test_what_one_mesh_alone_admits_is_named_and_decides_nothing(tmp_path):
    lone = row("z", 900, admitted_by=[ALPHA.hex()])
    document = json.loads(run(tmp_path, [*ROWS, lone, row("r", 1, subject="air")]).stdout)
    assert document["one_sided"] == [lone["id"]]
    assert document["outside"] == [row("r", 1)["id"]]
    assert document["decision_digest"] == json.loads(run(tmp_path, ROWS).stdout)["decision_digest"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "XY"}, "id: expected lower-case hex"),
        ({"id": None}, "id: expected lower-case hex"),
        ({"value": True}, "value: expected an integer, a text or [lat, lon, radius]"),
        ({"value": [1, 2]}, "value: expected an integer, a text or [lat, lon, radius]"),
        ({"value": 2**63}, "value: expected an integer"),
        ({"value": 1.5}, "expected a JSON object; 1.5 is no integer"),
        ({"seq": "1"}, "seq: expected a 64-bit integer"),
        ({"interval_ns": [5, 4]}, "interval_ns: expected [lo, hi]"),
        ({"interval_ns": [5]}, "interval_ns: expected [lo, hi]"),
        ({"lineage": "partial"}, 'lineage: expected "complete" or "incomplete"'),
        ({"sources": "none"}, "sources: expected a list of lower-case hex"),
        ({"id": ROWS[0]["id"]}, "id: expected the fields of an earlier line with this id"),
    ],
)
def test_a_wrong_claim_is_named_by_line_and_key(tmp_path, change, message):
    result = run(tmp_path, [*ROWS, {**row("z", 1), **change}])
    assert result.exit_code == 2
    assert f"claims.jsonl: line {len(ROWS) + 1}: {message}" in result.stderr
    assert result.stdout == ""


def test_one_observation_has_one_value_of_a_property(tmp_path):
    result = run(tmp_path, [*ROWS, {**ROWS[0], "value": 7}])
    assert result.exit_code == 2
    assert "value: expected the value of an earlier line" in result.stderr


def test_every_field_of_a_claim_is_needed(tmp_path):
    for key in ROWS[0]:
        result = run(tmp_path, [{name: value for name, value in ROWS[0].items() if name != key}])
        assert result.exit_code == 2
        assert f"line 1: {key}: " in result.stderr


def test_a_wrong_agreement_is_named_by_file_line_and_key(tmp_path):
    result = run(tmp_path, ROWS, EXAMPLE.replace("level = 5", "level = -5"))
    assert result.exit_code == 2
    assert "agreement.toml:19: scope[0].tolerances.level: expected property = n" in result.stderr


def test_a_hundred_thousand_claims_about_one_moment_are_refused_at_once_and_named(tmp_path):
    line = json.dumps(row("a", 100))
    one, device = row("a", 100)["id"], row("a", 100)["device"]
    crowd = [line.replace(one, f"{n:064x}").replace(device, f"{n:032x}") for n in range(100_000)]
    result = run(tmp_path, crowd)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "4999950000 pairs of claims about level of water/level may be rivals" in result.stderr


def test_claims_that_decide_nothing_are_not_compared(tmp_path):
    line = json.dumps(row("a", 100, admitted_by=[ALPHA.hex()]))
    one, device = row("a", 100)["id"], row("a", 100)["device"]
    crowd = [line.replace(one, f"{n:064x}").replace(device, f"{n:032x}") for n in range(3_000)]
    result = run(tmp_path, crowd)
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["one_sided"]) == 3_000


def test_a_file_that_cannot_be_read_exits_with_three(tmp_path):
    result = CliRunner().invoke(app, [str(tmp_path / "none.toml"), str(tmp_path / "none.jsonl")])
    assert result.exit_code == 3
    assert "none.toml: No such file" in result.stderr


@pytest.mark.parametrize("vector", load_json("decisions"), ids=lambda vector: vector["name"])
def test_golden_claims_lead_to_the_published_rows_and_digest(tmp_path, vector):
    document = json.loads(run(tmp_path, vector["claims"]).stdout)
    names = ("subject", "property", "prevailing", "rivals", "rule")
    assert [[one[name] for name in names] for one in document["decisions"]] == vector["rows"]
    assert document["decision_digest"] == vector["decision_digest"]
