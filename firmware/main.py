"""Started by the board after boot.py: runs the agent of the slot that is to run, and starts anew when it fails."""

import sys


def begin():
    """What the start has recorded; its modules are emptied, since a look at the stack may find what was let go of."""
    import slots

    start = slots.begin()
    for module in (slots, sys.modules["slot_record"]):
        name = module.__name__
        for inner in dir(module):
            setattr(module, inner, None)
        sys.modules[name] = None
        del sys.modules[name]
    return start


try:
    start = begin()
    if start:
        import board

        from fieldagent import app

        app.run(board, getattr(board, "ROOT", ""), start)
except Exception as error:  # noqa: BLE001  whatever it was, the board starts again
    import crash

    crash.keep(error)
