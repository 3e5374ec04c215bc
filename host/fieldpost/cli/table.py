"""A table on standard output: as wide as the terminal, or as wide as its text where there is none."""

import io
import sys
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fieldpost.cli.output import shown

PIPED_WIDTH = 1_000


def print_table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Cells are shown as text, never as markup; what is not printable in them is escaped."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(str(cell))) for cell in row))
    if sys.stdout.isatty():
        Console().print(table)
        return
    text = io.StringIO()
    Console(file=text, width=PIPED_WIDTH, color_system=None).print(table)
    sys.stdout.write("\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n")
