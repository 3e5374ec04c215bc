"""What an authority asks over the cable: an enrolled device says who it is, and gives its prompt to who holds K_dev."""

from fieldagent.asked import Asked
from fieldwire import cbor
from fieldwire.hmac import hmac_sha256

START = b"\x20" + cbor.encode([b"\x55" * 32])
BUILD = b"\x05" * 32


class Known:
    device, mesh_id, k_dev = b"d" * 16, b"m" * 32, b"k" * 32


class Board:
    def __init__(self, standing):
        self.standing = standing


def asked(standing=0):
    return Asked(Known, BUILD, Board(standing))


def order(k_dev=Known.k_dev, device=Known.device, host=b"r" * 32, label=b"prompt/1"):
    return b"\x29" + cbor.encode([device, host, hmac_sha256(k_dev, label + device + host)[:8]])


def test_each_start_is_answered_once_with_who_it_is_whose_and_what_it_runs():
    one = asked()
    assert one.to_send(0) is None
    assert one.takes(START) and one.takes(START)
    assert one.to_send(0) == b"\x23" + cbor.encode([Known.device, Known.mesh_id, BUILD, 0])
    assert one.to_send(0) is None


def test_a_build_on_trial_and_safe_mode_are_told():
    for standing in (0, 1, 2):
        one = asked(standing)
        one.receive(START, 0)
        assert cbor.decode(one.to_send(0)[1:])[3] == standing


def test_an_order_for_another_key_is_kept_and_a_bridges_frames_are_left_alone():
    one = asked()
    for frame in (b"", b"\x41\x80", b"\x21\x80", b"\x28\x80"):
        assert not one.takes(frame)
    assert one.rotate_start is None
    assert one.takes(b"\x24\x80") and one.rotate_start == b"\x24\x80"


def test_the_prompt_is_given_to_who_holds_k_dev_and_to_nobody_else():
    wrong = (
        order(k_dev=b"x" * 32),
        order(device=b"e" * 16),
        order(host=b"r" * 31),
        order(label=b"rotate/1"),
        order()[:-1],
        b"\x29" + cbor.encode([]),
        b"\x29" + cbor.encode([Known.device, b"r" * 32, b"short"]),
        b"\x29" + cbor.encode({}),
        b"\x29",
    )
    one = asked()
    for frame in wrong:
        assert one.takes(frame) and not one.prompt, frame
    assert one.takes(order()) and one.prompt
    one.takes(wrong[0])
    assert one.prompt, "it was asked for"
