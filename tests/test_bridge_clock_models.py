"""Clocks against closed forms: a constant gain, the two crystal curves, a parabola under a daily swing."""

import numpy as np
import pytest

from fieldpost.clock_models.clock import GIGA, clock_of, random_clock, steady_clock
from fieldpost.clock_models.crystal import (
    AT_CUT_HZ,
    TUNING_FORK_HZ,
    AtCut,
    TuningFork,
    at_cut,
    disciplined,
    random_walk,
    tuning_fork,
)
from fieldpost.clock_models.temperature import DAY_NS, HOUR_NS, INDOOR, OUTDOOR, Climate, temperatures

CALM = Climate(mean_c=15.0, swing_c=10.0, weather_c=0.0, cloud_c=0.0, coldest_c=-40.0)


def test_a_steady_clock_gains_its_rate_and_no_more_over_400_days():
    clock, true = steady_clock(200_000), 400 * DAY_NS
    assert int(clock.local_ns(true)) == true + true * 200_000 // GIGA
    assert int(steady_clock(-200_000).local_ns(true)) == true - true * 200_000 // GIGA


def test_pieces_continue_where_the_last_one_ended():
    clock = clock_of(np.array([0, 10 * GIGA, 20 * GIGA]), np.array([1000, -1000, 0]), GIGA)
    assert clock.local_ns(np.array([0, 10, 15, 20, 30]) * GIGA).tolist() == [
        0, 10 * GIGA + 10_000, 15 * GIGA + 5000, 20 * GIGA, 30 * GIGA,
    ]  # fmt: skip
    assert clock.pieces() == [(0, 1000), (10 * GIGA, -1000), (20 * GIGA, 0)]


def test_local_time_before_the_first_piece_runs_at_its_gain():
    assert int(steady_clock(1000).local_ns(-GIGA)) == -GIGA - 1000


@pytest.mark.parametrize("seed", range(5))
def test_the_inverse_is_the_first_nanosecond_that_reads_so(seed):
    rng = np.random.default_rng(seed)
    clock = random_clock(rng, tuning_fork, OUTDOOR, 30 * DAY_NS)
    local = rng.integers(-DAY_NS, 40 * DAY_NS, 5000)
    true = clock.true_ns(local)
    assert np.all(clock.local_ns(true) >= local) and np.all(clock.local_ns(true - 1) < local)


def test_ticks_are_whole_and_hold_from_the_moment_that_their_stamp_names():
    rng = np.random.default_rng(3)
    clock = random_clock(rng, tuning_fork, OUTDOOR, 7 * DAY_NS)
    boot = 2 * DAY_NS + 123_456_789
    true = rng.integers(boot, 6 * DAY_NS, 5000)
    reading = clock.reading_ns(true, boot)
    ticks = np.rint(reading * (TUNING_FORK_HZ / GIGA))
    assert np.all(np.abs(ticks * GIGA / TUNING_FORK_HZ - reading) <= 1)
    began = clock.tick_ns(reading, boot)
    assert np.all(began <= true) and np.all(true - began < GIGA // TUNING_FORK_HZ + 10)
    assert np.all(clock.reading_ns(began, boot) == reading)


def test_a_tuning_fork_loses_34_ppb_for_each_square_kelvin():
    assert TuningFork(1000.0).gain_ppb(np.array([25.0, 15.0, 35.0, -5.0])).tolist() == [
        1000.0, -2400.0, -2400.0, -29600.0,
    ]  # fmt: skip


def test_an_at_cut_is_a_cubic_about_its_inflection():
    gains = AtCut(0.0, -100.0, 0.1, 25.0).gain_ppb(np.array([25.0, 35.0, 15.0, 45.0]))
    assert np.allclose(gains, [0.0, -900.0, 900.0, -1200.0])


def test_a_parabola_under_a_pure_daily_swing_has_the_mean_of_its_closed_form():
    clock = random_clock(np.random.default_rng(0), lambda rng: TuningFork(0.0), CALM, 10 * DAY_NS, walk_ppb=0)
    mean = -34.0 * ((15 - 25) ** 2 + 10**2 / 2)  # of (d + a cos)^2
    assert abs(int(clock.local_ns(10 * DAY_NS)) - 10 * DAY_NS - mean * 10 * DAY_NS / GIGA) < 1e6
    assert clock.rates_ppb.max() == 0 and clock.rates_ppb.min() == -34 * 20**2


def test_a_random_walk_spreads_with_the_root_of_time():
    rng = np.random.default_rng(1)
    ends = np.array([random_walk(rng, 101, 1.0, 10.0)[[25, 100]] for _ in range(2000)])
    assert np.allclose(ends.std(axis=0), [50.0, 100.0], rtol=0.05)


@pytest.mark.parametrize("climate", [OUTDOOR, INDOOR])
def test_temperatures_stay_in_their_range_and_swing_by_the_day(climate):
    at = np.arange(0, 60 * DAY_NS, HOUR_NS)
    found = temperatures(np.random.default_rng(2), climate, at)
    assert climate.coldest_c <= found.min() and found.max() <= climate.hottest_c
    by_hour = found.reshape(-1, 24).mean(axis=0)
    assert np.argmax(by_hour) in (14, 15, 16) and abs(np.ptp(by_hour) / 2 - climate.swing_c) < 1.5


def test_the_same_seed_makes_the_same_clock_and_another_seed_another():
    clocks = [random_clock(np.random.default_rng(s), at_cut, OUTDOOR, DAY_NS) for s in (1, 1, 2)]
    assert clocks[0].pieces() == clocks[1].pieces() != clocks[2].pieces()
    assert clocks[0].hz == AT_CUT_HZ


@pytest.mark.parametrize("make,within", [(tuning_fork, 100e3), (at_cut, 50e3), (disciplined, 5.5)])
def test_gains_stay_within_what_a_maker_would_state(make, within):
    for seed in range(30):
        walk = 0 if make is disciplined else 10
        clock = random_clock(np.random.default_rng(seed), make, OUTDOOR, 30 * DAY_NS, walk)
        assert np.abs(clock.rates_ppb).max() <= within
        assert np.ptp(clock.rates_ppb) <= 50e3


def test_starts_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="starts that rise"):
        clock_of(np.array([0, 0]), np.array([1, 2]), GIGA)
