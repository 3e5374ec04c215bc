"""Several bridges in one process: each mesh with its own key, store, log and links, and nothing in common but the loop.

Shell. Decides that no two of them share what makes a bridge one: two stores under one key are two histories of one
device. What one mesh learns the other is told across the boundary or not at all. SPEC 6.5, 10.1
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from fieldpost.app import App, StartError
from fieldpost.config import Config


@contextmanager
def bridges(configured: Sequence[tuple[Config, Path]]) -> Iterator[list[App]]:
    """The bridges of these configurations, each with the folder that its paths start in. StartError, as of one alone.

    Their stores are closed at the end.
    """
    found: list[App] = []
    _refuse_one_store(configured)
    with ExitStack() as opened:
        for config, folder in configured:
            one = opened.enter_context(closing(App(config, folder)))
            for other in found:
                if one.thumbprint == other.thumbprint:
                    raise StartError(
                        f"{folder / config.bridge.key}: bridge {other.config.bridge.name} has this key too; two logs"
                        " under one key are a fork; make each its own with `fieldpost mesh bridge`"
                    )
            found.append(one)
        yield found


def _refuse_one_store(configured: Sequence[tuple[Config, Path]]) -> None:
    names: dict[Path, str] = {}
    for config, folder in configured:
        store = (folder / config.bridge.store).resolve()
        if store in names:
            raise StartError(
                f"{store}: this store was given twice, by bridge {names[store]} and by bridge {config.bridge.name};"
                " give each bridge once, with a store and a key of its own"
            )
        names[store] = config.bridge.name


async def run(together: Sequence[App]) -> None:
    """All of them until cancelled; one that cannot go on ends all, so that whoever started them is told."""
    async with asyncio.TaskGroup() as tasks:
        for one in together:
            tasks.create_task(one.run())
