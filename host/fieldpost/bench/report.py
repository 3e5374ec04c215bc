"""Keeps build/bench.json and shows it as a table. A run renews its areas' lines and leaves the others."""

import json
import os
from pathlib import Path
from typing import Any

from rich.table import Table

from fieldpost.bench.line import Line


def area_of(name: str) -> str:
    """`wire` of `wire/cbor_decode`."""
    return name.partition("/")[0]


def renewed(kept: list[dict[str, Any]], areas: set[str], lines: list[Line]) -> list[dict[str, Any]]:
    """The kept lines of other areas and the new lines of these, by name."""
    others = [row for row in kept if area_of(row["name"]) not in areas]
    return sorted(others + [line.as_json() for line in lines], key=lambda row: row["name"])


def read(path: Path) -> list[dict[str, Any]]:
    """The kept lines; none when there is no file."""
    return json.loads(path.read_text()) if path.exists() else []


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Replaces the file as a whole: a run that is stopped leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(rows, indent=1) + "\n")
    os.replace(fresh, path)


def table(lines: list[Line]) -> Table:
    """Figure, goal and references side by side."""
    shown = Table(box=None, pad_edge=False)
    for title in ("figure", "value", "goal", "references"):
        shown.add_column(title, justify="right" if title in ("value", "goal") else "left")
    for line in lines:
        sign = ">=" if line.better == "higher" else "<="
        verdict = {True: "met", False: "missed", None: ""}[line.meets_goal()]
        goal = "" if line.goal is None else f"{sign} {line.goal:g} {verdict}"
        references = ", ".join(f"{name} {value:,.4g}" for name, value in line.references.items())
        shown.add_row(line.name, f"{line.value:,.4g} {line.unit}", goal, references)
    return shown
