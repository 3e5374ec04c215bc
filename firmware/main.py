"""Started by the board after boot.py: runs the agent of the slot that is to run, and starts anew when it fails."""

import sys

import slots

try:
    start = slots.begin()
    if start:
        # Emptied, since a look at the stack may find what was only let go of, and keep it in the heap.
        for found in (slots, sys.modules["slot_record"]):
            del sys.modules[found.__name__]
            for name in dir(found):
                setattr(found, name, None)
        found = slots = None
        import board

        from fieldagent import app

        app.run(board, getattr(board, "ROOT", ""), start)
except Exception as error:  # noqa: BLE001  whatever it was, the board starts again
    import crash

    crash.keep(error)
