"""Two meshes at their desks, and commands as a person types them."""

import json

from typer.testing import CliRunner

from fieldpost.cli.main import app

RUN = CliRunner()


def run(*words):
    """Result of `fieldpost WORDS...`; `exit_code`, `stdout`, `stderr`."""
    return RUN.invoke(app, [str(word) for word in words])


def said(*words):
    """The document that a command with --json prints; it must succeed."""
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


class Desks:
    """Meshes alpha and bravo below a folder, each with its passport."""

    def __init__(self, folder):
        self.folder = folder
        self.alpha = self._found("alpha", "command", "field/air")
        self.bravo = self._found("bravo", "ops")

    def _found(self, name, *authorities):
        named = [word for path in authorities for word in ("--authority", path)]
        said("mesh", "init", name, self.folder / "desk" / name, *named)
        said("mesh", "show", self.folder / "desk" / name, "--out", self.passport(name))
        return self.folder / "desk" / name

    def passport(self, name):
        return self.folder / f"{name}.json"

    def about(self, name):
        return json.loads(self.passport(name).read_text())

    def bridge(self, name, *words):
        """The folder of a new bridge of a mesh, and what the command said of it."""
        folder = self.folder / f"bridge-{name}"
        authority = {"alpha": "command", "bravo": "ops"}[name]
        return folder, said(
            "mesh", "bridge", self.folder / "desk" / name, folder, "--authority", authority, *words
        )
