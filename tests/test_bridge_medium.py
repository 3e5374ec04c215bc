"""The radio medium: time on air, collisions, capture, half duplex, duty cycle, fades, range; and the serial line."""

import math
from itertools import pairwise
from random import Random

import pytest

from fieldpost.emulator.airtime import HOUR_US, Bucket, bucket_for, duty_ppm, reserve_us
from fieldpost.emulator.losses import ByteErrors, Fading, Independent
from fieldpost.emulator.medium import Medium, Radio, path_loss_db, sensitivity_dbm
from fieldpost.emulator.serial_line import SerialLine
from fieldpost.emulator.simulation import Simulation
from fieldwire.link_terms import Lora, Serial

SF7 = Lora(7, 125_000, 222)
SF12 = Lora(12, 125_000, 51)


def air(**metres):
    """A lossless medium; radios by name at so many metres on a line."""
    medium = Medium("air")
    for name, x_m in metres.items():
        medium.radios[name] = Radio(SF7, x_m=x_m)
    return medium


def hearers(medium, flight):
    return [heard.receiver for heard in medium.land(flight)]


@pytest.mark.parametrize(
    ("factor", "size", "us"),
    [
        (7, 10, 41_216),
        (7, 51, 102_656),
        (7, 222, 348_416),
        (9, 128, 676_864),
        (12, 64, 2_793_472),
    ],
)
def test_time_on_air_is_what_the_modem_maker_calculates(factor, size, us):
    assert Lora(factor, 125_000, 255).wire_us(size) == us
    medium = Medium()
    medium.radios["a"] = Radio(Lora(factor, 125_000, 255))
    assert medium.begin("a", bytes(size), 1_000).end_us == 1_000 + us


@pytest.mark.parametrize(
    ("factor", "bandwidth_hz"), [(7, 125_000), (9, 250_000), (11, 125_000), (12, 500_000)]
)
def test_time_on_air_follows_the_formula_for_every_length(factor, bandwidth_hz):
    slow = 1 if factor >= 11 and bandwidth_hz == 125_000 else 0
    for size in range(1, 256):
        blocks = math.ceil((8 * size - 4 * factor + 28 + 16) / (4 * (factor - 2 * slow)))
        symbols = 8 + 4.25 + 8 + max(blocks, 0) * 5
        expected_us = symbols * 2**factor / bandwidth_hz * 1e6
        assert Lora(factor, bandwidth_hz, 255).wire_us(size) == math.ceil(round(expected_us, 6))


def test_a_frame_is_heard_by_all_in_range_with_its_strength():
    medium = air(near=0, far=1_000, out=50_000)
    [heard] = medium.land(medium.begin("near", b"frame", 0))
    assert (heard.receiver, heard.frame) == ("far", b"frame")
    assert heard.rssi_dbm == pytest.approx(14 - 31 - 90) and heard.snr_db > 0
    assert medium.counts.far == 1 and medium.counts.heard == 1


def test_a_slower_frame_reaches_farther():
    for terms, reach_m in ((SF7, 3_800), (SF12, 9_900)):
        for distance_m, heard in ((reach_m - 200, ["b"]), (reach_m + 200, [])):
            medium = Medium()
            medium.radios.update(a=Radio(terms), b=Radio(terms, x_m=distance_m))
            assert hearers(medium, medium.begin("a", b"x", 0)) == heard
    assert sensitivity_dbm(SF12) == pytest.approx(-137, abs=0.1) and path_loss_db(10) == 61


def test_frames_that_overlap_are_both_lost_unless_one_is_six_decibels_stronger():
    for other_m, expected in ((110, []), (200, ["b"])):
        medium = air(a=100, b=0, c=-other_m)
        first = medium.begin("a", bytes(50), 0)
        second = medium.begin("c", bytes(50), 50_000)
        assert [name for name in hearers(medium, first) if name == "b"] == expected
        assert [name for name in hearers(medium, second) if name == "b"] == []


def test_frames_that_follow_each_other_do_not_collide():
    medium = air(a=100, b=0, c=-100)
    first = medium.begin("a", bytes(50), 0)
    assert sorted(hearers(medium, first)) == ["b", "c"]
    assert sorted(hearers(medium, medium.begin("c", bytes(50), first.end_us))) == ["a", "b"]


