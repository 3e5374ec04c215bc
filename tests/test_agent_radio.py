"""Radios of the board: one frame in flight, ears open, airtime kept, and no modem's fault stops the agent."""

from fake_flash import FakeFlash
from fake_modem import FakeEspNow, FakeLora, Packet

from fieldagent.airtime import Airtime, share_ppm
from fieldagent.drivers.espnow_modem import EspNowModem
from fieldagent.drivers.lora_modem import LoraModem, settings
from fieldagent.drivers.radio import RadioLink
from fieldagent.drivers.radio_setup import open_radio
from fieldagent.journal_files import Files
from fieldagent.settings import ConfigError, EspNowRadio, LoraRadio
from fieldwire import link_terms

TERMS = link_terms.lora(7, 125_000)
HOUR_MS = 3_600_000
LORA = LoraRadio(868_100, 7, 125, 14, 10_000)


class Clock:
    def __init__(self):
        self.ms = 1_000

    def now_ms(self):
        return self.ms


class Part:
    """A protocol object that has frames to send and notes what it is handed."""

    def __init__(self, frames=()):
        self.heard = []
        self.asked_ms = []
        self._frames = list(frames)

    def receive(self, frame, now_ms):
        self.heard.append(frame)

    def to_send(self, now_ms):
        self.asked_ms.append(now_ms)
        return self._frames.pop(0) if self._frames else None


def lora(fake, airtime=None):
    return RadioLink(TERMS, LoraModem(fake), airtime)


def turns(link, part, clock, count, step_ms=5):
    for _ in range(count):
        link.turn(part, clock)
        clock.ms += step_ms


def refused(*arguments):
    try:
        Airtime(*arguments)
    except ValueError as error:
        return str(error)
    return ""


def test_a_frame_is_asked_for_only_when_the_one_before_has_left():
    fake, part, clock = FakeLora(sends=4), Part([b"one", b"two"]), Clock()
    link = lora(fake)
    turns(link, part, clock, 1)
    assert fake.sent == [b"one"] and len(part.asked_ms) == 1
    turns(link, part, clock, 1)
    assert fake.sent == [b"one"] and len(part.asked_ms) == 1, "the first frame is on air yet"
    turns(link, part, clock, 6)
    assert fake.sent == [b"one", b"two"]


def test_what_arrives_is_handed_on_with_its_strength_and_answered_after_the_turnaround():
    fake, part, clock = FakeLora(), Part([b"answer"]), Clock()
    modem = LoraModem(fake)
    link = RadioLink(TERMS, modem)
    fake.air += [Packet(b"hello", -97, -12), Packet(b"", 0, 0), Packet(bytes(223))]
    came_ms = clock.ms
    turns(link, part, clock, 30)
    assert part.heard == [b"hello"], "an empty frame and one that is too long are none"
    assert fake.sent == [b"answer"] and part.asked_ms[0] >= came_ms + TERMS.turnaround_ms
    fake.air.append(Packet(b"again", -97, -12))
    turns(link, part, clock, 1)
    assert (modem.rssi_dbm, modem.snr_quarter_db) == (-97, -12)


def test_with_an_interrupt_wired_the_modem_is_left_in_peace_and_yet_looked_after():
    fake, part, clock = FakeLora(interrupts=True), Part(), Clock()
    link = lora(fake)
    turns(link, part, clock, 150)
    assert fake.polls == 0
    fake.air.append(Packet(b"news"))
    turns(link, part, clock, 1)
    assert part.heard == [b"news"]
    polls = fake.polls
    turns(link, part, clock, 250)
    assert fake.polls > polls, "an interrupt may have been lost"


def test_a_modem_that_fails_or_never_ends_sending_is_restarted_and_goes_on():
    fake, part, clock = FakeLora(), Part([b"%d" % number for number in range(40)]), Clock()
    modem = LoraModem(fake)
    link = RadioLink(TERMS, modem)
    fake.failing = 3
    turns(link, part, clock, 10)
    assert modem.faults > 0
    fake.stuck = True
    turns(link, part, clock, 10)
    stuck = len(fake.sent)
    turns(link, part, clock, 10)
    assert len(fake.sent) == stuck
    faults = modem.faults
    turns(link, part, clock, 300)
    assert modem.faults > faults
    fake.stuck = False
    fake.air.append(Packet(b"news"))
    turns(link, part, clock, 150)
    assert fake.sent[-1] == b"39" and part.heard == [b"news"]


def test_the_settings_are_those_of_the_terms_that_the_session_reckons_with():
    cfg = settings(868_100, link_terms.lora(9, 250_000), 14)
    assert (cfg["freq_khz"], cfg["sf"], cfg["bw"], cfg["coding_rate"]) == (868_100, 9, 250, 5)
    assert cfg["crc_en"] and not cfg["implicit_header"] and cfg["preamble_len"] == 8
    assert [link_terms.lora(factor, 125_000).frame_max for factor in (7, 8, 9, 10, 12)] == [
        222,
        222,
        115,
        51,
        51,
    ]


class Board:
    """A board with the makers given; none knows more of a radio than `lora` or `espnow`."""

    def __init__(self, **makers):
        for name, maker in makers.items():
            setattr(self, name, maker)


def raising(error):
    def make(*settings):
        raise error

    return make


