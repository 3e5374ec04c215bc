"""The interpreter's `machine`, and what of it real boards have and the unix port has not.

Decides nothing: a reset ends the process, and the host starts another on the same flash.
"""

import time

from machine import *  # noqa: F403

PWRON_RESET = 1
HARD_RESET = 2
SOFT_RESET = 5
_RESET_EXIT = 75
_CAUSES = {"power-on": PWRON_RESET, "reset": HARD_RESET, "soft-reset": SOFT_RESET}

_board = {}


def begin(config):
    _board["id"] = bytes.fromhex(config["unique_id"])
    _board["cause"] = _CAUSES[config["boot_reason"]]


def alive(descriptor):
    """From here on byte 3 interrupts; the end of this file tells the host that the process has ended."""
    _board["life"] = life = open(descriptor, "wb", 0)
    life.write(b".")


def unique_id():
    return _board["id"]


def reset_cause():
    return _board["cause"]


def reset():
    raise SystemExit(_RESET_EXIT)


class RTC:
    """Counts on from what it was set to, until the power goes."""

    _ahead_s = 0

    def datetime(self, value=None):
        if value is not None:
            year, month, day, _, hour, minute, second, _ = value
            RTC._ahead_s = int(time.mktime((year, month, day, hour, minute, second, 0, 0, 0)) - time.time())
            return None
        year, month, day, hour, minute, second, weekday = time.localtime(time.time() + RTC._ahead_s)[:7]
        return year, month, day, weekday, hour, minute, second, 0
