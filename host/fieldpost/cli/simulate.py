"""`fieldpost simulate`: an evidence file of a fleet that never was, and the truth about it."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli.output import CANNOT, USAGE, print_json, stop
from fieldpost.clock_models.temperature import DAY_NS, HOUR_NS
from fieldpost.simulated_fleet.lies import KINDS
from fieldpost.simulated_fleet.plan import MS, Lie, Plan
from fieldpost.simulated_fleet.records import evidence_lines, truth_lines
from fieldpost.simulated_fleet.world import World, make_world

app = typer.Typer(pretty_exceptions_enable=False)

EPILOG = (
    "Example: fieldpost simulate EVIDENCE.jsonl --truth TRUTH.jsonl --devices 20 --liar step && "
    "fieldpost place EVIDENCE.jsonl"
)
LIE_AFTER = 0.4  # of the time that passes


@app.command(epilog=EPILOG)
def simulate(
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE.jsonl", help="Where the evidence goes.")],
    truth: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where each placed id's true time goes.", show_default=False),
    ] = None,
    devices: Annotated[
        int, typer.Option(min=1, max=1000, help="Field devices of each mesh, beside its gateway.")
    ] = 8,
    meshes: Annotated[int, typer.Option(min=1, max=10, help="Meshes; each met the first one once.")] = 1,
    days: Annotated[float, typer.Option(min=0.1, max=400, help="How long it lasts.")] = 3,
    observations: Annotated[int, typer.Option(min=1, max=500_000, help="Readings to place.")] = 100,
    gateway_hours: Annotated[
        float, typer.Option(min=0.1, help="Between a device's contacts with its gateway.")
    ] = 12,
    peer_hours: Annotated[float, typer.Option(min=0.1, help="Between its contacts with other devices.")] = 2,
    gateway_share: Annotated[
        float, typer.Option(min=0, max=1, help="Of the devices, who ever reach a gateway.")
    ] = 1,
    liar: Annotated[
        str | None,
        typer.Option(metavar="|".join(KINDS), help="How the last device lies.", show_default=False),
    ] = None,
    liar_ms: Annotated[float, typer.Option(help="By how much it lies, in ms.")] = 60_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same bytes.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Write time evidence of a seeded, simulated fleet for `fieldpost place`, and its truth beside it.

    Clocks are watch crystals outdoors (skew, a parabola under daily and weather temperatures, a random walk), reboot
    every three days, and exchange messages with uneven delays; a gateway's clock is steered. The last device may lie.
    """
    if liar is not None and liar not in KINDS:
        stop(USAGE, f"--liar {liar}: there is no such lie", f"choose one of {', '.join(KINDS)}")
    span_ns = int(days * DAY_NS)
    total = meshes * (devices + 1)
    lies = () if liar is None else (Lie(total - 1, liar, int(liar_ms * MS), int(LIE_AFTER * span_ns)),)
    plan = Plan(
        devices, meshes, span_ns, int(gateway_hours * HOUR_NS), int(peer_hours * HOUR_NS),
        gateway_share=gateway_share, observations=observations, lies=lies,
    )  # fmt: skip
    try:
        world = make_world(plan, seed)
    except ValueError as error:
        stop(USAGE, f"no such fleet: {error}", "let it last longer or meet more often")
    write(evidence, evidence_lines(world))
    if truth is not None:
        write(truth, truth_lines(world))
    tell(world, evidence, truth, json)


def write(path: Path, lines: Iterable[str]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in lines)
    except OSError as error:
        stop(CANNOT, f"{path}: {error.strerror}", "name a file that can be written")


def tell(world: World, evidence: Path, truth: Path | None, as_json: bool) -> None:
    plan = world.plan
    made = {
        "evidence": str(evidence),
        "truth": None if truth is None else str(truth),
        "devices": plan.total,
        "exchanges": len(world.tx),
        "observations": len(world.observed),
        "liars": [plan.name(lie.device) for lie in plan.lies],
        "seed": world.seed,
    }
    if as_json:
        print_json(made)
    else:
        liars = f", {made['liars'][0]} lies" if plan.lies else ""
        sys.stdout.write(
            f"{evidence}: {plan.total} devices, {made['exchanges']} exchanges, "
            f"{made['observations']} observations to place{liars}\n"
        )
