"""A text file that a command was given, or an error that names it."""

from pathlib import Path

from fieldpost.cli import output


def text_of(path: Path) -> str:
    """The file's text. Ends the command with exit code 3 when it cannot be read, 2 when it is no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        output.stop(output.CANNOT, f"{path}: {error.strerror}", "give a file that can be read")
    except UnicodeDecodeError as error:
        output.stop(output.USAGE, f"{path}: byte {error.start} is not UTF-8", "save the file as UTF-8")
