"""`fieldpost bridge`: check a configuration, and run the bridge that it describes."""

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from fieldpost.app import App, StartError
from fieldpost.cli import output
from fieldpost.config import Config, ConfigError, load
from fieldpost.keyfile import KeyFileError
from fieldpost.store import StoreError

app = typer.Typer(pretty_exceptions_enable=False, no_args_is_help=True)

EXPECTED = (StartError, KeyFileError, OSError, StoreError)
ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="Made by `fieldpost mesh bridge`.")]


@app.callback()
def group() -> None:
    """Run the bridge of one mesh."""


@app.command(epilog="Example: fieldpost bridge run bravo/bridge.toml")
def run(
    config_file: ConfigFile,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each step.")] = False,
) -> None:
    """Drain journals, meet other bridges and reconcile, until SIGTERM or Ctrl-C. Logs go to standard error."""
    config = _loaded(config_file)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        asyncio.run(_until_told(App(config, config_file.resolve().parent)))
    except (*EXPECTED, ExceptionGroup) as error:
        output.stop(output.CANNOT, _said(error, config))


@app.command(epilog="Example: fieldpost bridge check bravo/bridge.toml")
def check(
    config_file: ConfigFile,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say whether a configuration is sound, and what the bridge would do. Exit 2 names line, key and expectation."""
    config = _loaded(config_file)
    table = config.bridge
    if json:
        output.print_json(
            {
                "name": table.name,
                "mesh": table.mesh,
                "roots": table.roots,
                "store": str(config_file.parent / table.store),
                "links": [one.port for one in config.link],
                "listen": config.boundary.listen,
                "dial": config.boundary.dial,
            }
        )
        return
    meets = [f"listens at {config.boundary.listen}"] if config.boundary.listen else []
    meets += [f"calls {config.boundary.dial}"] if config.boundary.dial else []
    typer.echo(
        f"{config_file}: sound. {table.name} drains {_count(len(config.link), 'cable')},"
        f" knows {_count(len(table.roots), 'root')} and {' and '.join(meets) or 'meets nobody'}."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _loaded(path: Path) -> Config:
    try:
        return load(path)
    except ConfigError as error:
        output.stop(output.USAGE, str(error))
    except UnicodeDecodeError as error:
        output.stop(output.USAGE, f"{path}: byte {error.start} is not UTF-8", "save the file as UTF-8")
    except OSError as error:
        output.stop(output.CANNOT, f"{path}: {error.strerror}", "make one with `fieldpost mesh bridge`")


def _said(error: Exception, config: Config) -> str:
    """One line of what a bridge cannot go on with; an error of another kind is raised again."""
    if isinstance(error, ExceptionGroup):
        expected, other = error.split(EXPECTED)
        if other is not None or expected is None:
            raise error
        return "; ".join(_said(one, config) for one in expected.exceptions)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


async def _until_told(bridge: App) -> None:
    """Runs until a signal asks it to end, and leaves a closed store."""
    running = asyncio.ensure_future(bridge.run())
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, running.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await running
    finally:
        bridge.close()
