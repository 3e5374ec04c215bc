"""A story for people: the answer first, then each step."""

import typer

from fieldpost.cli.output import shown


def tell(story: dict) -> None:
    """Print the story of one observation, envelope or token."""
    say(f"{story['id']}")
    say(f"{mark(story)}: {story['reason']}")
    say(f"remedy: {story['remedy']}\n" if story["remedy"] != "nothing to do" else "")
    width = max(len(one["stage"]) for one in story["steps"])
    for one in story["steps"]:
        first, *rest = one["reason"].split("; ")
        say(f"{one['stage']:>{width}}  {mark(one)}: {first}")
        for line in rest:
            say(f"{'':>{width}}    {line}")


def mark(told: dict) -> str:
    """The outcome, with its code where that says more."""
    same = told["code"] == told["outcome"]
    return told["outcome"] if same else f"{told['outcome']} ({told['code']})"


def say(text: str) -> None:
    typer.echo(shown(text.rstrip("\n")) + ("\n" if text.endswith("\n") else ""))
