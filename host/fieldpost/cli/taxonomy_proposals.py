"""`fieldpost taxonomy proposals`: foreign authorities whose word came and that nothing maps yet."""

from pathlib import Path
from typing import Any

from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.told import say
from fieldpost.proposals import open_in
from fieldpost.reading import trust_of

EPILOG = "Example: fieldpost taxonomy proposals --store bravo/store.db"


def proposals(store: StorePath = DEFAULT, json: AsJson = False) -> None:
    """List the proposals of a bridge; accept one with `fieldpost taxonomy attest`, refuse it with `... deny`."""
    rows = _rows(store)
    if json:
        output.print_json(rows)
        return
    for row in rows:
        about = f"{row['observations']} observations about {', '.join(row['subjects'])}"
        say(f"{row['mesh']}:{row['authority']}  {about}, the first {row['first']}")
        say(
            f"  fieldpost taxonomy attest DIR --proposal {store} --foreign {row['mesh'][:16]}:{row['authority']} ..."
        )
    if not rows:
        say("no proposal: every foreign authority whose word came is mapped, denied or kept out otherwise")


def named(store: Path, mesh: str, path: str) -> tuple[bytes, str, bytes]:
    """(mesh id, path, key) of an open proposal, its mesh by the start of its id; ends the command without one."""
    rows = [one for one in _rows(store) if one["mesh"].startswith(mesh.lower()) and one["authority"] == path]
    if len({one["mesh"] for one in rows}) > 1:
        output.stop(output.USAGE, f"--foreign: {mesh} begins several meshes' ids", "give more digits")
    if not rows or rows[0]["key"] is None:
        output.stop(
            output.USAGE,
            f"--foreign: {store} has no proposal {mesh}:{path}",
            "`fieldpost taxonomy proposals` lists them; for another authority give its mesh's passport",
        )
    return bytes.fromhex(rows[0]["mesh"]), path, bytes.fromhex(rows[0]["key"])


def _rows(store: Path) -> list[dict[str, Any]]:
    with reading(store) as held:
        return open_in(held, trust_of(held))
