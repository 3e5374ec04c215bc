"""`fieldpost device install`: put the agent on a board that runs MicroPython."""

import re
from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli import output
from fieldpost.cli.device_cable import (
    BAUD,
    WAIT_S,
    Baud,
    Board,
    Built,
    DryRun,
    Json,
    Port,
    Wait,
    Yes,
    answering,
    at_prompt,
    built,
    check_board,
    moving,
)
from fieldpost.device.config_check import check_config
from fieldpost.device.errors import Refused
from fieldpost.device.files import Files
from fieldpost.device.install import Installation, carry_out, look
from fieldpost.device.layout import CONFIG, PARTITIONS, SCHEMAS
from fieldpost.firmware_build.build import Build
from fieldwire.schema import digest as schema_digest

SCHEMA_NAME = re.compile(r"[0-9a-f]{1,64}\.cbor")
THEN = {
    "run": "the next start runs slot {}",
    "try": "the next start tries slot {}, and goes back to the other one if that fails",
    "keep": "slot {} is what runs",
}


def add_to(app: typer.Typer) -> None:
    """Put the command of this module under an application."""
    app.command(
        epilog="Example: fieldpost device install rp2040 /dev/ttyACM0 --config valley.json --schema harbor.cbor"
    )(install)


def install(
    board: Board,
    port: Port,
    slot: Annotated[
        str | None,
        typer.Option(metavar="a|b", help="The slot that takes the agent; else the one that is free."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also install this as config.json, once it is checked."),
    ] = None,
    schema: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Also install a schema that readings bear; repeatable."),
    ] = None,
    folder: Built = None,
    wait_s: Wait = WAIT_S,
    baud: Baud = BAUD,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Build the agent for a board and copy what is missing; each file is verified by its hash on the board.

    Identity, log and configuration stay. Unplugged in the middle, the board has its old agent or none; the same
    command then finishes.
    """
    check_board(board)
    if slot is not None and slot not in PARTITIONS:
        output.stop(output.USAGE, f"--slot: expected a or b, found {slot!r}")
    with answering():
        made = built(board, folder)
        schemas = _schemas(schema or [])
        with at_prompt(port, baud, wait_s) as cable:
            cable.soft_reset()
            extra = {f"{SCHEMAS}/{name}": data for name, data in schemas.items()}
            if config is not None:
                extra[CONFIG] = _config(config, schemas, Files(cable))
            found = look(cable, made, slot, extra)
            word = _word(found, made)
            if word is not None and not yes and not dry_run:
                raise Refused(f"{port}: {word}; say --yes if that is meant")
            if not dry_run and not found.is_done:
                with moving(f"{board} to slot {found.wanted.name}", found.copy_bytes) as moved:
                    carry_out(cable, found, moved)
            if not dry_run:
                cable.restart()
    _tell(found, made, word, dry_run, json)


def _schemas(paths: list[Path]) -> dict[str, bytes]:
    """Under the names that a board looks for: their digests. SPEC 5.4"""
    read = [path.read_bytes() for path in paths]
    return {f"{schema_digest(data).hex()}.cbor": data for data in read}


def _config(path: Path, schemas: dict[str, bytes], files: Files) -> bytes:
    """The configuration, judged with the schemas that the board will have."""
    names = [name for name in files.names(SCHEMAS) if SCHEMA_NAME.fullmatch(name)]
    held = {name: files.read(f"{SCHEMAS}/{name}") or b"" for name in names}
    data = path.read_bytes()
    check_config(path, data, {**held, **schemas})
    return data


def _word(found: Installation, made: Build) -> str | None:
    """What somebody should know before it is done."""
    runs = found.facts.slots.get(found.record.slot)
    if runs is not None and runs.board != made.profile.name:
        return f"it was installed as a board {runs.board}, whose pins may differ from those of {made.profile.name}"
    enrolled = found.facts.enrolled
    if enrolled is not None and found.then != "keep":
        who = enrolled.device.hex() if enrolled.device else "whose identity cannot be read"
        return (
            f"it is the enrolled device {who}, and no desk vouches for this build yet:"
            " `fieldpost device update` has the desk sign for it"
        )
    return None


def _tell(found: Installation, made: Build, word: str | None, dry_run: bool, json: bool) -> None:
    copied = [*found.slot.copy, *found.start.copy]
    kept = [*found.slot.keep, *found.start.keep]
    if json:
        output.print_json(
            {
                "board": made.profile.name,
                "slot": found.wanted.name,
                "measurement": made.measurement.hex(),
                "copy": copied,
                "keep": kept,
                "remove": list(found.slot.remove),
                "bytes": found.copy_bytes,
                "then": found.then,
                "dry_run": dry_run,
                "warning": word,
            }
        )
        return
    if dry_run:
        for what, paths in (("copy", copied), ("keep", kept), ("remove", found.slot.remove)):
            for path in paths:
                typer.echo(f"{what:7} {path}")
    done = "would be copied" if dry_run else "copied and verified"
    typer.echo(
        f"{made.profile.name}: {len(copied)} of {len(copied) + len(kept)} files ({found.copy_bytes} bytes) {done}"
    )
    typer.echo(THEN[found.then].format(found.wanted.name))
    typer.echo(f"measurement {made.measurement.hex()}")
    if dry_run and word is not None:
        typer.echo(output.shown(f"without --yes this is refused: {word}"))
