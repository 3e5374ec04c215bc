"""Modules that are needed for a moment: imported, used, and let go of, so that their place in the heap is free again.

Decides only which modules those are: the ones that came in meanwhile. Refuses to keep anything of them alive: what
leaves the block must be of classes that were there before it.
"""

import gc
import sys

from fieldwire.port import MICROPYTHON


class Borrowed:
    """`with Borrowed(): ...` around imports inside a function."""

    def __enter__(self):
        self._known = set(sys.modules)

    def __exit__(self, kind, value, trace):
        if not MICROPYTHON:
            return
        for name in [name for name in sys.modules if name not in self._known]:
            package, _, part = name.rpartition(".")
            if package in ("fieldagent", "fieldwire"):
                sys.modules[name] = None  # what is only deleted stays in the table, and in the heap
                del sys.modules[name]
                setattr(sys.modules[package], part, None)
                delattr(sys.modules[package], part)
        gc.collect()
