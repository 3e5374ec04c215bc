"""Power cuts on a log in LittleFS files, at every block operation; LittleFS is there under MicroPython alone."""

import power_cuts

from fieldwire.port import MICROPYTHON

CUTS = 400


def sound(kind):
    if MICROPYTHON:
        tally = power_cuts.campaign(power_cuts.KINDS[kind], 1, CUTS)
        assert tally.cuts() >= CUTS
        assert tally.broken == []


def test_a_log_in_files_loses_nothing():
    sound("littlefs")


def test_a_log_in_files_behind_a_cache_that_drops_and_reorders_loses_nothing():
    sound("littlefs-cached")
