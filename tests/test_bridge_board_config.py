"""firmware/CONFIG.md lists every key of a board's configuration with its default, and every key of the status line."""

import ast
import json
import re

from docs_text import blocks
from tidy_tree import ROOT

DOCUMENT = (ROOT / "firmware/CONFIG.md").read_text()
SOURCE = [
    statement
    for name in ("config", "config_parts")
    for statement in ast.parse((ROOT / f"firmware/fieldagent/{name}.py").read_text()).body
]
AGENT = ast.parse((ROOT / "firmware/fieldagent/agent.py").read_text())
# Which object of the file a variable of a function in config.py stands for.
WITHIN = {
    ("_config", "take"): "",
    ("_config", "source"): "",
    ("_config", "sealing"): "seal.",
    ("_config", "carrying"): "carry.",
    ("_radio", "entry"): "radio.",
    ("parts", "part"): "bme280.",
    ("parts", "receiver"): "gnss.",
    ("senml", "entry"): "observe[].",
    ("_reading", "entry"): "observe[].",
    ("_rule", "entry"): "derive[].",
    ("_rule", "inputs"): "derive[].inputs.",
}
# What the absence of a key without a default means, in a word.
WITHOUT = {
    "seal.low_battery_mv": "none",
    "carry.bytes": "none",
    "radio.kind": "none",
    "observe[].senml": "none",
    "radio.duty_ppm": "of the channel",
}


def taken():
    """{key: source text of its default, "required" or None} of everything that config.py takes from the file."""
    found = {}
    for function in [one for one in SOURCE if isinstance(one, ast.FunctionDef)]:
        for call in [one for one in ast.walk(function) if isinstance(one, ast.Call)]:
            name = (
                call.func.value.id
                if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
                else ""
            )
            how = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            where = WITHIN.get((function.name, name or how))
            if where is None or how not in ("take", "inner", "rows") or not call.args:
                continue
            default = "required" if how == "take" else {"inner": "{}", "rows": "[]"}[how]
            found[where + call.args[0].value] = ast.unparse(call.args[2]) if len(call.args) > 2 else default
    for where in ("observe[].", "derive[]."):
        found[where + "schema"] = "required"
    for inner in ("seal", "carry", "bme280", "gnss"):
        found.pop(inner, None)
    return found


def table(title):
    section = DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"(?m)^\| `.*\|$", section)
    ]


def test_every_key_that_a_board_takes_is_listed_and_no_other():
    assert {row[0].strip("`") for row in table("Keys")} == set(taken())


def test_every_default_is_the_one_that_the_program_takes():
    shown = {row[0].strip("`"): row[2].strip("`") for row in table("Keys")}
    words = {
        "True": "true",
        "False": "false",
        "None": None,
        "FULL_POLICIES[0]": '"drop-oldest"',
        "obs.READINGS": "1",
    }
    for key, default in taken().items():
        meant = words.get(default, default.replace("_", "") if default[0].isdigit() else default)
        assert shown[key] == (
            WITHOUT.get(key, "any")
            if meant is None
            else {"b'\\xff' * 6": "everybody"}.get(meant, meant.replace("wanted", "property"))
        ), key


def test_every_key_of_the_status_line_is_listed():
    [status] = [one for one in ast.walk(AGENT) if isinstance(one, ast.FunctionDef) and one.name == "status"]
    keys = {
        one.value for one in ast.walk(status) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    listed = {name for row in table("The status line") for name in re.findall(r"`(\w+)`", row[0])}
    assert keys | {"device", "boot", "runtime", "heap", "safe_mode"} == listed


def test_the_example_names_keys_that_exist():
    [example] = [json.loads(block.text) for block in blocks(DOCUMENT) if block.language == "json"]
    keys = set(taken())
    assert {f"observe[].{key}" for key in example["observe"][0]} | {
        f"seal.{key}" for key in example["seal"]
    } <= keys
    assert example.keys() <= {key.partition(".")[0] for key in keys}
