"""A process to be killed: a bridge's desk that takes segments, and says of each input when it is durable.

Called as `python killed_desk.py STORE`; goes on where the store ends, until it is killed.
"""

import itertools
import sys

from fold_world import Home, key

from fieldpost.desk import Desk
from fieldpost.pipeline import Bridge
from fieldpost.store import Store
from fieldwire import cbor

SEGMENTS = 4_000


def begin(home):
    """The inputs before the first segment."""
    inputs = [
        ("config", cbor.encode([home.mesh.id, b"\x07" * 32, "alpha", 1])),
        ("root", home.mesh.root.public),
    ]
    return inputs + [("token", one) for one in home.tokens] + [("segment", one) for one in home.contact]


def segments(home):
    """One segment of two leaves after the other."""
    for number in range(SEGMENTS):
        leaves = [home.one.leaf(2 * number + index, level=number) for index in (0, 1)]
        yield "segment", home.one.segment(*leaves)


def main(path):
    home, store = Home(), Store(path)
    done = store.query("SELECT count(*) FROM input WHERE kind NOT IN ('mode', 'solve')")[0][0]
    desk = Desk(store, Bridge(), key("bridge"), lambda: (1, 1))
    for n, thing in enumerate(itertools.chain(begin(home), segments(home)), 1):
        if n <= done:
            continue
        desk.submit(*thing)
        print(n, flush=True)
        if n % 40 == 0:
            desk.submit_many([("mode", cbor.encode(["boundary", "open", []])), ("solve", b"")])


if __name__ == "__main__":
    main(sys.argv[1])
