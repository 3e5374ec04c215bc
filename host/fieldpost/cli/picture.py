"""`fieldpost picture`: what each subject is now and by whose word, what was claimed before, what two epochs changed."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fieldpost.cli import output
from fieldpost.cli.default_group import DefaultGroup
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.cli.told import say
from fieldpost.picture_diff import agreed, difference, sentences
from fieldpost.picture_history import history, subjects
from fieldpost.picture_rows import interval_words, picture_rows, value_words
from fieldpost.reading import Rows, profile_of

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
CLAIMED = ("when (h:mm:ss, mesh time)", "value", "authority", "fate", "because", "observation")


class PictureGroup(DefaultGroup):
    """`picture` alone shows what is."""

    alone = "show"
    given = "show"
    valued = ("--store", "--history")


app = typer.Typer(cls=PictureGroup, pretty_exceptions_enable=False)


@app.callback()
def group() -> None:
    """Show what each subject is now, by whose word; with --history what was claimed of one before."""


@app.command(epilog="Example: fieldpost picture show --history harbor/air --store alpha/store.db")
def show(
    history_of: Annotated[
        str | None,
        typer.Option(
            "--history", metavar="SUBJECT", help="Every claim about this subject and those below it."
        ),
    ] = None,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Show what each subject is now: value, interval, whose authority, alternatives, and who decided."""
    if history_of is not None:
        _show_history(store, history_of, json)
        return
    with reading(store) as held:
        rows = picture_rows(held)
        table = [cells(row) for row in rows]
    if json:
        output.print_json({"picture": rows})
        return
    print_table(COLUMNS, table)


def _show_history(store: Path, history_of: str, json: bool) -> None:
    with reading(store) as held:
        told = [history(held, one) for one in subjects(held, history_of)]
        names = _names(held)
    if not told:
        output.stop(
            output.NO,
            f"{store}: nothing is claimed of {history_of}",
            "list subjects with `fieldpost picture`",
        )
    if json:
        output.print_json({"history": told})
    else:
        _tell(told, names)


@app.command(epilog="Example: fieldpost picture diff 1 2 --store alpha/store.db")
def diff(
    old: Annotated[int, typer.Argument(metavar="E1", help="The number of an epoch that both sides signed.")],
    new: Annotated[int, typer.Argument(metavar="E2", help="The number of another one, with the same peer.")],
    peer: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The peer bridge, where there are several: how its id begins."),
    ] = None,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Say in words what two epochs decided differently. Exit 0 when they decided the same, 1 when not."""
    with reading(store) as held:
        named = _peer(agreed(held), peer, (old, new))
        found = difference(held, named, old, new)
        names = _names(held)
        lines = sentences(held, found, lambda mesh: names.get(mesh, mesh[:12]))
    if json:
        output.print_json(found)
    else:
        for line in lines:
            say(line)
    if found["changes"] or found["scopes"]:
        raise typer.Exit(output.NO)


def _peer(known: dict[bytes, list[int]], named: str | None, numbers: tuple[int, int]) -> bytes:
    """The one peer meant with which both epochs stand; ends the command otherwise."""
    found = [one for one in sorted(known) if one.hex().startswith((named or "").lower())]
    if not known:
        output.stop(output.NO, "no epoch with any peer was signed by both sides", "let the two meet")
    if not found:
        there = ", ".join(one.hex()[:12] for one in sorted(known))
        output.stop(
            output.NO, f"no peer with whom epochs were signed begins with {named}", f"there are: {there}"
        )
    fitting = [one for one in found if set(numbers) <= set(known[one])]
    told = "; ".join(f"with {one.hex()[:12]}: {', '.join(map(str, known[one]))}" for one in found)
    if len(fitting) > 1:
        output.stop(output.USAGE, f"several peers have these epochs, {told}", "name one with --peer")
    if fitting:
        return fitting[0]
    return output.stop(
        output.NO, f"no peer has both of these epochs; there are {told}", "name two of one peer"
    )


def _names(held: Rows) -> dict[str, str]:
    mesh, _, name = profile_of(held)
    return {mesh.hex(): name}


def _tell(told: list[dict[str, Any]], names: dict[str, str]) -> None:
    for one in told:
        for prop in one["properties"]:
            say(f"{one['subject']} {prop['property']}:")
            print_table(CLAIMED, [_claim_cells(claim, names) for claim in prop["claims"]])
            for pick in prop["epochs"]:
                word = (pick["observation"] or f"nothing: {pick['function']}")[:20]
                beside = len(pick["alternatives"])
                say(
                    f"  epoch {pick['epoch']} with {pick['peer'][:12]} picked {word[:12]}, {beside} beside it"
                )


def _claim_cells(claim: dict[str, Any], names: dict[str, str]) -> list[str]:
    mesh, authority = claim["authority"]
    decided = claim["decided"]
    because = claim["code"]
    if decided is not None and claim["fate"] != "held":
        because = f"{decided['function']}, epoch {decided['epoch']}"
        if claim["fate"] == "superseded" and decided["prevailing"]:
            because = f"{decided['prevailing'][:12]} by {because}"
    return [
        interval_words(*claim["interval_ns"]),
        value_words(claim["value"], claim["exponent"], claim["unit"]),
        f"{authority} of {names.get(mesh, mesh[:12])}",
        claim["fate"],
        because,
        claim["observation"][:12],
    ]


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
