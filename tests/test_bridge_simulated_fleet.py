"""The simulated fleet: the same bytes for a seed, assumptions that hold, delays, lies, meshes, and its file."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fieldpost.clock_models.temperature import DAY_NS, HOUR_NS
from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.contacts import messages
from fieldpost.simulated_fleet.plan import MAIN_CRYSTAL, MS, STEERED, WATCH, Lie, Plan
from fieldpost.simulated_fleet.world import generator, make_world
from fieldpost.timeline.columns import columns, rows_of
from fieldpost.timeline.jsonl import parse

SMALL = Plan(devices=6, span_ns=2 * DAY_NS, observations=60, reboot_every_ns=DAY_NS)


def file_of(plan: Plan, seed: int) -> str:
    return "\n".join(records.evidence_lines(make_world(plan, seed)))


def test_the_same_plan_and_seed_give_the_same_bytes():
    assert file_of(SMALL, 5) == file_of(SMALL, 5) != file_of(SMALL, 6)


def test_more_observations_leave_the_contacts_as_they_are():
    few, many = (make_world(replace(SMALL, observations=n), 1) for n in (10, 500))
    assert records.exchanges(few) == records.exchanges(many) and len(many.observed) == 500


@pytest.mark.parametrize("kind,gateway", [(WATCH, STEERED), (MAIN_CRYSTAL, MAIN_CRYSTAL)])
def test_what_is_stated_of_a_clock_holds(kind, gateway):
    world = make_world(replace(SMALL, span_ns=20 * DAY_NS, kind=kind, gateway=gateway), 2)
    for stated, clock in zip(records.assumptions(world.plan), world.clocks):
        rates = (1 / (1 + clock.rates_ppb / 1e9) - 1) * 1e9
        assert stated.rate_lo_ppb < rates.min() and rates.max() < stated.rate_hi_ppb
        assert stated.wander_ppb is None or np.ptp(rates) < stated.wander_ppb


def test_recorded_delays_lie_between_the_least_and_the_most_and_have_the_mean():
    world = make_world(Plan(devices=30), 3)
    delay = world.rx.true_ns - world.tx.true_ns
    tick = 31_000
    assert delay.min() > 5 * MS - tick and delay.max() < 500 * MS + tick
    assert abs(delay.mean() - 85 * MS) < 2 * MS


def test_three_contacts_in_ten_have_no_answer():
    plan = Plan(devices=40)
    sent = messages(generator(1, "contacts"), plan)
    calls = len(np.unique(sent.sent_ns)) / 1.7
    assert abs(len(sent.sender) / calls - 1.7) < 0.05


def test_gateways_are_met_every_twelve_hours_and_peers_every_two():
    plan = replace(SMALL, devices=10, span_ns=10 * DAY_NS, one_way=1.0)
    sent = messages(generator(4, "contacts"), plan)
    to_gateway = sent.receiver == 0
    assert abs(to_gateway.sum() - 10 * 20) <= 10 and abs((~to_gateway).sum() - 10 * 120) <= 10


def test_only_the_stated_share_ever_reaches_a_gateway():
    plan = replace(SMALL, devices=20, gateway_share=0.1, one_way=1.0)
    sent = messages(generator(4, "contacts"), plan)
    assert len(np.unique(sent.sender[sent.receiver == 0])) == 2


def test_neighbours_stand_near_in_the_ring():
    plan = replace(SMALL, devices=20, neighbours=4, one_way=1.0)
    sent = messages(generator(4, "contacts"), plan)
    peers = sent.receiver != 0
    away = (sent.receiver - sent.sender)[peers] % 20
    assert set(away.tolist()) == {1, 2, 18, 19}


def test_no_reading_is_taken_without_power_and_boots_follow_each_other():
    world = make_world(SMALL, 7)
    assert max(len(life.starts_ns) for life in world.boots) > 1 and len(world.boots[0].starts_ns) == 1
    for side in (world.tx, world.rx, world.observed):
        for device, life in enumerate(world.boots):
            own = side.at(side.device == device)
            assert np.all(own.true_ns >= life.starts_ns[own.boot] - 31_000)
            assert np.all(own.true_ns <= life.ends_ns[own.boot])


def told_otherwise(lie: Lie) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the liar added, when, and to which peer."""
    honest, lying = make_world(SMALL, 8), make_world(replace(SMALL, lies=(lie,)), 8)
    others = honest.tx.device != lie.device
    assert np.array_equal(honest.tx.t_ns[others], lying.tx.t_ns[others])
    assert not np.any(lying.observed.device == lie.device)
    return (lying.tx.t_ns - honest.tx.t_ns)[~others], honest.tx.true_ns[~others], honest.rx.device[~others]


