"""A fleet's file: what is wrong in it is named by line and key, and what is right becomes boards, air and readings."""

import json
from itertools import islice
from pathlib import Path

import pytest

from fieldpost.emulator import EmulatorError, fleet_plan
from fieldpost.emulator.fleet_file import load
from fieldpost.emulator.medium import sensitivity_dbm
from fieldpost.toml_struct import ConfigError
from fieldwire import link_terms

EXAMPLE = Path(__file__).parents[1] / "boards" / "emulated" / "valley.toml"
BOARD = '[[board]]\nname = "a"\n'


def loaded(folder, text):
    path = folder / "fleet.toml"
    path.write_text(text)
    return load(path)


@pytest.mark.parametrize(
    ("text", "line", "key", "expected"),
    [
        ("", 1, "file", "missing required field `board`"),
        ("[[board]\n", 1, "TOML", "well-formed"),
        (BOARD + "drift = 4\n", 3, "board[0]", "unknown field `drift`"),
        (BOARD + 'drift_ppm = "much"\n', 3, "board[0].drift_ppm", "expected `int`"),
        (BOARD + BOARD, 4, "board[1].name", "no other board has"),
        (BOARD + "[fleet]\nscale = 0\n", 4, "fleet.scale", ">= 1"),
        (BOARD + "[fleet]\nlatency_ms = [9, 3]\n", 4, "fleet.latency_ms", "the least latency before"),
        (BOARD + "[fleet]\nreach_m = 9\n", 1, "board[0].position_m", "since fleet.reach_m is set"),
        (BOARD + "clock = { days = 3 }\n", 3, "board[0].clock", "either rates or a model"),
        (BOARD + 'files."/x" = "gone"\n', 3, "board[0].files./x", "a file"),
        (BOARD + "sensor.t = { column = 'temp' }\n", 3, "board[0].sensor.t", "either a file or a station"),
        (BOARD + "sensor.t = { station = 'ewr', column = 'x' }\n", 3, "board[0].sensor.t", "a column out of"),
        (
            BOARD + "config.observe = [{ schema = 'x' }]\n",
            3,
            "board[0].config.observe.schema",
            "[schema.NAME]",
        ),
        (
            BOARD + "[[event]]\nat_s = 1\ndo = 'reset'\nboards = ['b']\n",
            6,
            "event[0].boards",
            "boards of the fleet: a",
        ),
        (
            BOARD + "[[event]]\nat_s = 1\ndo = 'reset'\nboards = ['a']\nevery_s = 2\njitter_s = 3\n",
            8,
            "event[0].jitter_s",
            "at most every_s (2)",
        ),
        (BOARD + "settings = 'x'\n", 3, "board[0].settings", "the name of a [settings.NAME]"),
        (
            "[settings.s]\nobserve = [{ schema = 'x' }]\n" + BOARD + "settings = 's'\n",
            3,
            "board[0].config.observe.schema",
            "[schema.NAME]",
        ),
        (BOARD + "[[event]]\nat_s = 1\ndo = 'meet'\nboards = ['a']\n", 6, "event[0].boards", "two boards"),
        (BOARD + "[[event]]\nat_s = 1\ndo = 'move'\nboards = ['a']\n", 3, "event[0].to_m", "[x, y]"),
        (BOARD + "[[event]]\nat_s = 1\ndo = 'burn'\nboards = ['a']\n", 5, "event[0].do", "burn"),
        (BOARD + "enrol = { authority = 'f' }\n", 3, "board[0].enrol", "a mesh with a [mesh.NAME]"),
        ("contact = [['a', 'b']]\n" + BOARD, 1, "contact[0]", "two different boards"),
        (BOARD + "[[air.gain]]\nfrom = 'a'\nto = 'b'\ndb = 1\n", 5, "air.gain[0].to", "one of the fleet's"),
    ],
)
def test_a_fault_is_named_by_line_key_and_expectation(tmp_path, text, line, key, expected):
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'fleet.toml'}:{line}: {key}: ")
    assert expected in str(caught.value)


def test_the_example_becomes_boards_with_their_clocks_sensors_and_configuration():
    gauge, mast, rover, bare = fleet_plan.specs(load(EXAMPLE), EXAMPLE.parent)
    assert (gauge.drift_ppm, gauge.die_mc, gauge.prompt, gauge.usb) == (48, 21_500, True, False)
    assert (mast.mesh, mast.utc.uncertainty_ms, list(mast.sensors["temp"])) == (
        "hill",
        1_000,
        [5310, 5310, 5290, 5200],
    )
    assert len(gauge.sensors["temp"]) == 48
    [name] = [one for one in gauge.files if one.startswith("/schemas/")]
    [line] = json.loads(gauge.files["/config.json"])["observe"]
    assert name == f"/schemas/{line['schema']}.cbor"
    assert (bare.usb, bare.files) == (True, {})
    assert rover.mesh == "dale"