@pytest.mark.parametrize("other", [Radio(Lora(8, 125_000, 222)), Radio(SF7, channel_hz=868_300_000)])
def test_another_spreading_factor_or_channel_neither_hears_nor_disturbs(other):
    medium = air(a=100, b=0)
    medium.radios["c"] = other
    first, second = medium.begin("a", bytes(50), 0), medium.begin("c", bytes(50), 10)
    assert hearers(medium, first) == ["b"] and hearers(medium, second) == []


def test_who_sends_does_not_hear_even_the_last_microsecond():
    medium = air(a=0, b=100)
    first = medium.begin("a", bytes(50), 0)
    second = medium.begin("b", bytes(10), first.end_us - 1)
    assert hearers(medium, first) == [] and hearers(medium, second) == []
    assert medium.counts.deaf == 2


def test_a_radio_sends_one_frame_at_a_time():
    medium = air(a=0, b=100)
    first = medium.begin("a", bytes(50), 0)
    assert medium.begin("a", b"x", first.end_us - 1) is None and medium.counts.refused == 1
    assert medium.ready_us("a", 1, 5) == first.end_us
    assert medium.begin("a", b"x", first.end_us) is not None
    with pytest.raises(ValueError, match="1 to 222"):
        medium.begin("b", bytes(223), 0)


def test_one_direction_may_be_worse_than_the_other():
    medium = air(a=0, b=3_000)
    medium.set_gain("a", "b", -10)
    first = medium.begin("a", b"x", 0)
    assert hearers(medium, first) == []
    assert hearers(medium, medium.begin("b", b"x", first.end_us)) == ["a"]
    medium.set_losses("b", "a", Independent(1.0, Random(1)))
    assert hearers(medium, medium.begin("b", b"x", 10**6)) == [] and medium.counts.lost == 1


def test_a_contact_that_ends_takes_what_is_in_the_air():
    medium = air(a=0, b=100)
    flight = medium.begin("a", bytes(50), 0)
    medium.part("a", "b")
    medium.meet("a", "b")
    assert hearers(medium, flight) == [] and medium.counts.parted == 1
    assert hearers(medium, medium.begin("a", b"x", 10**6)) == ["b"]


def test_the_same_seed_loses_the_same_frames_whatever_others_do():
    def fates(others):
        medium = Medium(7, lambda _sender, _receiver, random: Independent(0.5, random))
        medium.radios.update(a=Radio(SF7), b=Radio(SF7, x_m=1), c=Radio(SF7, x_m=2))
        found = []
        for step in range(60):
            found.append("b" in hearers(medium, medium.begin("a", b"x", step * 10**6)))
            if others:
                medium.land(medium.begin("c", b"y", step * 10**6 + 500_000))
        return found

    assert fates(False) == fates(True) and 10 < sum(fates(True)) < 50


def test_the_duty_cycle_refuses_data_and_keeps_room_for_a_question_and_its_answer():
    medium = air(a=0)
    bucket = medium.radios["a"].bucket = bucket_for(SF12, 868_100_000)
    now_us = 0
    medium.radios["a"].terms = SF12
    while (flight := medium.begin("a", bytes(51), now_us)) is not None:
        medium.land(flight)
        now_us = flight.end_us
    assert 31_500_000 < medium.counts.air_us < 34_500_000
    assert bucket.level_us(now_us) >= reserve_us(SF12)
    for size in (3, 13):
        flight = medium.begin("a", bytes(size), now_us)
        medium.land(flight)
        now_us = flight.end_us
    while (flight := medium.begin("a", bytes(13), now_us)) is not None:
        medium.land(flight)
        now_us = flight.end_us
    assert medium.counts.air_us < 36_000_000 + now_us // 100
    ready_us = medium.ready_us("a", 51, now_us)
    assert medium.begin("a", bytes(51), ready_us - 1) is None and medium.begin("a", bytes(51), ready_us)


def test_over_hours_a_radio_sends_its_share_of_the_time_and_no_more():
    bucket = Bucket(10_000)
    now_us = sent_us = 0
    while now_us < 10 * HOUR_US:
        now_us = bucket.ready_us(400_000, now_us)
        bucket.spend(400_000, now_us)
        sent_us += 400_000
    assert sent_us == pytest.approx(0.01 * (now_us + HOUR_US), rel=0.01)
    with pytest.raises(ValueError, match="spent"):
        bucket.spend(400_000, now_us)
    assert Bucket(10_000, level_us=5).level_us(0) == 5 and duty_ppm(869_500_000) == 100_000
    with pytest.raises(ValueError, match="no sub-band"):
        duty_ppm(869_300_000)


