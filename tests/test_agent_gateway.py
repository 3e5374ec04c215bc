"""A board that lends its radio: what the host sends goes on air when it may, what is heard comes back, nothing else."""

from fake_board import pipe
from fake_modem import FakeLora, Packet

from fieldagent.drivers.lora_modem import LoraModem
from fieldagent.drivers.radio import RadioLink
from fieldagent.drivers.uart import FrameLink
from fieldagent.gateway import Gateway
from fieldagent.settings import ConfigError
from fieldwire import gateway_frames as frames
from fieldwire import link_terms

SETTINGS = (868_100, 7, 125, 14, 10_000)


class Host:
    """The other end of the cable, and the time."""

    def __init__(self, airtime=None):
        near, far = pipe()
        self.cable = FrameLink(far)
        self.fake = FakeLora()
        self.tuned = []
        self.said = []
        self.ms = 0
        self._airtime = airtime
        self.gateway = Gateway(FrameLink(near), self._tune)

    def _tune(self, wanted):
        if wanted.factor == 12:
            raise ConfigError("radio: use a lower spreading factor")
        self.tuned.append(wanted)
        return RadioLink(link_terms.lora(wanted.factor, 125_000), LoraModem(self.fake), self._airtime)

    def say(self, *sent):
        for one in sent:
            self.cable.send(one, self.ms)

    def run(self, span_ms):
        """What the gateway says meanwhile."""
        said = []
        for _ in range(span_ms // 5):
            self.gateway.step(self.ms)
            said += [frames.decode(one) for one in self.cable.receive()]
            self.ms += 5
        return said


class Empty:
    """No airtime but for what is short."""

    def __init__(self):
        self.spent = []

    def carries(self, air_us, now_ms):
        return air_us < 60_000

    def spend(self, air_us, now_ms):
        self.spent.append(air_us)


def test_until_it_is_tuned_it_says_and_sends_nothing():
    host = Host()
    host.say(frames.send(1, b"frame"), b"\x41" + bytes(38))
    assert host.run(2_000) == [] and host.fake.sent == []


def test_it_is_clear_once_it_is_tuned_sends_and_is_clear_again():
    host = Host()
    host.say(frames.tune(*SETTINGS))
    assert host.run(20) == [("STATE", (0, True))]
    host.say(frames.send(1, b"one"))
    assert host.run(50) == [("STATE", (1, True))] and host.fake.sent == [b"one"]
    assert host.run(1_100) == [("STATE", (1, True))] * 2, "it says so now and then"


def test_tuning_it_the_same_again_counts_anew_and_leaves_the_radio_as_it_is():
    host = Host()
    host.say(frames.tune(*SETTINGS), frames.send(1, b"one"))
    host.run(50)
    host.say(frames.tune(*SETTINGS))
    assert host.run(20) == [("STATE", (0, True))] and len(host.tuned) == 1
    host.say(frames.tune(868_300, 9, 125, 14, 0))
    host.run(20)
    assert [one.duty_ppm for one in host.tuned] == [10_000, 10_000]


def test_what_it_cannot_do_is_told_with_the_remedy():
    host = Host()
    host.say(frames.tune(868_100, 12, 125, 14, 1_000))
    [(name, reason)] = host.run(20)
    assert name == "UNFIT" and "lower spreading factor" in reason
    host.say(frames.tune(915_000, 7, 125, 14, 0))
    [(name, reason)] = host.run(20)
    assert name == "UNFIT" and "duty_ppm" in reason


def test_what_it_hears_comes_with_its_strength_and_holds_its_own_sending_for_the_turnaround():
    host = Host()
    host.say(frames.tune(*SETTINGS))
    host.run(20)
    host.fake.air += [Packet(b"one", -97, -12), Packet(b"two", -60, 30)]
    host.say(frames.send(1, b"answer"))
    said = host.run(30)
    assert [one for one in said if one[0] == "HEARD"] == [
        ("HEARD", (-97, -12, b"one")),
        ("HEARD", (-60, 30, b"two")),
    ]
    assert host.fake.sent == []
    host.run(60)
    assert host.fake.sent == [b"answer"]


def test_without_airtime_only_an_answer_goes_and_a_long_frame_waits():
    airtime = Empty()
    host = Host(airtime)
    host.say(frames.tune(*SETTINGS), frames.send(1, b"a" * 13))
    host.run(50)
    assert len(host.fake.sent) == 1 and len(airtime.spent) == 1
    host.say(frames.send(2, b"a" * 222))
    assert ("STATE", (2, False)) in host.run(1_000) and len(host.fake.sent) == 1


def test_a_host_that_reads_nothing_costs_no_memory_without_end():
    host = Host()
    host.say(frames.tune(*SETTINGS))
    host.run(20)
    host.cable._link.cut = True
    for _ in range(100):
        host.fake.air.append(Packet(b"frame"))
        host.run(50)
    host.cable._link.cut = False
    assert len([one for one in host.run(2_000) if one[0] == "HEARD"]) <= 20
