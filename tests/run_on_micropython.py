"""Runs named test functions of one file under MicroPython and prints one result for each.

Called as `micropython tests/run_on_micropython.py test_wire_cbor test_a test_b`. Prints `begin NAME`, then
`pass NAME MS` or `fail NAME MS` with the traceback on `| ` lines, and `done` at the end: whoever reads this
knows which test a process that died was in.
"""

import gc
import io
import sys
import time


def run(module, name):
    gc.collect()
    print("begin", name)
    began_ms = time.ticks_ms()
    trace = io.StringIO()
    try:
        getattr(module, name)()
    except Exception as error:  # noqa: BLE001 - a test may fail in any way, and each is reported
        sys.print_exception(error, trace)
    took_ms = time.ticks_diff(time.ticks_ms(), began_ms)
    print("fail" if trace.getvalue() else "pass", name, took_ms)
    for line in trace.getvalue().split("\n"):
        if line:
            print("| " + line)


def main(arguments):
    module = __import__(arguments[0])
    for name in arguments[1:]:
        run(module, name)
    print("done")


if __name__ == "__main__":
    main(sys.argv[1:])