def test_fades_last_as_long_and_lose_as_much_as_they_should():
    fading = Fading(Random(3))
    lost = [fading.lost(at_us) for at_us in range(0, 40_000 * 10**6, 100_000)]
    assert fading.mean == pytest.approx(0.176)
    assert sum(lost) / len(lost) == pytest.approx(0.176, abs=0.01)
    again = sum(one and other for one, other in pairwise(lost))
    assert again / sum(lost) > 0.6, "losses come together"


def test_byte_errors_strike_as_often_as_they_should_and_never_leave_a_byte_as_it_was():
    errors = ByteErrors(0.01, Random(5))
    struck = b"".join(errors.strike(bytes(size % 300)) for size in range(3_000))
    assert (len(struck) - struck.count(0)) / len(struck) == pytest.approx(0.01, rel=0.05)
    assert ByteErrors(0.0, Random(5)).strike(b"sound") == b"sound"


def test_a_serial_line_takes_ten_bits_a_byte_with_framing_and_drops_what_is_damaged():
    terms = Serial(115_200, 1, 246)
    line = SerialLine(("a", "b"), terms, lambda random: ByteErrors(0.0, random))
    passage = line.begin("a", b"\x01" * 246, 0)
    assert passage.end_us == (246 + 4 + 3) * 10_000_000 // 115_200 + 1
    assert line.begin("a", b"x", 5) is None and line.begin("b", b"y", 5) is not None
    assert [heard.frame for heard in line.land(passage)] == [b"\x01" * 246]
    noisy = SerialLine(("a", "b"), terms, lambda random: ByteErrors(0.004, random), 1)
    now_us = arrived = 0
    for _ in range(400):
        passage = noisy.begin("a", b"\x01" * 93, now_us)
        now_us, arrived = passage.end_us, arrived + len(noisy.land(passage))
    assert arrived / 400 == pytest.approx(0.996**100, abs=0.06)


class Talker:
    """Sends frames at once and again at a deadline; notes what it hears."""

    def __init__(self, frames, due_ms=None):
        self.frames, self.due_ms, self.heard = list(frames), due_ms, []

    def receive(self, frame, now_ms):
        self.heard.append((frame, now_ms))
        if frame == b"question":
            self.frames.append(b"answer")

    def to_send(self, now_ms):
        return self.frames.pop(0) if self.frames else None

    def deadline(self):
        return self.due_ms

    def on_deadline(self, now_ms):
        self.due_ms = None
        self.frames.append(b"question")


def test_a_simulation_turns_around_between_hearing_and_sending():
    one, other = Talker([], due_ms=1_000), Talker([])
    simulation = Simulation(air(a=0, b=100), lambda: None)
    simulation.join("a", one, 50, half_duplex=True)
    simulation.join("b", other, 50, half_duplex=True)
    assert simulation.run(10**8, lambda: bool(one.heard))
    [(frame, now_ms)] = one.heard
    asked_us, answered_us = SF7.wire_us(8), SF7.wire_us(6)
    assert frame == b"answer" and now_ms == (1_000_000 + 50_000 + asked_us + 50_000 + answered_us) // 1_000
    assert not simulation.run(10**8 + 1, lambda: False) and simulation.now_us == 10**8 + 1


def test_a_simulation_waits_for_the_duty_cycle_and_forgets_no_frame():
    talker, listener = Talker([bytes(51)] * 20), Talker([])
    medium = Medium()
    medium.radios.update(a=Radio(SF12, bucket=bucket_for(SF12, 868_100_000)), b=Radio(SF12, x_m=100))
    simulation = Simulation(medium, lambda: None)
    simulation.join("a", talker, 50, half_duplex=True)
    simulation.join("b", listener, 50, half_duplex=True)
    assert simulation.run(3 * HOUR_US, lambda: len(listener.heard) == 20)
    assert simulation.now_us > 1_500 * 10**6 and medium.counts.refused == 0


def test_nodes_that_talk_at_once_hear_neither():
    one, other = Talker([bytes(50)]), Talker([bytes(50)])
    simulation = Simulation(air(a=0, b=100), lambda: None)
    simulation.join("a", one, 50, half_duplex=True)
    simulation.join("b", other, 50, half_duplex=True)
    simulation.run(10**7)
    assert not one.heard and not other.heard
