"""What modules take in the heap: `heap_modules.py FOLDER MODULE ...` imports them one by one, each after what it needs.

Prints one JSON object a module. The interpreter's table of names grows in large steps, at the module that happens to
need the next one; it is made large enough beforehand, so that each module is charged for its own names alone.
"""

import gc
import json
import sys

_NAMES = 1_300  # fill the tables that the interpreter would grow into on the way


def make_room_for_names():
    class Holder:
        pass

    holder = Holder()
    for number in range(_NAMES):
        setattr(holder, "name%d" % number, None)


def used():
    gc.collect()
    return gc.mem_alloc()


def main(folder, names):
    sys.path.insert(0, folder)
    make_room_for_names()
    for name in ("binascii", "hashlib", "json", "os", "struct"):
        __import__(name)
    for name in names:
        before = used()
        __import__(name)
        print(json.dumps({"module": name, "bytes": used() - before}))
    for _ in range(3):
        before = used()
    print(json.dumps({"module": "", "bytes": before}))


main(sys.argv[1], sys.argv[2:])
