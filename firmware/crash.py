"""What ended a start: shown, kept for who asks later, counted; then the board starts anew.

Decides how long it waits before that, longer after each crash in a row. Loaded only when something was raised.
"""

import io
import os
import sys
import time

import machine
import micropython
import slots

FILE = "state/crash"
_CHARS_MAX = 2_000
_PAUSE_MS, _PAUSES_MAX = 5_000, 120
_INTERRUPT = 3


def keep(error):
    """While it waits, byte 3 gives the prompt. Raises `error` where the port cannot start anew."""
    text = io.StringIO()
    sys.print_exception(error, text)
    pause_ms = _PAUSE_MS
    try:
        record = slots.settle("crash")
        pause_ms *= min(record.crashes, _PAUSES_MAX)
        if "state" not in os.listdir():
            os.mkdir("state")
        with open(FILE, "w") as file:
            file.write("slot %s\n%s" % (record.running, text.getvalue()[-_CHARS_MAX:]))
    except OSError:
        pass  # a flash that is full or failing keeps nothing; the console is told all the same
    if not hasattr(machine, "reset"):
        raise error
    print(text.getvalue())
    if hasattr(micropython, "kbd_intr"):
        micropython.kbd_intr(_INTERRUPT)
    time.sleep_ms(pause_ms)
    machine.reset()
