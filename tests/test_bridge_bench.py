"""The bench keeps other areas' lines, leaves out what is not known, and judges a goal by its direction."""

import json
import subprocess
import sys

from fieldpost.bench import report
from fieldpost.bench.line import Line
from fieldpost.bench.rates import measured_rates


def line(name, value=2.0, better="higher", goal=None):
    return Line(
        name, value, "ratio", better, n=3, seed=1, seconds=0.25, goal=goal, references={"other/s": 123456.0}
    )


def test_a_run_of_one_area_renews_its_lines_and_leaves_the_others(tmp_path):
    path = tmp_path / "build" / "bench.json"
    report.write(
        path, report.renewed([], {"wire", "time"}, [line("wire/a"), line("wire/gone"), line("time/b")])
    )
    report.write(path, report.renewed(report.read(path), {"wire"}, [line("wire/a", 5.0)]))
    assert [(row["name"], row["value"]) for row in report.read(path)] == [("time/b", 2.0), ("wire/a", 5.0)]


def test_a_line_without_a_goal_has_no_goal_in_the_document_instead_of_null():
    assert "goal" not in line("wire/a").as_json()
    assert line("wire/a", goal=1.5).as_json() == {
        "name": "wire/a",
        "value": 2.0,
        "unit": "ratio",
        "better": "higher",
        "references": [{"name": "other/s", "value": 123500.0}],
        "n": 3,
        "seed": 1,
        "seconds": 0.25,
        "goal": 1.5,
    }


def test_a_goal_is_a_floor_where_higher_is_better_and_a_ceiling_where_lower_is():
    assert line("a/b", 2.0, "higher", 2.0).meets_goal() and not line("a/b", 1.9, "higher", 2.0).meets_goal()
    assert line("a/b", 2.0, "lower", 2.0).meets_goal() and not line("a/b", 2.1, "lower", 2.0).meets_goal()
    assert line("a/b").meets_goal() is None


def test_the_slower_of_two_functions_has_the_lower_rate():
    rates = measured_rates({"short": lambda: sum(range(10)), "long": lambda: sum(range(2000))}, round_s=0.002)
    assert rates.per_s["short"] > 2 * rates.per_s["long"] and rates.calls > 14 and rates.seconds > 0


def test_an_unknown_area_is_a_usage_error_that_names_those_there_are(tmp_path):
    command = [sys.executable, "-m", "fieldpost.bench", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "no area nowhere; there are: " in done.stderr and "wire" in done.stderr
    assert not (tmp_path / "build").exists()


def test_the_document_on_disk_is_a_json_list(tmp_path):
    report.write(tmp_path / "bench.json", report.renewed([], set(), [line("wire/a")]))
    assert isinstance(json.loads((tmp_path / "bench.json").read_text()), list)
