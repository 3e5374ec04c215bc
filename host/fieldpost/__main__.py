"""`python -m fieldpost` is the `fieldpost` command."""

from fieldpost.cli.main import run

run()
