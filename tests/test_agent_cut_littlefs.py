"""Power cuts on a log in LittleFS files, at every block operation; LittleFS is there under MicroPython alone."""

import power_cuts

from fieldwire.port import MICROPYTHON

CUTS = 400

if MICROPYTHON:

    def test_a_log_in_files_loses_nothing():
        tally = power_cuts.campaign(power_cuts.KINDS["littlefs"], 1, CUTS)
        assert tally.cuts() >= CUTS and tally.broken == []

    def test_a_log_in_files_behind_a_cache_that_drops_and_reorders_loses_nothing():
        tally = power_cuts.campaign(power_cuts.KINDS["littlefs-cached"], 1, CUTS)
        assert tally.cuts() >= CUTS and tally.broken == []
