"""`fieldpost device`: a board on a cable, from bare to enrolled and back."""

import typer

from fieldpost.cli import (
    device_enrol,
    device_flash,
    device_install,
    device_key,
    device_look,
    device_update,
    device_wipe,
)

app = typer.Typer(pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def group() -> None:
    """A board on a cable: what is on it, its agent, its key. Nothing here goes over a radio."""


for part in (device_look, device_flash, device_install, device_enrol, device_key, device_update, device_wipe):
    part.add_to(app)
