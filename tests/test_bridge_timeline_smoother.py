"""The joint estimate on worlds with known answers, its sigma, and that points stay inside what is proved."""

from dataclasses import replace

import numpy as np
import pytest

from fieldpost.clock_models.temperature import DAY_NS, HOUR_NS
from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.plan import Plan
from fieldpost.simulated_fleet.world import World, make_world
from fieldpost.timeline.columns import LIMIT, Clocks, Rows, Stamps
from fieldpost.timeline.smoother.daily import integrals
from fieldpost.timeline.smoother.delays import Delays
from fieldpost.timeline.smoother.newton import System, bent, solved
from fieldpost.timeline.smoother.smooth import clipped, held_back, smooth
from fieldpost.timeline.smoother.tracks import KS_NS

S = 1_000_000_000
MS = 1_000_000
SMALL = Plan(devices=8, span_ns=4 * DAY_NS, observations=300)


def stamps(*rows) -> Stamps:
    return Stamps(*np.array(rows, np.int64).reshape(-1, 3).T)


def clocks(count: int, ppm: int = 100) -> Clocks:
    return Clocks(*(np.full(count, side * ppm * 1000, np.int64) for side in (-1, 1)), np.full(count, -1))


def rows(count: int, sent: list, ppm: int = 100) -> Rows:
    """Messages (tx, rx, dmin, dmax), each stamp (device, boot, ns)."""
    tx, rx = (stamps(*(message[side] for message in sent)) for side in (0, 1))
    least, most = (np.array([message[side] for message in sent], np.int64) for side in (2, 3))
    return Rows(clocks(count, ppm), tx, rx, least, most)


def contacts(offset, forth, back, count: int = 20, every_ns: int = HOUR_NS) -> list:
    """Two-way contacts of device 0, whose clock is true, with device 1, who reads offset(true) more."""
    found = []
    for k in range(count):
        at = S + k * every_ns
        heard, answered = at + forth(k), at + forth(k) + 50 * MS
        found.append(((0, 0, at), (1, 0, heard + offset(heard)), 0, LIMIT))
        found.append(
            ((1, 0, answered + offset(answered)), (0, 0, answered + back(k)), 0, LIMIT),
        )
    return found


def test_equal_delays_both_ways_give_the_exact_offset():
    sent = contacts(lambda _: 7 * S, lambda _: 30 * MS, lambda _: 30 * MS)
    smoothed = smooth(rows(2, sent, ppm=0), stamps((0, 0, S)))
    known, point, sigma = smoothed.at(stamps((1, 0, 12 * HOUR_NS + 7 * S), (0, 0, 5 * HOUR_NS)))
    assert known.tolist() == [True, True] and abs(point[0] - (12 * HOUR_NS - S)) < 2 * MS
    assert abs(point[1] - (5 * HOUR_NS - S)) < MS and 0 < sigma[0] < 60 * MS


def test_a_gain_is_found_and_carried_past_the_last_contact():
    def offset(true_ns):
        return true_ns * 60 // 1_000_000  # 60 ppm

    sent = contacts(offset, lambda _: 20 * MS, lambda _: 20 * MS, count=48)
    steered = rows(2, sent)
    for side in (steered.clocks.lo_ppb, steered.clocks.hi_ppb):
        side[0] = 0
    later = 54 * HOUR_NS
    known, point, _ = smooth(steered, stamps((0, 0, S))).at(stamps((1, 0, later + offset(later))))
    assert known[0] and abs(point[0] - (later - S)) < 10 * MS


def test_sigma_holds_what_all_clocks_share_however_fine_their_contacts_are():
    """Contacts of microseconds between two clocks that are stated to 100 ppm, with the anchor on one of them."""
    sent = contacts(lambda _: 0, lambda k: 2000 + 7 * k, lambda k: 2000 + 5 * k, count=60, every_ns=10 * S)
    _, _, sigma = smooth(rows(2, sent), stamps((0, 0, S))).at(stamps((1, 0, 500 * S), (1, 0, 100 * S)))
    assert 5 * MS < sigma[1] < sigma[0] < 60 * MS