def test_a_clock_by_a_model_is_drawn_by_the_fleets_seed_and_the_boards_name(tmp_path):
    two = BOARD + 'clock.model = "tuning-fork"\n[[board]]\nname = "b"\nclock.model = "tuning-fork"\n'

    def courses(seed):
        plan = loaded(tmp_path, f"[fleet]\nseed = {seed}\n{two}")
        return [(one.clock.rates_ppb, one.clock.die_mc) for one in fleet_plan.specs(plan, tmp_path)]

    [(rates, warmth), (others, _)] = courses(1)
    assert courses(1)[0] == (rates, warmth) and rates != others and courses(2)[0][0] != rates
    assert rates[0][0] == warmth[0][0] == 0 and rates[-1][0] >= 30 * 86_400 * 10**9
    assert all(abs(ppb) < 200_000 for _, ppb in rates) and all(-40_000 < mc < 85_000 for _, mc in warmth)


def test_boards_share_settings_and_say_themselves_what_differs(tmp_path):
    text = (
        "[settings.s]\nutc = false\nbeacon_ms = 400\n" + BOARD + "settings = 's'\nconfig.utc = true\n"
        '[[board]]\nname = "b"\nsettings = "s"\n[[board]]\nname = "c"\n'
    )
    a, b, c = fleet_plan.specs(loaded(tmp_path, text), tmp_path)
    assert json.loads(a.files["/config.json"]) == {"utc": True, "beacon_ms": 400}
    assert json.loads(b.files["/config.json"]) == {"utc": False, "beacon_ms": 400}
    assert c.files == {}


def test_what_befalls_boards_comes_in_order_again_and_by_the_seed_alone(tmp_path):
    event = "[[event]]\ndo = '{}'\nboards = ['a']\nat_s = {}\nevery_s = 60\njitter_s = {}\n"
    two = BOARD + event.format("power-cut", 10, 30)
    plan = loaded(tmp_path, two + event.format("power-on", 50, 0))

    def first(seed, found=plan):
        told = islice(fleet_plan.schedule(found, seed), 40)
        return [(at_s, one.do) for at_s, one in told]

    assert first(7) == first(7) != first(8)
    cuts = [at_s for at_s, what in first(7) if what == "power-cut"]
    assert all(10 + 60 * n <= at_s <= 40 + 60 * n for n, at_s in enumerate(cuts)) and len(set(cuts)) > 9
    assert [at_s for at_s, what in first(7) if what == "power-on"] == [50 + 60 * n for n in range(20)]
    alone = [at_s for at_s, _ in first(7, loaded(tmp_path, two))]
    assert alone[:20] == cuts, "another event changes none of its times"


def test_places_gains_and_losses_decide_who_hears_whom_by_radio():
    air = fleet_plan.medium(load(EXAMPLE), 7)
    strongest = sensitivity_dbm(link_terms.lora(7, 125_000))
    assert air.strength_dbm("mast", "gauge") == pytest.approx(air.strength_dbm("gauge", "mast") - 3)
    assert air.strength_dbm("gauge", "mast") > strongest > air.strength_dbm("gauge", "rover")


def test_sensors_are_fed_from_columns_and_from_lines(tmp_path):
    (tmp_path / "day.csv").write_text("time,air\n1,2.5\n2,NA\n3,3.0\n")
    (tmp_path / "wind.jsonl").write_text("4\n[1, 2]\nnull\n")
    text = (
        BOARD
        + "sensor.t = { file = 'day.csv', column = 'air', exponent = -1 }\nsensor.w = { file = 'wind.jsonl' }\n"
    )
    [spec] = fleet_plan.specs(loaded(tmp_path, text), tmp_path)
    assert (list(spec.sensors["t"]), list(spec.sensors["w"])) == ([25, None, 30], [4, [1, 2], None])
    (tmp_path / "wind.jsonl").write_text("4\nstorm\n")
    with pytest.raises(EmulatorError, match="wind.jsonl:2: is no JSON"):
        fleet_plan.specs(loaded(tmp_path, text), tmp_path)
    with pytest.raises(EmulatorError, match="has no column rain; it has time, air"):
        fleet_plan.specs(loaded(tmp_path, text.replace("'air'", "'rain'")), tmp_path)
