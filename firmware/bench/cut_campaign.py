"""Power cuts at every operation of a log's life, and lives with cut upon cut; each is judged by the ledger.

Decides which cuts are tried and counts them. A case is named by life, operation, mode and seed, and can be tried alone.
"""

import torn
from dice import Dice
from journal_life import Life
from ledger import Broken
from nor_flash import PowerCut

from fieldwire.errors import StorageError, WireError

_STEPS_MAX = 500  # a life comes to its cut long before, unless the log takes nothing any more
_OPERATIONS_MAX = 50_000
_BROKEN = (Broken, StorageError, WireError, ValueError)


class Tally:
    """Cuts tried by mode; what was broken, by the case's name; the most that a recovery has read."""

    def __init__(self):
        self.tried = dict.fromkeys(torn.MODES, 0)
        self.broken = []
        self.recovery_bytes_max = 0
        self.starts_that_waited = 0

    def cuts(self):
        return sum(self.tried.values())

    def add(self, mode, case, error, life):
        self.tried[mode] += 1
        self.recovery_bytes_max = max(self.recovery_bytes_max, life.recovery_bytes_max)
        self.end(case, error)

    def end(self, case, error):
        """What became of a life, or of a part of it that had no cut."""
        if error is not None:
            self.broken.append("%s: %s: %s" % (case, type(error).__name__, error))


class Sweep:
    """A life that is cut at every operation in every mode: each cut on a copy of the part, the life goes on.

    `make_flash() -> NorFlash`. Of the cuts, every second one is followed by another one during recovery or soon after.
    """

    def __init__(self, store_of, make_flash, tally, modes=torn.MODES):
        self._modes = modes
        self._store_of = store_of
        self._make_flash = make_flash
        self._tally = tally
        self._life = None
        self._seed = 0
        self._operation = 0
        self._only = None

    def run(self, seed, steps, only=None, uncut_steps=0):
        """`only` = (operation, mode): tries that one case. `uncut_steps` of life come first, without a cut."""
        self._seed, self._operation, self._only = seed, 0, only
        flash = self._make_flash()
        flash.operations_max = _OPERATIONS_MAX
        store = self._store_of()
        store.format(flash)
        self._life = Life(store, flash, Dice(seed))
        if uncut_steps:
            self._life.boot()
            self._life.live(uncut_steps)
        flash.watch = self._cut_here
        error = None
        try:
            self._life.boot()
            self._life.live(steps)
            self._life.finish()
        except _BROKEN as broken:
            error = broken
        self._tally.end("sweep %d without a cut" % seed, error)

    def _cut_here(self, kind, block, offset, data):
        self._operation += 1
        for mode in self._modes:
            if self._only is None or self._only == (self._operation, mode):
                self._try(mode, kind, block, offset, data)

    def _try(self, mode, kind, block, offset, data):
        dice = Dice(self._seed * 65537 + self._operation * 8 + torn.MODES.index(mode))
        copy = self._make_flash()
        copy.operations_max = _OPERATIONS_MAX
        copy.load(self._life.flash.torn(kind, block, offset, data, mode, dice))
        after = Life(self._store_of(), copy, dice, self._life.ledger.copy())
        error = None
        try:
            _go_on(after, copy, dice, self._modes)
        except _BROKEN as broken:
            error = broken
        self._tally.add(mode, "sweep %d %d %s" % (self._seed, self._operation, mode), error, after)


class Lives:
    """Lives on one part with cut upon cut, wherever they fall: in recovery too, and on what earlier cuts left."""

    def __init__(self, store_of, make_flash, tally, modes=torn.MODES):
        self._modes = modes
        self._store_of = store_of
        self._make_flash = make_flash
        self._tally = tally

    def run(self, seed, cuts):
        flash = self._make_flash()
        flash.operations_max = _OPERATIONS_MAX
        store = self._store_of()
        store.format(flash)
        dice = Dice(seed)
        life = Life(store, flash, dice)
        mode = torn.NOTHING
        for number in range(cuts):
            mode = dice.one_of(self._modes)
            flash.cut_after(dice.below(60) if dice.chance(80) else dice.below(4), mode, dice.below(1 << 30))
            error = _until_cut(life)
            flash.power_on()
            self._tally.add(mode, "life %d %d %s" % (seed, number, mode), error, life)
            self._tally.starts_that_waited += life.starts_that_waited
            life.starts_that_waited = 0
            if error is not None:
                return
        error = None
        try:
            life.boot()
            life.finish()
        except _BROKEN as broken:
            error = broken
        self._tally.end("life %d to its end" % seed, error)


def _until_cut(life):
    """Lives until the power goes; what was broken on the way, or None."""
    try:
        life.boot()
        for _ in range(_STEPS_MAX):
            life.live(1)
        raise Broken("stuck: %d steps of life, %d refusals, and no cut" % (_STEPS_MAX, life.refused))
    except PowerCut:
        return None
    except _BROKEN as broken:
        return broken


def _go_on(life, flash, dice, modes):
    if dice.chance(50):
        flash.cut_after(dice.below(24), dice.one_of(modes), dice.below(1 << 30))
        try:
            life.boot()
            life.live(2)
        except PowerCut:
            pass
        flash.power_on()
    life.boot()
    life.live(2)
    if dice.chance(25):
        life.finish()
    else:
        life.settle()
