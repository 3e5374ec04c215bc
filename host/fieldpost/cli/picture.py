"""`fieldpost picture`: what each subject is now, and by whose word."""

import typer

from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.picture_rows import interval_words, picture_rows, value_words

app = typer.Typer()

COLUMNS = (
    "subject",
    "property",
    "value",
    "when (h:mm:ss, mesh time)",
    "authority",
    "admitted under",
    "alternatives",
    "decided",
    "observation",
)


@app.command(epilog="Example: fieldpost picture --store alpha/store.db")
def picture(store: StorePath = DEFAULT, json: AsJson = False) -> None:
    """Show what each subject is now: value, interval, whose authority, alternatives, and who decided."""
    with reading(store) as held:
        rows = picture_rows(held)
        table = [cells(row) for row in rows]
    if json:
        output.print_json({"picture": rows})
        return
    print_table(COLUMNS, table)


def cells(row: dict) -> list[str]:
    """One row of the picture, for people."""
    mesh, authority = row["authority"]
    under = row["admitted_under"]
    value = "not known" if row["value"] is None else value_words(row["value"], row["exponent"], row["unit"])
    return [
        row["subject"],
        row["property"],
        value,
        interval_words(*row["interval_ns"]),
        f"{authority} of {(mesh or '')[:12]}",
        "nobody" if under is None else under[1],
        str(len(row["alternatives"])),
        row["decided"],
        row["observation"][:12],
    ]
