"""Tries power cuts on a kind of log and prints what was tried and what was broken, as one JSON object.

`power_cuts.py KIND SEED CUTS`, or `power_cuts.py KIND CASE...` with the words that name a broken case, to try it alone.
Decides the parts that a log is tried on. Runs on CPython and MicroPython; LittleFS on MicroPython alone.
"""

import json
import sys
import time

import torn
from cut_campaign import Lives, Sweep, Tally
from nor_flash import NorFlash
from ring_store import RingStore

_SWEPT_STEPS = 12
_LIFE_CUTS = 40
_SHOWN_MAX = 20
_FILES_BYTES = 8 * 4096


class Kind:
    """A log on a part: `store()` and `flash()` make them anew; `modes`: the ways of tearing that it must bear.

    `uncut_steps`: how long a swept life goes before its first cut, to fill a large part.
    """

    def __init__(self, store, flash, modes=torn.MODES, uncut_steps=0):
        self.store = store
        self.flash = flash
        self.modes = modes
        self.uncut_steps = uncut_steps


def _littlefs():
    from littlefs_store import LittleFsStore  # needs MicroPython's vfs

    return LittleFsStore(_FILES_BYTES)


KINDS = {
    "ring": Kind(RingStore, lambda: NorFlash(8, 2048, 256)),
    "ring-small-unit": Kind(RingStore, lambda: NorFlash(8, 2048, 4)),
    "ring-ecc": Kind(
        lambda: RingStore(rewrites=False), lambda: NorFlash(8, 2048, 16, ecc=True), torn.STEADY_MODES
    ),
    "ring-cached": Kind(RingStore, lambda: NorFlash(8, 2048, 256, cached=True)),
    "ring-512k": Kind(RingStore, lambda: NorFlash(128, 4096, 256), uncut_steps=1_500),
    "littlefs": Kind(_littlefs, lambda: NorFlash(56, 1024, 16), torn.FIRM_MODES),
    "littlefs-cached": Kind(_littlefs, lambda: NorFlash(56, 1024, 16, cached=True), torn.FIRM_MODES),
}


def campaign(kind, seed, cuts):
    """A Tally of at least so many cuts: sweeps and lives in turn, from that seed on."""
    tally = Tally()
    sweep = Sweep(kind.store, kind.flash, tally, kind.modes)
    lives = Lives(kind.store, kind.flash, tally, kind.modes)
    while tally.cuts() < cuts:
        sweep.run(seed, _SWEPT_STEPS, None, kind.uncut_steps)
        before = tally.cuts()
        while tally.cuts() < min(2 * before, cuts):  # as many in lives as in sweeps
            lives.run(seed, _LIFE_CUTS)
            seed += 1
        seed += 1
    return tally


def one_case(kind, words):
    """A Tally of the one case that a report names."""
    tally = Tally()
    seed, number = int(words[1]), int(words[2])
    if words[0] == "sweep":
        Sweep(kind.store, kind.flash, tally, kind.modes).run(
            seed, _SWEPT_STEPS, (number, words[3]), kind.uncut_steps
        )
    else:
        Lives(kind.store, kind.flash, tally, kind.modes).run(seed, number + 1)
    return tally


def main(name, words):
    began_ms = _now_ms()
    if words[0] in ("sweep", "life"):
        tally = one_case(KINDS[name], words)
    else:
        tally = campaign(KINDS[name], int(words[0]), int(words[1]))
    took_ms = _now_ms() - began_ms
    found = {"kind": name, "tried": tally.tried, "ms": took_ms}
    found["broken"], found["broken_shown"] = len(tally.broken), tally.broken[:_SHOWN_MAX]
    found["recovery_bytes_max"] = tally.recovery_bytes_max
    print(json.dumps(found))


def _now_ms():
    return time.ticks_ms() if hasattr(time, "ticks_ms") else time.monotonic_ns() // 1_000_000


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