def test_a_step_is_a_step():
    added, true, _ = told_otherwise(Lie(3, "step", 9 * MS, DAY_NS))
    assert set(added[true > DAY_NS].tolist()) == {9 * MS} and not np.any(added[true <= DAY_NS])


def test_a_rate_grows_to_its_size():
    added, true, _ = told_otherwise(Lie(3, "rate", 1000 * MS, DAY_NS))
    assert np.allclose(added, np.clip((true - DAY_NS) / DAY_NS, 0, None) * 1000 * MS, atol=1)


def test_the_two_faced_tell_one_half_of_their_peers_the_opposite():
    added, _, peer = told_otherwise(Lie(3, "two-faced", 7 * MS, -1))
    assert np.array_equal(added, np.where(peer % 2 == 0, 7 * MS, -7 * MS))


def test_an_unknown_lie_and_a_lying_gateway_are_refused():
    with pytest.raises(ValueError, match="one of step"):
        make_world(replace(SMALL, lies=(Lie(3, "big", 1, 0),)), 1)
    with pytest.raises(ValueError, match="assumed honest"):
        make_world(replace(SMALL, lies=(Lie(0, "step", 1, 0),)), 1)


def test_two_meshes_share_one_bridging_contact_and_nothing_else():
    plan = replace(SMALL, meshes=2)
    world = make_world(plan, 9)
    mesh = np.array([plan.mesh_of(device) for device in range(plan.total)])
    crossing = mesh[world.tx.device] != mesh[world.rx.device]
    assert crossing.sum() == 2  # its call and its answer
    assert [plan.name(d) for d in (0, 1, 2, 8)] == ["gateway-0", "gateway-1", "node-0-00", "node-1-00"]


def test_any_schedule_can_take_the_place_of_the_contacts():
    def once(_rng, _plan):
        return np.array([1, 2]), np.array([0, 1]), np.array([HOUR_NS, 2 * HOUR_NS])

    world = make_world(replace(SMALL, schedule=once, one_way=1.0, reboot_every_ns=None), 1)
    assert world.tx.device.tolist() == [1, 2] and world.rx.device.tolist() == [0, 1]
    assert world.zero == 0 and not world.gateway_sent


@pytest.mark.parametrize("plan", [SMALL, replace(SMALL, meshes=2), replace(SMALL, devices=120)])
def test_arrays_and_objects_tell_the_same_evidence(plan):
    world = make_world(plan, 11)
    from_arrays, from_objects = columns(records.rows(world)), columns(rows_of(records.evidence(world)))
    for name in ("start", "u", "v", "w", "kind", "row"):
        assert np.array_equal(getattr(from_arrays, name), getattr(from_objects, name)), name
    assert np.array_equal(from_arrays.node.t_ns, from_objects.node.t_ns)
    assert np.array_equal(from_arrays.clocks.lo_ppb, from_objects.clocks.lo_ppb)


def test_the_file_reads_back_as_the_same_evidence_and_names_each_truth():
    world = make_world(SMALL, 10)
    request = parse(line.encode() for line in records.evidence_lines(world))
    made = records.evidence(world)
    assert request.evidence.exchanges == made.exchanges and request.evidence.assumptions == made.assumptions
    assert request.anchor == records.anchor(world).at
    assert list(request.stamp_of.values()) == records.observed_stamps(world)
    truth = [json.loads(line) for line in records.truth_lines(world)]
    assert [row["id"] for row in truth] == list(request.stamp_of)
    assert [round(float(row["true"]) * 1e9) for row in truth] == world.truth_ns.tolist()