@pytest.mark.parametrize("delay_ms", [1, 40, 1200])
def test_delays_that_never_vary_are_not_taken_for_perfect_clocks(delay_ms):
    sent = contacts(lambda _: 0, lambda _: delay_ms * MS, lambda _: delay_ms * MS, count=60, every_ns=10 * S)
    _, point, sigma = smooth(rows(2, sent), stamps((0, 0, S))).at(stamps((1, 0, 500 * S)))
    assert abs(point[0] - 499 * S) < 2 * sigma[0] < 150 * MS


def test_the_shortest_delays_count_most():
    """Forth is slow but now and then quick; the mean of both ways would be 200 ms off."""

    def forth(k):
        return 10 * MS if k % 5 == 2 else 400 * MS + k * MS

    sent = contacts(lambda _: 0, forth, lambda _: 10 * MS, count=40)
    steered = rows(2, sent, ppm=0)
    _, point, _ = smooth(steered, stamps((0, 0, S))).at(stamps((1, 0, 20 * HOUR_NS)))
    assert abs(point[0] - (20 * HOUR_NS - S)) < 60 * MS


def test_two_who_heard_one_event_agree_in_the_middle_whatever_one_outlier_says():
    sent = []
    for k in range(40):
        heard = S + k * HOUR_NS
        off = 8 * S if k == 7 else (k % 3 - 1) * MS
        sent.append(((0, 0, heard), (1, 0, heard + 5 * S + off), -10 * S, 10 * S))
    _, point, _ = smooth(rows(2, sent, ppm=0), stamps((0, 0, S))).at(stamps((1, 0, 20 * HOUR_NS + 5 * S)))
    assert abs(point[0] - (20 * HOUR_NS - S)) < 2 * MS


def test_a_boot_that_no_contact_joins_to_the_anchor_is_not_known():
    sent = contacts(lambda _: 0, lambda _: MS, lambda _: MS)
    apart = [((2, 0, k * S), (3, 0, k * S), 0, LIMIT) for k in range(1, 9)]
    smoothed = smooth(rows(4, sent + apart), stamps((0, 0, S)))
    known, point, _ = smoothed.at(stamps((2, 0, 4 * S), (1, 1, S), (1, 0, S)))
    assert known.tolist() == [False, False, True] and point[:2].tolist() == [0, 0]


def test_what_devices_say_that_are_left_out_changes_nothing():
    sent = contacts(lambda _: 7 * S, lambda _: 30 * MS, lambda _: 30 * MS)
    lies = [((2, 0, k * HOUR_NS), (1, 0, k * HOUR_NS), 0, LIMIT) for k in range(1, 20)]
    asked = stamps((1, 0, 12 * HOUR_NS))
    without = smooth(rows(3, sent), stamps((0, 0, S))).at(asked)
    out = np.array([False, False, True])
    assert np.array_equal(smooth(rows(3, sent + lies), stamps((0, 0, S)), out).at(asked), without)


def anchor_of(world: World) -> Stamps:
    side = world.tx if world.gateway_sent else world.rx
    return records.as_columns(side.at(np.array([world.zero])))


def errors_ms(world: World, logs=None) -> tuple[np.ndarray, np.ndarray]:
    smoothed = smooth(records.rows(world), anchor_of(world), logs=logs)
    known, point, sigma = smoothed.at(records.as_columns(world.observed))
    return ((point - world.truth_ns) / MS)[known], sigma[known] / MS


def test_a_fleet_is_placed_within_tens_of_milliseconds_and_sigma_says_so():
    error, sigma = errors_ms(make_world(SMALL, 1))
    assert len(error) == 300 and np.abs(error).mean() < 40
    assert 0.5 < np.sqrt(np.mean((error / sigma) ** 2)) < 1.6


