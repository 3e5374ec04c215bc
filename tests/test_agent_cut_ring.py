"""Power cuts on a log in a ring of raw flash, at every operation and torn in every way: nothing promised is lost."""

import power_cuts

from fieldwire.port import MICROPYTHON

CUTS = 300 if MICROPYTHON else 900


def sound(kind):
    tally = power_cuts.campaign(power_cuts.KINDS[kind], 1, CUTS)
    assert tally.cuts() >= CUTS and all(tally.tried[mode] for mode in power_cuts.KINDS[kind].modes)
    assert tally.broken == []


def test_a_ring_of_pages_that_may_be_programmed_again_loses_nothing():
    sound("ring")


def test_a_ring_of_small_units_loses_nothing():
    sound("ring-small-unit")


def test_a_ring_whose_units_are_programmed_once_loses_nothing():
    sound("ring-ecc")


def test_a_ring_behind_a_cache_that_drops_and_reorders_loses_nothing():
    sound("ring-cached")


def test_a_full_size_ring_loses_nothing():
    if MICROPYTHON:
        return  # its heap here would not take the part and the ledger
    tally = power_cuts.campaign(power_cuts.KINDS["ring-512k"], 1, 30)
    assert tally.broken == []
