"""An emulated board on a bench, and a story told by a thread of its own, as commands run."""

import asyncio

from mpremote_bench import bench
from typer.testing import CliRunner

from fieldpost.cli.main import app


def on_a_bench(folder, story, files=None, **spec):
    """`story(path, bench)` in a thread of its own, as commands run; what it returns."""

    async def whole():
        async with bench(folder, files, **spec) as board:
            loop = asyncio.get_running_loop()
            board.call = lambda what: asyncio.run_coroutine_threadsafe(_called(what), loop).result()
            return await asyncio.to_thread(story, board.port, board)

    async def _called(what):
        return what()

    return asyncio.run(whole())


def fieldpost(*words):
    """The result of `fieldpost WORDS`."""
    return CliRunner().invoke(app, [str(word) for word in words])
