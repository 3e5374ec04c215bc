"""Calls to a bridge that may not be there: rare on a channel that all share, steady on a cable. SPEC 8.3"""

from fieldagent.uplink import Uplink
from fieldwire import link_terms
from fieldwire.session_frames import is_call

CABLE = link_terms.Serial(115_200, 5, 2_048)
HOUR_MS = 3_600_000
HELLO = 31  # bytes of a call


class Former:
    device, k_dev, incarnations = b"f" * 16, b"F" * 32, (b"formerly",)


class Identity:
    device, k_dev = b"d" * 16, b"k" * 32

    def __init__(self, former=None):
        self.former = former


class Outbox:
    """`logs`: incarnations of which a segment waits."""

    bridge = None

    def __init__(self, *logs):
        self.logs = logs

    token = read_segment = None  # there is none

    def places(self, streams):
        return [(log, 1, 0) for log in self.logs]

    def length(self, incarnation, stream, segment):
        return 500

    def tokens(self):
        return []

    def early(self):
        return []


def calling(link, former=None, number=1):
    """An Uplink that has begun to call."""
    drawn = [number]

    def random_bytes(size):
        drawn[0] += 1
        return bytes([(drawn[0] * 37 + at * 61) & 0xFF for at in range(size)])

    uplink = Uplink(Identity(former), 1, Outbox(b"formerly", b"now-----"), link, random_bytes)
    uplink.start(0)
    return uplink


def calls(uplink, begin_ms, until_ms):
    """(when, who calls) of all that it sends, nobody answering."""
    found, now_ms = [], begin_ms
    while now_ms < until_ms:
        if now_ms >= uplink.deadline():
            uplink.on_deadline(now_ms)
        frame = uplink.to_send(now_ms)
        while frame is not None:
            assert is_call(frame) and len(frame) == HELLO
            found.append((now_ms, frame[3:4]))
            frame = uplink.to_send(now_ms)
        now_ms = max(now_ms + 1, min(uplink.deadline(), until_ms))
    return found


def waits(found):
    return [found[index + 1] - found[index] for index in range(len(found) - 1)]


def test_on_the_air_calls_that_nobody_answers_take_a_two_hundredth_of_the_time():
    for factor in (7, 12):
        for former in (None, Former()):
            link = link_terms.lora(factor, 125_000)
            call_ms = link.wire_ms(HELLO)
            uplink = calling(link, former)
            first = len(calls(uplink, 0, HOUR_MS))
            then = [at for at, _ in calls(uplink, HOUR_MS, 3 * HOUR_MS)]
            assert 2 * HOUR_MS // 250 < len(then) * call_ms <= 2 * HOUR_MS // 200 + call_ms, (
                factor,
                len(then),
            )
            assert first * call_ms <= HOUR_MS // 200 + 12 * call_ms, (factor, first)
            assert max(waits(then)) < 220 * call_ms


def test_the_first_calls_come_at_once_and_the_waits_double_after_six():
    found = [at for at, _ in calls(calling(link_terms.lora(7, 125_000)), 0, 60_000)]
    assert found[6] < 6_000
    assert waits(found)[9] > 2 * max(waits(found)[:6]), found


def test_a_former_and_a_present_device_call_in_turn_at_one_devices_pace():
    found = calls(calling(link_terms.lora(7, 125_000), Former()), 0, HOUR_MS)
    named = [who for _, who in found]
    assert set(named[0::2]) | set(named[1::2]) == {b"d", b"f"} and len(set(named[0::2])) == 1, named


def test_two_devices_without_a_bridge_do_not_call_each_other_into_a_faster_pace():
    link = link_terms.lora(7, 125_000)
    both = [calling(link, number=number) for number in (1, 50)]
    spent_ms, now_ms = [0, 0], 0
    while now_ms < 6 * HOUR_MS:
        for index, uplink in enumerate(both):
            if now_ms >= uplink.deadline():
                uplink.on_deadline(now_ms)
            frame = uplink.to_send(now_ms)
            if frame is not None:
                spent_ms[index] += link.wire_ms(len(frame))
                both[1 - index].receive(frame, now_ms + link.wire_ms(len(frame)))
        now_ms = max(now_ms + 20, min([uplink.deadline() for uplink in both]))
    assert all(6 * HOUR_MS // 400 < one <= 6 * HOUR_MS // 200 + 1_500 for one in spent_ms), spent_ms


def test_who_has_called_in_vain_for_an_hour_calls_soon_when_it_hears_a_bridge_speak_to_another():
    link = link_terms.lora(12, 125_000)
    uplink = calling(link)
    last_ms = calls(uplink, 0, HOUR_MS)[-1][0]
    heard_ms = last_ms + 5_000
    uplink.receive(b"\x02" + bytes(20), heard_ms)
    again_ms = calls(uplink, heard_ms, 2 * HOUR_MS)[0][0]
    assert heard_ms + link.wire_ms(51) <= again_ms <= heard_ms + link.wire_ms(51) + 20_000


def test_on_a_cable_a_bridge_is_called_every_two_seconds_however_long_nobody_answers():
    found = [at for at, _ in calls(calling(CABLE), 0, 200_000)]
    assert max(waits(found)) <= 2_000
