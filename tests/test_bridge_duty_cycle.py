"""A drain where both radios may send a hundredth of the time: no answer waits for airtime, little of it is wasted."""

from random import Random

from fieldpost.bench.link.drains import B, Channel, D
from fieldpost.bench.link.ends import Ends
from fieldpost.emulator.airtime import HOUR_US, bucket_for, reserve_us
from fieldpost.emulator.simulation import Simulation
from fieldwire import link_terms

CHANNEL_HZ = 868_100_000
SHARE = 100


class Gated:
    """A session behind a radio that asks for a frame only when the longest may go, as an agent's does."""

    def __init__(self, core, medium, name):
        self._core, self._medium, self._name = core, medium, name

    def receive(self, frame, now_ms):
        self._core.receive(frame, now_ms)

    def to_send(self, now_ms):
        size = self._medium.radios[self._name].terms.frame_max
        if self._medium.ready_us(self._name, size, now_ms * 1_000) > now_ms * 1_000:
            return None
        return self._core.to_send(now_ms)

    def deadline(self):
        return self._core.deadline()

    def on_deadline(self, now_ms):
        self._core.on_deadline(now_ms)


def test_answers_are_not_starved_where_data_has_used_up_the_airtime():
    terms = link_terms.lora(7, 125_000)
    for rate in (0.0, 0.2):
        medium = Channel(rate).medium(terms, 3)
        for radio in medium.radios.values():
            radio.bucket = bucket_for(terms, CHANNEL_HZ)
        ends = Ends(Random(3), terms, [2_000] * 16)
        simulation = Simulation(medium, ends.settle, 1_000_000)
        spent_us = dict.fromkeys((D, B), 0)

        def seen(name, frame, spent_us=spent_us, medium=medium, simulation=simulation):
            spent_us[name] += terms.wire_us(len(frame))
            assert medium.radios[B].bucket.level_us(simulation.now_us) > reserve_us(terms), (
                "the bridge ran short"
            )

        simulation.seen = seen
        contacts = 0
        while not ends.idle and simulation.now_us < 4 * HOUR_US:
            contacts += 1
            ends.call(simulation.now_ms)
            simulation.join(D, Gated(ends.device, medium, D), terms.turnaround_ms, True)
            simulation.join(B, ends.bridge, terms.turnaround_ms, True)
            simulation.run(4 * HOUR_US, lambda ends=ends: ends.idle or ends.device.state == "closed")
        assert ends.idle and contacts == 1
        full_us = HOUR_US // SHARE
        assert spent_us[D] > 1.2 * full_us, "the device ran short"
        assert spent_us[B] < spent_us[D] // 10, "answers are few and short"
        least_us = (spent_us[D] - full_us) * SHARE
        assert least_us < simulation.now_us < 1.2 * least_us + 60_000_000, (simulation.now_us, least_us)
