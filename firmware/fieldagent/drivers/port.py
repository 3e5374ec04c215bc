"""What every port of MicroPython offers alike, as boards hand it on.

Decides nothing. A board's own `board.py` says which of it is the board's.
"""

import time

import machine


async def sleep_ms(duration_ms):
    time.sleep_ms(duration_ms)


def boot_reason():
    return "power-on" if machine.reset_cause() == machine.PWRON_RESET else "reset"


def no_utc():
    """None, on a board without a receiver of UTC."""


def sensor(known, name):
    """The sensor of that name among a board's own, name -> function."""
    if name not in known:
        raise ValueError(
            "no sensor {}: register it in /sensors.py, or name its part in /config.json".format(name)
        )
    return known[name]
