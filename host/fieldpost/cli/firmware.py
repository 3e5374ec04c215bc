"""`fieldpost firmware`: what lies on a board, built for it."""

from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli.output import CANNOT, USAGE, print_json, stop
from fieldpost.cli.table import print_table
from fieldpost.firmware_build import BuildError, known_boards, load_profile
from fieldpost.firmware_build.build import Build, build
from fieldpost.firmware_build.folder import manifest, write
from fieldpost.firmware_build.heap_need import heap_need
from fieldpost.firmware_build.mip import of_checkout, text

app = typer.Typer(no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]


@app.callback()
def firmware() -> None:
    """What lies on a board, built for it."""


@app.command("build", epilog="Example: fieldpost firmware build rp2040 --out build")
def build_boards(
    boards: Annotated[
        list[str] | None, typer.Argument(metavar="BOARD", help="A folder of boards/; repeatable.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every board that there is.")] = False,
    out: Annotated[
        Path, typer.Option(help="Each build goes into a folder of its board's name in here.")
    ] = Path("build"),
    json: Json = False,
) -> None:
    """Compile the agent for a board and write a folder that is ready to copy; fail when it does not fit."""
    known = known_boards()
    wanted = known if every else list(boards or ())
    if not wanted:
        stop(USAGE, "no board is named", f"name one of {', '.join(known)}, or --all")
    for kind in wanted:
        if kind not in known:
            stop(USAGE, f"{kind}: no board has that name", f"name one of {', '.join(known)}")
    told = []
    for kind in wanted:
        try:
            made = build(load_profile(kind))
            write(made, out / kind)
        except BuildError as error:
            stop(CANNOT, str(error))
        told.append(_document(made, out / kind))
        if not json:
            _show(made, out / kind)
    if json:
        print_json(told if every or len(told) > 1 else told[0])


@app.command("boards", epilog="Example: fieldpost firmware boards --json")
def list_boards(json: Json = False) -> None:
    """The boards that there are: runtime, architecture, radios, and what is theirs of flash and heap."""
    try:
        profiles = [load_profile(kind) for kind in known_boards()]
    except BuildError as error:
        stop(CANNOT, str(error))
    rows = [
        {
            "board": one.name,
            "title": one.title,
            "runtime": f"{one.port} {one.port_board}",
            "arch": one.arch,
            "modules": one.modules,
            "links": [*one.links, *one.radios],
            "heap_bytes": one.heap_bytes,
            "modules_bytes": one.modules_bytes,
            "journal_bytes": one.journal_bytes,
        }
        for one in profiles
    ]
    if json:
        print_json(rows)
        return
    shown = [{**row, "links": " ".join(row["links"])} for row in rows]
    print_table(shown[0], [list(row.values()) for row in shown])


@app.command("packages", epilog="Example: fieldpost firmware packages")
def write_packages() -> None:
    """Renew the package.json files of a checkout, by which `mpremote mip install` finds its sources."""
    try:
        for path, package in of_checkout(known_boards()).items():
            path.write_text(text(package))
    except BuildError as error:
        stop(CANNOT, str(error))
    except OSError as cause:
        stop(CANNOT, f"{cause.filename}: {cause.strerror}", "run it in a checkout that can be written")


def _document(made: Build, folder: Path) -> dict[str, object]:
    return {
        **manifest(made),
        "folder": str(folder),
        "sizes": made.modules,
        "bytes": made.size,
        "budget_bytes": made.profile.modules_bytes,
        "heap_bytes": made.profile.heap_bytes,
        "heap_need_bytes": heap_need(made.profile).least,
        "heap_need_full_bytes": heap_need(made.profile).full,
    }


def _show(made: Build, folder: Path) -> None:
    largest = sorted(made.modules.items(), key=lambda row: (-row[1], row[0]))
    print_table(("module", "bytes"), largest)
    budget = made.profile.modules_bytes
    typer.echo(
        f"{made.profile.name} ({made.profile.arch}): {len(largest)} modules, {made.size} of {budget} bytes,"
        f" {100 * made.size // budget} % of the budget"
    )
    need = heap_need(made.profile)
    enough = "enough" if need.full <= made.profile.heap_bytes else "too little"
    typer.echo(
        f"heap: {need.least} of {made.profile.heap_bytes} bytes at the prompt;"
        f" {enough} for the {need.full} that neighbours and a rule take"
    )
    typer.echo(f"measurement {made.measurement.hex()}")
    typer.echo(f"written to {folder}\n")
