"""The picture of a timeline: what it draws, how it is scaled, and that foreign names stay text."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from clock_world import S, make_world, stepped
from sample_cli import document, world
from test_bridge_timeline_cli import ANCHOR, ASK, CONTACT, RATES
from typer.testing import CliRunner

from fieldpost.cli.main import app
from fieldpost.placed import placed
from fieldpost.plot.axis import Axis, axis_over
from fieldpost.plot.drawn import Drawn, counted, drawn
from fieldpost.plot.svg import STYLE, TITLED_MAX, svg_text
from fieldpost.store import Store
from fieldpost.timeline.evidence import Anchor, Assumption, Evidence, Exchange, Stamp
from fieldpost.timeline.isolate import Graphs
from fieldpost.timeline.place import place_on, same

SVG = "{http://www.w3.org/2000/svg}"
DAY = 86_400 * S


def pictured(world, name="obs") -> Drawn:
    graphs = Graphs(world.evidence, same)
    named = {stamp: f"{name}{n}" for n, stamp in enumerate(world.truth)}
    return drawn("A title", graphs, place_on(graphs, world.anchor, named), named)


def marks(picture: Drawn, kind: str):
    root = ElementTree.fromstring(svg_text(picture))
    return [one for one in root.iter() if one.get("class", "").split()[:1] == [kind]]


def texts(picture: Drawn) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg_text(picture)).iter(SVG + "text")]


def test_every_device_has_a_row_and_every_placed_observation_a_point():
    picture = pictured(make_world(1, devices=5, contacts=60, observations=40))
    assert [row.name for row in picture.rows] == ["d0", "d1", "d2", "d3", "d4"]
    assert {row.is_anchor for row in picture.rows if row.name == "d0"} == {True}
    points = {
        (row.name, bar.point_ns) for row in picture.rows for bar in row.bars if bar.point_ns is not None
    }
    assert len(points) >= 35 and abs(len(marks(picture, "point")) - len(points)) <= 3
    assert len(marks(picture, "met")) == 5 + 1 and len(marks(picture, "anchor")) == 1


def test_a_bar_stands_where_its_interval_is():
    rates = (Assumption("a", 0, 0), Assumption("b", 0, 0))
    evidence = Evidence(rates, (Exchange(Stamp("a", 0, 0), Stamp("b", 0, 0), 2 * S, 6 * S),))
    graphs, at = Graphs(evidence, same), Stamp("b", 0, 4 * S)
    picture = drawn("t", graphs, place_on(graphs, Anchor(Stamp("a", 0, 0)), [at]), {at: "x"})
    (bar,), axis = picture.rows[1].bars, axis_over([0, 6 * S, 10 * S], 190, 1176)
    assert (bar.strict, bar.point_ns) == ((6 * S, 10 * S), 8 * S)
    box = next(one for one in marks(picture, "strict") if one.get("height") != "9")
    assert float(box.get("x")) == pytest.approx(axis.x(6 * S), abs=0.2)
    assert float(box.get("width")) == pytest.approx(axis.x(10 * S) - axis.x(6 * S), abs=0.2)


def test_quarantined_and_suspected_devices_have_their_own_colour_and_are_told_in_the_description():
    lie = stepped("d3", 900 * S, 80_000 * S)
    picture = pictured(make_world(1, devices=6, contacts=120, observations=30, lie=lie))
    assert [row.name for row in picture.rows if row.standing == "quarantined"] == ["d3"]
    assert len(marks(picture, "quarantined")) == 2, "its row and the legend"
    root = ElementTree.fromstring(svg_text(picture))
    assert root.get("role") == "img" and root.get("aria-labelledby") == "title desc"
    assert root.find(SVG + "title").text == "A title"
    assert "quarantined: d3" in root.find(SVG + "desc").text
    assert any(text.endswith("quarantined") and text[0].isdigit() for text in texts(picture))


def test_foreign_names_stay_text():
    evil = '<script>x</script>"&\u202e\x1b[31m\x00]]>'
    rates = (Assumption("a", 0, 0), Assumption(evil, 0, 0))
    evidence = Evidence(rates, (Exchange(Stamp("a", 0, 0), Stamp(evil, 0, 0), 0, S),))
    graphs, at = Graphs(evidence, same), Stamp(evil, 0, S)
    picture = drawn(evil, graphs, place_on(graphs, Anchor(Stamp(evil, 0, 0)), [at]), {at: evil})
    text = svg_text(picture)
    ElementTree.fromstring(text)
    assert "<script" not in text and "\x1b" not in text and "\u202e" not in text and "\x00" not in text
    assert "&lt;script&gt;" in text and "\\u202e" in text


@pytest.mark.parametrize(
    "span_ns,unit,step_ns",
    [(5, "ns", 1), (40_000, "µs", 5_000), (S, "ms", 100_000_000), (100 * S, "s", 10 * S), (DAY, "h", 10_800 * S),
     (3_600 * S, "min", 600 * S), (7 * DAY, "d", DAY), (40_000 * DAY, "d", 5_000 * DAY)],
)  # fmt: skip
def test_the_axis_counts_in_the_unit_that_keeps_numbers_short(span_ns, unit, step_ns):
    axis = Axis(0, span_ns, 0, 1000)
    assert (axis.unit_and_step()[0], axis.unit_and_step()[2]) == (unit, step_ns)
    assert 3 <= len(axis.marks()) <= 11 and all(len(number) <= 5 for _, number in axis.marks())
    assert [axis.x(0), axis.x(span_ns), axis.x(-1), axis.x(2 * span_ns)] == [0, 1000, 0, 1000]


def test_a_hundred_thousand_years_and_nothing_at_all_still_have_an_axis():
    assert len(axis_over([0, 36_500_000 * DAY], 0, 1000).marks()) <= 11
    assert axis_over([], 0, 1000).marks()


def test_marks_on_one_place_are_drawn_once_so_that_the_file_stays_small():
    rates = (Assumption("a", 0, 0),)
    evidence, anchor = Evidence(rates), Anchor(Stamp("a", 0, 0))
    graphs, named = Graphs(evidence, same), {Stamp("a", 0, n): str(n) for n in range(2 * TITLED_MAX)}
    named |= {Stamp("a", 0, DAY): "far"}
    text = svg_text(drawn("t", graphs, place_on(graphs, anchor, named), named))
    assert len(text) < 20_000


def test_sixty_devices_fit_a_page_and_names_count_as_people_do():
    picture = pictured(make_world(3, devices=60, contacts=300, observations=60))
    root = ElementTree.fromstring(svg_text(picture))
    assert int(root.get("height")) < 1_200 and int(root.get("width")) == 1_200
    assert [row.name for row in picture.rows] == [f"d{n}" for n in range(60)]
    assert counted("d2") < counted("d10") < counted("e1")


def test_the_same_timeline_gives_the_same_bytes_and_a_dark_form():
    world = make_world(1, devices=5, contacts=60, observations=40)
    assert svg_text(pictured(world)) == svg_text(pictured(world))
    assert "prefers-color-scheme:dark" in STYLE and 'class="ground"' in svg_text(pictured(world))


def test_the_command_draws_an_evidence_file_and_tells_each_device(tmp_path):
    path, out = tmp_path / "evidence.jsonl", tmp_path / "out.svg"
    path.write_text("\n".join([*RATES, ANCHOR, CONTACT, ASK]))
    result = CliRunner().invoke(app, ["timeline", str(path), "--svg", str(out), "--json"])
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert [(row["device"], row["standing"], row["from"]) for row in told["devices"]] == [
        ("a", "honest", None),
        ("b", "honest", "0.875000000"),
    ]
    assert ElementTree.parse(out).getroot().tag == SVG + "svg"
    table = CliRunner().invoke(app, ["timeline", str(path)])
    assert table.exit_code == 0 and "0.875000000" in table.stdout


def test_the_command_draws_the_own_mesh_of_a_store_at_the_stored_intervals(tmp_path):
    out = tmp_path / "out.svg"
    told = document("timeline", "--svg", out)
    store = Store.read_only(world().alpha.path)
    ids = [one for (one,) in store.query("SELECT id FROM observation")]
    found = {placement.at for _, placement in placed(store, ids).values() if None not in placement.strict}
    shown = sum(row["observations"] - row["unplaced"] for row in told["devices"])
    assert 0 < shown <= len(found)
    assert {len(row["device"]) for row in told["devices"]} == {12}
    assert ElementTree.parse(out).getroot().find(SVG + "title").text == "Timeline of mesh alpha"


def test_the_command_names_what_it_cannot_read_or_write(tmp_path):
    path = tmp_path / "evidence.jsonl"
    path.write_text("\n".join([*RATES, ANCHOR, ASK]))
    wrong = CliRunner().invoke(app, ["timeline", str(path), "--svg", str(tmp_path / "absent" / "out.svg")])
    assert wrong.exit_code == 3 and "out.svg" in wrong.stderr
    assert CliRunner().invoke(app, ["timeline", str(tmp_path / "absent")]).exit_code == 3
    path.write_text("{")
    assert "line 1: " in CliRunner().invoke(app, ["timeline", str(path)]).stderr
    assert CliRunner().invoke(app, ["timeline", "--store", str(tmp_path / "absent")]).exit_code == 2


def test_a_contradiction_ends_with_exit_1(tmp_path):
    path = tmp_path / "evidence.jsonl"
    path.write_text(
        "\n".join([*RATES, ANCHOR, CONTACT, CONTACT.replace('"t":0},"delay"', '"t":12},"delay"'), ASK])
    )
    result = CliRunner().invoke(app, ["timeline", str(path), "--json"])
    assert result.exit_code == 1
    assert [row["standing"] for row in json.loads(result.stdout)["devices"]] == ["suspect", "suspect"]
