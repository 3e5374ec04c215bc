"""Power cuts on a log in a ring of raw flash, at every operation and torn in every way: nothing promised is lost."""

import power_cuts

from fieldwire.port import MICROPYTHON

CUTS = 300 if MICROPYTHON else 900


def tried(kind):
    """A campaign's Tally, once it is sure that each way of tearing was among its cuts."""
    tally = power_cuts.campaign(power_cuts.KINDS[kind], 1, CUTS)
    assert tally.cuts() >= CUTS and all(tally.tried[mode] for mode in power_cuts.KINDS[kind].modes)
    return tally


def test_a_ring_of_pages_that_may_be_programmed_again_loses_nothing():
    assert tried("ring").broken == []


def test_a_ring_of_small_units_loses_nothing():
    assert tried("ring-small-unit").broken == []


def test_a_ring_whose_units_are_programmed_once_loses_nothing():
    assert tried("ring-ecc").broken == []


def test_a_ring_behind_a_cache_that_drops_and_reorders_loses_nothing():
    assert tried("ring-cached").broken == []


def test_a_start_that_finds_no_room_to_seal_in_waits_for_a_custody_and_loses_nothing():
    for kind, seed in (("ring", "268"), ("ring-cached", "87")):
        tally = power_cuts.one_case(power_cuts.KINDS[kind], ("life", seed, "39"))
        assert tally.starts_that_waited and tally.broken == [], (kind, seed)


if not MICROPYTHON:  # its heap here would not take the part and the ledger

    def test_a_full_size_ring_loses_nothing():
        assert power_cuts.campaign(power_cuts.KINDS["ring-512k"], 1, 30).broken == []
