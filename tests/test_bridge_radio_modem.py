"""The host's side of a radio behind a cable: one frame at a time, one device at a time, and it heals."""

from fieldpost.links.radio_modem import LOST_MS, SILENT_MS, RadioModem
from fieldwire import frame, link_terms
from fieldwire import gateway_frames as frames
from fieldwire.session_frames import encode_call

TERMS = link_terms.lora(7, 125_000)
SETTINGS = (868_100, 7, 125, 14, 10_000)
A, B = b"a" * 16, b"b" * 16


class Port:
    """A gateway of words: `said` is what it was told, `tell` what it says."""

    def __init__(self):
        self.ms, self.said, self.heard, self.owner = 0, [], [], None
        self.modem = RadioModem(
            SETTINGS, TERMS, self._write, self.heard.append, lambda: self.owner, lambda: self.ms
        )
        self._deframer = frame.Deframer()

    def _write(self, data):
        self.said += [frames.decode(one) for one in self._deframer.feed(data)]

    def tell(self, *told):
        for one in told:
            self.modem.received(frame.encode(one))

    def sent(self):
        return [body for name, body in self.said if name == "SEND"]


def opened():
    port = Port()
    port.modem.opened()
    return port


def call(device):
    return encode_call(device, bytes(8), bytes(4))


def test_it_tunes_first_and_hands_out_nothing_before_the_gateway_is_clear():
    port = opened()
    assert port.said == [("TUNE", list(SETTINGS))] and not port.modem.is_clear()
    port.modem.send(b"one")
    assert port.sent() == []
    port.tell(frames.state(0, False))
    assert port.sent() == []
    port.tell(frames.state(0, True))
    assert port.sent() == [(1, b"one")]


def test_the_next_frame_waits_until_the_one_before_has_gone():
    port = opened()
    port.tell(frames.state(0, True))
    assert port.modem.is_clear()
    port.modem.send(b"one")
    port.modem.send(b"two")
    port.tell(frames.state(0, True))
    assert port.sent() == [(1, b"one")], "that was said before the frame arrived"
    port.tell(frames.state(1, True))
    assert port.sent() == [(1, b"one"), (2, b"two")] and not port.modem.is_clear()


def test_a_frame_that_the_cable_lost_does_not_stop_the_radio():
    port = opened()
    port.tell(frames.state(0, True))
    port.modem.send(b"lost")
    port.ms += LOST_MS
    port.tell(frames.state(0, True))
    assert port.modem.is_clear()


def test_a_gateway_that_says_nothing_is_tuned_again():
    port = opened()
    port.ms += SILENT_MS - 1
    port.modem.tick()
    assert len(port.said) == 1
    port.ms += 1
    port.modem.tick()
    port.modem.tick()
    assert port.said == [("TUNE", list(SETTINGS))] * 2


def test_while_one_device_is_at_work_calls_of_others_wait_until_it_is_quiet():
    port = opened()
    port.tell(frames.heard(-80, 20, call(A)))
    port.owner = A
    port.tell(frames.heard(-81, 19, call(B)), frames.heard(-82, 18, b"\x80\x00" + bytes(12)))
    assert port.heard == [call(A), b"\x80\x00" + bytes(12)] and port.modem.strength == (-82, 18)
    port.ms += 2 * (TERMS.wire_ms(222) + 50)
    port.tell(frames.heard(-81, 19, call(B)))
    assert len(port.heard) == 2
    port.ms += 8 * (TERMS.wire_ms(222) + 50)
    port.tell(frames.heard(-81, 19, call(B)))
    assert port.heard[2:] == [call(B)]


def test_the_device_at_work_may_call_anew_at_any_time():
    port = opened()
    port.owner = A
    port.tell(frames.heard(-80, 20, call(A)), frames.heard(-80, 20, call(A)))
    assert port.heard == [call(A)] * 2


def test_what_is_no_word_of_a_gateway_is_left_alone(caplog):
    port = opened()
    port.tell(call(A), b"\x32\x00\x07")
    port.tell(
        frames.unfit("radio: use a lower spreading factor"),
        frames.unfit("radio: use a lower spreading factor"),
    )
    assert port.heard == [] and not port.modem.is_clear()
    assert caplog.text.count("lower spreading factor") == 1
