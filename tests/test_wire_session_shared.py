"""Devices that share a channel: callers part, and let those finish whom they hear. SPEC 8.10"""

from fieldwire import link_terms
from fieldwire.session_device import DeviceSession

LORA = link_terms.lora(7, 125_000)
CABLE = link_terms.Serial(115_200, 1, 2_048)


class Empty:
    def places(self, streams):
        return []

    def tokens(self):
        return []

    def early(self):
        return []


def caller(number, link):
    session = DeviceSession(
        b"d" * 16, 1, b"k" * 32, bytes(number * 37 + at * 61 & 0xFF for at in range(8)), Empty(), link
    )
    session.open(0)
    return session


def calls(session, until_ms):
    """When it calls, nobody answering."""
    found, now_ms = [], 0
    while now_ms < until_ms:
        due_ms = session.deadline()
        if due_ms is not None and now_ms >= due_ms:
            session.on_deadline(now_ms)
        if session.to_send(now_ms) is not None:
            found.append(now_ms)
        now_ms += 5
    return found


def test_two_that_begin_to_call_at_once_do_not_go_on_at_once():
    one, other = calls(caller(1, LORA), 6_000), calls(caller(2, LORA), 6_000)
    air_ms = LORA.wire_ms(31)
    apart = [at for at in one if all(abs(at - there) > air_ms for there in other)]
    assert len(one) > 5 and len(apart) >= len(one) // 2


def test_on_a_cable_of_ones_own_calls_are_not_spread():
    assert calls(caller(1, CABLE), 1_000) == calls(caller(2, CABLE), 1_000)


def test_who_hears_others_calls_later():
    session = caller(1, LORA)
    assert session.to_send(0) is not None
    due_ms = session.deadline()
    session.receive(b"\x80\x00" + bytes(12), due_ms - 1)
    assert session.deadline() >= due_ms + LORA.wire_ms(LORA.frame_max)
    cable = caller(1, CABLE)
    assert cable.to_send(0) is not None
    due_ms = cable.deadline()
    cable.receive(b"\x80\x00" + bytes(12), due_ms - 1)
    assert cable.deadline() == due_ms
