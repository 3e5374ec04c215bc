"""`fieldpost bridge`: check a configuration, and run the bridge that it describes."""

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import bridge_needs, together
from fieldpost.app import App, StartError
from fieldpost.cli import output
from fieldpost.config import Config, ConfigError, load
from fieldpost.keyfile import KeyFileError
from fieldpost.store import StoreError

app = typer.Typer(pretty_exceptions_enable=False, no_args_is_help=True)

EXPECTED = (StartError, KeyFileError, OSError, StoreError)
ConfigFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="CONFIG.toml...", help="Made by `fieldpost mesh bridge`; one for each mesh served."
    ),
]
ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="Made by `fieldpost mesh bridge`.")]


@app.callback()
def group() -> None:
    """Run the bridge of one mesh."""


@app.command(epilog="Example: fieldpost bridge run bravo/bridge.toml")
def run(
    config_files: ConfigFiles,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each step.")] = False,
) -> None:
    """Drain journals, meet other bridges and reconcile, until SIGTERM or Ctrl-C. Logs go to standard error.

    Several configurations are served by one process, each with its own key, store and log.
    """
    for one in config_files:
        if sum(one.resolve() == other.resolve() for other in config_files) > 1:
            output.stop(output.USAGE, f"{one}: was given twice", "give each configuration once")
    configured = [(_loaded(one), one.resolve().parent) for one in config_files]
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        with together.bridges(configured) as started:
            asyncio.run(_until_told(started))
    except (*EXPECTED, ExceptionGroup) as error:
        output.stop(output.CANNOT, _said(error))


@app.command(epilog="Example: fieldpost bridge check bravo/bridge.toml")
def check(
    config_file: ConfigFile,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say whether a configuration is sound, and what the bridge would do. Exit 2 names line, key and expectation.

    Exit 1 names what is missing of key and tokens; an agreement or a port that is not there yet is a warning.
    """
    config = _loaded(config_file)
    table = config.bridge
    missing = _told(bridge_needs.missing(config, config_file.parent))
    warnings = _told(bridge_needs.awaited(config, config_file.parent))
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
                "missing": missing,
                "warnings": warnings,
            }
        )
        raise typer.Exit(output.NO if missing else 0)
    for one in warnings:
        typer.echo(f"warning: {output.shown(one)}", err=True)
    if missing:
        output.stop(output.NO, "\n".join(missing))
    meets = [f"listens at {one}" for one in config.boundary.addresses("listen")]
    meets += [f"calls {one}" for one in config.boundary.addresses("dial")]
    typer.echo(
        f"{config_file}: sound. {table.name} drains {_count(len(config.link), 'cable')},"
        f" knows {_count(len(table.roots), 'root')} and {' and '.join(meets) or 'meets nobody'}."
    )


def _told(found: list[tuple[str, str]]) -> list[str]:
    return [f"{what}; {remedy}" for what, remedy in found]


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


def _said(error: Exception) -> str:
    """One line of what a bridge cannot go on with; an error of another kind is raised again."""
    if isinstance(error, ExceptionGroup):
        expected, other = error.split(EXPECTED)
        if other is not None or expected is None:
            raise error
        return "; ".join(_said(one) for one in expected.exceptions)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


async def _until_told(started: list[App]) -> None:
    """Runs until a signal asks it to end."""
    running = asyncio.ensure_future(together.run(started))
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, running.cancel)
    with suppress(asyncio.CancelledError):
        await running
