"""Markup and control characters in others' text reach no terminal and no table as such; the value stays what it is."""

import json

import pytest
from sample_store import YEAR, Device, Side
from typer.testing import CliRunner

from fieldpost.cli.main import app
from fieldwire import observation as obs
from fieldwire import schema

RUN = CliRunner()
VALUE = "[bold red]<script>alert(1)</script>[/]\x1b[2J\x1b]0;title\x07\r\nrow\u202egnp\x9b31m"
UNIT, NAME = "[link=x]\x1b[5m", "note[/]"
BAD = ("\x1b", "\x07", "\x9b", "\u202e", "\r")


@pytest.fixture(scope="module")
def side(tmp_path_factory):
    """A bridge whose one device claims hostile text under a hostile schema, and gives it as a gap's reason."""
    made = Side(tmp_path_factory.mktemp("text"), "alpha", ["command", "field/air"])
    data = schema.encode("air[/]", [[NAME, schema.CATEGORY, UNIT, 0]])
    made.mesh.schema("field/air", data)
    device = Device(made.mesh, "field/air", "a1")
    made.start([made.mesh.root_public], [device])
    made.join(device, b"joining1", 1_000)
    told = {"content_format": schema.digest(data), "utc": (YEAR.nbf * 1000 + 10_000, 20)}
    leaf = device.leaf("harbor/air", [VALUE], 2_000, **told)
    reason = [[device.incarnation, 3, 0, 0, VALUE]]
    gap = device.leaf("log/gap", reason, 2_500, content_format=obs.GAP_FORMAT, stream=obs.URGENT)
    for one in (leaf, gap):
        made.put("segment", device.segment(one))
    made.put("solve", b"")
    made.store.close()
    return made, obs.observation_id(leaf).hex(), obs.observation_id(gap).hex()


@pytest.mark.parametrize("command", [
    ("picture",), ("why", "LEAF"), ("why-not", "LEAF"), ("why", "GAP"), ("why-not",), ("log", "list"), ("cases",),
])  # fmt: skip
def test_no_command_lets_foreign_text_act_on_a_terminal(side, command):
    made, leaf, gap = side
    words = [{"LEAF": leaf, "GAP": gap}.get(word, word) for word in command]
    result = RUN.invoke(app, [*words, "--store", str(made.path)])
    assert result.exit_code in (0, 1), result.output
    assert not [one for one in BAD if one in result.output]


def test_people_see_the_text_escaped_and_its_markup_as_it_stands(side):
    made, leaf, _ = side
    shown = RUN.invoke(app, ["picture", "--store", str(made.path)]).stdout
    assert "[bold red]<script>" in shown and "\\x1b[2J" in shown and "note[/]" in shown
    told = RUN.invoke(app, ["why", leaf, "--store", str(made.path)]).stdout
    assert "<script>" in told and "\\u202e" in told


def test_programs_get_the_value_as_it_was_signed(side):
    made, _, _ = side
    found = json.loads(RUN.invoke(app, ["picture", "--json", "--store", str(made.path)]).stdout)
    assert [row["value"] for row in found["picture"]] == [VALUE]


def test_a_file_of_foreign_text_is_inspected_without_acting(side, tmp_path):
    made, _, _ = side
    out = tmp_path / "out"
    assert RUN.invoke(app, ["export", "cose", str(out), "--store", str(made.path)]).exit_code == 0
    for path in sorted(out.rglob("*.leaves")) + sorted(out.rglob("*.cwt")):
        result = RUN.invoke(app, ["inspect", str(path)])
        assert result.exit_code == 0 and not [one for one in BAD if one in result.output], path
