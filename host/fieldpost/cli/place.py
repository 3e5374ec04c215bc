"""`fieldpost place`: the timeline engine alone, on a file of evidence."""

from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from fieldpost.cli.output import CANNOT, NO, USAGE, print_json_lines, shown, stop
from fieldpost.timeline.answers import Answers
from fieldpost.timeline.jsonl import DEVICES_MAX, DEVICES_RESILIENT_MAX, LineError, lines_of, parse
from fieldpost.timeline.words import ENDS

app = typer.Typer(pretty_exceptions_enable=False)

EPILOG = (
    "Example: fieldpost place EVIDENCE.jsonl --interval resilient. Such a file is printed by --example. "
    "What its lines say stands in timeline/FORMAT.md of the package."
)


def show_example(wanted: bool) -> None:
    if wanted:
        text = (files("fieldpost") / "examples" / "evidence.jsonl").read_text(encoding="utf-8")
        typer.echo(text, nl=False)
        raise typer.Exit


class IntervalName(StrEnum):
    strict = "strict"
    resilient = "resilient"
    both = "both"


@app.command(epilog=EPILOG)
def place(
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE.jsonl", help="Evidence and questions.")],
    interval: Annotated[
        IntervalName, typer.Option(help="Which interval to print and judge order by.")
    ] = IntervalName.both,
    why: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Tell in words what bounds this placed id.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="With --why: tell every step.")] = False,
    claims: Annotated[int, typer.Option(min=1, help="Devices whose claims of UTC must agree.")] = 2,
    example: Annotated[
        bool,
        typer.Option(
            "--example", callback=show_example, is_eager=True, help="Print an evidence file and exit."
        ),
    ] = False,
) -> None:
    """Place events in time from recorded exchanges, one JSON object a line.

    Intervals bound the true seconds since the anchor. The anchor's device and the placed event's own device
    are assumed honest; `resilient` holds although any one other device lies. Exit 1 when the evidence
    contradicts itself: either a device lies or a bound is stated too tight.
    """
    devices_max = DEVICES_MAX if interval is IntervalName.strict else DEVICES_RESILIENT_MAX
    try:
        with evidence.open("rb") as file:
            request = parse(lines_of(file), devices_max)
    except OSError as error:
        stop(CANNOT, f"{evidence}: {error.strerror}", "give a file that can be read")
    except LineError as error:
        stop(USAGE, f"{evidence}: {error}")
    if why is not None and why not in request.stamp_of:
        stop(
            USAGE,
            f"{evidence}: --why {shown(why)}: no place line has this id",
            "name one that the file places",
        )
    answers = Answers(request, interval.value, claims)
    if why is None:
        print_json_lines(answers.rows())
    else:
        typer.echo("\n".join(map(shown, answers.why(why, None if every else ENDS))))
    if answers.timeline.contradiction is not None:
        raise typer.Exit(NO)
