"""`fieldpost place`: the documented example, decimals, errors that name the line, exit codes."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from clock_world import S, make_world, stepped
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fieldpost.cli.main import app
from fieldpost.timeline import ENGINE
from fieldpost.timeline.decimals import ceil_scaled, floor_scaled, read, seconds, uniform_sigma
from fieldpost.timeline.jsonl import LineError, lines_of, parse

FORMAT = Path(__file__).parents[1] / "host/fieldpost/timeline/FORMAT.md"
A, B = '{"device":"a","boot":0,"t":%s}', '{"device":"b","boot":0,"t":%s}'
RATES = [
    '{"type":"assume","device":"a","rate_ppm":[0,0],"wander_ppm":null}',
    '{"type":"assume","device":"b","rate_ppm":[0,0],"wander_ppm":null}',
]
ANCHOR = '{"type":"anchor","at":%s}' % (A % 0)
CONTACT = '{"type":"exchange","tx":%s,"rx":%s,"delay":["-0.5","0.25"]}' % (A % 0, B % 0)
ASK = '{"type":"place","id":"p","at":%s}' % (B % 1)


def run(tmp_path, lines, *options):
    path = tmp_path / "evidence.jsonl"
    path.write_text("\n".join(lines))
    result = CliRunner().invoke(app, ["place", str(path), *options])
    answered = result.exit_code < 2 and "--why" not in options
    rows = [json.loads(line) for line in result.stdout.splitlines()] if answered else []
    return result, rows


def test_the_documented_example_prints_what_the_documentation_says(tmp_path):
    given_lines, wanted = re.findall(r"```jsonl\n(.*?)```", FORMAT.read_text(), re.S)
    result, _ = run(tmp_path, given_lines.splitlines(), "--claims", "1")
    assert result.exit_code == 0 and result.stdout == wanted


def test_the_example_that_is_installed_is_the_documented_one():
    result = CliRunner().invoke(app, ["place", "--example"])
    assert result.exit_code == 0 and f"```jsonl\n{result.stdout}```" in FORMAT.read_text()


def test_line_order_changes_no_answer(tmp_path):
    lines, _ = re.findall(r"```jsonl\n(.*?)```", FORMAT.read_text(), re.S)
    forward = run(tmp_path, lines.splitlines())[1]
    backward = run(tmp_path, lines.splitlines()[::-1])[1]
    assert backward == [forward[2], forward[1], forward[0]]


@pytest.mark.parametrize("t", ["16777217.000000001", '"16777217.000000001"', '"16777217000000001e-9"'])
def test_a_time_never_passes_through_a_float(tmp_path, t):
    lines = [*RATES, ANCHOR, CONTACT, '{"type":"place","id":"p","at":%s}' % (B % t)]
    _, (row,) = run(tmp_path, lines)
    assert row["strict"] == ["16777216.500000001", "16777217.250000001"]


def test_a_reading_finer_than_a_nanosecond_is_cut_and_its_interval_widened(tmp_path):
    _, (row,) = run(tmp_path, [*RATES, ANCHOR, CONTACT, ASK.replace('"t":1', '"t":1.0000000019')])
    assert row["strict"] == ["0.500000000", "1.250000002"]


def test_interval_names_what_is_printed(tmp_path):
    lines = [*RATES, ANCHOR, CONTACT, ASK]
    strict, resilient = (run(tmp_path, lines, "--interval", name)[1][0] for name in ("strict", "resilient"))
    assert "resilient" not in strict and "strict" not in resilient
    assert strict["strict"] == resilient["resilient"] == ["0.500000000", "1.250000000"]
    assert strict["point"] == resilient["point"] and abs(float(strict["point"]) - 0.875) < 1e-3
    assert run(tmp_path, lines, "--interval", "likely")[0].exit_code == 2


def test_what_nothing_bounds_is_unplaced_and_unknown(tmp_path):
    lines = [*RATES, ANCHOR, ASK, ASK.replace('"p"', '"q"').replace('"b"', '"a"')]
    result, rows = run(tmp_path, [*lines, '{"type":"relate","a":"p","b":"q"}'])
    assert result.exit_code == 0
    assert rows[0] == {"id": "p", "strict": [None, None], "resilient": [None, None], "depends_on": [],
                       "point": None, "sigma": None, "status": "unplaced"}  # fmt: skip
    assert (rows[2]["verdict"], rows[2]["dt"]) == ("unknown", [None, None])


def test_dt_is_the_pair_s_own_whatever_the_anchor(tmp_path):
    world = make_world(3, observations=12)
    lines = as_lines(world)
    names = list(range(len(world.truth)))
    lines += ['{"type":"relate","a":"%d","b":"%d"}' % (a, b) for a in names[:4] for b in names[6:]]
    anchors = [anchor_at(exchange.rx) for exchange in world.evidence.exchanges[:9:4]]
    found = [run(tmp_path, [*lines, anchor])[1][len(names) :] for anchor in anchors]
    assert (
        [row["dt"] for row in found[0]] == [row["dt"] for row in found[1]] == [row["dt"] for row in found[2]]
    )
    stamps = list(world.truth)
    for row in found[0]:
        lo, hi = (None if side is None else int(Decimal(side) * S) for side in row["dt"])
        span = world.truth[stamps[int(row["b"])]] - world.truth[stamps[int(row["a"])]]
        assert (lo is None or lo <= span + 4) and (hi is None or span - 4 <= hi)


def stamp_text(stamp) -> str:
    return '{"device":"%s","boot":%d,"t":"%s"}' % (stamp.device, stamp.boot, seconds(stamp.t_ns))


def anchor_at(stamp) -> str:
    return '{"type":"anchor","at":%s}' % stamp_text(stamp)


def as_lines(world) -> list[str]:
    lines = ['{"type":"assume","device":"%s","rate_ppm":[-100,100],"wander_ppm":40}' % a.device
             for a in world.evidence.assumptions]  # fmt: skip
    heard = '{"type":"exchange","tx":%s,"rx":%s,"delay":["%s",null]}'
    for x in world.evidence.exchanges:
        lines.append(heard % (stamp_text(x.tx), stamp_text(x.rx), seconds(x.dmin_ns)))
    lines += ['{"type":"place","id":"%d","at":%s}' % (n, stamp_text(s)) for n, s in enumerate(world.truth)]
    return lines


def test_a_contradiction_is_printed_last_with_its_stamps_verbatim_and_exit_1(tmp_path):
    world = make_world(1, contacts=120, observations=30, lie=stepped("d3", 900 * S, 80_000 * S))
    lines = [*as_lines(world), anchor_at(world.anchor.at)]
    result, rows = run(tmp_path, lines)
    assert result.exit_code == 1 and len(rows) == len(world.truth) + 1
    assert rows[-1]["suspects"] == [["d3"]]
    text = "\n".join(lines)
    for stamp in rows[-1]["contradiction"]:
        assert json.dumps(stamp, separators=(",", ":")) in text
    assert {row["status"] for row in rows[:-1]} >= {"quarantined", "two-sided"}


def test_numbers_are_repeated_as_they_were_given(tmp_path):
    far = CONTACT.replace('"t":0},"delay"', '"t":12.50},"delay"')
    _, rows = run(tmp_path, [*RATES, ANCHOR, CONTACT, far, ASK])
    assert {"device": "b", "boot": 0, "t": 12.5} in rows[-1]["contradiction"]
    assert rows[-1]["suspects"] == [["a"], ["b"]]


def test_claims_add_utc_when_enough_devices_agree(tmp_path):
    claims = ['{"type":"claim","at":%s,"scale":"utc","value":"%s","half_width":"1"}' % (at, value)
              for at, value in ((A % 0, "1750000000"), (B % 5, "1750000005.5"))]  # fmt: skip
    _, (row,) = run(tmp_path, [*RATES, ANCHOR, CONTACT, ASK, *claims])
    assert row["utc"] == ["1749999999.750000000", "1750000002.250000000"]
    _, (alone,) = run(tmp_path, [*RATES, ANCHOR, CONTACT, ASK, claims[0]])
    assert alone["utc"] is None and alone["strict"] == row["strict"]


BACK = '{"type":"causal","earlier":%s,"later":%s}' % (A % 2, A % 1)
GPS = '{"type":"claim","at":%s,"scale":"gps","value":1,"half_width":1}' % (A % 0)
MANY = [ASK.replace('"b"', '"%d"' % n).replace('"p"', '"%d"' % n) for n in range(10_001)]
BAD = {
    "not JSON": (["{"], 1),
    "a number that is not finite": ([RATES[0].replace("[0,0]", "[0,NaN]")], 1),
    "infinity as text": ([*RATES, ANCHOR, ASK.replace('"t":1', '"t":"inf"')], 4),
    "an exponent out of all bounds": ([*RATES, ANCHOR, ASK.replace('"t":1', '"t":1e999999999')], 4),
    "a reading beyond 64 bits": ([*RATES, ANCHOR, ASK.replace('"t":1', '"t":1e12')], 4),
    "an unknown type": (['{"type":"guess"}'], 1),
    "no object": (["[1]"], 1),
    "an integer without end": ([ASK.replace('"t":1', '"t":' + "9" * 5_000)], 1),
    "half a character in an id": ([*RATES, ANCHOR, ASK.replace('"p"', '"\\ud800"')], 4),
    "nesting without end": (["[" * 60_000], 1),
    "a doubled key": ([RATES[0].replace('"device":"a"', '"device":"a","device":"b"')], 1),
    "a missing key": (['{"type":"place","id":"p"}'], 1),
    "an unknown device": ([*RATES, ANCHOR, "", ASK.replace('"b"', '"c"')], 5),
    "contradictory assumptions": ([*RATES, RATES[0].replace("[0,0]", "[0,1]")], 3),
    "a range upside down": ([RATES[0].replace("[0,0]", "[1,0]")], 1),
    "a doubled id": ([*RATES, ANCHOR, ASK, ASK], 5),
    "an unknown id": ([*RATES, ANCHOR, ASK, '{"type":"relate","a":"p","b":"q"}'], 5),
    "two anchors": ([*RATES, ANCHOR, ANCHOR], 4),
    "no anchor": ([*RATES, ASK], 3),
    "an exchange with itself": ([*RATES, ANCHOR, CONTACT.replace('"b"', '"a"')], 4),
    "a delay upside down": ([*RATES, ANCHOR, CONTACT.replace('"0.25"', '"-0.75"')], 4),
    "a boot that is no integer": ([*RATES, ANCHOR, ASK.replace('"boot":0', '"boot":0.5')], 4),
    "ticks that run back": ([*RATES, ANCHOR, BACK], 4),
    "another scale": ([*RATES, GPS], 3),
    "bytes that are no text": ([*RATES, '{"type":"place\udcff"}'], 3),
    "a line too long": ([*RATES, ASK + " " * 70_000], 3),
    "a number without end": ([*RATES, ANCHOR, ASK.replace('"t":1', '"t":1e400')], 4),
    "a truth for a number": ([*RATES, ANCHOR, ASK.replace('"t":1', '"t":true')], 4),
    "digits of another script": ([*RATES, ANCHOR, ASK.replace('"t":1', '"t":"\u0661"')], 4),
    "a reading that only a sum would pass": ([*RATES, ANCHOR, ASK.replace('"t":1', '"t":"4611686018.5"')], 4),
    "a rate of a broken clock": ([RATES[0].replace("[0,0]", "[-500001,0]")], 1),
    "a wander below nothing": ([RATES[0].replace("null", "-1")], 1),
    "a delay beyond 64 bits": ([*RATES, ANCHOR, CONTACT.replace('"0.25"', '"1e30"')], 4),
    "a least delay of null": ([*RATES, ANCHOR, CONTACT.replace('"-0.5"', "null")], 4),
    "a half width below nothing": ([*RATES, ANCHOR, GPS.replace("gps", "utc").replace('h":1', 'h":-1')], 4),
    "boots that run back": ([*RATES, ANCHOR, BACK.replace('"boot":0', '"boot":1', 1)], 4),
    "an anchor of an unknown device": ([*RATES, "", ANCHOR.replace('"a"', '"z"')], 4),
    "text of two bytes a letter": (["\0".join(RATES[0])], 1),
    "objects nested without end": (['{"a":' * 12_000 + "1" + "}" * 12_000], 1),
    "more devices than resilient takes": (MANY, 1_001),
}


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_line_is_named(tmp_path, what):
    lines, number = BAD[what]
    path = tmp_path / "evidence.jsonl"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    result = CliRunner().invoke(app, ["place", str(path)])
    assert result.exit_code == 2 and result.stdout == ""
    assert f"line {number}: " in result.stderr, result.stderr


ENDS_OF_ERRORS = {
    "infinity as text": 'at: t must be a finite decimal number, not "inf"',
    "a truth for a number": "at: t must be a finite decimal number, not true",
    "a reading that only a sum would pass": "at: t is 4611686018.5 s, beyond +-4611686018 s (146 years)",
    "a delay upside down": "delay must be [dmin, dmax] with dmin <= dmax, not [-0.5, -0.75]",
    "an unknown device": 'device \'c\' has no {"type":"assume"} line',
    "more devices than resilient takes": "one too many; use --interval strict, or split the file by mesh",
}


@pytest.mark.parametrize("what", ENDS_OF_ERRORS)
def test_an_error_names_the_field_and_the_cause(tmp_path, what):
    result, _ = run(tmp_path, BAD[what][0])
    assert result.stderr.endswith(ENDS_OF_ERRORS[what] + "\n")


def test_of_ten_thousand_devices_strict_takes_all_and_names_the_next(tmp_path):
    assert "line 10001: " in run(tmp_path, MANY, "--interval", "strict")[0].stderr


class Endless:
    """A file of one line that never ends; how much of it was asked for."""

    asked = 0

    def readline(self, size: int) -> bytes:
        self.asked += size
        return b" " * size


def test_of_a_line_without_end_no_more_is_read_than_shows_it():
    file = Endless()
    with pytest.raises(LineError, match="line 1: longer than 65536 bytes"):
        parse(lines_of(file))
    assert file.asked == 65_537


def test_an_order_verdict_shows_its_witness(tmp_path):
    causal = '{"type":"causal","earlier":%s,"later":%s}' % (A % 3, B % "9.50")
    places = ['{"type":"place","id":"%s","at":%s}' % pair for pair in
              (("a1", A % 1), ("a2", A % 2), ("b3", B % 3), ("b10", B % 10))]  # fmt: skip
    asked = [
        '{"type":"relate","a":"%s","b":"%s"}' % tuple(pair.split()) for pair in ("a2 a1", "a2 b10", "a1 b3")
    ]
    rows = run(tmp_path, [*RATES, ANCHOR, CONTACT, causal, *places, *asked])[1][4:]
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("after", "ticks of one boot"),
        ("before", "causal path"),
        ("before", "disjoint resilient intervals"),
    ]
    stamps = [
        {"device": device, "boot": 0, "t": t} for device, t in (("a", 2), ("a", 3), ("b", 9.5), ("b", 10))
    ]
    assert rows[0]["witness"] == [stamps[0], {"device": "a", "boot": 0, "t": 1}]
    assert rows[1]["witness"] == stamps
    assert rows[2]["witness"] == ["1.000000000", "2.500000000"]


def test_why_tells_in_words_what_bounds_one_id(tmp_path):
    result, _ = run(tmp_path, [*RATES, ANCHOR, CONTACT, ASK], "--why", "p")
    assert result.exit_code == 0 and result.stdout.splitlines() == [
        "p: two-sided, between 0.500000000 and 1.250000000 s after the anchor",
        "not earlier, because",
        "  the clock from b boot 0 at 0.000000000 s to b boot 0 at 1.000000000 s: at least 1.000000000 s passed",
        "  what b boot 0 at 0.000000000 s heard was sent by a boot 0 at 0.000000000 s, at least -0.500000000 s before",
        "not later, because",
        "  what a boot 0 at 0.000000000 s sent was heard by b boot 0 at 0.000000000 s, at most 0.250000000 s after",
        "  the clock from b boot 0 at 0.000000000 s to b boot 0 at 1.000000000 s: at most 1.000000000 s passed",
    ]
    assert run(tmp_path, [*RATES, ANCHOR, CONTACT, ASK], "--why", "q")[0].exit_code == 2


def test_why_all_tells_every_step(tmp_path):
    world = make_world(3, devices=8, contacts=60, observations=40)
    lines = [*as_lines(world), anchor_at(world.anchor.at)]
    short = [len(run(tmp_path, lines, "--why", str(n))[0].stdout.splitlines()) for n in range(0, 40, 5)]
    whole = [
        len(run(tmp_path, lines, "--why", str(n), "--all")[0].stdout.splitlines()) for n in range(0, 40, 5)
    ]
    assert max(short) <= 3 + 2 * 8 < max(whole)


def test_a_file_that_cannot_be_read_exits_3(tmp_path):
    result = CliRunner().invoke(app, ["place", str(tmp_path / "absent.jsonl")])
    assert result.exit_code == 3 and "absent.jsonl" in result.stderr


def test_help_gives_an_example():
    assert "Example" in CliRunner().invoke(app, ["place", "--help"]).stdout


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9), st.integers(0, 9)
)
def test_scaling_is_exact_or_says_so(number, places):
    exact = number.as_integer_ratio()
    floor, whole = floor_scaled(number, places)
    assert floor * exact[1] <= exact[0] * 10**places < (floor + 1) * exact[1]
    assert whole == (floor * exact[1] == exact[0] * 10**places)
    assert ceil_scaled(number, places) == floor + (not whole)


@given(st.integers(-(10**18), 10**18))
def test_seconds_read_back(ns):
    assert floor_scaled(read(seconds(ns)), 9) == (ns, True)


def test_sigma_of_a_width():
    assert uniform_sigma(0) == 0 and uniform_sigma(12**2) == 42


@pytest.mark.parametrize("name,code", [("honest", 0), ("liar", 1)])
def test_this_engine_gives_these_integers_for_ever(tmp_path, name, code):
    """Agreements name timeline/1: another answer is another engine, under another name."""
    vectors = Path(__file__).parent / "vectors"
    result, rows = run(tmp_path, (vectors / f"timeline_{name}.jsonl").read_text().splitlines())
    assert ENGINE == "timeline/1" and result.exit_code == code
    wanted = [
        json.loads(line) for line in (vectors / f"timeline_{name}_answers.jsonl").read_text().splitlines()
    ]
    assert [{key: row[key] for key in one} for row, one in zip(rows, wanted)] == wanted and len(rows) == len(
        wanted
    )
