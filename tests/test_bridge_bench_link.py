"""The link's bench in small: each figure comes out, each scheme drains, and what is measured is what is said."""

import asyncio
from random import Random

import pytest

from fieldpost.bench.link import acks, board_drain, contacts, drains, ends, faults, figures
from fieldwire.link_terms import Lora, Serial

SF7 = Lora(7, 125_000, 222)
UART = Serial(115_200, 1, 246)


def test_the_journal_is_a_thousand_records_in_segments_of_thirty_two():
    found = ends.sizes()
    assert sum(found) == 120_000 and found[0] == 3_840 and found[-1] == 960 and len(found) == 32


def test_capacity_is_that_of_the_best_frame_length():
    assert drains.capacity(SF7) == pytest.approx(222 / 0.348416, rel=0.01)
    slow = Lora(12, 125_000, 51)
    assert drains.capacity(slow) == pytest.approx(50e6 / slow.wire_us(50))
    assert 50e6 / slow.wire_us(50) > 1.02 * 51e6 / slow.wire_us(51)


def test_a_drain_comes_near_to_capacity_and_never_above():
    for rate in (0.0, 0.1, 0.3):
        share = drains.lora_goodput(SF7, drains.Channel(rate), 3, ends.sizes(320))
        assert 0.7 < share < 1.1
    assert drains.lora_goodput(SF7, drains.Channel(0.0), 3, ends.sizes(320)) < 1
    assert 0.8 < drains.serial_share(UART, 1e-5, 3, ends.sizes(320)) < 1


def test_a_drain_is_the_same_for_the_same_seed_and_another_for_another():
    def share(seed):
        return drains.lora_goodput(SF7, drains.Channel(None), seed, ends.sizes(160))

    assert share(5) == share(5) != share(6)


@pytest.mark.parametrize("name", drains.SCHEMES)
def test_every_other_scheme_drains_over_loss_and_errors(name):
    scheme = drains.SCHEMES[name]
    for seed in range(6):
        assert 0.02 < drains.lora_reference(SF7, drains.Channel(0.3), seed, 12_000, scheme) < 1
        assert 0.02 < drains.lora_reference(SF7, drains.Channel(None), seed, 12_000, scheme) < 1.5
    assert 0.2 < drains.serial_reference(UART, 1e-5, 1, 12_000, scheme) < 1


def test_stop_and_wait_is_as_slow_as_its_arithmetic_says():
    found = drains.lora_reference(SF7, drains.Channel(0.0), 1, 120_000, drains.stop_and_wait)
    round_us = SF7.wire_us(222) + SF7.wire_us(13) + 100_000
    assert found == pytest.approx(220e6 / round_us / drains.capacity(SF7), rel=0.01)


def test_contacts_are_exponential_with_a_mean_of_five_seconds():
    found = contacts.contacts(1)
    lengths = [end - begin for begin, end in (next(found) for _ in range(2_000))]
    assert sum(lengths) / 2_000 == pytest.approx(5e6, rel=0.07)


def test_the_ideal_sender_wastes_nothing_but_what_is_lost_and_cut():
    spent = contacts.ideal(SF7, drains.Channel(0.0), 2, 120_000)
    frames_us = 120_000 / 222 * SF7.wire_us(222)
    assert frames_us * 0.99 < spent.air_us < frames_us + spent.contacts * SF7.wire_us(222)
    assert contacts.ideal(SF7, drains.Channel(0.3), 2, 120_000).air_us > 1.3 * spent.air_us


def test_our_session_drains_over_contacts_in_less_airtime_than_one_that_does_not_resume():
    resumed = contacts.ours(SF7, drains.Channel(0.0), 4, ends.sizes(320))
    restarted = contacts.ours(SF7, drains.Channel(0.0), 4, ends.sizes(320), resumes=False)
    ideal = contacts.ideal(SF7, drains.Channel(0.0), 4, 38_400)
    assert ideal.air_us < resumed.air_us < restarted.air_us


def test_the_figures_have_their_names_goals_and_references():
    drained = list(figures.drain_lines(1, seeds=1, records=64))
    assert [line.name for line in drained] == [f"link/{one.name}" for one in (*figures.AIRS, *figures.CABLES)]
    assert all({"worst", *drains.SCHEMES} <= line.references.keys() for line in drained)
    [contact] = figures.contact_lines(1, seeds=1, records=64)
    assert {"share of contact time", "restart-per-unit"} <= contact.references.keys()
    played, unsafe, stuck = figures.fault_lines(1, schedules=20)
    assert (played.value, unsafe.value, stuck.value) == (20, 0, 0)


def test_an_acknowledgement_is_as_short_as_its_goal_and_costs_less_than_a_hundredth_of_a_signature():
    size, cost = acks.lines(1)
    assert size.value == 13 and size.references["each gap"] == 2
    assert cost.value < 0.05, "a hundredth is the goal; other work on this machine may disturb"


def test_failures_are_told_with_their_seeds():
    tally = faults.Tally(3, ["7: it was freed"], ["8: kept"])
    assert figures.shown(tally) == ["7: it was freed", "8: kept"]


def test_a_board_drains_at_the_pace_of_its_cable(tmp_path):
    found = asyncio.run(board_drain.drain(tmp_path, 1, 200))
    assert found.segments > 2 and found.segment_bytes > 200 * 100
    assert 0.02 < found.share() < 1


def test_a_journals_bytes_follow_from_the_seed():
    one, other = (ends.Journal(Random(n), [100]) for n in (1, 2))
    assert one.kept != other.kept and one.kept == ends.Journal(Random(1), [100]).kept
