"""The picture: one row a subject and property, and how values and intervals are spelled."""

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
