"""The command line lists what there is without importing it, and answers wrong calls with exit code 2."""

import subprocess
import sys

from typer.testing import CliRunner

import fieldpost
from fieldpost.cli.main import COMMANDS, app
from fieldpost.cli.output import shown

RUN = CliRunner()


def test_version_names_the_product_and_its_number():
    result = RUN.invoke(app, ["--version"])
    assert result.exit_code == 0 and result.output == f"fieldpost {fieldpost.__version__}\n"


def test_an_unknown_command_is_a_usage_error():
    result = RUN.invoke(app, ["nothing-of-the-kind"])
    assert result.exit_code == 2 and "No such command" in result.output


def test_help_imports_no_command():
    code = (
        "import sys\nfrom fieldpost.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted(m for m in sys.modules if m.startswith('fieldpost.cli.')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stderr.strip() == "['fieldpost.cli.main']"


def test_every_line_of_the_command_table_is_a_sentence():
    assert all(text.endswith(".") and text[0].isupper() for text in COMMANDS.values())


def test_text_from_the_wire_is_shown_without_control_characters():
    assert shown("a\x1b[31mb\nc\u202ed") == "a\\x1b[31mb\\nc\\u202ed"
    assert shown("Åre 3°C") == "Åre 3°C"
