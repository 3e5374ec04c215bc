"""A log on a ring of raw flash, found anew at each boot.

Decides nothing beyond the part's program unit; `rewrites` False: a unit is programmed once, as flash with ECC demands.
"""

from fieldagent import ring
from fieldagent.journal import Journal


class RingStore:
    def __init__(self, rewrites=True):
        self._rewrites = rewrites

    def format(self, flash):
        ring.format(flash)

    def open(self, flash, new_incarnation):
        return Journal(ring.Ring(flash, flash.unit_bytes, self._rewrites), new_incarnation)
