"""Whether a `fieldpost ...` line, as a document writes it, is a call that the command line takes.

Nothing is run: the words are held against the commands, options and arguments that the program declares.
"""

import re
import shlex
from typing import Any

from typer.main import get_command

from fieldpost.cli.default_group import DefaultGroup
from fieldpost.cli.main import COMMANDS, LazyGroup, app, load

ENDS = {"|", ">", ">>", "<", "&&", "||", ";", "&", "#", "2>", "2>&1"}


def tree() -> dict[str, Any]:
    """Every top-level command that has a module."""
    group = get_command(app)
    assert isinstance(group, LazyGroup)
    return {name: load(name) for name in COMMANDS if name in group.list_commands(None)}


def leaves(command: Any, words: list[str]) -> list[tuple[list[str], Any]]:
    """Every command that does something, with the words that call it."""
    if not hasattr(command, "commands"):
        return [(words, command)]
    return [leaf for name, child in command.commands.items() for leaf in leaves(child, [*words, name])]


def words_of(line: str) -> list[str]:
    """The words of one call: what is optional in brackets counts as given, of alternatives the first."""
    plain = re.sub(r"\[([^\]]*)\]", r" \1 ", line).replace("...", " ")
    found = []
    for word in shlex.split(plain, comments=True):
        if word in ENDS:
            break
        found.append(re.sub(r"^([\w-]+)(\|[\w-]+)+$", r"\1", word))
    return found


def fault(line: str, whole: bool) -> str | None:
    """What is wrong with `fieldpost WORDS`, or None. `whole`: required arguments must be there too."""
    try:
        program, *words = words_of(line)
    except ValueError as error:
        return f"{line}: {error}"
    if program.rpartition("/")[2] != "fieldpost":
        return f"{line}: does not begin with fieldpost"
    if words and words[0].startswith("-"):
        return _options(get_command(app), words, line, whole)
    if not words:
        return None
    command = tree().get(words[0])
    if command is None:
        return f"{line}: there is no command {words[0]}"
    rest = words[1:]
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        if rest[0] not in command.commands and isinstance(command, DefaultGroup):
            break
        if rest[0] not in command.commands:
            return f"{line}: {command.name} has no command {rest[0]}"
        command, rest = command.commands[rest[0]], rest[1:]
    if isinstance(command, DefaultGroup):
        command = command.commands[command.given if rest and not rest[0].startswith("-") else command.alone]
    if hasattr(command, "commands") and whole and not rest:
        return f"{line}: names a group and none of its commands"
    if not rest and not whole:
        return None  # a command is spoken of, not called
    return _options(command, rest, line, whole or any(not word.startswith("-") for word in rest))


def _options(command: Any, words: list[str], line: str, whole: bool) -> str | None:
    options = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    given, positional, waiting = {"--help"}, [], list(words)
    while waiting:
        word, _, value = waiting.pop(0).partition("=")
        if not word.startswith("-") or word == "-":
            positional.append(word)
            continue
        one = options.get(word)
        if one is None and word != "--help":
            return f"{line}: {command.name} has no option {word}"
        given.add(word)
        if one is None or one.is_flag:
            continue
        if not value:
            if not waiting and not whole:
                break  # an option is spoken of, not given
            if not waiting:
                return f"{line}: {word} wants a value"
            value = waiting.pop(0)
        if value not in getattr(one.type, "choices", (value,)):
            return f"{line}: {word} takes {', '.join(one.type.choices)}"
    return _arguments(command, given, positional, line) if whole else None


def _arguments(command: Any, given: set[str], positional: list[str], line: str) -> str | None:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    most = None if any(one.nargs == -1 for one in arguments) else sum(one.nargs for one in arguments)
    least = sum(max(one.nargs, 1) for one in arguments if one.required)
    if len(positional) < least or (most is not None and len(positional) > most):
        return f"{line}: {command.name} takes {least} to {most} arguments, {len(positional)} given"
    for one in command.params:
        if one.param_type_name == "option" and one.required and not given & set(one.opts):
            return f"{line}: {command.name} needs {one.opts[0]}"
    return None
