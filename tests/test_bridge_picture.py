"""The picture: one row a subject and property, and how values and intervals are spelled."""

import json

import pytest
from sample_cli import RUN, document, run, world

from fieldpost.cli.main import app
from fieldpost.picture_rows import decimal, interval_words, value_words

S = 1_000_000_000


def row_of(subject, side):
    [row] = [one for one in document("picture", store=side.path)["picture"] if one["subject"] == subject]
    return row


def test_a_row_names_value_authority_and_who_admitted_it():
    alpha, bravo = world().alpha, world().bravo
    row = row_of("harbor/air", alpha)
    assert row["mesh"] == "alpha" and row["property"] == "temp"
    assert (row["value"], row["exponent"], row["unit"]) == (540, -1, "degF")
    assert row["observation"] == world().ids["own"].hex() and row["device"] == world().b1.id.hex()
    assert row["authority"] == [bravo.mesh.id.hex(), "survey"]
    assert row["admitted_under"] == [alpha.mesh.id.hex(), "field/air"]
    assert row["alternatives"] == [] and row["decided"] == "epoch 2"


def test_an_interval_is_on_the_mesh_timeline_and_holds_the_true_time():
    row = row_of("harbor/air", world().alpha)
    lo, hi = row["interval_ns"]
    anchor_ms = 5_000  # the first exchange of alpha's own devices, on a clock that is not ahead
    assert lo <= (8_000 - anchor_ms) * 1_000_000 <= hi and hi - lo < S // 20


def test_both_sides_show_the_same_observation_under_their_own_authorities():
    rows = [row_of("harbor/mean", side) for side in (world().alpha, world().bravo)]
    assert rows[0]["observation"] == rows[1]["observation"] == world().ids["relay"].hex()
    assert [row["admitted_under"][1] for row in rows] == ["field/air", "survey"]


def test_a_stopped_scope_shows_each_side_its_own_word():
    assert row_of("harbor/water", world().alpha)["value"] == 410
    assert row_of("harbor/water", world().bravo)["value"] == 480


def test_people_see_a_decimal_with_its_unit_and_a_time():
    line = next(one for one in run("picture").stdout.splitlines() if one.startswith("harbor/air"))
    assert "54.0 degF" in line and "0:00:02.9" in line and "epoch 2" in line


@pytest.mark.parametrize(
    ("value", "exponent", "shown"),
    [(507, -1, "50.7"), (-5, -1, "-0.5"), (-5, -3, "-0.005"), (7, 0, "7"), (12, 3, "12000"), (0, -2, "0.00")],
)
def test_a_decimal_keeps_every_digit(value, exponent, shown):
    assert decimal(value, exponent) == shown


def test_a_category_is_itself_and_a_position_is_degrees():
    assert value_words("open", 0, "") == "open"
    assert value_words([523456789, -12345678, 2500], 0, "") == "52.3456789, -1.2345678 ± 2.500 m"


def test_an_interval_is_rounded_outward_and_a_missing_side_is_said():
    assert interval_words(1_999_999, 3_600 * S + 1) == "0:00:00.001 … 1:00:00.001"
    assert interval_words(-1, None) == "from -0:00:00.001"
    assert interval_words(None, 61 * S) == "until 0:01:01.000"
    assert interval_words(None, None) == "at no known time"


def test_a_store_that_is_not_there_is_a_usage_error_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = RUN.invoke(app, ["picture"])
    assert result.exit_code == 2
    assert "build/demo/alpha/store.db: no such store; run `make demo`" in result.stderr


def test_a_file_that_is_no_store_is_said_to_be_none(tmp_path):
    path = tmp_path / "text.db"
    path.write_text("not a database at all, and long enough to have a header " * 9)
    result = run("picture", store=path)
    assert result.exit_code == 3 and f"{path}: cannot be" in result.stderr


# What was before.


def histories(subject, side=None):
    return document("picture", "--history", subject, store=(side or world().alpha).path)["history"]


def test_the_history_of_a_subject_has_every_claim_in_the_order_of_its_time_with_its_fate():
    [found] = histories("harbor/air")
    [temp] = found["properties"]
    assert (found["subject"], temp["property"]) == ("harbor/air", "temp")
    fates = {claim["observation"]: claim["fate"] for claim in temp["claims"]}
    ids = {name: one.hex() for name, one in world().ids.items()}
    assert fates[ids["air"]] == "past" and fates[ids["rival"]] == "superseded"
    assert ids["visitor"] not in fates
    assert [one for one, fate in fates.items() if fate == "stands"] == [temp["now"]["observation"]]
    starts = [claim["interval_ns"][0] for claim in temp["claims"] if claim["interval_ns"][0] is not None]
    assert starts == sorted(starts) and len(starts) > 3


def test_a_superseded_claim_names_who_prevailed_by_which_function_in_which_epoch():
    [found] = histories("harbor/air")
    [lost] = [
        one for one in found["properties"][0]["claims"] if one["observation"] == world().ids["rival"].hex()
    ]
    assert lost["decided"]["prevailing"] == world().ids["later"].hex()
    assert (lost["decided"]["function"], lost["decided"]["rule"]) == ("authority-weight", 0)


def test_the_history_of_a_tree_tells_each_subject_below_it_and_a_name_that_only_begins_so_is_none():
    assert [one["subject"] for one in histories("harbor")] == ["harbor/air", "harbor/mean", "harbor/water"]
    result = run("picture", "--history", "harb")
    assert result.exit_code == 1 and "nothing is claimed of harb" in result.stderr


def test_people_read_the_history_as_a_table_for_each_property():
    lines = run("picture", "--history", "harbor/air").stdout.splitlines()
    assert lines[0] == "harbor/air temp:"
    assert any("superseded" in line and "authority-weight, epoch" in line for line in lines)
    assert any(line.startswith("  epoch 1 with") and "picked" in line for line in lines)


def test_what_two_epochs_decided_differently_is_said_in_words():
    result = run("picture", "diff", 1, 2)
    assert result.exit_code == 1
    text = result.stdout
    assert "harbor/mean: in epoch 2 it was decided" in text and "harbor/mean temp: now" in text
    assert "harbor/water: in epoch 2 it was left out, its case being open, over 0 joint observations;" in text
    found = json.loads(run("picture", "diff", 1, 2, "--json").stdout)
    assert [one["subject"] for one in found["changes"]] and found["peer"] == world().bravo.thumbprint.hex()


def test_an_epoch_does_not_differ_from_itself():
    result = run("picture", "diff", 2, 2)
    assert (result.exit_code, result.stdout) == (0, "epochs 2 and 2 decided the same\n")


def test_the_difference_is_the_same_on_both_sides_but_for_names():
    def changes(side):
        return json.loads(run("picture", "diff", 1, 2, "--json", store=side.path).stdout)["changes"]

    assert changes(world().alpha) == changes(world().bravo)


def test_epochs_that_are_not_there_are_answered_no_with_those_that_are():
    result = run("picture", "diff", 1, 9)
    assert result.exit_code == 1 and "1, 2; name two of one peer" in result.stderr
    result = run("picture", "diff", 1, 2, "--peer", "zzz")
    known = world().bravo.thumbprint.hex()[:12]
    assert result.exit_code == 1
    assert f"no peer with whom epochs were signed begins with zzz; there are: {known}" in result.stderr


def test_picture_alone_and_picture_show_are_one():
    assert document("picture") == document("picture", "show")
