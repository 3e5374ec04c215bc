"""Runs commands on the sample store; the store is made once a test session and never written to."""

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sample_store import World
from typer.testing import CliRunner

from fieldpost.cli.main import app

RUN = CliRunner()


FOLDER = tempfile.TemporaryDirectory(prefix="fieldpost-sample-")  # removed when the tests end


@cache
def world() -> World:
    found = World(Path(FOLDER.name))
    for side in (found.alpha, found.bravo):
        side.store.close()
    return found


def run(*words, store=None):
    """The result of `fieldpost WORDS --store STORE`; alpha's store when none is named."""
    return RUN.invoke(app, [*map(str, words), "--store", str(store or world().alpha.path)])


def document(*words, store=None, exit_code=0):
    """The JSON document that a command prints."""
    result = run(*words, "--json", store=store)
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


def copy_of(side, folder: Path) -> Path:
    """A store's file, copied, to be changed."""
    return Path(shutil.copy(side.path, folder / "copy.db"))