def test_the_same_evidence_gives_the_same_points():
    world = make_world(replace(SMALL, devices=4), 2)
    first, second = errors_ms(world), errors_ms(world)
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def temperature_logs(world: World) -> dict:
    """What each field device would log of its die every ten minutes."""
    logs = {}
    for device in range(world.plan.meshes, world.plan.total):
        clock, life = world.clocks[device], world.boots[device]
        for boot, (start, end) in enumerate(zip(life.starts_ns, life.ends_ns)):
            own = (clock.starts_ns > start) & (clock.starts_ns < end)
            reading = clock.reading_ns(clock.starts_ns[own], int(start))
            if len(reading) > 1:
                logs[device, boot] = reading, clock.celsius[own]
    return logs


def test_logged_temperatures_make_up_for_contacts_that_are_rare():
    rare = replace(SMALL, devices=6, peer_every_ns=12 * HOUR_NS, gateway_every_ns=DAY_NS, span_ns=8 * DAY_NS)
    world = make_world(rare, 3)
    without, _ = errors_ms(world)
    by_warmth, _ = errors_ms(world, temperature_logs(world))
    assert np.abs(by_warmth).mean() < 0.75 * np.abs(without).mean()


def test_integrals_of_a_temperature_are_those_of_its_straight_lines():
    log_ns = np.array([0, 2, 4]) * int(KS_NS)
    found = integrals(log_ns, np.array([0.0, 2.0, 2.0]), np.array([1, 2, 3, 5]) * int(KS_NS), 0)
    assert np.allclose(found[:, 0], [0.5, 2.0, 4.0, 8.0])
    assert np.allclose(found[:, 1], [1 / 3, 8 / 3, 8 / 3 + 4, 8 / 3 + 12])


def test_the_slope_and_bend_of_an_unlikely_delay_are_its_derivatives():
    delays = Delays(np.array([True] * 60 + [False] * 60), 2.0, 80.0, 10.0, 15.0)
    excess = np.tile(np.linspace(-100.3, 500, 60), 2)
    h = 1e-4
    below, here, above = (delays.unlikely(excess + d) for d in (-h, 0, h))
    assert np.allclose((above[0] - below[0]) / (2 * h), here[1], atol=1e-6)
    assert np.allclose((above[1] - below[1]) / (2 * h), here[2], atol=1e-6)
    assert np.all(here[2] >= 0)


def test_conjugate_gradients_solve_what_a_dense_solver_does():
    from scipy import sparse

    rng = np.random.default_rng(4)
    prior, heard, sent = (
        sparse.csr_matrix(a) for a in (np.eye(12) * 0.1, rng.normal(size=(30, 12)), rng.normal(size=(30, 12)))
    )
    system = System(prior, heard, sent, (heard - sent).tocsr(), np.zeros(30))
    bend = rng.uniform(0.1, 2, 30)
    dense = (prior.T @ prior).toarray() + (heard - sent).T.toarray() @ np.diag(bend) @ (
        heard - sent
    ).toarray()
    right = rng.normal(size=(12, 3))
    assert np.allclose(solved(bent(system, bend), right, 1e-10), np.linalg.solve(dense, right), atol=1e-6)


def test_messages_are_held_back_in_blocks_of_time_and_never_of_a_few():
    assert not held_back(np.arange(63)).any()
    held = held_back(np.arange(6400)[::-1] * S)
    assert held.sum() == 800 and np.count_nonzero(np.diff(held.astype(int))) == 16


def test_points_are_moved_into_their_intervals_and_sigma_is_never_wider():
    point, sigma = clipped(
        np.array([5, -50, 50, 7]), np.array([100.0] * 4),
        np.array([0, 0, 0, -LIMIT]), np.array([12, 12, 12, LIMIT]),
    )  # fmt: skip
    assert point.tolist() == [5, 0, 12, 7]
    assert np.allclose(sigma, [12 / np.sqrt(12)] * 3 + [100.0])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_very_little_evidence_is_enough_for_a_point(count):
    sent = contacts(lambda _: 0, lambda _: 10 * MS, lambda _: 10 * MS, count=count)
    known, point, sigma = smooth(rows(2, sent), stamps((0, 0, S))).at(stamps((1, 0, S), (1, 0, HOUR_NS)))
    assert known.all() and np.all(np.isfinite(sigma)) and abs(point[0]) < 1000 * MS
