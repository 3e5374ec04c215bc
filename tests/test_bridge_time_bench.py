"""The figures of time, on small worlds: what they count is counted right, and the goals hold in small."""

from dataclasses import replace

import numpy as np
import pytest

from fieldpost.bench.time import accuracy, containment, liars, meshes
from fieldpost.bench.time.hull import allowed, hull_contains
from fieldpost.bench.time.pairs import line
from fieldpost.bench.time.segments import by_segments
from fieldpost.bench.time.simple import by_last_offset, by_line
from fieldpost.clock_models.clock import steady_clock
from fieldpost.clock_models.temperature import DAY_NS
from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.plan import MS, Kind, Lie, Plan
from fieldpost.simulated_fleet.world import make_world
from fieldpost.timeline.columns import LIMIT
from fieldpost.timeline.order import Causality, order
from fieldpost.timeline.place import place

SMALL = Plan(devices=6, span_ns=3 * DAY_NS, reboot_every_ns=DAY_NS)


@pytest.mark.parametrize("seed", [2, 3])
def test_resilient_intervals_hold_every_honest_observation_with_and_without_a_liar(seed):
    found = containment.total(seed, 2, 4000, SMALL)
    assert (found.placed, found.held, found.wrong) == (4000, 4000, 0)


def test_an_undetected_liar_does_push_strict_intervals_off_the_truth():
    """Else the test above would show nothing."""
    pushed = 0
    for seed in range(6):
        world = containment.with_undetected_liar(replace(SMALL, observations=500), seed)
        tally = containment.tally(world, containment.resilient_spread(world))
        pushed += tally.placed - tally.strictly
        assert world.plan.lies and tally.held == tally.placed
    assert pushed > 0


def test_a_wrong_order_is_counted_among_all_pairs():
    lower, upper, truth = -np.array([0, 20, 40]), np.array([10, 30, 50]), np.array([5, 25, 45])
    assert containment.wrongly_ordered(lower, upper, truth) == 0
    assert containment.wrongly_ordered(lower, upper, truth[::-1]) == 2
    nowhere = np.full(3, LIMIT)
    assert containment.wrongly_ordered(nowhere, nowhere, truth[::-1]) == 0


def test_what_the_figures_count_as_ordered_is_what_verdicts_say():
    world = make_world(replace(SMALL, observations=80), 4)
    spread = containment.resilient_spread(world)
    stamps = records.observed_stamps(world)
    placements = place(records.evidence(world), records.anchor(world), stamps).placements
    told = 0
    for i, a in enumerate(stamps):
        for j, b in enumerate(stamps):
            disjoint = spread.resilient_upper[i] < -spread.resilient_lower[j]
            if a.device != b.device:
                assert (order(a, b, placements, Causality([])).verdict == "before") == disjoint
                told += disjoint
    assert told > 1000


def test_liars_are_named_and_no_honest_device_is():
    found = liars.total(7, 4)
    assert found.isolated == found.detectable >= 4 and found.quarantined == 0
    assert found.contradicted >= found.detectable and found.honest > 30


def test_a_lie_too_small_to_be_shown_is_not_counted():
    world = make_world(replace(liars.PLAN, lies=(Lie(3, "quiet", MS // 2, 0),)), 1)
    found = liars.judged(world)
    assert (found.contradicted, found.detectable, found.quarantined, found.honest) == (0, 0, 0, 12)


def test_two_meshes_that_met_once_hold_the_truth_of_every_pair_and_no_gauge_matters():
    world = make_world(replace(meshes.PLAN, devices=3, span_ns=2 * DAY_NS, observations=120), 5)
    wrong, pairs, width = meshes.violations(world)
    assert wrong == 0 and pairs > 3000 and 0 < width < 100
    assert meshes.change_of_gauge_s(world, records.as_columns(world.observed.at(np.arange(6)))) == 0.0


def test_errors_are_taken_from_the_truth_and_what_is_not_placed_counts_nowhere():
    world = make_world(replace(SMALL, observations=200), 8)
    found = accuracy.points(world)
    assert len(found.error_ms) == 200 and np.nanmean(np.abs(found.error_ms)) < 60
    assert 0.4 < found.within(1) < found.within(2) <= 1
    error = np.full(200, np.nan)
    error[100] = 3.0
    elapsed_s = abs(world.truth_ns[100]) / 1e9
    assert accuracy.ppm(world, error) == pytest.approx(3000 / elapsed_s)


def perfect(rate_ppb: int) -> Kind:
    class Make:
        hz = 1_000_000_000

        def gain_ppb(self, celsius):
            return np.full(len(celsius), float(rate_ppb))

    return Kind(lambda _rng: Make(), -100_000, 100_000, None, walk_ppb=0.0)


def test_straight_clocks_are_placed_well_by_the_estimators_beside_and_held_by_the_hull():
    assert steady_clock(0).pieces() == [(0, 0)]
    plan = replace(SMALL, kind=perfect(40_000), neighbours=2, reboot_every_ns=None, observations=300)
    world = make_world(plan, 6)
    for estimate in (by_line, by_segments):
        assert np.nanmean(np.abs(estimate(world) - world.truth_ns / 1e9)) < 0.12, estimate.__name__
    assert np.nanmean(np.abs(by_last_offset(world) - world.truth_ns / 1e9)) > 0.5
    share, placed, failed = hull_contains(world)
    assert share == 1.0 and placed > 200 and failed == 0


def test_a_line_is_that_of_least_squares_and_one_point_gives_an_offset():
    x = np.array([0.0, 10.0, 20.0])
    assert np.allclose(line(x, 5 + 1.5 * x), (0.5, 5.0, 0.0)) and line(x[:1], x[:1] + 3)[:2] == (0.0, 3.0)


def test_the_hull_of_two_windows_has_four_corners():
    own = np.array([0.0, 0.0, 10.0, 10.0])
    most, least = np.array([1.0, np.inf, 1.0, np.inf]), np.array([-np.inf, 0.0, -np.inf, 0.0])
    assert sorted(map(tuple, allowed(own, most, least).round(6).tolist())) == [
        (0.0, 0.0), (0.0, 0.1), (1.0, -0.1), (1.0, 0.0),
    ]  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_half_a_million_observations_of_each_of_twenty_seeds_are_held_and_none_is_ordered_wrongly(seed):
    found = containment.total(100 + seed, 10, 500_000)
    assert (found.held, found.wrong) == (found.placed, 0) and found.placed == 500_000


@pytest.mark.soak
def test_hundreds_of_liars_are_isolated_and_no_honest_device_is():
    found = liars.total(11, 400)
    assert found.isolated >= 0.99 * found.detectable and found.quarantined <= 0.005 * found.honest
