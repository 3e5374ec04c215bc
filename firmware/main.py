"""Started by the board after boot.py: runs the agent of the slot that is to run, and starts anew when it fails."""

import sys

import slots

try:
    start = slots.begin()
    if start:
        del slots, sys.modules["slots"]
        sys.modules.pop("slot_record", None)
        import board

        from fieldagent import app

        app.run(board, getattr(board, "ROOT", ""), start)
except Exception as error:  # noqa: BLE001  whatever it was, the board starts again
    import crash

    crash.keep(error)
