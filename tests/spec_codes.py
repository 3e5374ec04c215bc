"""Writes the table of codes into shared/SPEC.md, section 16: `python tests/spec_codes.py`.

The codes stand in fieldwire.errors and fieldpost.codes; the text between the two marks is made from them.
"""

import re
import sys
from pathlib import Path

from fieldpost.codes import CODES
from fieldwire import error_table

SPEC = Path(__file__).parent.parent / "shared" / "SPEC.md"
BEGIN, END = "<!-- codes -->", "<!-- end of codes -->"


def sentence(words: str) -> str:
    return words if words.endswith(".") else words[0].upper() + words[1:] + "."


def table() -> str:
    """Markdown rows, number | name | meaning | remedy, by number."""
    rows = [(number, name, meaning, remedy) for name, number, meaning, remedy in error_table.rows()]
    rows += [(number, name, *said) for name, (number, *said) in CODES.items()]
    lines = ["| number | name | meaning | remedy |", "|---|---|---|---|"]
    for number, name, meaning, remedy in sorted(rows):
        remedy = remedy if remedy.startswith("fieldpost ") else sentence(remedy)
        lines.append(f"| {number} | {name} | {sentence(meaning)} | {remedy} |")
    return "\n".join(lines)


def filled(spec: str) -> str:
    """The specification's text with the table as it is now."""
    made = f"{BEGIN}\n\n{table()}\n\n{END}"
    if END in spec:
        return re.sub(f"{BEGIN}.*{END}", lambda _: made, spec, flags=re.DOTALL)
    return spec.replace(BEGIN, made)


def main() -> int:
    SPEC.write_text(filled(SPEC.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
