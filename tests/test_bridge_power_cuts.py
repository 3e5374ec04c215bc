"""A million power cuts on every kind of log, on both runtimes."""

import pytest

from fieldpost.bench.device import power_cuts

ROUNDS = 10
SEEDS_APART = 1_000_000


@pytest.mark.soak
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_hundred_thousand_power_cuts_break_no_promise(round_number):
    found = power_cuts.tried(1 + round_number * SEEDS_APART)
    assert sum(sum(one["tried"].values()) for one in found) >= power_cuts.TRIED_MIN
    assert [text for one in found for text in one["broken_shown"]] == []
