"""What a Markdown document holds, for the tests of the documents: fenced blocks, code spans, links, headings."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"^(?P<mark>`{3,})(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=mark)[ \t]*$", re.MULTILINE | re.DOTALL
)
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^()\s]+)(?: \"[^\"]*\")?\)|!\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line on which the text begins."""

    language: str
    text: str
    line: int


def blocks(document: str) -> list[Block]:
    return [
        Block(found["language"].strip(), found["text"], document.count("\n", 0, found.start("text")) + 1)
        for found in FENCE.finditer(document)
    ]


def without_output(document: str) -> str:
    """The document with `console` blocks reduced to what is typed."""

    def typed(found: re.Match) -> str:
        if found["language"].strip() != "console":
            return found[0]
        return "\n".join(line for line in found["text"].splitlines() if line.startswith("$ ")) + "\n"

    return FENCE.sub(typed, document)


def prose(document: str) -> str:
    """The document without its fenced blocks."""
    return FENCE.sub("", document)


def spans(document: str) -> list[str]:
    """Every inline code span of the prose, on one line."""
    return [" ".join(found[1].split()) for found in SPAN.findall(prose(document))]


def links(document: str) -> list[str]:
    """Every target of a link or an image in the prose."""
    return [one or other for one, other in LINK.findall(SPAN.sub("", prose(document)))]


def anchors(document: str) -> set[str]:
    """The anchors that headings make, as code hosts derive them."""
    found = set()
    for title in HEADING.findall(prose(document)):
        words = re.sub(r"[^\w\- ]", "", title.replace("`", "").lower())
        found.add(words.replace(" ", "-"))
    return found


def shell_lines(block: Block) -> list[str]:
    """The commands of a `sh` block, or the prompted ones of a `console` block; continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", block.text).splitlines()
    if block.language == "console":
        return [line.removeprefix("$ ") for line in joined if line.startswith("$ ")]
    return [line.strip() for line in joined if line.strip() and not line.lstrip().startswith("#")]


def documents(root: Path, names: list[Path]) -> dict[str, str]:
    """Every Markdown document of the repository, by its path."""
    return {str(name): (root / name).read_text(encoding="utf-8") for name in names if name.suffix == ".md"}
