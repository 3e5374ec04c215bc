"""`fieldpost log`: the append-only record, listed and checked."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.cli.told import say
from fieldpost.inspect_names import plain
from fieldpost.log_check import Leaves, against_checkpoint, against_root
from fieldpost.model import Refusal
from fieldpost.reading import trust_of
from fieldwire import cose, limits
from fieldwire.errors import WireError

app = typer.Typer(no_args_is_help=True)

HASH_DIGITS = 64


@app.callback()
def log() -> None:
    """Check the append-only log of a store."""


@app.command(epilog="Example: fieldpost log verify --size 40 --root 3f0a...")
def verify(
    store: StorePath = DEFAULT,
    size: Annotated[
        int | None, typer.Option(min=0, help="Only the first so many events; all by default.")
    ] = None,
    root: Annotated[str | None, typer.Option(help="A root noted earlier, in hex.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(metavar="FILE", help="A signed checkpoint.")] = None,
    json: AsJson = False,
) -> None:
    """Decode every event and compute the RFC 9162 root anew; exit 1 when it is not the root named."""
    wanted = _digest(root)
    try:
        signed = None if checkpoint is None else _start(checkpoint)
    except OSError as error:
        output.stop(output.CANNOT, f"{checkpoint}: {error.strerror}", "give a file that can be read")
    except WireError as error:
        output.stop(
            output.USAGE,
            f"{checkpoint}: no signed checkpoint: {error.detail}",
            "name one that `fieldpost export proof checkpoint --keep` wrote",
        )
    with reading(store) as held:
        leaves = Leaves.of(held.events())
        named = leaves.size if size is None else size
        refusal: Refusal | None = against_root(leaves, named, wanted)
        if refusal is None and signed is not None:
            refusal = against_checkpoint(leaves, signed, trust_of(held))
    counted = min(named, leaves.size)
    found = {"size": counted, "root": leaves.root(counted).hex(), "valid": refusal is None}
    if refusal is not None:
        found |= {"code": refusal.code, "reason": refusal.reason, "remedy": refusal.remedy}
    if json:
        output.print_json(found)
    else:
        say(f"{counted} events, root {found['root']}")
    if refusal is not None:
        output.stop(output.NO, f"{refusal.code}: {refusal.reason}", refusal.remedy)


def _start(path: Path) -> bytes:
    """A checkpoint's bytes, of a longer file one more than it may have. OSError; WireError where it is none."""
    with path.open("rb") as file:
        data = file.read(limits.TOKEN_MAX + 1)
    cose.decode(data, cose.CHECKPOINT)
    return data


def _digest(text: str | None) -> bytes | None:
    try:
        found = None if text is None else bytes.fromhex(text)
    except ValueError:
        found = b""
    if found is not None and len(found) != HASH_DIGITS // 2:
        output.stop(output.USAGE, f"--root {text!r} is no root", f"give {HASH_DIGITS} hexadecimal digits")
    return found


@app.command("list", epilog="Example: fieldpost log list --kind refused --last 20")
def list_events(
    store: StorePath = DEFAULT,
    kind: Annotated[str | None, typer.Option(help="Only events of this kind.")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the last so many.")] = None,
    json: AsJson = False,
) -> None:
    """List events: number, kind, the bridge's clock, inputs, outcome and detail."""
    with reading(store) as held:
        leaves = Leaves.of(held.events())
    rows = [(index, event) for index, event in enumerate(leaves.events) if kind in (None, event["kind"])]
    rows = rows if last is None else rows[-last:]
    if json:
        output.print_json_lines([{"event": index, **plain(event)} for index, event in rows])
        return
    print_table(
        ("event", "kind", "boot", "ms", "inputs", "outcome", "detail"),
        [
            (index, event["kind"], *event["at"], _named(event["inputs"]), event["outcome"],
             ", ".join(f"{name} {_words(value)}" for name, value in event["detail"].items()))
            for index, event in rows
        ],
    )  # fmt: skip


def _words(value: Any) -> str:
    told = plain(value)
    return (" ".join(map(str, told)) or "nothing") if isinstance(told, list) else str(told)


def _named(inputs: list[bytes]) -> str:
    told = [one.hex()[:12] for one in inputs[:3]]
    return " ".join(told) + (f" and {len(inputs) - 3} more" if len(inputs) > 3 else "")
