"""A command that became several: without the name of one of them it goes on to do what it always did.

Decides which command a line means. SPEC names none of them: outsiders rely on the lines as they are documented.
"""

from typing import Any, ClassVar

from typer.core import TyperGroup


class DefaultGroup(TyperGroup):
    """`alone` is called where no word is there, `given` where one is that names no command; `valued`: options."""

    alone: ClassVar[str]
    given: ClassVar[str]
    valued: ClassVar[tuple[str, ...]] = ("--store",)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [
            index
            for index, word in enumerate(args)
            if not word.startswith("-") and (index == 0 or args[index - 1] not in self.valued)
        ]
        if words and args[words[0]] in self.commands:
            first = args[words[0]]
            args = [first, *args[: words[0]], *args[words[0] + 1 :]]
        elif "--help" not in args or words:
            args = [self.given if words else self.alone, *args]
        return super().parse_args(ctx, args)