def unfit(board, wanted=LORA):
    files = Files("", FakeFlash())
    try:
        open_radio(board, files, wanted)
    except ConfigError as error:
        return str(error)
    return ""


def test_a_board_that_has_no_such_radio_is_told_where_one_is_made():
    assert unfit(Board()) == 'radio.kind: this board has no "lora"; its board.py makes one'
    assert 'no "espnow"' in unfit(Board(lora=lambda cfg: FakeLora()), EspNowRadio(b"\xff" * 6))


def test_a_modem_that_does_not_start_is_told_with_its_own_words_and_a_remedy():
    for error in (
        RuntimeError("Invalid initial status (0, 0)."),
        ValueError("Invalid lora_cfg sf"),
        OSError(5),
    ):
        said = unfit(Board(lora=raising(error)))
        assert str(error) in said and "check its wiring" in said and said.startswith("radio: "), said
    deaf = FakeLora()
    deaf.failing = 1
    assert "Status 2,5" in unfit(Board(lora=lambda cfg: deaf))
    assert "radio: " in unfit(Board(espnow=raising(OSError(1))), EspNowRadio(b"\xff" * 6))
    assert unfit(Board(lora=lambda cfg: FakeLora())) == ""


def test_airtime_that_never_carries_a_frame_is_told_by_the_files_key():
    assert unfit(Board(lora=lambda cfg: FakeLora()), LoraRadio(868_100, 12, 125, 14, 100)).startswith(
        "radio: "
    )


def test_espnow_has_one_frame_in_flight_and_goes_on_when_its_fate_is_told():
    fake, part, clock = FakeEspNow(), Part([b"one", b"two", b"three"]), Clock()
    link = RadioLink(link_terms.EspNow(), EspNowModem(fake))
    turns(link, part, clock, 3)
    assert fake.sent == [b"one"]
    fake.answers()
    fake.air.append(b"hello")
    turns(link, part, clock, 1)
    assert fake.sent == [b"one", b"two"] and part.heard == [b"hello"]
    turns(link, part, clock, 40)
    assert fake.sent == [b"one", b"two", b"three"], "of the second nothing will be told"


def test_a_full_espnow_radio_loses_the_frame_and_no_more():
    fake, part, clock = FakeEspNow(), Part([b"one", b"two"]), Clock()
    link = RadioLink(link_terms.EspNow(), EspNowModem(fake))
    fake.full = True
    turns(link, part, clock, 1)
    fake.full = False
    turns(link, part, clock, 2)
    assert fake.sent == [b"two"]


def spent(airtime, air_us, from_ms, span_ms, step_ms=50):
    """Airtime that goes out in a span in which there is always something to send."""
    total = 0
    for now_ms in range(from_ms, from_ms + span_ms, step_ms):
        if airtime.carries(air_us, now_ms):
            airtime.spend(air_us, now_ms)
            total += air_us
    return total


def test_no_hour_holds_more_airtime_than_its_share_and_little_of_it_goes_unused():
    for share, air_us in ((10_000, 368_896), (1_000, 368_896), (100_000, 2_466_000)):
        airtime = Airtime(share, air_us, 90_000, None, lambda level_us: None)
        first = spent(airtime, air_us, 0, HOUR_MS)
        assert first <= share * 3_600
        second = spent(airtime, air_us, HOUR_MS, HOUR_MS)
        assert second > share * 3_600 * 8 // 10 - air_us


def test_what_is_left_of_the_airtime_always_carries_a_question_and_an_answer():
    airtime, now_ms = Airtime(10_000, 368_896, 90_000, None, lambda level_us: None), 0
    while airtime.carries(368_896, now_ms):
        airtime.spend(368_896, now_ms)
        now_ms += 400
    assert airtime.carries(80_000, now_ms) and not airtime.carries(91_000, now_ms)


def test_a_restart_gains_no_airtime():
    kept = []
    airtime = Airtime(10_000, 368_896, 90_000, None, kept.append)
    now_ms = 0
    while airtime.carries(368_896, now_ms):
        airtime.spend(368_896, now_ms)
        now_ms += 400
        assert kept and kept[-1] <= airtime.level_us(now_ms)
    again = Airtime(10_000, 368_896, 90_000, kept[-1], kept.append)
    assert not again.carries(368_896, 0)
    assert len(kept) < 12, "it is written down coarsely"


def test_a_share_that_never_carries_a_frame_is_refused_with_a_remedy():
    slow = link_terms.lora(12, 125_000)
    assert "lower spreading factor" in refused(1_000, slow.wire_us(51), slow.wire_us(51), None, None)
    assert [share_ppm(khz) for khz in (868_100, 869_525, 864_000, 915_000)] == [10_000, 100_000, 1_000, None]


def test_while_airtime_is_short_nothing_is_asked_for():
    fake, part, clock = FakeLora(sends=1), Part([b"x" * 222] * 100), Clock()
    longest_us = TERMS.wire_us(222)
    link = lora(fake, Airtime(10_000, longest_us, 90_000, None, lambda level_us: None))
    turns(link, part, clock, 200, step_ms=100)
    asked = len(part.asked_ms)
    assert asked == len(fake.sent) < 20
    turns(link, part, clock, 10, step_ms=100)
    assert len(part.asked_ms) <= asked + 1
    clock.ms += 120_000
    turns(link, part, clock, 4)
    assert len(fake.sent) > asked
